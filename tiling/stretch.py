"""From a file's values to 8 bits, fitted once a mosaic: one a window would make equal ground look different."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window as RasterWindow

from tiling.errors import MosaicError
from tiling.gdal import reading
from tiling.sources import Files, Source

PERCENTILES = (2.0, 98.0)
_WHOLE_PX = 2048
"""A file, or an overview of it, up to this side is sampled as a whole."""
_READ_PX = 256
_SAMPLES = 2**18
"""Valid pixels that are enough for one file."""
_LEAST_BLOCKS = 32
_FILES = 32
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class Stretch:
    """A linear map from values to 8 bits.

    Attributes:
        low: values that become 0, one a band; float64.
        high: values that become 255, one a band; float64.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def apply(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """Values (B x H x W of any number) as uint8 of the same shape; NaN becomes 0."""
        low = self.low.astype(np.float32)[:, None, None]
        scale = np.float32(255) / (self.high - self.low).astype(np.float32)[:, None, None]
        scaled = np.nan_to_num((values.astype(np.float32) - low) * scale, nan=0, posinf=255, neginf=0)
        return np.asarray(np.rint(scaled).clip(0, 255).astype(np.uint8))


def fit_stretch(sources: Sequence[Source], files: Files) -> Stretch | None:
    """The stretch between two percentiles of the valid pixels of all files that are not 8 bit; None where all are.

    Pixels come from overviews, or from blocks spread evenly over a file that has none.

    Raises:
        MosaicError: no file has a valid pixel, or pixels cannot be read.
    """
    deep = [source for source in sources if source.stretched]
    if not deep:
        return None
    samples: list[NDArray[np.float32]] = []
    for source in _spread(deep):
        values = _sample(source, files)
        if values.shape[1]:
            samples.append(values)
        if len(samples) >= _FILES:
            break
    if not samples:
        raise MosaicError(f"{deep[0].path}: all pixels are nodata or masked; there is nothing to search")
    values = np.concatenate(samples, axis=1).astype(np.float64)
    low, high = np.percentile(values, PERCENTILES, axis=1)
    # Nearly all the same, such as an image of open water: what differs counts then, however rare.
    flat = high <= low
    low, high = np.where(flat, values.min(1), low), np.where(flat, values.max(1), high)
    return Stretch(low, np.where(high > low, high, low + 1))


def _spread(sources: Sequence[Source]) -> list[Source]:
    return [sources[index] for index in _spread_numbers(len(sources))]


def _spread_numbers(count: int) -> Iterator[int]:
    """0 .. count - 1, each once, the first few already spread over the whole range (a golden-ratio walk)."""
    step = max(1, round(count * _GOLDEN))
    while math.gcd(step, count) != 1:
        step += 1
    return (i * step % count for i in range(count))


def _sample(source: Source, files: Files) -> NDArray[np.float32]:
    """Bands x N valid values."""
    sizes = [max(source.shape)] + [math.ceil(max(source.shape) / factor) for factor in source.overviews]
    whole = next((index for index, size in enumerate(sizes) if size <= _WHOLE_PX), None)
    with reading(source.path):
        if whole is not None:
            file = files.get(source.name, whole - 1 if whole else None)
            values = _values(source, file, RasterWindow(0, 0, file.width, file.height), _WHOLE_PX // 2)
            # Overviews may lose what is small: an empty one does not prove an empty file.
            if values.shape[1] or not whole:
                return values
        return _block_values(source, files)


def _block_values(source: Source, files: Files) -> NDArray[np.float32]:
    file = files.get(source.name, None)
    rows, columns = file.block_shapes[0]
    down, across = math.ceil(file.height / rows), math.ceil(file.width / columns)
    found: list[NDArray[np.float32]] = [np.empty((len(source.bands), 0), np.float32)]
    for number in _spread_numbers(down * across):
        row, column = divmod(number, across)
        if source.sparse and not files.is_written(source, row, column):
            continue
        width, height = min(columns, file.width - column * columns), min(rows, file.height - row * rows)
        values = _values(source, file, RasterWindow(column * columns, row * rows, width, height), _READ_PX)
        if values.shape[1]:
            found.append(values)
        if len(found) > _LEAST_BLOCKS and sum(part.shape[1] for part in found) >= _SAMPLES:
            break
    return np.concatenate(found, axis=1)


def _values(source: Source, file: rasterio.DatasetReader, window: RasterWindow, side: int) -> NDArray[np.float32]:
    """Every so many valid pixels of a window, at most about `side` along each axis."""
    shape = (min(window.height, side), min(window.width, side))
    values = file.read(list(source.bands), window=window, out_shape=(len(source.bands), *shape)).astype(np.float32)
    valid = np.isfinite(values).all(0)
    if source.masked:
        valid &= source.valid(file, window, shape)
    return np.asarray(values[:, valid])
