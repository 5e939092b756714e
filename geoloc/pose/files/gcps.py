"""Ground control points out of the matches of photos, as QGIS, OpenDroneMap and Metashape read them.

QGIS's georeferencer has a comma separated `.points`, see QgsGcpPoint in its source; OpenDroneMap and WebODM a
gcp_list.txt, see https://docs.opendronemap.org/gcp/; Metashape its markers in XML (File > Import > Import Markers),
with cameras called as their photos without the suffix. Pixels have a corner origin in all three.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyproj
from numpy.typing import NDArray

from geoloc.errors import OutputError
from geoloc.photo.files.moment import stem_of
from geoloc.plane.homography import map_points
from geoloc.pose.files.colmap import Found
from geoloc.pose.files.geo_txt import check_names
from geoloc.pose.matched_photo import MatchedPhoto
from geoloc.results.columns import epsg_of
from geoloc.system.output import check_output, replacing

QGIS, LIST, MARKERS = ".points", ".txt", ".xml"
SUFFIXES = (QGIS, LIST, MARKERS)
COUNT = 20
"""Points of a photo at the most: more tell a warp nothing new, and people look at each."""


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """A place on the ground that photos show.

    Attributes:
        place: (x, y) in the mosaic's CRS, and the height as the terrain's raster has it, 0 without one.
        seen: (x, y) in pixels of each photo that it was matched in, by the photo's number.
    """

    place: tuple[float, float, float]
    seen: Mapping[int, tuple[float, float]]


def check_gcps(path: Path, photos: Sequence[Path], overwrite: bool, inputs: Collection[Path] = ()) -> None:
    """Fail early where the file could not be written later.

    Args:
        path: the file, one of `SUFFIXES`.
        photos: whose points it will have.
        overwrite: whether a file that exists may be replaced.
        inputs: files that are read.

    Raises:
        OutputError: see `check_output`; or several photos for QGIS, which takes one, or names that the file cannot
            have.
    """
    check_output(path, SUFFIXES, overwrite, inputs)
    suffix = path.suffix.lower()
    if suffix == LIST:
        check_names(path, photos)
    elif suffix == MARKERS:
        for name, count in Counter(map(stem_of, photos)).items():
            if count > 1:
                raise OutputError(f"{path}: {count} photos are called {name}; rename them, or write a file for each")
    elif len(photos) > 1:
        raise OutputError(
            f"{path}: QGIS's points are those of one photo; give one, or a name that ends with {LIST} or {MARKERS}"
        )


def write_gcps(path: Path, found: Sequence[Found], *, overwrite: bool = False) -> None:
    """Write the best spread of the better half of each photo's matches, in the mosaic's CRS.

    Args:
        path: `.points` for QGIS's georeferencer (y upwards from 0), `.xml` for Metashape, else as gcp_list.txt.
        found: photos, matched on one mosaic.
        overwrite: replace a file that is there.

    Raises:
        OutputError: see `check_gcps`.
    """
    check_gcps(path, [photo for photo, _ in found], overwrite)
    write = {QGIS: _qgis_text, LIST: _list_text, MARKERS: _markers_text}[path.suffix.lower()]
    with replacing(path) as temporary:
        temporary.write_text(write(found), encoding="utf-8")


def control_points(found: Sequence[Found]) -> list[ControlPoint]:
    """Choose well spread matches of each photo.

    What another photo was matched with at the very same place of the mosaic, and as well, is the same point: a
    reconstruction needs points that several photos show.
    """
    seen: dict[tuple[float, ...], dict[int, tuple[float, float]]] = {}
    places: dict[tuple[float, ...], tuple[float, float, float]] = {}
    for number, (_, matched) in enumerate(found):
        good = _good(matched)
        on_map = matched.frame.to_map(matched.fit.reference)
        pixels = found[0][1].frame.to_pixels(on_map)
        # Tenths of the mosaic's pixels: the mosaic's features lie where they lie.
        keys = {match: tuple(np.round(pixels[match], 1).tolist()) for match in good.tolist()}
        heights = matched.ground[:, 2] + matched.level_m
        for match, key in keys.items():
            u, v = matched.fit.photo[match].tolist()
            seen.setdefault(key, {}).setdefault(number, (u, v))
        for match in spread(matched).tolist():
            x, y = on_map[match].tolist()
            places.setdefault(keys[match], (x, y, float(heights[match])))
    return [ControlPoint(place, seen[key]) for key, place in places.items()]


def _qgis_text(found: Sequence[Found]) -> str:
    lines = []
    for _, matched in found:
        wkt = matched.crs.to_wkt(pyproj.enums.WktVersion.WKT2_2019)
        lines = [f"#CRS: {wkt}", "mapX,mapY,sourceX,sourceY,enable,dX,dY,residual"]
    for point in control_points(found):
        (x, y, _), ((u, v),) = point.place, point.seen.values()
        lines.append(f"{x:.12g},{y:.12g},{u:.3f},{-v:.3f},1,0,0,0")
    return "".join(f"{line}\n" for line in lines)


def _list_text(found: Sequence[Found]) -> str:
    lines = []
    for _, matched in found[:1]:
        epsg = epsg_of(matched.crs)
        lines.append(f"EPSG:{epsg}" if epsg else matched.crs.to_proj4())
    for name, point in enumerate(control_points(found), start=1):
        x, y, height = point.place
        lines += [
            f"{x:.12g} {y:.12g} {height:.10g} {u:.3f} {v:.3f} {found[number][0].name} {name}"
            for number, (u, v) in point.seen.items()
        ]
    return "".join(f"{line}\n" for line in lines)


def _markers_text(found: Sequence[Found]) -> str:
    document = ElementTree.Element("document", version="1.5.0")
    chunk = ElementTree.SubElement(document, "chunk", label="geoloc", enabled="true")
    sensors, cameras = (ElementTree.SubElement(chunk, name, next_id=f"{len(found)}") for name in ("sensors", "cameras"))
    for number, (photo, matched) in enumerate(found):
        width, height = matched.photo.size
        sensor = ElementTree.SubElement(sensors, "sensor", id=f"{number}", label=stem_of(photo), type="frame")
        ElementTree.SubElement(sensor, "resolution", width=f"{width}", height=f"{height}")
        ElementTree.SubElement(cameras, "camera", id=f"{number}", sensor_id=f"{number}", label=stem_of(photo))
    points = control_points(found)
    markers = ElementTree.SubElement(chunk, "markers", next_id=f"{len(points)}")
    frames = ElementTree.SubElement(chunk, "frames", next_id="1")
    located = ElementTree.SubElement(ElementTree.SubElement(frames, "frame", id="0"), "markers")
    for number, point in enumerate(points):
        x, y, z = (f"{value:.12g}" for value in point.place)
        marker = ElementTree.SubElement(markers, "marker", id=f"{number}", label=f"point {number + 1}")
        ElementTree.SubElement(marker, "reference", x=x, y=y, z=z, enabled="true")
        placed = ElementTree.SubElement(located, "marker", marker_id=f"{number}")
        for camera, (u, v) in point.seen.items():
            ElementTree.SubElement(placed, "location", camera_id=f"{camera}", pinned="true", x=f"{u:.3f}", y=f"{v:.3f}")
    for _, matched in found[:1]:
        # Metashape reads the older WKT, as its own files have it.
        ElementTree.SubElement(chunk, "reference").text = matched.crs.to_wkt(pyproj.enums.WktVersion.WKT1_GDAL)
    ElementTree.indent(document)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(document, encoding="unicode") + "\n"


def spread(matched: MatchedPhoto) -> NDArray[np.intp]:
    """Return the numbers of matches that lie far from each other in the photo, `COUNT` at the most.

    Out of those that are off the ground, a plane or terrain, less than the middle one: each is the one farthest from
    all before it, the first the farthest from their middle (farthest-point sampling, Gonzalez 1985).
    """
    good = _good(matched)
    points = matched.fit.photo[good]
    away = np.linalg.norm(points - points.mean(axis=0), axis=1)
    chosen: list[int] = []
    while len(chosen) < min(COUNT, len(good)):
        farthest = int(away.argmax())
        step = np.linalg.norm(points - points[farthest], axis=1)
        away = step if not chosen else np.minimum(away, step)
        chosen.append(farthest)
    return good[chosen]


def _good(matched: MatchedPhoto) -> NDArray[np.intp]:
    """The numbers of the better half of the matches."""
    fit = matched.fit
    if matched.terrain is None:
        off = np.linalg.norm(map_points(fit.matrix, fit.photo) - fit.reference, axis=1)
    else:
        # The matrix is of level ground then, which hills are off however well they were matched.
        off = np.linalg.norm(matched.pose.camera.project(matched.ground) - fit.photo, axis=1)
    return np.flatnonzero(off <= np.median(off))
