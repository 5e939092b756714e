"""A small DNG, as a camera writes it: the mosaic of its sensor, with tags."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational, ImageFileDirectory_v2

BYTE, ASCII, SHORT, RATIONAL, SRATIONAL = 1, 2, 3, 5, 10
_PHOTOMETRIC, _CFA = 262, 32803


def write_dng(
    path: Path, rgb: np.ndarray, *, orientation: int = 1, lonlat: tuple[float, float] | None = None, xmp: str = ""
) -> None:
    """Write pixels (height x width x 3, 8 bits, sides even) as a DNG with a sensor of RGGB and 14 bits."""
    values = rgb.astype(np.uint16) * 60
    mosaic = values[:, :, 1].copy()
    mosaic[::2, ::2], mosaic[1::2, 1::2] = values[::2, ::2, 0], values[1::2, 1::2, 2]
    tags = ImageFileDirectory_v2()
    one = IFDRational(1)
    identity = tuple(IFDRational(int(row == column)) for row in range(3) for column in range(3))
    for tag, kind, value in (
        (271, ASCII, "DJI"),
        (272, ASCII, "FC0000"),
        (ExifTags.Base.Orientation, SHORT, orientation),
        (33421, SHORT, (2, 2)),
        (33422, BYTE, b"\0\1\1\2"),
        (50706, BYTE, b"\1\4\0\0"),
        (50707, BYTE, b"\1\1\0\0"),
        (50708, ASCII, "DJI FC0000"),
        (50717, SHORT, 255 * 60),
        (50721, SRATIONAL, identity),
        (50728, RATIONAL, (one, one, one)),
        (50778, SHORT, 21),
        *([(700, BYTE, xmp.encode())] if xmp else []),
    ):
        tags.tagtype[tag] = kind
        tags[tag] = value
    if lonlat is not None:
        lon, lat = lonlat
        tags[ExifTags.IFD.GPSInfo] = {1: "N", 2: (lat, 0.0, 0.0), 3: "E", 4: (lon, 0.0, 0.0)}
    Image.fromarray(mosaic).save(path, "TIFF", tiffinfo=tags)
    data = bytearray(path.read_bytes())
    # Pillow writes what it calls a grey picture; its entry says so in 12 bytes.
    entry = data.index(struct.pack("<HHI", _PHOTOMETRIC, SHORT, 1))
    data[entry + 8 : entry + 12] = struct.pack("<HH", _CFA, 0)
    path.write_bytes(data)
