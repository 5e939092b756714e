"""The arrows of docs/design.md, read from the import statements."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {"cli", "geoloc", "tiling", "qgis_plugin", "tests", "benchmarks"}
TORCH_IN = ("geoloc/model/", "geoloc/train/")


def files(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found, folder
    return found


def imported(path: Path) -> Iterator[str]:
    """Top-level names that a file imports from anywhere in it, its own package left out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize(
    ("folder", "refused"),
    [
        ("tiling", (PACKAGES - {"tiling"}) | {"torch", "qgis", "cv2", "geopandas", "click"}),
        ("geoloc", (PACKAGES - {"geoloc", "tiling"}) | {"qgis", "PyQt5", "PyQt6"}),
        ("qgis_plugin", PACKAGES - {"qgis_plugin"}),
    ],
)
def test_arrows_go_downwards(folder: str, refused: set[str]) -> None:
    wrong = {(str(path), name) for path in files(folder) for name in imported(path) if name in refused}
    assert not wrong


def test_torch_stays_with_the_model_and_its_training() -> None:
    users = {str(path.relative_to(ROOT)) for path in files("geoloc") if "torch" in set(imported(path))}
    assert users
    assert all(user.startswith(TORCH_IN) for user in users), users


def test_click_stays_with_the_command_line() -> None:
    users = {str(path.relative_to(ROOT)) for path in files("geoloc") if "click" in set(imported(path))}
    assert users == {"geoloc/console.py", "geoloc/index/commands.py", "geoloc/train/commands.py"}


def test_zarr_stays_with_the_index() -> None:
    users = {str(path.relative_to(ROOT)) for path in files("geoloc") if "zarr" in set(imported(path))}
    assert users == {"geoloc/index/store.py"}


def test_the_plugin_needs_qgis_and_the_standard_library_only() -> None:
    for path in files("qgis_plugin"):
        assert set(imported(path)) <= sys.stdlib_module_names | {"qgis"}, path


def test_the_plugin_is_python_39() -> None:
    for path in files("qgis_plugin"):
        ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=(3, 9))


def test_modules_are_small() -> None:
    long = {
        str(path): count
        for folder in ("geoloc", "tiling", "qgis_plugin")
        for path in files(folder)
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert not long
