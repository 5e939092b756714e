"""The page of a report: one HTML file that needs nothing else, neither files beside it nor a network."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyproj
from shapely import get_coordinates
from shapely.geometry import MultiPolygon, Polygon

from geoloc.photo.target import Click
from geoloc.report.found_file import DECISION, DECISIONS, FoundFile, FoundRow
from geoloc.report.page_parts import page_part
from geoloc.report.pictures import Pictures, draw_pictures, local_frame
from geoloc.results.columns import LONLAT_DECIMALS
from geoloc.results.vector_files import geometry_of
from geoloc.system.output import replacing
from geoloc.system.version import __version__
from tiling.grid import WGS84, project
from tiling.mosaic import Mosaic

REPORT_SUFFIXES = (".html", ".htm")
_SLOT = re.compile(r"\{\{(\w+)\}\}")


def write_report(
    found: FoundFile,
    path: Path,
    mosaic: Mosaic | None,
    photos: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Pictures:
    """Write a report; check its path before with `geoloc.system.output.check_output`.

    Args:
        found: what was found.
        path: the page to write; one that is there is replaced.
        mosaic: the ground under the answers; None for a map of outlines alone.
        photos: folder where photos lie that are not where the rows say.
        progress: called with the number of photos and pieces of ground done and of all.

    Returns:
        Its pictures, which know what is missing.

    Raises:
        MosaicError: the mosaic cannot be read.
        OutputError: the page cannot be written.
    """
    pictures = draw_pictures(found, mosaic, photos, progress)
    with replacing(path) as temporary:
        temporary.write_text(page_text(found, pictures), encoding="utf-8", newline="\n")
    return pictures


def page_text(found: FoundFile, pictures: Pictures) -> str:
    """Return the page as HTML.

    Nothing of a row is ever read as HTML: rows are JSON in which no tag can begin, and the page's own script makes text
    of them. A content security policy lets the browser run that script and no other, and load nothing.
    """
    style = "".join(map(page_part, ("leaflet.css", "shared.css", "report.css")))
    scripts = {"leaflet": page_part("leaflet.js"), "script": page_part("shared.js") + page_part("report.js")}
    allowed = " ".join(map(_hash, scripts.values()))
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {allowed};"
        " base-uri 'none'; form-action 'none'"
    )
    parts = {
        "policy": policy,
        "name": html.escape(found.path.name),
        "style": style,
        "data": _as_json(_data(found, pictures)),
        "version": __version__,
        **scripts,
    }
    # In one go: a slot in what was filled in is text.
    return _SLOT.sub(lambda slot: parts[slot[1]], page_part("report.html"))


def _data(found: FoundFile, pictures: Pictures) -> dict[str, Any]:
    """What the page's script is told."""
    local = local_frame(found)
    # Answers to one click share its picture.
    places = {key: place for place, key in enumerate(pictures.clicked)}
    rows = [_row(row, found.crs, local, pictures, places) for row in found.rows]
    identity = json.dumps([[row["photo"], row["click"], row["rank"], row["geometry"]] for row in rows])
    overview = pictures.overview
    return {
        "id": hashlib.sha256(identity.encode()).hexdigest()[:16],
        "file": found.path.name,
        "total": found.total,
        "decisions": DECISIONS,
        "clicked": list(pictures.clicked.values()),
        "overview": None if overview is None else {"url": overview.url, "bounds": overview.bounds},
        "withoutPictures": pictures.left_out,
        "rows": rows,
    }


def _row(
    row: FoundRow,
    crs: pyproj.CRS,
    local: pyproj.CRS | None,
    pictures: Pictures,
    places: Mapping[tuple[str, Click], int],
) -> dict[str, Any]:
    click, ground = row.click, pictures.ground.get(row.number)
    told: dict[str, Any] = {
        "number": row.number,
        "status": row.status,
        "photo": row.photo,
        "click": None if click is None else [click.x, click.y],
        "rank": row.rank,
        "decision": row.decision,
        "clicked": None if click is None else places.get((row.photo, click)),
        "others": [
            {"photo": photo, "click": [other.x, other.y], "clicked": places.get((photo, other))}
            for photo, other in row.views[1:]
        ],
        "ground": None if ground is None else {"url": ground.url, "bounds": ground.bounds},
        "properties": {name: value for name, value in row.properties.items() if name != DECISION},
        "geometry": None,
        "parts": None,
        "middle": None,
    }
    if row.shape is not None and local is not None:
        shape = project(row.shape, crs, local)
        middle = project(shape.centroid, local, WGS84)
        told["geometry"] = geometry_of(row.shape, crs)
        told["parts"] = _parts(shape)
        told["middle"] = [round(middle.x, LONLAT_DECIMALS), round(middle.y, LONLAT_DECIMALS)]
    return told


def _parts(shape: Polygon | MultiPolygon) -> list[list[list[list[float]]]]:
    """For each part of a shape the points (x, y) of its rings, the outer one before the holes, to centimetres."""
    parts = shape.geoms if isinstance(shape, MultiPolygon) else [shape]
    return [[get_coordinates(ring).round(2).tolist() for ring in (part.exterior, *part.interiors)] for part in parts]


def _as_json(value: Any) -> str:
    """Return JSON that can stand in an HTML page: no character of it begins a tag, a comment or an entity."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    # A name that is not Unicode has halves of characters, which no file can hold.
    return text.encode("utf-8", "replace").decode()


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
