"""What an installed package holds, by the patterns of pyproject.toml; nothing is built."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from setuptools import find_namespace_packages, find_packages

from tests.helpers.paths import ROOT

SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
INCLUDE = SETUPTOOLS["packages"]["find"]["include"]


def found(root: Path) -> set[str]:
    """Packages as setuptools finds them for a pyproject.toml: folders without `__init__.py` too."""
    names = find_namespace_packages(str(root), include=INCLUDE)
    return {name for name in names if "__pycache__" not in name}


def test_the_packages_are_geoloc_and_tiling() -> None:
    packages = set(find_packages(str(ROOT), include=INCLUDE))
    heads = [path.parent for top in ("geoloc", "tiling") for path in (ROOT / top).rglob("__init__.py")]
    assert packages == {".".join(folder.relative_to(ROOT).parts) for folder in heads}
    # Weights are data, in a folder that is no package.
    assert found(ROOT) - packages == {"geoloc.weights"}


@pytest.mark.parametrize("name", ["geoloc_runs", "geolocation", "tiling2", "demo", "tests"])
def test_folders_beside_them_are_left_out(name: str, tmp_path: Path) -> None:
    for folder in ("geoloc/photo", "tiling", f"{name}/geoloc"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "__init__.py").touch()
    assert found(tmp_path) == {"geoloc", "geoloc.photo", "tiling"}


def test_weights_and_marks_of_types_are_packed() -> None:
    data = {
        path.relative_to(ROOT).as_posix()
        for package, patterns in SETUPTOOLS["package-data"].items()
        for pattern in patterns
        for path in (ROOT / package).glob(pattern)
    }
    assert {"geoloc/py.typed", "tiling/py.typed", "geoloc/weights/base.safetensors"} <= data
