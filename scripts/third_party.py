"""Licences of what geoloc needs, by what is installed: `python -m scripts.third_party` writes THIRD_PARTY.md."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "THIRD_PARTY.md"
MAKERS = {"dev", "docs", "fuzz"}
"""Extras of those who work on geoloc, which no user installs."""
_LONGEST = 60
"""Characters of a licence's name; a field that has more holds its text."""
_FILES = {"LICENSE", "LICENCE", "COPYING"}
_CARD = (
    "| `geoloc/weights/{0}.safetensors` | trained by this project on what its card, [{0}.md](geoloc/weights/{0}.md),"
    " names; contains weights of EfficientNet-Lite0 (ImageNet), Google"
    " | MIT; those of EfficientNet-Lite0 Apache-2.0 |\n"
)
_SIGHT = (
    "| `geoloc/weights/sight.safetensors` | trained by this project on what its card,"
    " [sight.md](geoloc/weights/sight.md), names | MIT |\n"
)
_LEAFLET = (
    "| `geoloc/report/assets/leaflet.js`, `leaflet.css` | [Leaflet](https://leafletjs.com) 1.9.4, unchanged"
    " | BSD-2-Clause, its text in [leaflet-LICENSE.txt](geoloc/report/assets/leaflet-LICENSE.txt) |\n"
)
_HEAD = (
    """# Third parties

What geoloc needs when it is installed, with the licences that the packages themselves name.
`python -m scripts.third_party` writes this page from what is installed.
The core of geoloc is MIT, `qgis_plugin/` GPL-2.0-or-later. Nothing here is part of geoloc's own distribution, except
what stands under *Inside the package*.

## Inside the package

| what | from | licence |
|---|---|---|
"""
    + "".join(map(_CARD.format, ("base", "outline")))
    + _SIGHT
    + _LEAFLET
)
_WHEELS = """
Wheels of rasterio, pyogrio, pyproj, shapely and opencv-python-headless hold compiled libraries, such as GDAL, PROJ,
GEOS and FFmpeg, under licences of their own, whose texts are in the wheels. Those of rawpy hold LibRaw, as a library
of its own, under LGPL-2.1 or CDDL-1.0.
"""


def direct() -> dict[str, dict[str, Requirement]]:
    """Return what pyproject.toml asks for, by extra ("" for the core) and name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"": project["dependencies"]} | {
        extra: texts for extra, texts in project["optional-dependencies"].items() if extra not in MAKERS
    }
    return {
        extra: {canonicalize_name(one.name): one for one in map(Requirement, texts)} for extra, texts in groups.items()
    }


def licence_of(distribution: str) -> str:
    """Return the licence that an installed distribution names.

    As an expression, in a word, by its classifiers, or at the head of its text.

    Raises:
        importlib.metadata.PackageNotFoundError: it is not installed.
    """
    fields = metadata.metadata(distribution)
    if expression := fields.get("License-Expression"):
        return expression
    text = (fields.get("License") or "").strip()
    if text and text != "UNKNOWN" and "\n" not in text and len(text) <= _LONGEST:
        return text
    kinds = [one.split(" :: ")[-1] for one in fields.get_all("Classifier") or () if one.startswith("License :: ")]
    if kinds:
        return ", ".join(kinds)
    texts = [file.read_text() for file in metadata.files(distribution) or () if file.stem.upper() in _FILES]
    return next((line.strip() for text in texts for line in text.splitlines() if line.strip()), "see its files")


def brought(names: Iterable[str]) -> set[str]:
    """Return the names of what installed distributions bring along, however far, without themselves."""
    left = [(name, "") for name in names]
    seen = set(left)
    while left:
        distribution, extra = left.pop()
        for one in map(Requirement, metadata.requires(distribution) or ()):
            name = canonicalize_name(one.name)
            if (one.marker is None or one.marker.evaluate({"extra": extra})) and _installed(name):
                more = {(name, wanted) for wanted in ("", *one.extras)} - seen
                seen |= more
                left += more
    return {name for name, _ in seen} - set(names)


def page() -> str:
    """Return the whole page.

    Raises:
        importlib.metadata.PackageNotFoundError: something that pyproject.toml asks for is not installed.
    """
    groups = direct()
    lines = [_HEAD, "## Asked for", "", "| package | for | licence |", "|---|---|---|"]
    where: dict[str, list[str]] = {}
    for extra, requirements in groups.items():
        for name in requirements:
            where.setdefault(name, []).append(f"extra `{extra}`" if extra else "everything")
    lines += [f"| {name} | {', '.join(where[name])} | {licence_of(name)} |" for name in sorted(where)]
    lines += ["", "## Brought along by these", "", "| package | licence |", "|---|---|"]
    lines += [f"| {name} | {licence_of(name)} |" for name in sorted(brought(where))]
    return "\n".join(lines) + "\n" + _WHEELS


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def main() -> int:
    """Write the page and return the exit status."""
    try:
        OUTPUT.write_text(page(), encoding="utf-8")
    except metadata.PackageNotFoundError as error:
        sys.stderr.write(f"Error: {error.name} is not installed: run make venv first\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
