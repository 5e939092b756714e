"""What a camera or drone wrote into a photograph: where it stood and which way it looked.

Everything here is best effort. Metadata is written by hundreds of firmwares and mangled by every editor, so a value
that is missing, broken or impossible is None, and nothing in this module raises on a strange file. So is one that
another value of the same file contradicts, or that a firmware writes in place of what it does not know; `doubts` names
these.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from tiling.degrees import angle_between_deg

_T = TypeVar("_T")

_SENSOR_43_DIAGONAL = 1.25
"""Diagonal over width of a 4:3 sensor."""
_FILM_DIAGONAL_MM = math.hypot(36.0, 24.0)
_UNIT_MM = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}
"""FocalPlaneResolutionUnit: inch, centimetre, millimetre, micrometre."""

_PREFIX = r"[\w-]{1,40}"
"""Of any name; bounded, or a text without colons would take the square of its length."""
_LONGEST_XMP = 1 << 20
_TIFF_XMP = 700
_DNG_VERSION = 50706
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_SAME_YAW_DEG = 5.0
_MOST_BACKWARDS_DEG = 15.0
"""A fixed wing's camera looks down, and backwards by no more."""
_NO_FIX_DEG = 1e-3
_SAME_PLACE_DEG = 0.01
"""Two receivers of one drone differ by metres."""
_SAME_HEIGHT_M = 0.05
"""Heights from two sources agree so closely by chance alone."""
_HIGHEST_M = 3000.0
_LEAST_PANORAMA = 1.9
"""Width over height; what is wider has lost sky and ground."""


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
        doubts: what is there and not believed, and why, in words.
        position_error_m: how far the position may be off, as the file tells it.
        compass: whether the heading is that of a compass in a telephone or a panorama camera.
    """

    position: tuple[float, float] | None
    altitude_m: float | None
    relative_altitude_m: float | None
    heading_deg: float | None
    pitch_deg: float | None
    focal_px: float | None
    equirectangular: bool
    roll_deg: float = 0.0
    doubts: tuple[str, ...] = ()
    position_error_m: float | None = None
    compass: bool = False

    @property
    def phone(self) -> bool:
        """Whether a telephone took it: the file tells of a compass or a position's error, and of nothing that flies."""
        told = self.compass or self.position_error_m is not None
        return told and self.pitch_deg is None and self.relative_altitude_m is None and not self.equirectangular


def read_metadata(image: Image.Image) -> Metadata:
    """Read the metadata of an opened picture, upright or as it is stored: only its longer side counts."""
    return metadata_of(_attempt(image.getexif) or Image.Exif(), _xmp_text(image), image.size)


def read_tiff_metadata(path: Path, size: tuple[int, int]) -> Metadata:
    """Read the metadata of a file that has the tags of a TIFF, whatever its picture is coded by; else of nothing.

    Args:
        path: a raw photo.
        size: (width, height) of its developed picture, either way up.
    """
    with _tiff_tags(path) as exif:
        xmp = _attempt(lambda: exif.get(_TIFF_XMP))
        return metadata_of(exif, _decoded(xmp) if isinstance(xmp, bytes) else "", size)


def is_dng(path: Path) -> bool:
    """Whether a file is a DNG, whatever its name is."""
    if not starts_as_tiff(path):
        return False
    with _tiff_tags(path) as exif:
        return bool(_attempt(lambda: _DNG_VERSION in exif))


def starts_as_tiff(path: Path) -> bool:
    """Whether a file has the first bytes of a TIFF."""
    with path.open("rb") as file:
        return file.read(4) in _TIFF_STARTS


@contextmanager
def _tiff_tags(path: Path) -> Iterator[Image.Exif]:
    """Yield the tags of a file as long as it is open; none where there are none to read."""
    exif = Image.Exif()
    with path.open("rb") as file:
        _attempt(lambda: exif.load_from_fp(file))
        yield exif


