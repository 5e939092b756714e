"""A photograph read for a search: upright RGB pixels, and what its metadata tells about the camera.

Pixels have a corner origin: (0, 0) is the outer corner of the upper-left pixel of the *upright* picture (EXIF
orientation applied), x right, y down.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from geoloc.errors import LimitError, PhotoError
from geoloc.photo.files.moment import is_video, split_moment
from geoloc.photo.files.picture import open_picture
from geoloc.photo.files.raw import RAW_SUFFIXES, read_raw
from geoloc.photo.files.size import check_size
from geoloc.photo.files.stretch import read_deep_colour, read_plain_tiff, stretched
from geoloc.photo.files.telemetry import telemetry_xmp
from geoloc.photo.files.video import read_frame
from geoloc.photo.metadata import (
    Metadata,
    is_dng,
    metadata_of,
    orientation,
    read_metadata,
    read_tiff_metadata,
    starts_as_tiff,
)
from geoloc.system.extras import needing
from tiling.names import to_save_first

LOG = logging.getLogger(__name__)
_TIFF_BITS_PER_SAMPLE = 258
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
"""What files of phones call themselves; AVIF, which is of the same family, Pillow reads itself."""
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Photo:
    """An upright photograph. Metadata is None where the file does not tell, or tells nonsense.

    Attributes:
        path: the file.
        pixels: height x width x 3, RGB.
        position: (lon, lat) of the camera, WGS 84.
        altitude_m: height above sea level or the ellipsoid, as the camera has it.
        relative_altitude_m: height above the take-off point.
        heading_deg: direction on the ground of the picture's "up" (a panorama: of its centre), clockwise from true
            north, [0, 360).
        pitch_deg: pitch of the optical axis: -90 straight down, 0 level.
        pitch_sd_deg: standard deviation of the pitch, where more is known of it than what told it.
        roll_deg: by how much the camera was turned clockwise about its axis, in [-45, 45]; 0 where that is not known.
        focal_px: focal length in pixels of `pixels`.
        position_error_m: how far the position may be off, as the file tells it.
        compass: whether the heading is that of a compass, of a telephone or a panorama camera.
        phone: whether the file is a telephone's (`Metadata.phone`), whatever somebody tells in place of what it says.
        heading_sd_deg: standard deviation of the heading, where more is known of it than what told it.
        height_m: of the camera over the ground, where somebody told it.
        height_sd_m: standard deviation of that.
        panorama: whether it is a full 360 degree equirectangular panorama: its left and right edges meet.
    """

    path: Path
    pixels: NDArray[np.uint8] = field(repr=False)
    position: tuple[float, float] | None = None
    altitude_m: float | None = None
    relative_altitude_m: float | None = None
    heading_deg: float | None = None
    pitch_deg: float | None = None
    roll_deg: float = 0.0
    focal_px: float | None = None
    panorama: bool = False
    position_error_m: float | None = None
    compass: bool = False
    phone: bool = False
    heading_sd_deg: float | None = None
    pitch_sd_deg: float | None = None
    height_m: float | None = None
    height_sd_m: float = 0.0

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


def load_photo(path: str | PathLike[str], *, again: bool = False) -> Photo:
    """Read a photograph, upright, or one picture of a video.

    That is a JPEG, PNG, WebP, TIFF, AVIF, JPEG 2000, BMP, GIF or PPM of any mode, HEIC (extra `heif`) or a raw photo
    (extra `raw`), which is developed in its full size. One picture of a video is meant by a path that ends with its
    time in seconds or its number: `clip.MP4#t=12.5`, `clip.MP4#frame=300`; what a `clip.SRT` of DJI's beside it tells
    of that time is its metadata.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("RGB", (40, 30), "white").save(f"{folder}/p.png")
    ...     photo = load_photo(f"{folder}/p.png")
    >>> photo.size, photo.position
    ((40, 30), None)

    Pixels deeper than 8 bits are stretched between their 0.5 and 99.5 percentiles; transparency is laid on white.
    Broken metadata never stops a photograph from being used; what is not believed is not used, and logged (`-v`).

    A panorama is what GPano metadata calls equirectangular over 360 degrees; without that metadata, a picture of
    exactly 2:1 and at least 1024 px wide whose pixels close like one (see `closes_like_a_panorama`), since street-view
    archives strip it.

    Args:
        path: of the photograph, or of one picture of a video.
        again: it was read before: nothing is logged that was told then.

    Raises:
        PhotoError: no such file, not a picture, a truncated one, HEIC or raw without its package, a video without
            which of its pictures, or one above the limits of `geoloc.system.limits`.
    """
    path = Path(path)
    pixels, meta = _read(path, again=again)
    for doubt in () if again else meta.doubts:
        LOG.debug("%s: not believed: %s", path, doubt)
    return Photo(
        path=path,
        pixels=pixels,
        position=meta.position,
        altitude_m=meta.altitude_m,
        relative_altitude_m=meta.relative_altitude_m,
        heading_deg=meta.heading_deg,
        pitch_deg=meta.pitch_deg,
        roll_deg=meta.roll_deg,
        focal_px=meta.focal_px,
        panorama=meta.equirectangular or closes_like_a_panorama(pixels),
        position_error_m=meta.position_error_m,
        compass=meta.compass,
        phone=meta.phone,
    )


def _read(path: Path, *, again: bool) -> tuple[NDArray[np.uint8], Metadata]:
    """Decode a picture, turned upright, and its metadata."""
    file, moment = split_moment(path)
    if reason := to_save_first(file):
        raise PhotoError(reason)
    # os.path asks for a path of any length, and for one that no disk can have.
    if not os.path.exists(file):  # noqa: PTH110
        raise PhotoError(f"{file}: no such photo; check the path")
    if file.is_dir():
        raise PhotoError(f"{file}: is a folder; give one photo")
    if moment is None and is_video(file):
        raise PhotoError(
            f"{file}: is a video; say which picture of it: by --time SECONDS or --frame NUMBER, in tables by the"
            f" columns time or frame, anywhere as {file.name}#t=SECONDS"
        )
    try:
        if moment is not None:
            frame = read_frame(file, moment)
            if not again:
                LOG.info("%s: the picture at %.3f s", path.name, frame.seconds)
            height, width = frame.pixels.shape[:2]
            told = telemetry_xmp(file, frame.seconds, again=again)
            return frame.pixels, metadata_of(Image.Exif(), told, (width, height))
        if file.suffix.lower() in RAW_SUFFIXES or is_dng(file):
            return _developed(file, again=again)
        try:
            return _decoded(file)
        except UnidentifiedImageError:
            if (plain := _plain(file)) is None:
                raise
            return plain
    except (PhotoError, LimitError):
        raise
    except UnidentifiedImageError:
        raise PhotoError(f"{path}: {_not_a_picture(file)}") from None
    except Exception as error:
        # The decoders raise OSError, SyntaxError, struct.error, ValueError and more on damaged files.
        text = " ".join(str(error).split()) or type(error).__name__
        raise PhotoError(f"{path}: the image is damaged or truncated ({text}); export it again") from None


def _decoded(path: Path) -> tuple[NDArray[np.uint8], Metadata]:
    """Decode a picture that Pillow reads."""
    if _is_heif(path):
        _read_heif_too(path)
    with _large_pictures_allowed(), open_picture(path) as image:
        deep = _is_deep_colour(image)
        deepest = 4 if image.mode in ("I", "F") else 2 if deep or image.mode.startswith("I;") else 1
        check_size(path, image.size, len(image.getbands()) * deepest)
        if not deep:
            image.load()
        meta = read_metadata(image)
        turn = _UPRIGHT.get(orientation(image))
        upright = Image.fromarray(read_deep_colour(path, image.format)) if deep else image
        return _rgb(upright.transpose(turn) if turn is not None else upright.copy()), meta


def _developed(path: Path, *, again: bool) -> tuple[NDArray[np.uint8], Metadata]:
    """Develop a raw photo."""
    pixels = read_raw(path)
    if not again:
        LOG.info("%s: raw, developed to %d x %d px", path.name, pixels.shape[1], pixels.shape[0])
    return pixels, read_tiff_metadata(path, (pixels.shape[1], pixels.shape[0]))


def _plain(path: Path) -> tuple[NDArray[np.uint8], Metadata] | None:
    """Read a TIFF that GDAL wrote without saying that its bands are colours; None where it is none."""
    pixels = read_plain_tiff(path) if starts_as_tiff(path) else None
    return None if pixels is None else (pixels, read_tiff_metadata(path, (pixels.shape[1], pixels.shape[0])))


def _not_a_picture(path: Path) -> str:
    if starts_as_tiff(path):
        return "not a photo: its bands are not one, three or four of 8 or 16 bits; export it as RGB, 8 or 16 bits deep"
    return "not an image that can be read; use JPEG, PNG, WebP or TIFF"


def _is_heif(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(12)
    return head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS


def _read_heif_too(path: Path) -> None:
    """Have Pillow read HEIC and HEIF, which it turns upright itself.

    Raises:
        PhotoError: the package for it is not installed.
    """
    try:
        with needing("heif"):
            from pillow_heif import register_heif_opener
    except PhotoError as error:
        raise PhotoError(f"{path}: {error}, or export it as JPEG") from None
    register_heif_opener()


def _is_deep_colour(image: Image.Image) -> bool:
    """Whether an opened picture has colours of 16 bits, of which Pillow would keep the upper 8 only."""
    if image.mode not in ("RGB", "RGBA"):
        return False
    bits = getattr(image, "tag_v2", {}).get(_TIFF_BITS_PER_SAMPLE, ())
    return 16 in bits or any(";16" in str(tile[3]) for tile in getattr(image, "tile", ()))


@contextmanager
def _large_pictures_allowed() -> Iterator[None]:
    """Lift Pillow's own limit: stitched panoramas exceed it, and `check_size` is instead of it.

    Pillow warns at 89 Mpx and fails at twice that.
    """
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            # Pillow warns about corrupt EXIF blocks; they are ignored on purpose.
            warnings.simplefilter("ignore", UserWarning)
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _rgb(image: Image.Image) -> NDArray[np.uint8]:
    """Convert any Pillow mode to height x width x 3 uint8."""
    if image.mode.startswith("I") or image.mode == "F":
        grey = stretched(np.asarray(image, dtype=np.float32))
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        image = Image.alpha_composite(white, rgba)
    return np.ascontiguousarray(np.asarray(image.convert("RGB"), dtype=np.uint8))


def closes_like_a_panorama(pixels: NDArray[np.uint8]) -> bool:
    """Whether a picture without metadata looks like a full equirectangular panorama.

    Such a picture is exactly 2:1 and at least 1024 px wide; its left edge continues its right one (the step between
    them is at most twice the usual step between neighbouring columns, and opposite directions do differ); and its top
    row, which is one point of the sky, is even.
    """
    height, width = pixels.shape[:2]
    if width != 2 * height or width < 1024:
        return False
    band = pixels[height // 4 : height - height // 4].astype(np.int16)
    seam = float(np.abs(band[:, 0] - band[:, -1]).mean())
    neighbours = float(np.abs(np.diff(band, axis=1)).mean())
    opposite = float(np.abs(band[:, : width // 2] - band[:, width // 2 :]).mean())
    top_row = float(pixels[0].std(axis=0).mean())
    return (
        seam <= 2.0 * neighbours + 1.0 and opposite > 4.0 * max(neighbours, 1.0) and top_row <= 0.25 * float(band.std())
    )
