"""What a camera or drone wrote into a photograph: where it stood and which way it looked.

Everything here is best effort. Metadata is written by hundreds of firmwares and mangled by every editor, so a value
that is missing, broken or impossible is None, and nothing in this module raises on a strange file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from PIL import ExifTags, Image

_T = TypeVar("_T")

_SENSOR_43_DIAGONAL = 1.25
"""Diagonal over width of a 4:3 sensor."""
_FILM_DIAGONAL_MM = math.hypot(36.0, 24.0)
_UNIT_MM = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}
"""FocalPlaneResolutionUnit: inch, centimetre, millimetre, micrometre."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """Pose and optics of a photograph, as its file tells them.

    Attributes:
        position: (lon, lat), WGS 84.
        altitude_m: height above sea level or the ellipsoid, as the camera has it.
        relative_altitude_m: height above the take-off point.
        heading_deg: direction of the picture's "up" on the ground, clockwise from true north, in [0, 360).
        pitch_deg: pitch of the optical axis: -90 straight down, 0 level.
        focal_px: focal length in pixels of this file, however it was resized.
        equirectangular: whether the file says that it is a full 360 degree equirectangular panorama.
        roll_deg: by how much the upright picture's camera was turned clockwise about its axis, in [-45, 45].
    """

    position: tuple[float, float] | None
    altitude_m: float | None
    relative_altitude_m: float | None
    heading_deg: float | None
    pitch_deg: float | None
    focal_px: float | None
    equirectangular: bool
    roll_deg: float = 0.0


def read_metadata(image: Image.Image) -> Metadata:
    """Read the metadata of an opened picture, upright or as it is stored: only its longer side counts."""
    photo_ifd: dict[int, Any] = _attempt(lambda: dict(image.getexif().get_ifd(ExifTags.IFD.Exif))) or {}
    gps_ifd: dict[int, Any] = _attempt(lambda: dict(image.getexif().get_ifd(ExifTags.IFD.GPSInfo))) or {}
    xmp = _xmp_text(image)
    return Metadata(
        position=_exif_position(gps_ifd) or _xmp_position(xmp),
        altitude_m=_altitude(gps_ifd, xmp),
        relative_altitude_m=_xmp_number(xmp, "RelativeAltitude"),
        heading_deg=_heading(gps_ifd, xmp),
        pitch_deg=_pitch(xmp),
        roll_deg=_roll(xmp),
        focal_px=_focal_px(photo_ifd, image.size),
        equirectangular=_is_equirectangular(xmp),
    )


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1..8; 1 where it is missing or senseless."""
    value = _attempt(lambda: int(image.getexif().get(ExifTags.Base.Orientation, 1)))
    return value if value is not None and 1 <= value <= 8 else 1


def _attempt(read: Callable[[], _T]) -> _T | None:
    # Pillow's EXIF reader raises a different exception for every way in which a block can be broken.
    try:
        return read()
    except Exception:
        return None


def _number(value: Any) -> float | None:
    """Read a finite float from a rational, a one-element tuple or a string like "+35.20"; None from all else."""
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    number = _attempt(lambda: float(value))
    return number if number is not None and math.isfinite(number) else None


# XMP: found by name, not parsed as XML. Drones write it as attributes or elements, under changing prefixes, and often
# not well-formed.


def _xmp_text(image: Image.Image) -> str:
    for key in ("xmp", "XML:com.adobe.xmp"):
        raw = image.info.get(key)
        if isinstance(raw, bytes | str) and raw:
            return raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
    return ""


def _xmp_value(xmp: str, name: str, prefix: str = r"[\w-]+") -> str | None:
    found = re.search(rf"""<?\b{prefix}:{name}\s*(?:=\s*["']([^"']*)["']|>([^<]*)<)""", xmp)
    return (found[1] if found[1] is not None else found[2]).strip() if found else None


def _xmp_number(xmp: str, *names: str, prefix: str = r"[\w-]+") -> float | None:
    for name in names:
        number = _number(_xmp_value(xmp, name, prefix))
        if number is not None:
            return number
    return None


def _heading(gps: dict[int, Any], xmp: str) -> float | None:
    yaw = _xmp_number(xmp, "GimbalYawDegree", "CameraYawDegree", "FlightYawDegree", "FlightYaw")
    if yaw is not None:
        # Past straight down a gimbal reports roll 180 and a yaw that points backwards.
        roll = _xmp_number(xmp, "GimbalRollDegree") or 0.0
        return (yaw + (180.0 if abs(roll) > 90.0 else 0.0)) % 360.0
    yaw = _xmp_number(xmp, "Yaw", prefix="Camera")
    if yaw is None:
        yaw = _xmp_number(xmp, "PoseHeadingDegrees", prefix="GPano")
    if yaw is None and _text(gps.get(ExifTags.GPS.GPSImgDirectionRef)).startswith("T"):
        # A magnetic direction ("M") is off by the declination and by the metal around a telephone: left unused.
        yaw = _number(gps.get(ExifTags.GPS.GPSImgDirection))
    return None if yaw is None else yaw % 360.0


