"""Cameras as COLMAP's text model: cameras.txt, images.txt and points3D.txt.

The world is metres east, north and up of a place on the ground that the head of each file names; pixels have a corner
origin there too. See https://colmap.github.io/format.html.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyproj
from numpy.typing import NDArray

from geoloc.pose.camera import GroundCamera, rotation_about
from geoloc.pose.matched_photo import MatchedPhoto
from geoloc.system.output import check_output, make_folder, replacing
from geoloc.system.text import path_text
from tiling.grid import transformer

Found = tuple[Path, MatchedPhoto]
"""A photo's file, and the photo matched."""
_NAMES = ("cameras.txt", "images.txt", "points3D.txt")
_ORIGIN = "# Metres east, north and up of {lon_0},{lat_0} (lon,lat; WGS 84) on the ground\n"
_HEADS = (
    "CAMERA_ID MODEL WIDTH HEIGHT F CX CY K1",
    "IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME, and a line of X Y POINT3D_ID for each point",
    "POINT3D_ID X Y Z R G B ERROR IMAGE_ID POINT2D_IDX",
)


def check_colmap(folder: Path, overwrite: bool) -> None:
    """Fail early where the three files could not be written into a folder later.

    Raises:
        OutputError: it cannot be made or written to, or one of the files exists and may not be replaced.
    """
    make_folder(folder)
    for name in _NAMES:
        check_output(folder / name, (".txt",), overwrite)


def write_colmap(folder: Path, found: Sequence[Found], *, overwrite: bool = False) -> None:
    """Write the cameras of matched photos, with the ground's matches as points that each one photo sees.

    Args:
        folder: where the three files go.
        found: photos, matched on one mosaic.
        overwrite: replace files that are there.

    Raises:
        OutputError: see `check_colmap`.
    """
    check_colmap(folder, overwrite)
    cameras: list[str] = []
    images: list[str] = []
    points: list[str] = []
    origin = ""
    for number, (path, matched) in enumerate(found, start=1):
        local = found[0][1].pose.local
        origin = _ORIGIN.format(**local.to_dict())
        camera, (width, height) = matched.pose.camera, matched.pose.size
        up_m = matched.level_m - found[0][1].level_m
        seen = _camera_in(local, matched, up_m)
        cameras.append(
            f"{number} SIMPLE_RADIAL {width} {height} {_numbers((camera.focal_px, *camera.middle, camera.k1))}"
        )
        shift = -seen.rotation @ seen.centre
        name = path_text(Path(path.name))
        images.append(f"{number} {_numbers(_quaternion(seen.rotation))} {_numbers(shift)} {number} {name}")
        flat = matched.frame.to_metres(matched.fit.reference, local)
        places = np.column_stack([flat, matched.ground[:, 2] + up_m])
        off = np.linalg.norm(seen.project(places) - matched.fit.photo, axis=1)
        columns, rows = np.clip(matched.fit.photo.astype(int), 0, (width - 1, height - 1)).T
        tracks = []
        for index, place in enumerate(places):
            colour = " ".join(map(str, matched.photo.pixels[rows[index], columns[index]]))
            tracks.append(f"{_numbers(matched.fit.photo[index])} {len(points) + 1}")
            points.append(f"{len(points) + 1} {_numbers(place)} {colour} {off[index]:.3f} {number} {index}")
        images.append(" ".join(tracks))
    for name, head, lines in zip(_NAMES, _HEADS, (cameras, images, points), strict=True):
        with replacing(folder / name) as temporary:
            temporary.write_text(f"# {head}\n{origin}" + "".join(f"{line}\n" for line in lines), encoding="utf-8")


def _camera_in(local: pyproj.CRS, matched: MatchedPhoto, up_m: float) -> GroundCamera:
    """The camera of a photo in the metres of another one, turned as the two norths are and so much higher."""
    camera = matched.pose.camera
    x, y, _ = camera.centre
    norths = transformer(matched.pose.local, local).transform([x, x], [y, y + 1.0])
    (x0, x1), (y0, y1) = norths
    turn = rotation_about(np.array([0.0, 0.0, -math.atan2(x1 - x0, y1 - y0)]))
    return replace(camera, centre=np.array([x0, y0, camera.centre[2] + up_m]), rotation=camera.rotation @ turn.T)


def _quaternion(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a rotation as w, x, y, z (w not below 0): the eigenvector of Bar-Itzhack (2000), exact for any angle."""
    (a, b, c), (d, e, f), (g, h, i) = rotation
    matrix = np.array(
        [
            [a - e - i, b + d, c + g, h - f],
            [b + d, e - a - i, f + h, c - g],
            [c + g, f + h, i - a - e, d - b],
            [h - f, c - g, d - b, a + e + i],
        ]
    )
    x, y, z, w = np.linalg.eigh(matrix)[1][:, -1]
    return np.array([w, x, y, z]) * (1.0 if w >= 0 else -1.0)


def _numbers(values: Iterable[float]) -> str:
    return " ".join(f"{value:.9g}" for value in values)
