"""The page: it needs nothing but itself, makes no HTML of names, and works in a browser."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from geoloc.report.found_file import read_found
from geoloc.report.page import write_report
from tests.geoloc.report.conftest import HOSTILE, NOTE
from tiling.mosaic import open_mosaic

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Parsed(HTMLParser):
    """What a browser would make of a page: its tags with their attributes, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in self.texts:
            self.texts[self._inside].append(data)


@pytest.fixture
def page(site: Path) -> Path:
    with open_mosaic(site / "mosaic.tif") as mosaic:
        write_report(read_found(site / "found.gpkg"), site / "report.html", mosaic)
    return site / "report.html"


def told(parsed: Parsed) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(parsed.texts["script"][0])
    return data


def test_a_page_refers_to_nothing_beside_it(page: Path) -> None:
    parsed = Parsed(page.read_text(encoding="utf-8"))
    names = {"src", "href", "srcset", "action", "data", "poster", "xlink:href", "style"}
    assert not [(tag, given) for tag, given in parsed.tags if names & given.keys()]
    assert not [tag for tag, _ in parsed.tags if tag in ("link", "base", "iframe", "object", "embed")]
    assert not [given for _, given in parsed.tags if any(name.startswith("on") for name in given)]
    (style,) = parsed.texts["style"]
    assert "url(" not in style
    assert "@import" not in style
    assert "sourceMappingURL" not in "".join(parsed.texts["script"])


def test_the_policy_allows_its_own_scripts_and_no_network(page: Path) -> None:
    parsed = Parsed(page.read_text(encoding="utf-8"))
    (policy,) = [given["content"] for tag, given in parsed.tags if given.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert "http" not in policy
    assert "unsafe" not in policy
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert allowed["default-src"] == "'none'"
    assert allowed["img-src"] == "data:"

    def named(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    scripts = [text for text in parsed.texts["script"] if not text.startswith("{")]
    assert allowed["script-src"].split() == [named(text) for text in scripts]
    assert allowed["style-src"] == named(*parsed.texts["style"])


def test_names_are_no_html(page: Path) -> None:
    parsed = Parsed(page.read_text(encoding="utf-8"))
    assert [tag for tag, _ in parsed.tags].count("script") == 3
    assert "img" not in {tag for tag, _ in parsed.tags}
    row = told(parsed)["rows"][2]
    assert (row["photo"], row["properties"]["note"]) == (HOSTILE, NOTE)


def test_the_file_that_gives_the_name_is_no_html_either(site: Path) -> None:
    hostile = site / "<b>{{data}}&.gpkg"
    shutil.copy(site / "found.gpkg", hostile)
    write_report(read_found(hostile), site / "report.html", None)
    text = (site / "report.html").read_text(encoding="utf-8")
    assert "<h1>&lt;b&gt;{{data}}&amp;.gpkg</h1>" in text
    assert "<b>" not in text


def test_the_page_has_what_the_file_says(page: Path) -> None:
    data = told(Parsed(page.read_text(encoding="utf-8")))
    first, _, _, absent, failed = data["rows"]
    assert first["properties"]["score"] == 0.93
    assert first["middle"] == pytest.approx([-91.9901, 46.8417], abs=0.1)
    assert first["geometry"]["type"] == "Polygon"
    # The first answer is the middle of the map: a box of 4 m.
    ((ring,),) = first["parts"]
    assert sorted({round(abs(value), 1) for point in ring for value in point})[-1] == pytest.approx(2.0, abs=0.2)
    assert (absent["status"], absent["parts"], absent["clicked"]) == ("not here", None, 1)
    assert (failed["status"], failed["properties"]["error"]) == ("error", "no photo")


def in_chromium(page: Path, script: str) -> str:
    """The text of the page after a script has run in it at last; the policy, which forbids that script, taken out."""
    assert CHROMIUM is not None
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text(encoding="utf-8"))
    driven = page.with_name("driven.html")
    report = "window.addEventListener('error', (event) => document.documentElement.append(event.message));"
    text = text.replace("<head>", f"<head><script>{report}</script>", 1)
    text = text.replace("</body>", f"<script>{script}</script></body>")
    driven.write_text(text, encoding="utf-8")
    return dumped(driven)


def dumped(page: Path) -> str:
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000", "--dump-dom"]
    profile = f"--user-data-dir={page.parent / 'profile'}"
    done = subprocess.run([*command, profile, page.as_uri()], capture_output=True, text=True, timeout=800, check=True)
    return done.stdout


needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")


@needs_chromium
def test_it_runs_under_its_policy(page: Path) -> None:
    parsed = Parsed(dumped(page))
    cards = [given for tag, given in parsed.tags if tag == "article"]
    # The lesser answer waits until it is asked for.
    assert [card["id"] for card in cards] == ["row-1", "row-3", "row-4", "row-5"]
    pictures = [given["src"] or "" for tag, given in parsed.tags if tag == "img"]
    assert len(pictures) >= 5
    assert all(url.startswith("data:image/webp;base64,") for url in pictures)
    assert not [given for _, given in parsed.tags if "onerror" in given]
    assert "leaflet-interactive" in " ".join(given.get("class") or "" for _, given in parsed.tags)


@needs_chromium
def test_filters_keys_and_decisions(page: Path) -> None:
    script = """
    const said = [], part = (id) => document.getElementById(id);
    const cards = () => [...document.querySelectorAll("article")].map((card) => card.id).join(" ");
    const set = (id, value) => {
      const field = part(id);
      if (field.type === "checkbox") field.checked = value; else field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const press = (id, key) => part(id).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    set("best", false); said.push(cards());
    set("least", "0.5"); said.push(cards());
    set("status", "found"); said.push(cards());
    set("status", ""); set("least", "0"); set("text", "SCRIPT"); said.push(cards());
    set("text", ""); set("order", "unsure"); said.push(cards());
    set("order", "file");
    part("row-2").querySelectorAll("input")[1].click();
    press("row-5", "a");
    part("row-1").focus(); press("row-1", "a"); press("row-1", "j"); said.push(document.activeElement.id);
    said.push(part("count").textContent);
    const parts = (id) => part(id).querySelectorAll("input, figure").length > 0;
    const held = ["row-1", "row-4", "row-5"].map(parts).join(" ");
    set("decided", "rejected"); said.push(cards());
    set("decided", "none"); said.push(cards());
    let saved = null;
    URL.createObjectURL = (blob) => { saved = blob; return "blob:x"; };
    part("save-csv").click();
    saved.text().then((text) => {
      said.push(text, held);
      document.body.replaceChildren(JSON.stringify(said));
    });
    """
    text = in_chromium(page, script)
    (body,) = re.findall(r"<body[^>]*>(.*)</body>\s*</html>", text, re.S)
    said = json.loads(html.unescape(body))
    assert said[:5] == [
        "row-1 row-2 row-3 row-4 row-5",
        "row-1 row-3 row-4 row-5",
        "row-1 row-3",
        "row-3",
        "row-4 row-5 row-2 row-3 row-1",
    ]
    assert said[5:9] == ["row-2", "5 of 5 shown, 1 accepted, 1 rejected", "row-2", "row-3 row-4 row-5"]
    # What failed has nothing to see or to decide, also by key.
    assert said[10] == "true true false"
    lines = said[9].removeprefix("\ufeff").splitlines()
    assert lines[0] == "row,photo,click_x,click_y,rank,decision"
    assert lines[1:3] == ["1,photos/a.jpg,200,150,1,accepted", "2,photos/a.jpg,200,150,2,rejected"]
    assert lines[4] == "4,photos/a.jpg,30,40,,"
