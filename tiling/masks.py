"""What a band that may be a mask is: judged by what it holds, since files name alpha bands wrongly or not at all."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import ColorInterp
from rasterio.windows import Window as RasterWindow

from tiling.names import gdal_name

LOG = logging.getLogger(__name__)
_WHOLE_PX = 2**20
"""Files, or overviews, up to this size are looked at whole."""
_LEAST_SIDE = 64
"""Pixels; a smaller overview is too blurred to tell."""
_WINDOWS, _WINDOW_PX = 4, 64
"""Of a larger file without overviews so many windows along each axis are looked at, from edge to edge."""
_PICTURE, _LEVELS = 0.3, 8
"""A band with a greater share of values between its least and its greatest, and more different ones, is a picture:
masks have few, along soft edges."""
_TWO = 0.98
"""Share of the least and the greatest value in a band that is a mask."""
_FLAT, _FLAT_STEP = 0.95, 8
"""Share of pixels that must be of nearly one colour where there is nothing to see, and how nearly, of 255."""


def judged_alpha(file: rasterio.DatasetReader, path: Path, bands: Sequence[int], tagged: int) -> int:
    """Which band masks a file, by what it holds; what contradicts the file's own word is told.

    Args:
        file: the file, open.
        path: what it is called in warnings.
        bands: those that are shown, counted from 1.
        tagged: the band that the file calls alpha, 0 for none.

    Returns:
        The band, 0 for none.
    """
    name = gdal_name(path)
    last: int = file.count
    if tagged:
        values, colours = _sample(file, tagged, bands)
        if not _is_picture(values) and (values.any() or _is_flat(colours)):
            return tagged
        what = "holds a picture, such as near infrared" if values.any() else "hides all of the picture"
        LOG.warning(
            "%s: band %d is tagged alpha but %s; it is not used as a mask. gdal_edit.py -colorinterp_%d undefined"
            " says so in the file",
            *(name, tagged, what, tagged),
        )
        return 0
    # Two or four bands: grey or colours, and one more. Others are spectral bands.
    untold = last not in bands and file.colorinterp[last - 1] in (ColorInterp.undefined, ColorInterp.gray)
    if last not in (2, 4) or not untold or file.nodata is not None:
        return 0
    values, colours = _sample(file, last, bands)
    if not _has_two(values):
        return 0
    if _is_flat(colours[:, values == 0]):
        return last
    LOG.warning(
        "%s: band %d has two values and may be a mask, but there is a picture where it is 0; it is not used as one."
        " gdal_edit.py -colorinterp_%d alpha says that it is",
        *(name, last, last),
    )
    return 0


def is_mask(file: rasterio.DatasetReader, band: int) -> bool:
    """Whether a single band is no picture: it has two values at the most."""
    values, _ = _sample(file, band, (band,))
    return bool(np.unique(values).size <= 2)


def _is_picture(values: NDArray[Any]) -> bool:
    between = ((values > 0) & (values < values.max())).mean() if values.size else 0.0
    return bool(between > _PICTURE and np.unique(values).size > _LEVELS)


def _has_two(values: NDArray[Any]) -> bool:
    if not values.size or values.min() != 0 or values.max() == 0:
        return False
    return bool(((values == 0) | (values == values.max())).mean() >= _TWO)


def _is_flat(colours: NDArray[Any]) -> bool:
    """Whether pixels (bands x N) are nearly all of one colour, as is what lies beyond a picture's edge."""
    if not colours.size:
        return True
    values = colours.astype(np.float64)
    # Deep values seldom fill their type.
    whole = 255.0 if colours.dtype == np.uint8 else np.ptp(values)
    near = np.abs(values - np.median(values, axis=1, keepdims=True)) <= _FLAT_STEP / 255 * whole
    return bool(near.all(0).mean() >= _FLAT)


def _sample(file: rasterio.DatasetReader, band: int, bands: Sequence[int]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Values of a band (N) and of others (B x N): the whole file, an overview, or windows spread over it."""
    wanted = [band, *bands]
    sizes = [(file.height, file.width)]
    sizes += [(-(-file.height // factor), -(-file.width // factor)) for factor in file.overviews(band)]
    fit = [size for size in sizes if size[0] * size[1] <= _WHOLE_PX and (size is sizes[0] or min(size) >= _LEAST_SIDE)]
    if fit:
        values = file.read(wanted, out_shape=(len(wanted), *fit[0])).reshape(len(wanted), -1)
    else:
        tops, lefts = (
            np.linspace(0, max(size - _WINDOW_PX, 0), _WINDOWS).astype(int).tolist()
            for size in (file.height, file.width)
        )
        windows = [
            RasterWindow(left, top, min(_WINDOW_PX, file.width), min(_WINDOW_PX, file.height))
            for top in tops
            for left in lefts
        ]
        parts = [file.read(wanted, window=window).reshape(len(wanted), -1) for window in windows]
        values = np.concatenate(parts, axis=1)
    return values[0], values[1:]
