"""How large a photograph may be, looked at before anything of it is decoded."""

from __future__ import annotations

from pathlib import Path

from geoloc.errors import PhotoError
from geoloc.system.limits import PHOTO_BYTES, PHOTO_PIXELS, limit_of


def check_size(path: Path, size: tuple[int, int], pixel_bytes: int) -> None:
    """Refuse a picture by what its header says.

    Args:
        path: of the photo.
        size: (width, height).
        pixel_bytes: bytes of a decoded pixel, all its bands.

    Raises:
        PhotoError: it is above the limits of `geoloc.system.limits`.
    """
    width, height = size
    size_bytes = width * height * pixel_bytes
    for limit, number, what in ((PHOTO_PIXELS, width * height, "pixels"), (PHOTO_BYTES, size_bytes, "bytes")):
        if number > limit_of(limit):
            raise PhotoError(
                f"{path}: {width} x {height} px are {number:,} {what}, over the limit of {limit_of(limit):,}; resize"
                f" the photo, or set {limit[0]}"
            )
