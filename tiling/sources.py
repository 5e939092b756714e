"""One raster file of a mosaic: where it lies, what its bands mean, and its pixels warped to any grid."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from cachetools import LRUCache
from numpy.typing import NDArray
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.warp import reproject
from rasterio.windows import Window as RasterWindow
from shapely.geometry import Polygon

from tiling.collars import collar_colours, in_collar, margin_px
from tiling.errors import MosaicError
from tiling.gdal import opened, reading
from tiling.grid import Grid, mapped, transformer, turns_to, whole_turn
from tiling.masks import is_mask, judged_alpha
from tiling.names import gdal_name, placed_name
from tiling.placement import crs_beside, is_placeless, placement
from tiling.trust import check_opened, check_text

_OPEN_FILES = 64
_WARP_MB = 64
_RGB = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
_MAX_PALETTE_SPLIT = 8
_BLOCK_SAMPLES = 2**14
"""Blocks that are looked at to tell whether a file is sparse."""
_Array = NDArray[np.float64]
_DatasetKey = tuple[str, int | None]
"""What GDAL opens, and which of its overviews."""


@dataclass(frozen=True, slots=True)
class Warped:
    """Pixels of one file on a grid.

    Attributes:
        values: B x H x W, uint8 or float32, B 1 or 3.
        valid: H x W bool, where the file has data.
        empty: H x W bool, where that is a collar; None where the file has none.
    """

    values: NDArray[Any]
    valid: NDArray[np.bool_]
    empty: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of a raster file without its pixels.

    Attributes:
        path: the file, as it was named or found in a folder.
        name: what GDAL opens: the path, or what says more than that.
        grid: its own pixels on the map; for GCPs and RPCs the north-up grid that they amount to.
        outline: where its pixels lie, in the grid's CRS.
        affine: whether `grid` is the file's own geotransform.
        shape: rows and columns of the file.
        bands: 1 or 3 band numbers, from 1, in the order red, green, blue.
        alpha: band number, 0 for none.
        dtype: of its values.
        nodata: the value of pixels without data, where it has one.
        palette: 256 x 4 RGBA or None.
        masked: whether the file itself says which pixels are invalid.
        distrusted: whether a band that it calls alpha is none, so that GDAL's mask of it is not to be used.
        sparse: it does not, but some of its blocks were never written.
        overviews: factors of its overviews, smallest first.
        options: for GDAL's transformer.
        turn: `whole_turn` of its CRS.
        collar: 0 for black, 255 for white round the picture that nothing declares; looked for by `with_collar`.
    """

    path: Path
    name: str
    grid: Grid
    outline: Polygon
    affine: bool
    shape: tuple[int, int]
    bands: tuple[int, ...]
    alpha: int
    dtype: np.dtype[Any]
    nodata: float | None
    palette: NDArray[np.uint8] | None
    masked: bool
    distrusted: bool
    sparse: bool
    overviews: tuple[int, ...]
    options: dict[str, Any]
    turn: float
    collar: tuple[int, ...] = ()

    @property
    def stretched(self) -> bool:
        """Whether its values are not colours yet and need a stretch."""
        return self.dtype != np.uint8

    def pixels(self, grid: Grid, x: _Array, y: _Array) -> tuple[_Array, _Array]:
        """Where pixels (x, y) of a grid lie, in pixels of this file's own grid; not finite where nowhere.

        Args:
            grid: a grid in any CRS.
            x: pixels of that grid, any shape.
            y: as `x`.

        Returns:
            Columns and rows, corner origin.
        """
        map_x, map_y = transformer(grid.crs, self.grid.crs).transform(*mapped(grid.affine, x, y))
        if self.turn:
            # The file may count its longitudes beyond 180 degrees, the grid reach beyond the edge of the world.
            map_x = map_x + turns_to(map_x, self._middle, self.turn)
        return mapped(~self.grid.affine, map_x, map_y)

    def beside(self, grid: Grid) -> Grid:
        """Move a grid into the file's turn round the world, where GDAL does not see to that itself: in EPSG:3857."""
        if not self.turn or grid.crs != self.grid.crs:
            return grid
        middle, _ = grid.affine * (grid.width / 2, grid.height / 2)
        away = float(turns_to(middle, self._middle, self.turn))
        return replace(grid, affine=Affine.translation(away, 0) * grid.affine) if away else grid

    @property
    def _middle(self) -> float:
        return float(self.outline.bounds[0] + self.outline.bounds[2]) / 2

    def valid(
        self, file: rasterio.DatasetReader, window: RasterWindow, shape: tuple[int, int] | None = None
    ) -> NDArray[np.bool_]:
        """Which pixels of a window its mask, nodata and alpha call valid, H x W.

        Args:
            file: this one, or one of its overviews.
            window: in its pixels.
            shape: rows and columns to read the window with; None for its own.
        """
        if self.distrusted:
            values = file.read(list(self.bands), window=window, out_shape=shape and (len(self.bands), *shape))
            return np.asarray(
                np.ones(values.shape[1:], bool) if self.nodata is None else (values != self.nodata).any(0)
            )
        valid = np.asarray(file.dataset_mask(window=window, out_shape=shape) > 0)
        if self.alpha:
            # GDAL's own mask looks at the alpha of two or four bands only.
            valid &= file.read(self.alpha, window=window, out_shape=shape) > 0
        return valid

    def shrink(self, grid: Grid) -> tuple[float, float]:
        """How many pixels of the file lie along one of a grid, in the grid's middle.

        Returns:
            Along the direction where there are fewest, and where there are most.
        """
        x, y = grid.width / 2, grid.height / 2
        columns, rows = self.pixels(grid, np.array([x, x + 1, x]), np.array([y, y, y + 1]))
        steps = np.array([columns[1:] - columns[0], rows[1:] - rows[0]])
        if not np.isfinite(steps).all():
            return 1.0, 1.0
        most, least = np.linalg.svd(steps, compute_uv=False)
        return float(least), float(most)

    def read_cost(self, grid: Grid) -> int:
        """How many pixels of the file, or of an overview, `warp` has to look at for a grid, about."""
        least, most = self.shrink(grid)
        level = self.level(least)
        covered = min(grid.width * grid.height * least * most, math.prod(self.shape))
        return round(covered / (1 if level is None else self.overviews[level]) ** 2)

    def level(self, least_shrink: float) -> int | None:
        """Index of the coarsest overview that is still no coarser than wanted; None for the file itself."""
        fitting = [index for index, factor in enumerate(self.overviews) if factor <= least_shrink * 1.001]
        return fitting[-1] if fitting else None


