"""cli.py is a thin way into the commands of the package, and the package never takes a user's cli.py for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import cli
from geoloc import __version__
from geoloc.commands import main as commands
from tests.helpers.paths import ROOT


def test_it_is_the_group_of_the_package() -> None:
    assert cli.main is commands.main
    assert len((ROOT / "cli.py").read_text(encoding="utf-8").splitlines()) < 20


def version(command: list[str], cwd: Path, **env: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=os.environ | env, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_runs_as_a_script(tmp_path: Path) -> None:
    assert __version__ in version([sys.executable, str(ROOT / "cli.py"), "--version"], tmp_path)


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A folder with a cli.py that is none of ours."""
    (tmp_path / "cli.py").write_text("raise SystemExit('the wrong cli.py was imported')\n")
    return tmp_path


COMMANDS = {"geoloc": [str(Path(sys.executable).parent / "geoloc")], "python -m": [sys.executable, "-m", "geoloc"]}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_a_foreign_cli_py_is_never_imported(command: list[str], foreign: Path, tmp_path_factory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for cwd, path in ((foreign, ""), (elsewhere, str(foreign)), (foreign, str(foreign))):
        assert version([*command, "--version"], cwd, PYTHONPATH=path) == f"geoloc, version {__version__}\n"
