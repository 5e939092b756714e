"""Cameras as the geo.txt of OpenDroneMap: a name, a place, angles and errors a line.

See https://docs.opendronemap.org/geo/. Heights are those over the ground that was matched; angles count as
`GroundCamera.aircraft_deg` does; errors are standard deviations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from geoloc.errors import OutputError
from geoloc.pose.camera_pose import NINE_OF_TEN
from geoloc.pose.files.colmap import Found
from geoloc.system.output import check_output, replacing


def check_geo(path: Path, photos: Sequence[Path], overwrite: bool, inputs: Collection[Path] = ()) -> None:
    """Fail early where the file could not be written later.

    Args:
        path: the file, `.txt`.
        photos: whose lines it will have.
        overwrite: whether a file that exists may be replaced.
        inputs: files that are read.

    Raises:
        OutputError: see `check_output`; or a photo's name has a blank in it, or two have one.
    """
    check_output(path, (".txt",), overwrite, inputs)
    check_names(path, photos)


def check_names(path: Path, photos: Sequence[Path]) -> None:
    """Refuse photos that a file of OpenDroneMap's cannot name, since it parts columns by blanks and knows no folders.

    Raises:
        OutputError: a photo's name has a blank in it, or two have one.
    """
    names = Counter(photo.name for photo in photos)
    for name, count in names.items():
        if len(name.split()) != 1:
            raise OutputError(f"{path}: a photo's name must have no blanks in this format; rename {name!r}")
        if count > 1:
            raise OutputError(f"{path}: names a photo by its name alone, and {count} are called {name!r}")


def write_geo(path: Path, found: Sequence[Found], *, overwrite: bool = False) -> None:
    """Write the cameras of matched photos.

    Args:
        path: the file.
        found: photos, matched.
        overwrite: replace a file that is there.

    Raises:
        OutputError: see `check_geo`.
    """
    check_geo(path, [photo for photo, _ in found], overwrite)
    lines = ["EPSG:4326"]
    for photo, matched in found:
        pose = matched.pose
        (lon, lat), angles = pose.lonlat, " ".join(f"{angle:.4f}" for angle in pose.camera.aircraft_deg)
        errors = f"{pose.place_error_m / NINE_OF_TEN:.3f} {pose.height_error_m / NINE_OF_TEN:.3f}"
        lines.append(f"{photo.name} {lon:.9f} {lat:.9f} {pose.height_m:.3f} {angles} {errors}")
    with replacing(path) as temporary:
        temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