def read_source(path: Path, bands: tuple[int, ...] | None, name: str | None = None) -> Source:
    """Read everything about a file but its pixels.

    Args:
        path: the file, or what GDAL calls a part of one.
        bands: one or three, counted from 1; None for those that look like a picture.
        name: what GDAL opens, where that says more of the file than its path.

    Raises:
        MosaicError: not a raster, no CRS, no geotransform, or no such bands.
    """
    name = gdal_name(path) if name is None else name
    check_text(path)
    with opened(path, name) as file:
        check_opened(file, path)
        if file.crs is None and not is_placeless(file.transform) and (wkt := crs_beside(path)):
            return read_source(path, bands, placed_name(path, wkt))
        chosen, tagged = _bands(file, gdal_name(path), bands)
        palette = _palette(file, chosen)
        dtype = np.dtype(file.dtypes[chosen[0] - 1])
        if dtype.kind == "c":
            raise MosaicError(f"{gdal_name(path)}: holds complex numbers; convert it to amplitudes first")
        grid, outline, options = placement(file, path)
        with reading(path):
            alpha = judged_alpha(file, path, chosen, tagged)
        distrusted = tagged > 0 and not alpha
        kinds = {flag for band in chosen for flag in file.mask_flag_enums[band - 1]}
        if distrusted:
            kinds = {MaskFlags.nodata if file.nodata is not None else MaskFlags.all_valid}
        translucent = palette is not None and bool((palette[:, 3] == 0).any())
        masked = kinds != {MaskFlags.all_valid} or alpha > 0 or dtype.kind == "f" or translucent
        return Source(
            path=path,
            name=name,
            grid=grid,
            outline=outline,
            affine=not options and not is_placeless(file.transform),
            shape=(file.height, file.width),
            bands=chosen,
            alpha=alpha,
            dtype=dtype,
            nodata=file.nodata,
            palette=palette,
            masked=masked,
            distrusted=distrusted,
            sparse=not masked and _lacks_blocks(file),
            overviews=tuple(file.overviews(chosen[0])),
            options=options,
            turn=whole_turn(grid.crs),
        )


