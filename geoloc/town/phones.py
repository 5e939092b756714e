"""Photographs as telephones tell of them: positions and compasses off, or without a compass."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from geoloc.photo.photo import load_photo
from geoloc.system.output import replacing

POSITION_M = 10.0
"""Radius of the circle that holds 68 % of the positions that telephones tell, and which they write as their error."""
COMPASS_DEG = 20.0
"""Standard deviation of their compasses' error."""
_RADIUS_68 = math.sqrt(-2 * math.log(1 - 0.68))
"""That radius over the standard deviation along an axis, of a normal distribution in the plane."""
_METRES_A_DEGREE = 111_320.0


def as_by_phone(photo: Path, path: Path, rng: np.random.Generator, *, compass: bool) -> None:
    """Write a photograph whose metadata are true with the errors of a telephone, compressed as it is.

    The position is off either way in the same manner, so that what a compass is worth can be compared.

    Args:
        photo: a JPEG of a town, a panorama too.
        path: the copy.
        rng: draws the errors.
        compass: whether the copy tells a heading.

    Raises:
        OutputError: the copy cannot be written.
    """
    true = load_photo(photo)
    assert true.position is not None, "towns tell it"
    assert true.heading_deg is not None, "towns tell it"
    off = rng.normal(0.0, POSITION_M / _RADIUS_68, 2)
    heading = round((true.heading_deg + rng.normal(0.0, COMPASS_DEG)) % 360.0, 2)
    lon, lat = true.position
    lat += off[1] / _METRES_A_DEGREE
    lon += off[0] / (_METRES_A_DEGREE * math.cos(math.radians(lat)))
    with Image.open(photo) as image:
        exif, xmp = image.getexif(), image.info.get("xmp", b"")
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        gps[ExifTags.GPS.GPSLongitude], gps[ExifTags.GPS.GPSLatitude] = _degrees(lon), _degrees(lat)
        gps[ExifTags.GPS.GPSHPositioningError] = IFDRational(round(POSITION_M * 100), 100)
        if compass:
            gps[ExifTags.GPS.GPSImgDirection] = IFDRational(round(heading * 100), 100)
            xmp = re.sub(rb'(PoseHeadingDegrees=")[^"]*', rb"\g<1>" + str(heading).encode(), xmp)
        else:
            del gps[ExifTags.GPS.GPSImgDirection], gps[ExifTags.GPS.GPSImgDirectionRef]
            xmp = re.sub(rb'\s*[\w]+:PoseHeadingDegrees="[^"]*"', b"", xmp)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            image.save(temporary, "JPEG", quality="keep", exif=exif, xmp=xmp)


def _degrees(value: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    micro = round(abs(value) * 3600 * 10**6)
    minutes, seconds = divmod(micro, 60 * 10**6)
    return IFDRational(minutes // 60, 1), IFDRational(minutes % 60, 1), IFDRational(seconds, 10**6)
