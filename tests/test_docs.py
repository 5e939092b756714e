"""What the pages say exists: links, code, commands, options and make targets; and the picture of the rooms."""

from __future__ import annotations

import ast
import re
from itertools import chain
from pathlib import Path

import click
import pytest

import geoloc
from geoloc.commands.main import main
from tests.helpers.command_line import command_of
from tests.helpers.pages.lines import DOCS, FENCE
from tests.helpers.paths import ROOT
from tests.test_layers import LEVELS, MODULES, modules_imported, room_of

PAGES = {
    str(path.relative_to(ROOT)): path
    for path in (
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *sorted(DOCS.rglob("*.md")),
        ROOT / "qgis_plugin/README.md",
        ROOT / "geoloc/weights/base.md",
    )
}
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
DOTTED = re.compile(r"(?<![\w./-])(?:geoloc|tiling|qgis_plugin|benchmarks)(?:\.\w+)+")
SCRIPT = re.compile(r"(?<![\w./*-])[\w./*-]+\.py\b")
every_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())


def fences(page: Path) -> list[tuple[str, str]]:
    """Code blocks: their language, empty where none is named, and their text."""
    return FENCE.findall(page.read_text(encoding="utf-8"))


def spans(page: Path) -> list[str]:
    """Code inside sentences and tables."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]


def anchors(page: Path) -> set[str]:
    """The names by which headings of a page can be linked."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.M)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def defined(path: Path) -> dict[str, ast.AST]:
    """What a module defines or imports on its own level, by name."""
    found: dict[str, ast.AST] = {}
    nodes = list(ast.parse(path.read_text(encoding="utf-8")).body)
    while nodes:
        node = nodes.pop(0)
        if isinstance(node, ast.If):
            nodes += node.body
        found |= dict.fromkeys(names_of(node), node)
    return found