class _Datasets(LRUCache[_DatasetKey, rasterio.DatasetReader]):
    """Open datasets by file and overview. Whatever leaves by `popitem`, as the least recently used does, is closed."""

    def popitem(self) -> tuple[_DatasetKey, rasterio.DatasetReader]:
        key, dataset = super().popitem()
        dataset.close()
        return key, dataset


class Files:
    """Open datasets, the least recently used closed where there are many; not to be shared between threads."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self._open = _Datasets(maxsize=_OPEN_FILES)
        self._written: dict[tuple[str, int, int], bool] = {}

    def get(self, name: str, level: int | None) -> rasterio.DatasetReader:
        """The dataset of a file, or of one of its overviews, counted from 0."""
        key = (name, level)
        if key not in self._open:
            self._open[key] = rasterio.open(name) if level is None else rasterio.open(name, overview_level=level)
        return self._open[key]

    def written(self, source: Source, low: tuple[int, int], high: tuple[int, int]) -> NDArray[np.bool_]:
        """Which blocks of a sparse file were written, from (row, column) `low` up to and with `high`.

        Args:
            source: the file.
            low: row and column of the first block.
            high: row and column of the last block.

        Returns:
            Rows x columns of blocks.
        """
        rows, columns = range(low[0], high[0] + 1), range(low[1], high[1] + 1)
        return np.array([[self.is_written(source, row, column) for column in columns] for row in rows], bool)

    def is_written(self, source: Source, row: int, column: int) -> bool:
        """Whether a block of a sparse file was written."""
        key = (source.name, row, column)
        if key not in self._written:
            self._written[key] = _has_block(self.get(source.name, None), row, column)
        return self._written[key]

    def close(self) -> None:
        """Close all datasets; those that are needed again are opened again."""
        while self._open:
            self._open.popitem()


def warp(source: Source, files: Files, grid: Grid) -> Warped:
    """The file's pixels on a grid: averaged where they shrink, cubic where they grow.

    A pixel is valid where any of what it averages is. Blocks of a sparse file that were never written count as valid.

    Args:
        source: the file.
        files: the open datasets of this thread.
        grid: what is wanted, in any CRS.

    Raises:
        MosaicError: the pixels cannot be read.
    """
    grid = source.beside(grid)
    least, most = source.shrink(grid)
    if source.collar:
        margin = margin_px(most)
        part = warp(replace(source, collar=()), files, grid.grown(margin))
        empty = in_collar(part.values, part.valid, source.collar, most)
        inside = slice(margin, margin + grid.height), slice(margin, margin + grid.width)
        return Warped(part.values[:, *inside], part.valid[inside], empty[inside])
    level = source.level(least)
    shrink = most / (1 if level is None else source.overviews[level])
    with reading(source.path):
        file = files.get(source.name, level)
        if source.palette is not None:
            return _warp_palette(source, source.palette, file, grid, shrink)
        method = Resampling.average if shrink > 1.001 else Resampling.cubic
        return _warp_bands(source, file, grid, method)


def _warp_bands(source: Source, file: rasterio.DatasetReader, grid: Grid, method: Resampling) -> Warped:
    # With an alpha band to write, rasterio 1.4 takes the first bands of a file whichever are wanted.
    count = max(source.bands)
    out = np.zeros((count + 1, grid.height, grid.width), np.float32 if source.stretched else np.uint8)
    nodata = math.nan if source.nodata is None and source.dtype.kind == "f" else source.nodata
    options = dict(source.options)
    if source.stretched:
        # Opaque is the greatest value of the type, or 255, or 1: any of them, and what is less, counts as data.
        options["SRC_ALPHA_MAX"] = 1
    reproject(
        rasterio.band(file, list(range(1, count + 1))),
        out,
        src_nodata=nodata,
        src_alpha=source.alpha,
        dst_transform=grid.affine,
        dst_crs=grid.crs.to_wkt(),
        dst_alpha=count + 1,
        resampling=method,
        warp_mem_limit=_WARP_MB,
        SAMPLE_GRID="YES",
        **options,
    )
    values = out[[band - 1 for band in source.bands]]
    return Warped(values, (out[-1] > 0) & np.isfinite(values).all(0))


def _warp_palette(
    source: Source, palette: NDArray[np.uint8], file: rasterio.DatasetReader, grid: Grid, shrink: float
) -> Warped:
    """Colours looked up before they are averaged: the mean of two palette entries is a third one."""
    split = min(max(math.ceil(shrink - 0.001), 1), _MAX_PALETTE_SPLIT)
    fine = Grid(grid.crs, grid.affine * Affine.scale(1 / split), grid.width * split, grid.height * split)
    found = _warp_bands(source, file, fine, Resampling.nearest)
    rgba = palette[found.values[0]]
    valid = found.valid & (rgba[..., 3] > 0)
    parts = (grid.height, split, grid.width, split)
    count = valid.reshape(parts).sum((1, 3))
    total = (rgba[..., :3] * valid[..., None]).reshape(*parts, 3).sum((1, 3))
    mean = np.round(total / np.maximum(count, 1)[..., None])
    return Warped(np.moveaxis(mean, -1, 0).astype(np.uint8), count > 0)


def _bands(file: rasterio.DatasetReader, name: str, wanted: tuple[int, ...] | None) -> tuple[tuple[int, ...], int]:
    """Bands to show, and the alpha band or 0."""
    meanings = file.colorinterp
    alpha = meanings.index(ColorInterp.alpha) + 1 if ColorInterp.alpha in meanings else 0
    if wanted is not None:
        wrong = [band for band in wanted if not 1 <= band <= file.count]
        if wrong:
            raise MosaicError(f"{name}: has no band {', '.join(map(str, wrong))}; it has {file.count}, counted from 1")
        return wanted, alpha
    if all(colour in meanings for colour in _RGB):
        return tuple(meanings.index(colour) + 1 for colour in _RGB), alpha
    colours = [band for band in range(1, file.count + 1) if band != alpha]
    if not colours:
        raise MosaicError(f"{name}: has only an alpha band; give a mosaic with an image in it")
    return tuple(colours[:3]) if len(colours) >= 3 else (colours[0],), alpha


def _palette(file: rasterio.DatasetReader, bands: tuple[int, ...]) -> NDArray[np.uint8] | None:
    if len(bands) != 1 or file.dtypes[bands[0] - 1] != "uint8" or file.colorinterp[bands[0] - 1] != ColorInterp.palette:
        return None
    palette = np.zeros((256, 4), np.uint8)
    for index, colour in file.colormap(bands[0]).items():
        if index < 256:
            palette[index] = colour
    return palette


def is_picture(source: Source, files: Files) -> bool:
    """Whether a file beside pictures in colour looks like one too, and not like heights, an index or a mask."""
    if len(source.bands) == 3 or source.palette is not None:
        return True
    if source.stretched:
        return False
    with reading(source.path):
        return not is_mask(files.get(source.name, None), source.bands[0])


def with_collar(source: Source, files: Files) -> Source:
    """The file, with the collar that it does not declare."""
    if source.stretched or source.palette is not None:
        return source
    with reading(source.path):
        return replace(source, collar=collar_colours(files.get(source.name, None), source.bands))


def _lacks_blocks(file: rasterio.DatasetReader) -> bool:
    """Whether blocks were never written, as far as a sample evenly spread over the file tells."""
    if file.driver != "GTiff":
        return False
    rows, columns = (math.ceil(size / block) for size, block in zip(file.shape, file.block_shapes[0], strict=True))
    step = max(1, math.isqrt(rows * columns // _BLOCK_SAMPLES))
    return not all(_has_block(file, i, j) for i in range(0, rows, step) for j in range(0, columns, step))


def _has_block(file: rasterio.DatasetReader, row: int, column: int) -> bool:
    return file.get_tag_item(f"BLOCK_OFFSET_{column}_{row}", "TIFF", bidx=1) is not None