def _pitch(xmp: str) -> float | None:
    pitch = _xmp_number(xmp, "GimbalPitchDegree", "CameraPitchDegree")
    if pitch is None:
        # Pix4D's and senseFly's "Camera" namespace counts from straight down.
        pitch = _xmp_number(xmp, "Pitch", prefix="Camera")
        pitch = None if pitch is None else pitch - 90.0
    if pitch is None or not -180.0 <= pitch <= 90.0:
        return None
    return -180.0 - pitch if pitch < -90.0 else pitch


def _roll(xmp: str) -> float:
    roll = _xmp_number(xmp, "GimbalRollDegree", "CameraRollDegree")
    if roll is None:
        roll = _xmp_number(xmp, "Roll", prefix="Camera") or 0.0
    # A camera on its side or on its head writes upright pictures; what is left is how far it missed that.
    return roll - 90.0 * round(roll / 90.0)


def _is_equirectangular(xmp: str) -> bool:
    if (_xmp_value(xmp, "ProjectionType", "GPano") or "").lower() != "equirectangular":
        return False
    full = _xmp_number(xmp, "FullPanoWidthPixels", prefix="GPano")
    part = _xmp_number(xmp, "CroppedAreaImageWidthPixels", prefix="GPano")
    return full is None or part is None or part == full


# GPS


def _text(value: Any) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")


def _degrees(value: Any, ref: Any, negative: str) -> float | None:
    parts = value if isinstance(value, tuple) else (value,)
    numbers = [_number(part) for part in parts]
    if not 1 <= len(numbers) <= 3 or None in numbers:
        return None
    degrees = sum(abs(number or 0.0) / 60.0**i for i, number in enumerate(numbers))
    return -degrees if _text(ref).strip().upper().startswith(negative) else degrees


def _position(lon: float | None, lat: float | None) -> tuple[float, float] | None:
    if lon is None or lat is None or not (abs(lon) <= 180.0 and abs(lat) <= 90.0):
        return None
    # A receiver without a fix writes 0, 0.
    return None if lon == 0.0 and lat == 0.0 else (lon, lat)


def _exif_position(gps: dict[int, Any]) -> tuple[float, float] | None:
    lat = _degrees(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef), "S")
    lon = _degrees(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef), "W")
    return _position(lon, lat)


def _xmp_position(xmp: str) -> tuple[float, float] | None:
    # "GpsLongtitude" is DJI's own spelling.
    lon = _xmp_number(xmp, "GpsLongitude", "GpsLongtitude", prefix="drone-dji")
    return _position(lon, _xmp_number(xmp, "GpsLatitude", prefix="drone-dji"))


def _altitude(gps: dict[int, Any], xmp: str) -> float | None:
    altitude = _number(gps.get(ExifTags.GPS.GPSAltitude))
    if altitude is None:
        return _xmp_number(xmp, "AbsoluteAltitude")
    return -altitude if gps.get(ExifTags.GPS.GPSAltitudeRef) in (1, b"\x01") else altitude


# Optics


def _focal_px(exif: dict[int, Any], size: tuple[int, int]) -> float | None:
    """Return focal length over sensor width, times the longer side of this file.

    So it is right for resized files, whose EXIF still tells the original size.
    """
    long_side, short_side = max(size), min(size)
    ratio = _focal_by_film(_number(exif.get(ExifTags.Base.FocalLengthIn35mmFilm)), long_side / short_side)
    if ratio is None:
        ratio = _focal_by_sensor(exif)
    # Between a fisheye and a long telephoto lens; anything else is a typing error in a firmware.
    return ratio * long_side if ratio is not None and 0.2 <= ratio <= 30.0 else None


def _focal_by_film(film_mm: float | None, aspect: float) -> float | None:
    """Return focal length over the longer side by the 35 mm equivalent, which compares diagonals (CIPA DCG-001).

    Pictures wider than 3:2 are taken as 4:3 sensors cut to 16:9, which drones and telephones do, with the sensor's
    whole width kept.
    """
    if film_mm is None or film_mm <= 0.0:
        return None
    diagonal = math.hypot(1.0, 1.0 / aspect) if aspect <= 1.51 else _SENSOR_43_DIAGONAL
    return film_mm / _FILM_DIAGONAL_MM * diagonal


def _focal_by_sensor(exif: dict[int, Any]) -> float | None:
    focal_mm = _number(exif.get(ExifTags.Base.FocalLength))
    per_unit = _number(exif.get(ExifTags.Base.FocalPlaneXResolution))
    unit_mm = _UNIT_MM.get(int(_number(exif.get(ExifTags.Base.FocalPlaneResolutionUnit)) or 2))
    sides = [_number(exif.get(tag)) for tag in (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight)]
    original_px = max((side for side in sides if side), default=None)
    if not (focal_mm and per_unit and unit_mm and original_px):
        return None
    return focal_mm / (original_px / per_unit * unit_mm)
