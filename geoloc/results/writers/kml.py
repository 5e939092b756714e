"""KML for Google Earth and its kind, and KMZ, in which each balloon shows what was clicked in the photo."""

from __future__ import annotations

import io
import logging
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import chain
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape as escape_xml
from xml.sax.saxutils import quoteattr

from geoloc.errors import PhotoError
from geoloc.results.writers.geojson import geometry_of
from geoloc.results.writers.row import FileLayer, Row

if TYPE_CHECKING:
    from geoloc.photo.photo import Photo
    from geoloc.photo.target import Click

LOG = logging.getLogger(__name__)
_PX = 320
"""Side of a picture, pixels."""
_COLOUR = (255, 196, 0)
_KINDS = {"int32": "int", "int64": "double", "float64": "double", "boolean": "bool", "object": "string"}
"""Types of a table (pandas, in lower case) in KML, which has no long whole numbers."""
_STYLES = {"best": ("ff7e00e6", 3), "other": ("ff00b0ff", 2)}
"""Colours (alpha, blue, green, red) and widths of lines: those of the style in QGIS."""
_SHOWN = (
    *("score", "kind", "accuracy_m", "height_m", "height_error_m", "heading_deg", "heading_error_deg", "tilt_deg"),
    *("tilt_error_deg", "distance_m", "status", "note", "error", "area_m2", "click_x", "click_y", "photo", "photos"),
)
"""Columns in a balloon, those of answers and those of cameras, as far as a row has them."""
_NOTHING = "Not here: nothing that was searched is surely what was asked for."
"""What a file without rows says of itself: an empty one looks like one that was never written."""
_ILLEGAL = {code: "\ufffd" for code in range(32) if code not in (9, 10, 13)}
"""Characters that XML cannot hold."""
_PicturesOf = Callable[[Row], list[str]]


def write_kml(rows: Iterable[Row], path: Path, layer: FileLayer) -> None:
    """Write KML 2.2, without pictures."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_texts(rows, path.stem, layer, lambda row: []))


def write_kmz(rows: Iterable[Row], path: Path, layer: FileLayer) -> None:
    """Write KML 2.2 in a zip, with a picture for each click of a photo that can be read, and of each camera's photo.

    Photos are read anew, one at a time; one that is not where its row says has no picture, with a warning.
    """
    text = path.with_suffix(".kml")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with text.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(_texts(rows, path.stem, layer, _Pictures(archive)))
        archive.write(text, "doc.kml")
    text.unlink()


class _Pictures:
    """Puts pictures of clicks into an archive."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names: dict[tuple[str, Click | None], str] = {}
        self._photo: tuple[str, Photo | None] = ("", None)

    def __call__(self, row: Row) -> list[str]:
        """Return the names of the pictures of what a row is about, one a photo that can be read."""
        from geoloc.results.columns import views_of

        views: list[tuple[str, Click | None]] = list(views_of(row.properties))
        if row.properties.get("kind") == "camera":
            views = [(str(row.properties.get("photo") or ""), None)]
        return [picture for name, click in views if name and (picture := self._of(name, click))]

    def _of(self, name: str, click: Click | None) -> str | None:
        from PIL import Image

        from geoloc.photo.target import Target
        from geoloc.results.preview import photo_close_up

        if (name, click) not in self._names:
            photo = self._read(name)
            if photo is None or (click and not (0 <= click.x <= photo.size[0] and 0 <= click.y <= photo.size[1])):
                return None
            if click is None:
                picture = Image.fromarray(photo.pixels)
                picture.thumbnail((_PX, _PX))
            else:
                picture = photo_close_up(photo, Target(click), _COLOUR, _PX, label=False)
            file = io.BytesIO()
            picture.save(file, "JPEG", quality=80)
            self._names[name, click] = f"files/{len(self._names) + 1}.jpg"
            self._archive.writestr(self._names[name, click], file.getvalue(), zipfile.ZIP_STORED)
        return self._names[name, click]

    def _read(self, name: str) -> Photo | None:
        from geoloc.photo.photo import load_photo

        # The rows of one photo mostly follow each other.
        if self._photo[0] != name:
            self._photo = name, None
            try:
                self._photo = name, load_photo(name, again=True)
            except PhotoError as error:
                LOG.warning("no picture in the KMZ: %s", error)
        return self._photo[1]