def metadata_of(exif: Image.Exif, xmp: str, size: tuple[int, int]) -> Metadata:
    """Return what EXIF and XMP tell of a picture, as far as it is believed.

    Args:
        exif: the tags.
        xmp: a text that has XMP's names and values.
        size: (width, height) of the picture, either way up.
    """
    photo_ifd: dict[int, Any] = _attempt(lambda: dict(exif.get_ifd(ExifTags.IFD.Exif))) or {}
    gps_ifd: dict[int, Any] = _attempt(lambda: dict(exif.get_ifd(ExifTags.IFD.GPSInfo))) or {}
    maker = _text(_attempt(lambda: exif.get(ExifTags.Base.Make))).casefold()
    doubts: list[str] = []
    altitude = _altitude(gps_ifd, xmp)
    heading, compass = _heading(gps_ifd, xmp, doubts)
    return Metadata(
        position=_believed_position(gps_ifd, xmp, doubts),
        altitude_m=altitude,
        relative_altitude_m=_relative_altitude(xmp, altitude, doubts),
        heading_deg=heading,
        pitch_deg=_pitch(xmp, maker, doubts),
        roll_deg=_roll(xmp),
        focal_px=_focal_px(photo_ifd, xmp, size),
        equirectangular=_is_equirectangular(xmp, size, doubts),
        doubts=tuple(doubts),
        position_error_m=_position_error(gps_ifd),
        compass=compass,
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
            return raw[:_LONGEST_XMP] if isinstance(raw, str) else _decoded(raw)
    return ""


def _decoded(xmp: bytes) -> str:
    return xmp[:_LONGEST_XMP].decode("utf-8", "replace")


def _xmp_value(xmp: str, name: str, prefix: str = _PREFIX) -> str | None:
    # The pattern looks for a prefix at every letter: half a second a megabyte, for each of dozens of names.
    if f":{name}" not in xmp:
        return None
    found = re.search(rf"""<?\b{prefix}:{name}\s*(?:=\s*["']([^"']*)["']|>([^<]*)<)""", xmp)
    return (found[1] if found[1] is not None else found[2]).strip() if found else None


def _xmp_number(xmp: str, *names: str, prefix: str = _PREFIX) -> float | None:
    for name in names:
        number = _number(_xmp_value(xmp, name, prefix))
        if number is not None:
            return number
    return None


def _gimbal_unknown(xmp: str) -> bool:
    """Whether the gimbal's angles are all exactly zero, which firmwares write that do not know them.

    To look level, due north and without any roll, to the hundredth of a degree, does not happen by chance.
    """
    angles = [_xmp_number(xmp, f"Gimbal{axis}Degree", f"Camera{axis}Degree") for axis in ("Yaw", "Pitch", "Roll")]
    if angles[0] is None and angles[1] is None:
        angles = [_xmp_number(xmp, axis, prefix="Camera") for axis in ("Yaw", "Pitch", "Roll")]
    return angles[0] == 0.0 and angles[1] == 0.0 and not angles[2]


def _heading(gps: dict[int, Any], xmp: str, doubts: list[str]) -> tuple[float | None, bool]:
    """Return the heading, and whether it is a compass's."""
    flight = _xmp_number(xmp, "FlightYawDegree", "FlightYaw")
    yaw = None if _gimbal_unknown(xmp) else _xmp_number(xmp, "GimbalYawDegree", "CameraYawDegree")
    if yaw == 0.0 and flight is not None and angle_between_deg(flight, yaw) > _SAME_YAW_DEG:
        doubts.append(f"gimbal yaw exactly 0 while the drone flew towards {flight:g} degrees: its yaw is taken")
        yaw = None
    if yaw is None:
        yaw = flight
    if yaw is not None:
        # Past straight down a gimbal reports roll 180 and a yaw that points backwards.
        roll = abs(_xmp_number(xmp, "GimbalRollDegree") or 0.0)
        if 45.0 < roll < 135.0:
            doubts.append(f"gimbal roll {roll:g} degrees: the picture's up is not where the yaw points")
            return None, False
        return (yaw + (180.0 if roll > 90.0 else 0.0)) % 360.0, False
    yaw = None if _gimbal_unknown(xmp) else _xmp_number(xmp, "Yaw", prefix="Camera")
    if yaw is not None:
        return yaw % 360.0, False
    yaw = _xmp_number(xmp, "PoseHeadingDegrees", prefix="GPano")
    if yaw is None and _text(gps.get(ExifTags.GPS.GPSImgDirectionRef)).startswith("T"):
        # A magnetic direction ("M") is off by the declination and by the metal around a telephone: left unused.
        yaw = _number(gps.get(ExifTags.GPS.GPSImgDirection))
    return (None, False) if yaw is None else (yaw % 360.0, True)


def _pitch(xmp: str, maker: str, doubts: list[str]) -> float | None:
    if _gimbal_unknown(xmp):
        doubts.append("gimbal angles all zero, as firmwares write that do not know them")
        return None
    pitch = _xmp_number(xmp, "GimbalPitchDegree", "CameraPitchDegree")
    if pitch is None:
        pitch = _camera_pitch(xmp, maker, doubts)
    if pitch is None or not -180.0 <= pitch <= 90.0:
        return None
    return -180.0 - pitch if pitch < -90.0 else pitch


def _roll(xmp: str) -> float:
    roll = _xmp_number(xmp, "GimbalRollDegree", "CameraRollDegree")
    if roll is None:
        roll = _xmp_number(xmp, "Roll", prefix="Camera") or 0.0
    # A camera on its side or on its head writes upright pictures; what is left is how far it missed that.
    return roll - 90.0 * round(roll / 90.0)


def _camera_pitch(xmp: str, maker: str, doubts: list[str]) -> float | None:
    """Return the pitch of the namespace "Camera", which by its definition (Pix4D, senseFly) counts from straight down.

    Some drones of Autel count it from the horizon, as DJI does (Theta-Limited/OpenAthenaIOS#62): a camera that looks
    backwards by more than a fixed wing pitches is theirs.
    """
    pitch = _xmp_number(xmp, "Pitch", prefix="Camera")
    if pitch is None:
        return None
    if pitch < -_MOST_BACKWARDS_DEG:
        doubts.append(f"camera pitch {pitch:g} degrees would look backwards: taken as counted from the horizon")
        return pitch
    if "autel" in maker and abs(pitch) <= _MOST_BACKWARDS_DEG:
        doubts.append(f"camera pitch {pitch:g} degrees of an Autel: straight down or level, drones of this make differ")
        return None
    return pitch - 90.0


def _is_equirectangular(xmp: str, size: tuple[int, int], doubts: list[str]) -> bool:
    if (_xmp_value(xmp, "ProjectionType", "GPano") or "").lower() != "equirectangular":
        return False
    full = _xmp_number(xmp, "FullPanoWidthPixels", prefix="GPano")
    part = _xmp_number(xmp, "CroppedAreaImageWidthPixels", prefix="GPano")
    if full is not None and part is not None and part != full:
        return False
    # Editors keep the words when they cut a view out of a panorama or export one.
    if max(size) < _LEAST_PANORAMA * min(size):
        doubts.append(f"a full panorama of {size[0]} x {size[1]} px: those are twice as wide as high")
        return False
    return True


# GPS


def _text(value: Any) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")


def _degrees(value: Any, ref: Any, letters: str) -> float | None:
    """Return signed degrees; nan where the hemisphere is not told, or the sign contradicts it.

    Args:
        value: degrees, minutes, seconds or the first of these.
        ref: the hemisphere's letter.
        letters: of the positive hemisphere and of the negative one, such as "NS".
    """
    parts = value if isinstance(value, tuple) else (value,)
    numbers = [_number(part) for part in parts]
    if not 1 <= len(numbers) <= 3 or None in numbers:
        return None
    degrees = sum(abs(number or 0.0) / 60.0**i for i, number in enumerate(numbers))
    hemisphere = _text(ref).strip().strip("\0").upper()[:1]
    negative = any((number or 0.0) < 0.0 for number in numbers)
    if hemisphere not in letters or not hemisphere:
        # A sign tells it too, though the standard knows none.
        return -degrees if negative else math.nan
    if negative and hemisphere == letters[0]:
        return math.nan
    return -degrees if hemisphere == letters[1] else degrees


def _position(lon: float | None, lat: float | None) -> tuple[float, float] | None:
    if lon is None or lat is None or not (abs(lon) <= 180.0 and abs(lat) <= 90.0):
        return None
    # A receiver without a fix writes 0, 0, or what little it drifted from there.
    return None if abs(lon) < _NO_FIX_DEG and abs(lat) < _NO_FIX_DEG else (lon, lat)


def _believed_position(gps: dict[int, Any], xmp: str, doubts: list[str]) -> tuple[float, float] | None:
    lat = _degrees(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef), "NS")
    lon = _degrees(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef), "EW")
    if lat is not None and lon is not None and (math.isnan(lat) or math.isnan(lon)):
        doubts.append("GPS position without its hemisphere, or with a sign that contradicts it")
    exif, xmp_position = _position(lon, lat), _xmp_position(xmp)
    if exif is not None and xmp_position is not None and _apart_deg(exif, xmp_position) > _SAME_PLACE_DEG:
        doubts.append(f"two GPS positions that contradict each other: {_lonlat(exif)} and {_lonlat(xmp_position)}")
        return None
    return exif or xmp_position