def names_of(node: ast.AST) -> list[str]:
    """The names that a statement binds."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]


def module_file(names: list[str]) -> Path | None:
    """The file of a module or package."""
    base = ROOT.joinpath(*names)
    return next((path for path in (base / "__init__.py", base.with_suffix(".py")) if path.is_file()), None)


def exists(dotted: str) -> bool:
    """Whether a dotted name is a module, or what one defines, or a member of a class."""
    names = dotted.split(".")
    for count in range(len(names), 0, -1):
        if (path := module_file(names[:count])) is not None:
            return has(path, names[count:])
    return (ROOT / names[0]).is_dir() and len(names) == 1


def has(path: Path, names: list[str]) -> bool:
    if not names:
        return True
    node = defined(path).get(names[0])
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        alias = next(alias for alias in node.names if names[0] in (alias.asname, alias.name))
        return module_file(node.module.split(".")) is None or exists(".".join([node.module, alias.name, *names[1:]]))
    if len(names) == 1:
        return node is not None
    return isinstance(node, ast.ClassDef) and names[1] in chain(*map(names_of, node.body))


def options_of(command: click.Command) -> set[str]:
    own = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    return own | {"-h", "--help"}


def all_options(command: click.Command = main) -> set[str]:
    """The options of a command and of all below it."""
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return options_of(command).union(*map(all_options, below))


def drawn_arrows(page: Path) -> set[tuple[str, str]]:
    """Arrows between rooms of `geoloc` in the picture of a page."""
    (picture,) = [text for language, text in fences(page) if language == "mermaid"]
    rooms = {level.split(".")[0] for level in LEVELS}
    found = re.findall(r"^ *(\w+)(?:\[[^\]]*\])? --> (\w+)", picture, re.M)
    return {(upper, lower) for upper, lower in found if {upper, lower} <= rooms}


@every_page
def test_links_lead_to_files(page: Path) -> None:
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if not re.match(r"\w+:", target):
            name, _, anchor = target.partition("#")
            linked = (page.parent / name).resolve() if name else page
            assert linked.exists(), target
            assert not anchor or anchor in anchors(linked), target


@every_page
def test_modules_and_what_they_define_exist(page: Path) -> None:
    code = [*spans(page), *(text for language, text in fences(page) if language != "mermaid")]
    named = {name for text in code for name in DOTTED.findall(text)}
    assert not {name for name in named if not exists(name)}


@every_page
def test_python_files_exist(page: Path) -> None:
    named = {name for text in spans(page) for name in SCRIPT.findall(text)}
    drawn = {name for _, text in fences(page) for name in SCRIPT.findall(text)}
    assert not {name for name in named if not any(any(at.glob(name)) for at in (ROOT, page.parent))}
    # Drawings leave out the folders that the text names.
    assert not {name for name in drawn if not any(ROOT.glob(name)) and not any((ROOT / "geoloc").rglob(name))}


@every_page
def test_commands_in_sentences_exist(page: Path) -> None:
    if page.name == "CHANGELOG.md":
        return  # It also names what was once.
    for span in spans(page):
        if re.match(r"geoloc [a-z]", span):
            command, rest = command_of([word for word in span.split() if re.match(r"[a-z-]+$", word)][1:])
            assert {word for word in rest if word.startswith("--")} <= options_of(command), span


def test_options_in_the_tables_exist() -> None:
    named = {
        name for span in spans(PAGES["docs/command-line.md"]) for name in re.findall(r"(?<!\S)--[a-z][a-z-]*", span)
    }
    assert len(named) > 20
    assert not named - all_options()


@every_page
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    typed = " ".join(span.removeprefix("make ") for span in spans(page) if span.startswith("make "))
    named = {word for word in typed.split() if re.match(r"[a-z-]+$", word)}
    assert named <= targets


def test_python_in_the_readme_uses_public_names() -> None:
    (text,) = [text for language, text in fences(PAGES["README.md"]) if language == "python"]
    used = {
        node.attr
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "geoloc"
    }
    assert used
    assert used <= set(geoloc.__all__)


def test_pages_are_listed() -> None:
    listed = {(DOCS / target).resolve() for target in LINK.findall((DOCS / "README.md").read_text(encoding="utf-8"))}
    assert {*DOCS.rglob("*.md"), *DOCS.glob("notebooks/*.ipynb")} - {DOCS / "README.md"} <= listed


def test_the_picture_of_the_rooms_is_that_of_the_import_statements() -> None:
    drawn = drawn_arrows(PAGES["docs/design.md"])
    assert drawn == drawn_arrows(PAGES["CONTRIBUTING.md"])
    real = {
        (upper, lower)
        for module, path in MODULES.items()
        for other in modules_imported(path)
        if (upper := room_of(module).split(".")[0]) and (lower := room_of(other).split(".")[0]) and upper != lower
    }
    assert drawn <= real
    ways = set(drawn)
    while more := {(a, d) for a, b in ways for c, d in drawn if b == c} - ways:
        ways |= more
    # What is not drawn is on a way through other rooms.
    assert real <= ways


def test_what_to_open_first_is_there() -> None:
    """Each row names a file, and sometimes names that stand in it."""
    section = PAGES["CONTRIBUTING.md"].read_text(encoding="utf-8").split("\n## How to add\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \| [^|]+ \|$", section, re.M)[1:]
    assert len(rows) > 8
    for cell in rows:
        file, *names = re.findall(r"`([^`]+)`", cell)
        text = (ROOT / file).read_text(encoding="utf-8")
        assert not [name for name in names if not re.search(rf"\b{re.escape(name)}", text)], cell


def test_every_room_is_described() -> None:
    section = PAGES["docs/design.md"].read_text(encoding="utf-8").split("\n## ")[1]
    table = re.findall(r"^\| `([a-z_]+)/?` \|", section, re.M)
    rooms = list(dict.fromkeys(level.split(".")[0] for level in reversed(LEVELS)))
    assert [room for room in table if room in rooms] == rooms


def test_pages_that_code_names_exist() -> None:
    named = {
        name
        for folder in ("geoloc", "tiling", "qgis_plugin", "benchmarks", "scripts", "tests")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"\bdocs/[\w/-]+\.(?:md|ipynb)\b", path.read_text(encoding="utf-8"))
    }
    assert named
    assert not {name for name in named if not (ROOT / name).is_file()}
