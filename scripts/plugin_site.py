"""What QGIS's plugin site would object to in a zip: `python -m scripts.plugin_site ZIP`; `make plugin` asks too.

The rules are those of November 2026, in words of our own:

- what an upload is refused for: `qgis-app/plugins/validator.py`, `forms.py`, `models.py` and `safe_http.py` of
  https://github.com/qgis/QGIS-Plugins-Website;
- what its scan looks for afterwards: https://plugins.qgis.org/docs/security-scanning, and there `security_scanner.py`
  and `management/commands/data/`. Bandit and detect-secrets block a version, flake8 does not: the tests of
  `scripts/make_plugin.py` run these on the zip, here is what is seen of its files;
- what people who approve ask for: "Releasing your plugin" in QGIS's PyQGIS cookbook.

Only the site knows whether another plugin has this name, or this plugin this version already; and it writes to the
`email`, whose owner has to confirm it before anything is approved. A `screenshot` has rules too: the plugin has none.
"""

from __future__ import annotations

import configparser
import ipaddress
import re
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

PUBLISHER = ("homepage", "tracker", "repository", "email")
"""Entries of metadata.txt that are the publisher's own addresses."""
REQUIRED = ("name", "description", "version", "qgisMinimumVersion", "author", "about", *PUBLISHER)
"""Entries that have to be there; so the homepage, since an address that is missing does not answer."""
MOST_BYTES = 25_000_000
LIMIT_S = 10
_FORBIDDEN_FOLDERS = {"__MACOSX", "__pycache__", ".git"}
_FORBIDDEN_SUFFIXES = {".pyc", ".exe", ".dll", ".so", ".dylib", ".bat", ".sh", ".ps1", ".cmd"}
_PLACEHOLDER = re.compile(r"(^|\.)(example\.(com|net|org)|example|invalid|localhost|test)$")
_VERSION = re.compile(r"\d+(\.\d+){0,3}")


@dataclass(frozen=True)
class Objection:
    """One thing that the site would not have, under the name of its rule."""

    rule: str
    reason: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.reason}"


def answer(url: str) -> str | None:
    """Ask an address as the site does, for its headers; return why that is no answer, None where it is one."""
    request = urllib.request.Request(url, method="HEAD", headers={"User-Agent": "Mozilla/5.0 (compatible; geoloc)"})
    try:
        with urllib.request.urlopen(request, timeout=LIMIT_S):
            return None
    except urllib.error.HTTPError as error:
        return f"answers {error.code}"
    except (OSError, ValueError, HTTPException) as error:
        return f"does not answer from here ({getattr(error, 'reason', error)})"


def objections(archive: Path, ask: Callable[[str], str | None] = answer) -> list[Objection]:
    """Return what the site would object to in a zip, in the order of its own looks; nothing where it would take it.

    Args:
        archive: the zip.
        ask: tells why an address gives no answer, None where it does. It is asked for proper public addresses only.
    """
    if archive.stat().st_size > MOST_BYTES:
        return [Objection("size", f"{archive.stat().st_size / 1e6:.1f} MB are more than {MOST_BYTES / 1e6:.0f} MB")]
    try:
        with zipfile.ZipFile(archive) as file:
            damaged = file.testzip()
            if damaged is not None:
                return [Objection("zip", f"{damaged} is damaged")]
            return list(_of_zip(file, ask))
    except zipfile.BadZipFile:
        return [Objection("zip", f"{archive.name} is no zip")]


