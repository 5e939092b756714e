"""What an installed package holds: by the patterns of pyproject.toml, and in a wheel and an sdist that are built."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from setuptools import find_namespace_packages, find_packages

import geoloc
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
    # Weights and what a page is made of are data, in folders that are no packages.
    assert found(ROOT) - packages == {"geoloc.weights", "geoloc.report.assets", "geoloc.serve.assets"}


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
    needed = {"geoloc/weights/base.safetensors", "geoloc/report/assets/report.html", "geoloc/serve/assets/serve.html"}
    assert {"geoloc/py.typed", "tiling/py.typed", *needed} <= data


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A wheel and an sdist, built from copies of what a release holds."""
    folder = tmp_path_factory.mktemp("release")
    source = folder / "source"
    source.mkdir()
    for name in ("geoloc", "tiling"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    return build("wheel", source, folder), build("sdist", source, folder)


def build(kind: str, source: Path, output: Path) -> Path:
    """Build a distribution as pip would, with the setuptools that is installed; returns its path."""
    code = f"from setuptools import build_meta; build_meta.build_{kind}({str(output)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=source, check=True, capture_output=True)
    (found,) = output.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return found


def test_a_wheel_holds_all_modules_weights_and_the_licence(built: tuple[Path, Path]) -> None:
    wheel, _ = built
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        metadata = next(name for name in archive.namelist() if name.endswith("METADATA"))
        told = archive.read(metadata).decode()
        licences = [name for name in archive.namelist() if name.endswith("licenses/LICENSE")]
    modules = {p.relative_to(ROOT).as_posix() for top in ("geoloc", "tiling") for p in (ROOT / top).rglob("*.py")}
    folders = ("geoloc/weights", "geoloc/report/assets", "geoloc/serve/assets")
    data = {f"{folder}/{path.name}" for folder in folders for path in (ROOT / folder).iterdir()}
    data |= {"geoloc/results/writers/located_objects.qml", "geoloc/py.typed", "tiling/py.typed"}
    assert held == modules | data
    assert licences
    assert f"Version: {geoloc.__version__}" in told
    assert "License-Expression: MIT" in told


def test_a_wheel_from_the_sdist_holds_the_same(built: tuple[Path, Path], tmp_path: Path) -> None:
    wheel, sdist = built
    shutil.unpack_archive(sdist, tmp_path)
    (source,) = tmp_path.iterdir()
    other = build("wheel", source, tmp_path)
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(other) as two:
        assert sorted(one.namelist()) == sorted(two.namelist())
        content = [name for name in one.namelist() if ".dist-info/" not in name]
        assert all(one.read(name) == two.read(name) for name in content)


def test_what_was_installed_from_the_wheel_runs(built: tuple[Path, Path], tmp_path: Path) -> None:
    target = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*pip, "--target", str(target), str(built[0])], check=True, capture_output=True)
    program = target / "bin" / "geoloc"
    assert program.is_file()
    code = """
import geoloc, tiling
from geoloc.model.packaged import find_weights
from geoloc.commands.main import main
print(geoloc.__file__, tiling.__file__, find_weights("base", None), sep="\\n")
main(["--version"])
"""
    variables = {**os.environ, "PYTHONPATH": str(target)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=variables, capture_output=True, text=True, check=True
    )
    *paths, version = done.stdout.splitlines()
    assert len(paths) == 3
    assert all(path.startswith(str(target)) for path in paths)
    assert version == f"geoloc, version {geoloc.__version__}"
