"""What the command says before it serves, and what it is started with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from geoloc.serve import run as run_module
from tests.helpers.city import make_city
from tests.helpers.command_line import invoke

TOKEN = "a-token-that-is-long"


@pytest.fixture
def mosaic(tmp_path: Path) -> Path:
    make_city(tmp_path)
    return tmp_path / "m.tif"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the server would be run with."""
    seen: dict[str, Any] = {}

    def run(request: Any, bound: Any, *, ready: Any, **given: Any) -> None:
        seen.update(request=request, port=bound.getsockname()[1], **given)
        ready()

    monkeypatch.setattr(run_module, "run", run)
    return seen


def test_on_this_machine_no_token_is_needed(mosaic: Path, started: dict[str, Any]) -> None:
    result = invoke("serve", "--mosaic", mosaic, "--port", 0, "--top", 3, "--max-upload", 2.5)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"http://127.0.0.1:{started['port']}/\n"
    assert (started["token"], started["most_bytes"], started["request"].top) == (None, 2_500_000, 3)


def test_elsewhere_there_is_a_new_token_each_time(mosaic: Path, started: dict[str, Any]) -> None:
    tokens = set()
    for _ in range(2):
        result = invoke("serve", "--mosaic", mosaic, "--port", 0, "--host", "0.0.0.0")
        assert result.exit_code == 0, result.output
        tokens.add(started["token"])
        assert all(line.endswith(f"/?token={started['token']}") for line in result.stdout.splitlines())
        assert "not encrypted" in result.stderr
    assert len(tokens) == 2
    assert min(map(len, tokens)) >= 32


def test_a_token_of_ones_own_is_taken_and_not_a_short_one(
    mosaic: Path, started: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    result = invoke("serve", "--mosaic", mosaic, "--port", 0, "--token", TOKEN)
    assert started["token"] == TOKEN
    assert result.stdout == f"http://127.0.0.1:{started['port']}/?token={TOKEN}\n"
    monkeypatch.setenv("GEOLOC_TOKEN", TOKEN[::-1])
    invoke("serve", "--mosaic", mosaic, "--port", 0)
    assert started["token"] == TOKEN[::-1]
    result = invoke("serve", "--mosaic", mosaic, "--port", 0, "--token", "short")
    assert (result.exit_code, "give 16 or more" in result.output) == (2, True)


def test_the_page_is_opened_where_that_is_asked(
    mosaic: Path, started: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("click.launch", opened.append)
    invoke("serve", "--mosaic", mosaic, "--port", 0, "--open")
    assert opened == [f"http://127.0.0.1:{started['port']}/"]


@pytest.mark.parametrize("package", ["fastapi", "rio_tiler", "uvicorn", "websockets"])
def test_a_missing_extra_is_named_with_its_command(mosaic: Path, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # type: ignore[arg-type]
    result = invoke("serve", "--mosaic", mosaic)
    assert result.exit_code == 1
    assert f"the package {package}: pip install 'geoloc-crossview[serve]'" in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_what_is_wrong_is_one_line(tmp_path: Path, mosaic: Path) -> None:
    assert invoke("serve").exit_code == 2
    result = invoke("serve", "--mosaic", tmp_path / "none.tif", "--port", 0)
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    result = invoke("serve", "--mosaic", mosaic, "--port", 0, "--weights", tmp_path / "none.safetensors")
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    result = invoke("serve", "--mosaic", mosaic, "--host", "localhost:8791")
    assert result.exit_code == 2
    assert "the port is --port's" in result.output
