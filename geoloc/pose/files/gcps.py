"""Ground control points out of the matches of photos: QGIS's `.points`, or the gcp_list.txt of OpenDroneMap."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pyproj
from numpy.typing import NDArray

from geoloc.errors import OutputError
from geoloc.plane.homography import map_points
from geoloc.pose.files.colmap import Found
from geoloc.pose.files.geo_txt import check_names
from geoloc.pose.matched_photo import MatchedPhoto
from geoloc.results.columns import epsg_of
from geoloc.system.output import check_output, replacing

QGIS, LIST = ".points", ".txt"
SUFFIXES = (QGIS, LIST)
COUNT = 20
"""Points of a photo at the most: more tell a warp nothing new, and people look at each."""


def check_gcps(path: Path, photos: Sequence[Path], overwrite: bool, inputs: Collection[Path] = ()) -> None:
    """Fail early where the file could not be written later.

    Args:
        path: the file, `.points` or `.txt`.
        photos: whose points it will have.
        overwrite: whether a file that exists may be replaced.
        inputs: files that are read.

    Raises:
        OutputError: see `check_output`; or several photos for QGIS, which takes one, or names that a list cannot have.
    """
    check_output(path, SUFFIXES, overwrite, inputs)
    if path.suffix.lower() == LIST:
        check_names(path, photos)
    elif len(photos) > 1:
        raise OutputError(f"{path}: QGIS's points are those of one photo; give one, or a name that ends with {LIST}")


def write_gcps(path: Path, found: Sequence[Found], *, overwrite: bool = False) -> None:
    """Write the best spread of the better half of each photo's matches, in the mosaic's CRS.

    Args:
        path: `.points` for QGIS's georeferencer (y upwards from 0), else as gcp_list.txt, heights as the terrain's
            raster has them, 0 without one.
        found: photos, matched on one mosaic.
        overwrite: replace a file that is there.

    Raises:
        OutputError: see `check_gcps`.
    """
    check_gcps(path, [photo for photo, _ in found], overwrite)
    lines: list[str] = []
    for photo, matched in found:
        crs, chosen = matched.crs, spread(matched)
        places = matched.frame.to_map(matched.fit.reference[chosen])
        heights = matched.ground[chosen, 2] + matched.level_m
        points = [
            (*place, height, *pixel)
            for place, height, pixel in zip(places, heights, matched.fit.photo[chosen], strict=True)
        ]
        if path.suffix.lower() == QGIS:
            wkt = crs.to_wkt(pyproj.enums.WktVersion.WKT2_2019)
            lines = [f"#CRS: {wkt}", "mapX,mapY,sourceX,sourceY,enable,dX,dY,residual"]
            lines += [f"{x:.12g},{y:.12g},{u:.3f},{-v:.3f},1,0,0,0" for x, y, _, u, v in points]
            continue
        epsg = epsg_of(crs)
        lines = lines or [f"EPSG:{epsg}" if epsg else crs.to_proj4()]
        lines += [f"{x:.12g} {y:.12g} {height:.10g} {u:.3f} {v:.3f} {photo.name}" for x, y, height, u, v in points]
    with replacing(path) as temporary:
        temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def spread(matched: MatchedPhoto) -> NDArray[np.intp]:
    """Return the numbers of matches that lie far from each other in the photo, `COUNT` at the most.

    Out of those that are off the ground, a plane or terrain, less than the middle one: each is the one farthest from
    all before it, the first the farthest from their middle (farthest-point sampling, Gonzalez 1985).
    """
    fit = matched.fit
    if matched.terrain is None:
        off = np.linalg.norm(map_points(fit.matrix, fit.photo) - fit.reference, axis=1)
    else:
        # The matrix is of level ground then, which hills are off however well they were matched.
        off = np.linalg.norm(matched.pose.camera.project(matched.ground) - fit.photo, axis=1)
    good = np.flatnonzero(off <= np.median(off))
    points = fit.photo[good]
    away = np.linalg.norm(points - points.mean(axis=0), axis=1)
    chosen: list[int] = []
    while len(chosen) < min(COUNT, len(good)):
        farthest = int(away.argmax())
        step = np.linalg.norm(points - points[farthest], axis=1)
        away = step if not chosen else np.minimum(away, step)
        chosen.append(farthest)
    return good[chosen]