def _of_zip(file: zipfile.ZipFile, ask: Callable[[str], str | None]) -> Iterator[Objection]:
    entries = [entry for entry in file.infolist() if not entry.is_dir()]
    for entry in entries:
        yield from _of_file(entry)
    names = {entry.filename for entry in entries}
    folders = sorted({name.split("/")[0] for name in names})
    if len(folders) != 1 or not all("/" in name for name in names):
        yield Objection("one folder", f"everything has to lie in one folder, not in {', '.join(folders) or 'none'}")
        return
    folder = folders[0]
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]+", folder):
        yield Objection("folder's name", f"{folder} is no Python name of ASCII letters, digits and _")
    if "plugin" in folder.lower():
        yield Objection("folder's name", f"{folder} has the word plugin in it")
    for name in ("__init__.py", "metadata.txt", "LICENSE"):
        if f"{folder}/{name}" not in names:
            yield Objection(name, "is not in the folder")
    if f"{folder}/metadata.txt" in names:
        parser = configparser.ConfigParser()
        # Keys are what they are: qgisminimumversion is unknown to the site.
        parser.optionxform = str  # type: ignore[assignment]
        try:
            parser.read_string(file.read(f"{folder}/metadata.txt").decode("utf-8"))
            metadata = dict(parser.items("general"))
        except (ValueError, configparser.Error) as error:
            yield Objection("metadata.txt", " ".join(str(error).split()))
            return
        yield from _of_metadata(metadata, ask)
        if f"{folder}/{metadata.get('icon', '').removeprefix('./')}" not in names:
            yield Objection("icon", "is not in the folder")


def _of_file(entry: zipfile.ZipInfo) -> Iterator[Objection]:
    path = PurePosixPath(entry.filename)
    if path.is_absolute() or ".." in entry.filename:
        yield Objection("paths", f"{path} leads out of the folder")
    elif forbidden := _FORBIDDEN_FOLDERS.intersection(path.parts):
        yield Objection("folders", f"{path} lies in {forbidden.pop()}")
    elif any(part.startswith(".") for part in path.parts):
        yield Objection("hidden files", f"{path} is hidden")
    if path.suffix.lower() in _FORBIDDEN_SUFFIXES:
        yield Objection("binaries", f"{path} is a program or compiled")
    if path.suffix == ".py" and entry.external_attr >> 16 & 0o111:
        yield Objection("permissions", f"{path} is executable")


def _of_metadata(metadata: dict[str, str], ask: Callable[[str], str | None]) -> Iterator[Objection]:
    missing = [key for key in REQUIRED if not metadata.get(key, "").strip()]
    if missing:
        yield Objection("required entries", f"metadata.txt lacks {', '.join(missing)}")
    if "plugin" in metadata.get("name", "").lower():
        yield Objection("name", f"{metadata['name']} has the word plugin in it")
    if "/" in metadata.get("author", ""):
        yield Objection("author", "has a slash in it")
    for key in ("version", "qgisMinimumVersion", "qgisMaximumVersion"):
        if metadata.get(key) and not _VERSION.fullmatch(metadata[key]):
            yield Objection("versions", f"{key}={metadata[key]} is not up to four numbers with dots between")
    newest = metadata.get("qgisMaximumVersion", "").split(".")[0]
    if not newest.isdecimal() or int(newest) < 4:
        # supportsQt6 does not count any more: https://plugins.qgis.org/docs/migrate-qgis4
        yield Objection("QGIS 4", "without a qgisMaximumVersion of 4 or more QGIS 4 is not offered it")
    for key in PUBLISHER:
        if (address := metadata.get(key)) and (reason := _wrong(key, address, ask)):
            yield Objection("addresses", f"{key} {address} {reason}")


def _wrong(key: str, address: str, ask: Callable[[str], str | None]) -> str | None:
    """Tell what is wrong with one of the publisher's addresses, None where nothing is."""
    mail = key == "email"
    try:
        host = urlsplit(f"//{address}" if mail else address).hostname or ""
    except ValueError:
        host = ""
    if not host or not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+" if mail else r"https?://\S+", address):
        return "is no address" if mail else "is no address of the web"
    if _PLACEHOLDER.search(host):
        return f"is a placeholder: add {key.upper()}=... to make plugin, with one of your own"
    if mail:
        return None
    try:
        public = ipaddress.ip_address(host).is_global
    except ValueError:
        # The names of QGIS's own template, http://bugs and http://repo, have no dot either.
        public = "." in host
    return ask(address) if public else "is not public"


def main() -> int:
    """Say what the site would object to in the zip that is named, and return the exit status."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_file():
        sys.stderr.write("Error: name one zip, as in python -m scripts.plugin_site dist/geoloc_locate-0.2.0.zip\n")
        return 2
    found = objections(Path(sys.argv[1]))
    sys.stderr.write("".join(f"{one}\n" for one in found) or "The plugin site would take it.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
