"""The arrows of docs/design.md, read from the import statements: between the packages, and inside `geoloc`."""

from __future__ import annotations

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.paths import ROOT

PACKAGES = {"cli", "geoloc", "tiling", "qgis_plugin", "tests", "benchmarks", "scripts"}
TORCH_IN = ("geoloc/model/", "geoloc/outline/mask_model.py", "geoloc/train/")
LEVELS = (
    "errors",
    "system",
    "plane",
    "keypoints",
    "photo",
    "town.scene",
    "town.picture",
    "town",
    "model.network",
    "model.baselines",
    "model",
    "features",
    "index",
    "results",
    "report",
    "joint",
    "search",
    "geometry",
    "outline",
    "doctor",
    "pose",
    "pipeline",
    "batch",
    "evaluation",
    "train.grounds",
    "train.samples",
    "train.fit",
    "train.outlines",
    "train.calibration",
    "train",
    "worker",
    "serve",
    "api",
    "commands.shared",
    "commands.research",
    "commands.answers",
    "commands",
)
"""Rooms of `geoloc` from the lowest up: each may import those above it in this list, and itself."""
MOST_MODULES = 11


def files(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found, folder
    return found


def imported(path: Path) -> Iterator[str]:
    """Top-level names that a file imports from anywhere in it, its own package left out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        yield from names_imported(node)


def names_imported(node: ast.AST) -> Iterator[str]:
    """Top-level names that a statement imports; none where it does not."""
    if isinstance(node, ast.Import):
        yield from (alias.name.split(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield (node.module or "").split(".")[0]


def name_of(path: Path) -> str:
    """The module's name below `geoloc`, a package's for its `__init__`."""
    parts = path.relative_to(ROOT / "geoloc").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in files("geoloc")}


def modules_imported(path: Path) -> set[str]:
    """Modules of `geoloc` that a module imports, from anywhere in it, by their names below `geoloc`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "geoloc":
            base = node.module.partition(".")[2]
            for alias in node.names:
                inner = f"{base}.{alias.name}".strip(".")
                found.add(inner if inner in MODULES else base)
        elif isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[2] for alias in node.names if alias.name.split(".")[0] == "geoloc"}
    return found & MODULES.keys()


def room_of(module: str) -> str:
    """The most special room that holds a module; the package itself and what starts it are of none."""
    rooms = [room for room in LEVELS if module == room or module.startswith(f"{room}.")]
    return max(rooms, key=len, default="")


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


def test_every_module_of_geoloc_has_a_room() -> None:
    assert {module for module in MODULES if not room_of(module)} == {"", "__main__"}


def test_arrows_inside_geoloc_go_downwards() -> None:
    level = {room: number for number, room in enumerate(LEVELS)}
    arrows = {
        (module, other)
        for module, path in MODULES.items()
        if room_of(module)
        for other in modules_imported(path)
        if room_of(other)
    }
    assert len(arrows) > 100
    assert {(a, b) for a, b in arrows if level[room_of(b)] > level[room_of(a)]} == set()


def arrows_between_files(folder: str) -> dict[Path, set[Path]]:
    """Which files of a package import which others of it, from anywhere in them."""
    found: dict[Path, set[Path]] = {}
    known = set(files(folder))
    for path in known:
        others = found[path] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom):
                continue
            module = (node.module or "").split(".") if node.module else []
            base = path.parents[node.level - 1] if node.level else ROOT
            for place in (base.joinpath(*module, alias.name) for alias in node.names):
                named = (place.with_suffix(".py"), place / "__init__.py", place.parent.with_suffix(".py"))
                named += (place.parent / "__init__.py",)
                others |= {next((file for file in named if file in known), path)} - {path}
    return found


@pytest.mark.parametrize("folder", ["geoloc", "tiling", "qgis_plugin", "benchmarks"])
def test_there_are_no_circles_of_modules(folder: str) -> None:
    left = arrows_between_files(folder)
    assert sum(map(len, left.values())) > 10
    while free := [file for file, others in left.items() if not others & left.keys()]:
        for file in free:
            del left[file]
    assert not left


def test_a_level_holds_few_modules() -> None:
    count = Counter(path.parent for path in MODULES.values() if path.name not in ("__init__.py", "__main__.py"))
    assert {str(folder): n for folder, n in count.items() if n > MOST_MODULES} == {}


def test_every_package_says_its_idea_in_a_sentence() -> None:
    heads = [path for folder in ("geoloc", "tiling") for path in files(folder) if path.name == "__init__.py"]
    for path in heads:
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert text, path
        assert text.splitlines()[0].endswith("."), path


def test_no_two_classes_have_one_name() -> None:
    where = defaultdict(set)
    for folder in ("geoloc", "tiling", "qgis_plugin", "benchmarks"):
        for path in files(folder):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    where[node.name].add(str(path.relative_to(ROOT)))
    assert {name: places for name, places in where.items() if len(places) > 1} == {}


def test_torch_stays_with_the_model_and_its_training() -> None:
    users = {str(path.relative_to(ROOT)) for path in files("geoloc") if "torch" in set(imported(path))}
    assert users
    assert all(user.startswith(TORCH_IN) for user in users), users


def test_click_stays_with_the_command_line() -> None:
    users = {str(path.relative_to(ROOT)) for path in files("geoloc") if "click" in set(imported(path))}
    assert users
    assert all(user.startswith("geoloc/commands/") for user in users), users


def test_zarr_stays_with_the_index() -> None:
    users = {str(path.relative_to(ROOT)) for path in files("geoloc") if "zarr" in set(imported(path))}
    assert users == {"geoloc/index/store.py"}


def test_what_serves_stays_in_its_room() -> None:
    packages = {"fastapi", "rio_tiler", "starlette", "uvicorn", "websockets"}
    users = {
        str(path.relative_to(ROOT)) for path in files("geoloc") + files("tiling") if packages & set(imported(path))
    }
    # The command looks whether they are there.
    assert users - {"geoloc/commands/answers/serve.py"}
    assert all(user.startswith("geoloc/serve/") for user in users - {"geoloc/commands/answers/serve.py"}), users


def test_what_windows_lacks_is_imported_where_it_is_used() -> None:
    lacking = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
    for path in files("geoloc") + files("tiling") + files("qgis_plugin"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            assert not lacking & set(names_imported(node)), path


def test_the_command_is_not_called_by_the_name_cli() -> None:
    # A user's own cli.py, first on the path, would be taken for it.
    assert not {str(path) for path in files("geoloc") + files("tiling") if "cli" in set(imported(path))}


def test_the_plugin_needs_qgis_and_the_standard_library_only() -> None:
    for path in files("qgis_plugin"):
        assert set(imported(path)) <= sys.stdlib_module_names | {"qgis"}, path


def test_the_plugin_is_python_39() -> None:
    for path in files("qgis_plugin"):
        ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=(3, 9))


def test_nothing_edits_the_path() -> None:
    folders = ("geoloc", "tiling", "qgis_plugin", "tests", "benchmarks", "scripts")
    searched = [path for folder in folders for path in files(folder)]
    edits = {
        str(path) for path in searched if path != Path(__file__) and "sys.path" in path.read_text(encoding="utf-8")
    }
    assert not edits


def test_modules_are_small() -> None:
    long = {
        str(path): count
        for folder in ("geoloc", "tiling", "qgis_plugin")
        for path in files(folder)
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert not long
