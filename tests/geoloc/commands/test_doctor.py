"""`geoloc doctor` tells all it looks at, and its exit code whether something is wrong."""

from __future__ import annotations

import json
from importlib import metadata

import pytest

import geoloc.doctor.examination
from geoloc import __version__
from geoloc.doctor.check import Check
from tests.helpers.command_line import Run


def test_it_looks_at_everything_and_all_is_well(run: Run) -> None:
    result = run("doctor")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[-1] == "All is well."
    assert lines[0].split()[:2] == ["geoloc", f"{__version__},"]
    assert f"torch {metadata.version('torch')}" in " ".join(result.stdout.split())
    for name in ("Python", "machine", "extra index", "torch build", "weights base", "PROJ (pyproj)", "GDAL (rasterio)"):
        assert any(line.startswith(name) for line in lines), name


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_what_is_wrong_is_told_with_its_remedy(
    run: Run, form: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = [Check("numpy", "2.0"), Check("torch", "1.0", "torch 1.0 is not >=2.4", "pip install 'torch>=2.4'")]
    monkeypatch.setattr(geoloc.doctor.examination, "examine", lambda: iter(checks))
    result = run("doctor", *form)
    assert result.exit_code == 1
    assert result.stderr == "Error: wrong: torch\n"
    if form:
        told = json.loads(result.stdout)
        assert told["ok"] is False
        assert told["checks"][0] == {"name": "numpy", "found": "2.0", "wrong": None, "mend": None}
        assert told["checks"][1]["mend"] == "pip install 'torch>=2.4'"
    else:
        assert "torch                    1.0; WRONG: torch 1.0 is not >=2.4; pip install 'torch>=2.4'" in result.stdout
