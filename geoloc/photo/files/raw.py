"""Raw photographs, developed by LibRaw (extra `raw`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geoloc.errors import PhotoError
from geoloc.photo.files.size import check_size
from geoloc.system.extras import needing

RAW_SUFFIXES = (
    *(".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".raf", ".orf", ".rw2", ".pef", ".srw"),
    *(".raw", ".gpr", ".3fr", ".iiq", ".x3f", ".kdc", ".dcr", ".erf", ".mos", ".mrw"),
)
_PIXEL_BYTES = 8
"""LibRaw develops four bands of 16 bits."""


def read_raw(path: Path) -> NDArray[np.uint8]:
    """Develop a raw photo in its full size, with the camera's white balance, upright.

    Never the preview that is in such a file: it is smaller, and clicks would be pixels of that.

    Returns:
        height x width x 3, RGB.

    Raises:
        PhotoError: the package is not installed, LibRaw does not know the camera, the file is damaged, or the picture
            is above the limits.
    """
    try:
        with needing("raw"):
            import rawpy
    except PhotoError as error:
        raise PhotoError(f"{path}: {error}, or export it as JPEG or TIFF, and click in that") from None
    try:
        with rawpy.imread(str(path)) as raw:
            check_size(path, (raw.sizes.width, raw.sizes.height), _PIXEL_BYTES)
            pixels = raw.postprocess(use_camera_wb=True, output_bps=8)
    except rawpy.LibRawError as error:
        text = " ".join(_text(part) for part in error.args) or type(error).__name__
        raise PhotoError(
            f"{path}: is a raw photo that LibRaw cannot develop ({text}); export it as JPEG or TIFF, and click in that"
        ) from None
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        pixels = np.repeat(pixels.reshape(*pixels.shape[:2], 1), 3, axis=2)
    return np.ascontiguousarray(pixels)


def _text(part: object) -> str:
    return part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part)