def _texts(rows: Iterable[Row], name: str, layer: FileLayer, pictures_of: _PicturesOf) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">\n<Document>\n'
    yield f"<name>{_text(name)}</name>\n"
    rest = iter(rows)
    first = next(rest, None)
    if first is None:
        yield f"<description>{_text(_NOTHING)}</description>\n"
    for kind, (colour, width) in _STYLES.items():
        line = f"<LineStyle><color>{colour}</color><width>{width}</width></LineStyle>"
        yield f'<Style id="{kind}">{line}<PolyStyle><fill>0</fill></PolyStyle></Style>\n'
    yield '<Schema name="geoloc" id="geoloc">\n'
    for column, dtype in layer.columns.items():
        yield f'<SimpleField type="{_KINDS[dtype.lower()]}" name={_attribute(column)}/>\n'
    yield "</Schema>\n"
    # Right in the document: in a folder GDAL would not know the columns of a KMZ.
    for row in chain([] if first is None else [first], rest):
        yield _placemark(row, layer, pictures_of(row))
    yield "</Document>\n</kml>\n"


def _placemark(row: Row, layer: FileLayer, pictures: Sequence[str]) -> str:
    told = {name: row.properties.get(name) for name in layer.columns}
    known = {name: value for name, value in told.items() if value is not None}
    rank = known.get("rank", 1)
    photo = PurePath(str(known.get("photo", ""))).name
    title = f"{rank}: {photo}" if "rank" in known else photo
    if row.geometry is None and known.get("status", "found") != "found":
        # In the list of places, which is where what is nowhere stands.
        title = f"{known['status']}: {photo}"
    texts = {_attribute(name): _text(_plain(value)) for name, value in known.items()}
    values = "".join(f"<SimpleData name={name}>{text}</SimpleData>" for name, text in texts.items())
    drawn = ""
    if row.geometry is not None:
        drawn = _geometry(geometry_of(row.geometry, layer.crs, layer.precision, row.keeps_vertices))
    return (
        f"<Placemark><name>{_text(title)}</name><description>{_text(_balloon(known, pictures))}</description>"
        f"<styleUrl>#{'best' if rank == 1 else 'other'}</styleUrl>"
        f'<ExtendedData><SchemaData schemaUrl="#geoloc">{values}</SchemaData></ExtendedData>{drawn}</Placemark>\n'
    )


def _balloon(known: Mapping[str, Any], pictures: Sequence[str]) -> str:
    """What Google Earth shows of a row, as HTML: pictures side by side, as far as the balloon is wide."""
    images = "".join(f'<img src="{name}" width="{_PX}" alt="the photo"/>' for name in pictures)
    shown = [(name, known[name]) for name in _SHOWN if known.get(name) not in (None, "")]
    lines = "".join(f"<tr><td>{name}</td><td>{escape(_plain(value))}</td></tr>" for name, value in shown)
    return f"{images}<table>{lines}</table>"


def _geometry(geometry: Mapping[str, Any]) -> str:
    kind = geometry["type"]
    if kind == "GeometryCollection":
        return f"<MultiGeometry>{''.join(map(_geometry, geometry['geometries']))}</MultiGeometry>"
    points = geometry["coordinates"]
    if kind.startswith("Multi"):
        parts = [{"type": kind.removeprefix("Multi"), "coordinates": part} for part in points]
        return f"<MultiGeometry>{''.join(map(_geometry, parts))}</MultiGeometry>"
    if kind == "Point":
        return f"<Point>{_coordinates([points])}</Point>"
    if kind == "LineString":
        return f"<LineString><tessellate>1</tessellate>{_coordinates(points)}</LineString>"
    outer, *holes = [f"<LinearRing>{_coordinates(ring)}</LinearRing>" for ring in points]
    inner = "".join(f"<innerBoundaryIs>{ring}</innerBoundaryIs>" for ring in holes)
    return f"<Polygon><tessellate>1</tessellate><outerBoundaryIs>{outer}</outerBoundaryIs>{inner}</Polygon>"


def _coordinates(points: Iterable[Iterable[float]]) -> str:
    return f"<coordinates>{' '.join(','.join(map(str, point)) for point in points)}</coordinates>"


def _plain(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _text(value: str) -> str:
    return escape_xml(value.translate(_ILLEGAL))


def _attribute(value: str) -> str:
    return quoteattr(value.translate(_ILLEGAL))
