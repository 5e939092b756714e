"""Pixels deeper than 8 bits become a picture that shows what is in them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geoloc.errors import PhotoError
from geoloc.photo.files.size import check_size

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

_DRIVERS = {"TIFF": "GTiff", "PNG": "PNG"}
"""What Pillow calls a format, and GDAL."""


def stretched(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Stretch values between their 0.5 and 99.5 percentiles, all bands alike so that colours stay.

    Args:
        values: of any shape; what is not finite is none, and black or white.
    """
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return np.zeros(values.shape, np.uint8)
    low, high = np.percentile(finite, (0.5, 99.5))
    scaled = (np.nan_to_num(values, nan=low, posinf=high, neginf=low) - low) / max(high - low, 1e-6)
    return np.asarray((np.clip(scaled, 0.0, 1.0) * 255.0).round(), np.uint8)


def read_plain_tiff(path: Path) -> NDArray[np.uint8] | None:
    """Read a TIFF of three or four bands that are not said to be colours, as GDAL writes 16 bits unasked.

    Pillow does not know such. The first three bands are red, green, blue.

    Returns:
        height x width x 3, as it is stored, 16 bits stretched; None where its bands are others.

    Raises:
        PhotoError: it is above the limits of `geoloc.system.limits`.
        Exception: whatever GDAL says of a damaged one.
    """
    with _opened(path, "TIFF") as file:
        depths = {"uint8": 1, "uint16": 2}
        if file.count not in (3, 4) or not set(file.dtypes) <= depths.keys():
            return None
        check_size(path, (file.width, file.height), sum(depths[dtype] for dtype in file.dtypes))
        bands = np.moveaxis(file.read((1, 2, 3)), 0, -1)
    return np.ascontiguousarray(bands) if bands.dtype == np.uint8 else stretched(bands.astype(np.float32))


def read_deep_colour(path: Path, kind: str | None) -> NDArray[np.uint8]:
    """Read a TIFF or PNG with colours of 16 bits, of which Pillow would keep the upper 8 only.

    Not by OpenCV, which reads files whose bands lie one after another wrongly, and not all compressions.

    Args:
        path: the file.
        kind: what Pillow calls its format.

    Returns:
        height x width x 3, stretched, as it is stored; transparency is dropped.

    Raises:
        PhotoError: it is of another format.
        Exception: whatever GDAL says of a damaged one.
    """
    if kind not in _DRIVERS:
        raise PhotoError(f"{path}: its 16-bit colours cannot be read; export it with 8 bits")
    with _opened(path, kind) as file:
        bands = file.read((1, 2, 3), out_dtype=np.float32)
    return stretched(np.moveaxis(bands, 0, -1))


@contextmanager
def _opened(path: Path, kind: str) -> Iterator[DatasetReader]:
    """Open a photo by GDAL's driver for what Pillow calls `kind`; that it lies nowhere is no news."""
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, driver=_DRIVERS[kind]) as file:
            yield file
