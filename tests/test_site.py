"""The site of docs/: it builds without a warning, asks for nothing outside, and its commands and sentences are true."""

from __future__ import annotations

import ast
import csv
import html
import json
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from geoloc import town
from scripts import docs_site
from tests.helpers.command_line import invoke
from tests.helpers.paths import ROOT
from tests.test_docs import DOCS, FENCE, command_lines, command_of

TOP = ("install.md", "quick-start.md", "qgis.md", "command-line.md", "accuracy.md", "how-it-works.md")
PAGES = {name: DOCS / name for name in TOP}
PAGES |= {path.relative_to(DOCS).as_posix(): path for path in sorted(DOCS.glob("how-to/*.md"))}
RUN = re.compile(r"^<!-- run -->\n```\w*\n(.*?)^```$", re.M | re.S)
TO_RUN = {name: page for name, page in PAGES.items() if RUN.search(page.read_text(encoding="utf-8"))}


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration's town, built smaller, with one drone photo and one photo from eye level."""
    folder = tmp_path_factory.mktemp("town")
    town.build(folder / "scene", size_m=90.0, gsd_m=0.3, photos=1, panoramas=0, walks=1)
    return folder / "scene"


@pytest.fixture
def place(scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the demonstration's files under the names that the pages use."""
    photo = scene / "photos/photo_01.jpg"
    (tmp_path / "photos").mkdir()
    for source, name in (
        (photo, "photo.jpg"),
        (photo, "photos/photo_01.jpg"),
        (scene / "walks/walk_01.jpg", "phone.jpg"),
        (scene / "mosaic.tif", "mosaic.tif"),
        (scene / "mosaic.tif", "satellite.tif"),
    ):
        shutil.copy(source, tmp_path / name)
    (tmp_path / "demo").symlink_to(scene.parent)
    (tmp_path / "photos/clicks.csv").write_text("photo,click_x,click_y\nphoto_01.jpg,700,600\nphoto_01.jpg,353,778\n")
    with (scene / "queries.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:2]
    with (tmp_path / "queries.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows({**row, "photo": "photo.jpg"} for row in rows)
    corners = [[15.30, 51.86], [15.32, 51.86], [15.32, 51.88], [15.30, 51.88], [15.30, 51.86]]
    write_shape(tmp_path / "district.geojson", {"type": "Polygon", "coordinates": [corners]})
    write_shape(tmp_path / "drawn.geojson", {"type": "LineString", "coordinates": [[600, 500], [800, 700]]})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_shape(path: Path, geometry: dict[str, object]) -> None:
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")


def marked(page: Path) -> list[list[str]]:
    """The words after `geoloc` of the commands in blocks that are marked to be run."""
    lines = "".join(RUN.findall(page.read_text(encoding="utf-8"))).splitlines()
    assert all(line.startswith("geoloc ") for line in lines)
    whole = "".join(f"```\n{line}\n```\n" for line in lines)
    words = [line.split() for line in re.findall(r"^geoloc (.*)$", whole, re.M)]
    assert not any({"'", '"', "#", "\\"} & set("".join(line)) for line in words), "more than this test splits"
    return words


@pytest.mark.parametrize("page", TO_RUN.values(), ids=TO_RUN.keys())
def test_marked_commands_do_what_the_page_says(page: Path, place: Path) -> None:
    if "index" in page.name and find_spec("zarr") is None:
        pytest.skip("the extra index is not installed")
    for words in marked(page):
        typed = [path for word in words for path in (sorted(map(str, Path().glob(word))) if "*" in word else [word])]
        result = invoke(*typed)
        assert result.exit_code == 0, (words, result.output)
        for option in ("-o", "--preview"):
            if option in words:
                assert (place / words[words.index(option) + 1]).exists(), words


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_all_commands_are_understood(page: Path, place: Path) -> None:
    """What takes long, or is run for another page, is read by click as it stands: options, values, files."""
    files = "mine.tif", "city.tif", "dsm.tif", "decisions.csv", "all.gpkg", "q.csv", "a.jpg", "b.jpg", "found.gpkg"
    weights = "runs/mine/weights.safetensors", "run/weights.safetensors", "mine.safetensors"
    for name in (*files, *weights):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).touch()
    for name in ("2024", "2026", "city.zarr", "pack"):
        (place / name).mkdir()
    for words in command_lines(page, "geoloc"):
        command, rest = command_of([word.replace("/data/", "") for word in words])
        with command.make_context("geoloc", rest) as context:
            assert isinstance(context, click.Context)


def test_pages_have_commands() -> None:
    assert len(TO_RUN) >= 6
    assert sum(len(marked(page)) for page in TO_RUN.values()) >= 15


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
