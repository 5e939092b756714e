"""What the plugin site would object to: a zip that breaks one rule is refused under the name of that rule."""

import http.server
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.plugin_site import MOST_BYTES, answer, main, objections

METADATA = {
    "name": "Geoloc",
    "description": "Objects of photographs on the map",
    "about": "Click an object.",
    "version": "0.2.0",
    "qgisMinimumVersion": "3.22",
    "qgisMaximumVersion": "4.99",
    "author": "The geoloc developers",
    "email": "maps@geo.de",
    "homepage": "https://geo.de",
    "tracker": "https://geo.de/issues",
    "repository": "https://geo.de/code",
    "icon": "./icon.svg",
}


def text(**changes: str | None) -> str:
    entries = {key: value for key, value in {**METADATA, **changes}.items() if value is not None}
    return "[general]\n" + "".join(f"{key}={value}\n" for key, value in entries.items())


def packed(folder: Path, metadata: str | bytes = text(), *, top: str = "geoloc_locate", **others: str | None) -> Path:
    """A zip of a plugin; others are files in it, or in the place of those that are there, None for not there."""
    files = {"__init__.py": "", "metadata.txt": metadata, "LICENSE": "GPL", "icon.svg": "<svg/>", **others}
    path = folder / "plugin.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            if content is not None:
                archive.writestr(name[1:] if name.startswith("^") else f"{top}/{name}", content)
    return path


def rules(path: Path) -> list[str]:
    return [one.rule for one in objections(path, lambda url: None)]


def test_a_plugin_is_taken(tmp_path: Path) -> None:
    assert objections(packed(tmp_path), lambda url: None) == []


@pytest.mark.parametrize(
    ("rule", "files"),
    [
        ("paths", {"^../geoloc_locate/a.txt": ""}),
        ("paths", {"^/geoloc_locate/a.txt": ""}),
        ("folders", {"__pycache__/a.txt": ""}),
        ("folders", {"^__MACOSX/a.txt": ""}),
        ("folders", {".git/config": ""}),
        ("hidden files", {".gitignore": ""}),
        ("hidden files", {"styles/.cache/a.txt": ""}),
        ("binaries", {"a.pyc": ""}),
        ("binaries", {"lib/a.DLL": ""}),
        ("binaries", {"a.sh": ""}),
        ("one folder", {"^other/a.txt": ""}),
        ("one folder", {"^a.txt": ""}),
        ("__init__.py", {"__init__.py": None}),
        ("metadata.txt", {"metadata.txt": None}),
        ("LICENSE", {"LICENSE": None, "LICENSE.txt": "GPL"}),
        ("icon", {"icon.svg": None}),
    ],
)
def test_files_that_the_site_would_not_have(tmp_path: Path, rule: str, files: dict[str, str | None]) -> None:
    assert rule in rules(packed(tmp_path, **files))


@pytest.mark.parametrize("top", ["geo-loc", "1geoloc", "g\u00e9oloc", "geo loc", "geoloc_plugin"])
def test_names_of_the_folder(tmp_path: Path, top: str) -> None:
    assert rules(packed(tmp_path, top=top)) == ["folder's name"]


@pytest.mark.parametrize(
    ("rule", "metadata"),
    [
        ("metadata.txt", "name=Geoloc\n"),
        ("metadata.txt", text().replace("general", "plugin")),
        ("metadata.txt", text(about="100 % of them")),
        ("metadata.txt", text(about="G\u00e9oloc").encode("latin-1")),
        ("required entries", text(about=None)),
        ("required entries", text(qgisMinimumVersion=None, qgisminimumversion="3.22")),
        ("required entries", text(homepage=None)),
        ("required entries", text(tracker="")),
        ("name", text(name="Geoloc plugin")),
        ("author", text(author="Somebody/Somebody else")),
        ("versions", text(version="0.2.0rc1")),
        ("versions", text(qgisMinimumVersion="3.x")),
        ("QGIS 4", text(qgisMaximumVersion="3.99")),
        ("QGIS 4", text(qgisMaximumVersion=None)),
        ("addresses", text(email="nobody")),
        ("addresses", text(email="no body@geo.de")),
        ("addresses", text(homepage="https://www.example.com")),
        ("addresses", text(tracker="http://bugs")),
        ("addresses", text(tracker="geo.de/issues")),
        ("addresses", text(tracker="https  ://geo.de/issues")),
        ("addresses", text(tracker="https://[geo.de")),
        ("addresses", text(repository="ftp://geo.de")),
        ("addresses", text(repository="http://localhost/code")),
        ("addresses", text(repository="http://192.168.0.5/code")),
    ],
)
def test_metadata_that_the_site_would_not_have(tmp_path: Path, rule: str, metadata: str | bytes) -> None:
    assert rules(packed(tmp_path, metadata)) == [rule]


def test_placeholders_are_named(tmp_path: Path) -> None:
    path = packed(tmp_path, text(email="geoloc@example.org", tracker="https://example.org/issues"))
    assert [str(one) for one in objections(path, lambda url: None)] == [
        "addresses: tracker https://example.org/issues is a placeholder: add TRACKER=... to make plugin, with one of"
        " your own",
        "addresses: email geoloc@example.org is a placeholder: add EMAIL=... to make plugin, with one of your own",
    ]


def test_executable_code(tmp_path: Path) -> None:
    path = packed(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        entry = zipfile.ZipInfo("geoloc_locate/run.py")
        entry.external_attr = 0o100755 << 16
        archive.writestr(entry, "")
    assert rules(path) == ["permissions"]


def test_what_is_no_whole_zip(tmp_path: Path) -> None:
    path = packed(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"<svg/>", b"<svg?>"))
    assert [str(one) for one in objections(path)] == ["zip: geoloc_locate/icon.svg is damaged"]
    path.write_text("no zip")
    assert rules(path) == ["zip"]
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    assert rules(path) == ["size"]


class _Site(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response({"/": 200, "/moved": 302}.get(self.path, 404))
        self.send_header("Location", "/")
        self.end_headers()

    do_GET = do_HEAD  # what urllib asks where it was sent on

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # It hinders nobody: see tests/conftest.py.
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_addresses_have_to_answer(site: str, tmp_path: Path) -> None:
    assert answer(f"{site}/") is None
    assert answer(f"{site}/moved") is None
    assert answer(f"{site}/none") == "answers 404"
    assert (answer(f"{site}x/") or "").startswith("does not answer from here")
    path = packed(tmp_path, text(tracker="https://geo.de/none"))
    told = objections(path, lambda url: answer(site + url.removeprefix("https://geo.de").replace("/code", "/")))
    assert [str(one) for one in told] == ["addresses: tracker https://geo.de/none answers 404"]


def test_where_nobody_listens_there_is_no_answer(site: str) -> None:
    port = int(site.rpartition(":")[2])
    assert (answer(f"http://127.0.0.2:{port}/") or "").startswith("does not answer from here")


def test_the_command(tmp_path: Path, monkeypatch, capsys) -> None:
    # No address is public: nobody is asked.
    nowhere = text(homepage="http://homepage", tracker="http://bugs", repository="http://repo")
    monkeypatch.setattr("sys.argv", ["plugin_site", str(packed(tmp_path, nowhere, LICENSE=None))])
    assert main() == 1
    assert capsys.readouterr().err.splitlines()[:2] == [
        "LICENSE: is not in the folder",
        "addresses: homepage http://homepage is not public",
    ]
    monkeypatch.setattr("sys.argv", ["plugin_site", str(tmp_path / "none.zip")])
    assert main() == 2
    assert "name one zip" in capsys.readouterr().err
