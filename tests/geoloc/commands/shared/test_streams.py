"""What stands in the place of a file."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from geoloc.commands.shared.streams import STREAM, input_file, or_stdout
from geoloc.errors import QueriesError


def test_a_file_is_itself() -> None:
    with input_file(Path("queries.csv")) as path:
        assert path == Path("queries.csv")
    assert or_stdout(None, None, path) == path  # type: ignore[arg-type]
    assert or_stdout(None, None, STREAM) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "name"), [(b"photo,click_x\n", "stdin.csv"), (b' {"type": 1}', "stdin.geojson")])
def test_stdin_is_a_file_as_long_as_it_is_needed(monkeypatch: pytest.MonkeyPatch, text: bytes, name: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
    with input_file(STREAM) as path:
        assert (path.name, path.read_bytes()) == (name, text)
    assert not path.parent.exists()


def test_errors_name_stdin_and_no_file_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"photo")))
    with pytest.raises(QueriesError, match=r"^stdin\.csv, line 3: is none$"), input_file(STREAM) as path:
        raise QueriesError(f"{path}, line 3: is none")


def test_a_stdin_that_is_empty_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b" \n")))
    with pytest.raises(QueriesError, match=r"^stdin: is empty"), input_file(STREAM):
        pass