def position_tags(lon: float, lat: float) -> dict[int, Any]:
    """Return the EXIF GPS tags of a position in WGS 84; its seconds to a millionth, 0.03 mm on the ground."""
    return {
        ExifTags.GPS.GPSVersionID: b"\x02\x03\x00\x00",
        ExifTags.GPS.GPSLatitudeRef: "N" if lat >= 0 else "S",
        ExifTags.GPS.GPSLatitude: _sexagesimal(lat),
        ExifTags.GPS.GPSLongitudeRef: "E" if lon >= 0 else "W",
        ExifTags.GPS.GPSLongitude: _sexagesimal(lon),
    }


def _sexagesimal(degrees: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    micro = round(abs(degrees) * 3600 * 10**6)
    minutes, seconds = divmod(micro, 60 * 10**6)
    return IFDRational(minutes // 60, 1), IFDRational(minutes % 60, 1), IFDRational(seconds, 10**6)


def _apart_deg(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return how far two positions are apart, also across the antimeridian."""
    return math.hypot(angle_between_deg(one[0], other[0]), one[1] - other[1])


def _lonlat(position: tuple[float, float]) -> str:
    return f"{position[0]:.6f},{position[1]:.6f}"


def _position_error(gps: dict[int, Any]) -> float | None:
    """Return EXIF 2.31's GPSHPositioningError, metres; zero is what firmwares write that do not know it."""
    error = _number(gps.get(ExifTags.GPS.GPSHPositioningError))
    return error if error is not None and error > 0.0 else None


def _xmp_position(xmp: str) -> tuple[float, float] | None:
    # "GpsLongtitude" is DJI's own spelling.
    lon = _xmp_number(xmp, "GpsLongitude", "GpsLongtitude", prefix="drone-dji")
    return _position(lon, _xmp_number(xmp, "GpsLatitude", prefix="drone-dji"))


def _relative_altitude(xmp: str, altitude: float | None, doubts: list[str]) -> float | None:
    """Return the height above the take-off point, unless it is the height above the sea written once more."""
    height = _xmp_number(xmp, "RelativeAltitude")
    if height is None:
        return None
    above_sea = [one for one in (_xmp_number(xmp, "AbsoluteAltitude"), altitude) if one is not None]
    if height != 0.0 and any(abs(height - one) < _SAME_HEIGHT_M for one in above_sea):
        doubts.append(f"height above take-off {height:g} m is the height above the sea, to the centimetre")
        return None
    if height > _HIGHEST_M:
        doubts.append(f"height above take-off {height:g} m: drones do not fly so high")
        return None
    return height


def _altitude(gps: dict[int, Any], xmp: str) -> float | None:
    altitude = _number(gps.get(ExifTags.GPS.GPSAltitude))
    if altitude is None:
        return _xmp_number(xmp, "AbsoluteAltitude")
    return -altitude if gps.get(ExifTags.GPS.GPSAltitudeRef) in (1, b"\x01") else altitude


# Optics


def _focal_px(exif: dict[int, Any], xmp: str, size: tuple[int, int]) -> float | None:
    """Return focal length over sensor width, times the longer side of this file.

    So it is right for resized files, whose EXIF still tells the original size.
    """
    long_side, short_side = max(size), min(size)
    ratio = _focal_calibrated(exif, xmp, long_side)
    if ratio is None:
        ratio = _focal_by_film(_number(exif.get(ExifTags.Base.FocalLengthIn35mmFilm)), long_side / short_side)
    if ratio is None:
        ratio = _focal_by_sensor(exif)
    # Between a fisheye and a long telephoto lens; anything else is a typing error in a firmware.
    return ratio * long_side if ratio is not None and 0.2 <= ratio <= 30.0 else None


def _original_px(exif: dict[int, Any]) -> float | None:
    """Return the longer side of the picture as the camera wrote it."""
    sides = [_number(exif.get(tag)) for tag in (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight)]
    return max((side for side in sides if side), default=None)


def _focal_calibrated(exif: dict[int, Any], xmp: str, long_side: int) -> float | None:
    """Return focal length over the longer side as DJI tells it, in pixels of the picture as the camera wrote it."""
    calibrated = _xmp_number(xmp, "CalibratedFocalLength", prefix="drone-dji")
    return None if not calibrated or calibrated <= 0.0 else calibrated / (_original_px(exif) or long_side)


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
    original_px = _original_px(exif)
    if not (focal_mm and per_unit and unit_mm and original_px):
        return None
    return focal_mm / (original_px / per_unit * unit_mm)
