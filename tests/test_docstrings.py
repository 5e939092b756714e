"""What an editor shows of a name: the first line of its docstring, which must say something by itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = [
    path.relative_to(ROOT)
    for room in ("geoloc", "tiling", "qgis_plugin")
    for path in sorted((ROOT / room).rglob("*.py"))
]
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def documented(node: Documented, name: str) -> Iterator[tuple[str, str]]:
    """Names of what is public in a module or class, itself first, and the first lines of their docstrings."""
    if text := ast.get_docstring(node):
        yield name, text.splitlines()[0]
    for part in node.body if isinstance(node, ast.Module | ast.ClassDef) else ():
        special = isinstance(part, Documented) and part.name.startswith("__")
        if isinstance(part, Documented) and (special or not part.name.startswith("_")):
            yield from documented(part, f"{name}.{part.name}")


def says_nothing(line: str) -> bool:
    return line.startswith("See `") or len(line.split()) < 3


@pytest.mark.parametrize("line", ["See `SearchSource`.", "Draw weights.", "Stop."])
def test_such_lines_are_found(line: str) -> None:
    assert says_nothing(line)


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_first_lines_say_something(path: Path) -> None:
    lines = documented(ast.parse((ROOT / path).read_text(encoding="utf-8")), path.stem)
    assert not [(name, line) for name, line in lines if says_nothing(line)]
