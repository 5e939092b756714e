"""Opening a picture by the decoders of photographs only.

Pillow has more: EPS runs another program, ICO and ICNS decode what is in them before anybody can look at its size.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

_FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "GIF", "JPEG2000", "PPM", "AVIF", "HEIF")
"""What Pillow calls them, as far as it has them; none of these decodes a picture before it is asked for."""


def open_picture(path: Path) -> Image.Image:
    """Open a picture and read its header.

    Raises:
        PIL.UnidentifiedImageError: it is of none of the formats.
        Exception: whatever Pillow says of a damaged one.
    """
    Image.init()
    return Image.open(path, formats=[name for name in _FORMATS if name in Image.OPEN])
