"""The site of docs/: it builds without a warning, asks for nothing outside, and its sentences are true."""

from __future__ import annotations

import ast
import html
import re
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from scripts import docs_site
from tests.helpers.command_line import command_of
from tests.helpers.pages.lines import DOCS, FENCE
from tests.helpers.paths import ROOT


@cache
def texts_of_the_code() -> str:
    """All texts in the code, what stands in braces as "{}", the parts of a text that is written in several joined."""
    found = []
    for folder in ("geoloc", "tiling", "qgis_plugin"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    found.append(
                        "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
                    )
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
    return "\n".join(found)


def test_sentences_of_troubleshooting_are_those_of_the_code() -> None:
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    sentences = [
        text for cell in re.findall(r"^\| (`[^|]+`) \|", page, re.M) for text in re.findall(r"`([^`]+)`", cell)
    ]
    assert len(sentences) > 30
    assert not [text for text in sentences if text not in texts_of_the_code()]


def test_links_of_the_repository_become_those_of_the_site() -> None:
    assert docs_site.relinked("[a](model.md#x) [b](../README.md) `[c](d)`", "design.md") == (
        "[a](model.md#x) [b](repository/README.md) `[c](d)`"
    )
    assert docs_site.relinked("![a](docs/demo.jpg)", "repository/README.md") == "![a](../demo.jpg)"
    assert docs_site.relinked("```\n[c](../d)\n```\n", "how-to/x.md") == "```\n[c](../d)\n```\n"
    assert docs_site.relinked("[n](notebooks/locate.ipynb)", "README.md") == "[n](notebooks/locate.md)"
    assert docs_site.relinked("[w](https://a.org/b) [h](#c)", "how-to/x.md") == "[w](https://a.org/b) [h](#c)"


def test_the_notebook_becomes_a_page() -> None:
    page = docs_site.markdown_of(DOCS / docs_site.NOTEBOOK)
    assert page.startswith("# ")
    assert any("geoloc.Locator" in text for language, text in FENCE.findall(page) if language == "python")


def test_commands_are_written_as_their_help_says_them() -> None:
    page = docs_site.commands()
    heads = re.findall(r"^## (geoloc.*)$", page, re.M)
    assert {"geoloc", "geoloc locate", "geoloc index build"} <= set(heads)
    for head in heads:
        command, rest = command_of(head.split()[1:])
        section = page.partition(f"## {head}\n")[2].partition("\n## ")[0]
        assert not rest
        assert all(option.opts[-1] in section for option in command.params if isinstance(option, click.Option))
    assert r"`--refine [auto\|off]`" in page
    locate = page.partition("## geoloc locate\n")[2].partition("\n## ")[0]
    assert "| Where to look | |\n|---|---|\n| `--bounds W,S,E,N` |" in locate
    assert "| Options | |" not in locate
    assert "\b" not in page


def test_files_from_outside_exist() -> None:
    assert not [name for name in docs_site.OUTSIDE if not (ROOT / name).is_file()]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` does."""
    if not all(map(find_spec, ("mkdocs", "material", "mermaidx"))):
        pytest.skip("MkDocs is not installed: make venv, or pip install -c constraints.txt '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_links_inside_the_site_lead_somewhere(site: Path) -> None:
    broken = []
    ids = {
        page: set(re.findall(r'\bid="?([^"\s>]+)', page.read_text(encoding="utf-8"))) for page in site.rglob("*.html")
    }
    assert len(ids) > 35
    for page in ids.keys() - {site / "404.html"}:
        for link in re.findall(r'\b(?:href|src)="?([^"\s>]+)', page.read_text(encoding="utf-8")):
            path, _, anchor = unquote(html.unescape(link)).partition("#")
            if re.match(r"\w+:", path):
                continue
            target = (page.parent / path).resolve() if path else page
            target = target / "index.html" if target.is_dir() else target
            if not target.exists() or (anchor and target in ids and anchor not in ids[target]):
                broken.append((page.name, link))
    assert not broken


def test_the_site_asks_for_nothing_outside(site: Path) -> None:
    """Links may lead outside; what a page loads may not."""
    loads = re.compile(
        r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"?(?:https?:)?//|<link\b[^>]*\bhref=\"?(?:https?:)?//"
    )
    for page in site.rglob("*.html"):
        assert not loads.search(page.read_text(encoding="utf-8")), page.name
    for style in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(?:https?:)?//", style.read_text(encoding="utf-8")), style.name


def test_commands_and_the_python_api_are_written_out(site: Path) -> None:
    commands = (site / "commands.html").read_text(encoding="utf-8")
    assert "--min-score" in commands
    assert "geoloc index build" in re.sub(r"<[^>]+>", "", commands)
    api = re.sub(r"<[^>]+>", "", (site / "api.html").read_text(encoding="utf-8"))
    for name in ("Locator", "locate", "min_score", "to_geodataframe", "IndexFileError"):
        assert name in api


def test_mermaid_is_drawn_before_anybody_reads_it(site: Path) -> None:
    for name in ("design.html", "repository/CONTRIBUTING.html"):
        page = (site / name).read_text(encoding="utf-8")
        assert "graph TD" not in page
        (source,) = re.findall(r'<img alt="The rooms of geoloc[^"]*" src="([^"]+)"', page)
        drawing = ((site / name).parent / source).read_text(encoding="utf-8")
        assert re.search(r">\s*keypoints\s*<", drawing)
        # An image shows neither HTML inside it nor what it would ask the network for.
        assert "foreignObject" not in drawing
        assert not re.search(r"(?:href|src)=|url\([\"']?https?:|@import", drawing.replace('xlink:href="#', ""))
