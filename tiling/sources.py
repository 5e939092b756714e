"""One raster file of a mosaic: where it lies, what its bands mean, and its pixels warped to any grid."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import rasterio
from affine import Affine
from cachetools import LRUCache
from numpy.typing import NDArray
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.errors import NotGeoreferencedWarning, RasterioError, RasterioIOError
from rasterio.rpc import RPC
from rasterio.transform import GCPTransformer, RPCTransformer
from rasterio.warp import calculate_default_transform, reproject
from rasterio.windows import Window as RasterWindow
from shapely.geometry import Polygon

from tiling.box import PixelBox
from tiling.errors import MosaicError
from tiling.grid import Grid, as_crs, mapped, transformer, turns_to, whole_turn
from tiling.trust import check_opened, check_text

CACHE_BYTES = 256 * 2**20
"""GDAL's block cache. Its own default, a twentieth of the memory, is more than a whole search may take."""
_OPEN_FILES = 64
_WARP_MB = 64
_OUTLINE_POINTS = 33
_RGB = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
_MAX_PALETTE_SPLIT = 8
_BLOCK_SAMPLES = 2**14
"""Blocks that are looked at to tell whether a file is sparse."""
_Array = NDArray[np.float64]
_DatasetKey = tuple[Path, int | None]
"""A file, and which of its overviews."""


@dataclass(frozen=True, slots=True)
class Warped:
    """Pixels of one file on a grid.

    Attributes:
        values: B x H x W, uint8 or float32, B 1 or 3.
        valid: H x W bool, where the file has data.
    """

    values: NDArray[Any]
    valid: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of a raster file without its pixels.

    Attributes:
        path: the file.
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
        sparse: it does not, but some of its blocks were never written.
        overviews: factors of its overviews, smallest first.
        options: for GDAL's transformer.
        turn: `whole_turn` of its CRS.
    """

    path: Path
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
    sparse: bool
    overviews: tuple[int, ...]
    options: dict[str, Any]
    turn: float

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


def read_source(path: Path, bands: tuple[int, ...] | None) -> Source:
    """Read everything about a file but its pixels.

    Raises:
        MosaicError: not a raster, no CRS, no geotransform, or no such bands.
    """
    check_text(path)
    with _opened(path) as file:
        check_opened(file, path)
        chosen, alpha = _bands(file, path, bands)
        palette = _palette(file, chosen)
        dtype = np.dtype(file.dtypes[chosen[0] - 1])
        if dtype.kind == "c":
            raise MosaicError(f"{path}: holds complex numbers; convert it to amplitudes first")
        grid, outline, options = _placement(file, path)
        kinds = {flag for band in chosen for flag in file.mask_flag_enums[band - 1]}
        translucent = palette is not None and bool((palette[:, 3] == 0).any())
        masked = kinds != {MaskFlags.all_valid} or alpha > 0 or dtype.kind == "f" or translucent
        return Source(
            path=path,
            grid=grid,
            outline=outline,
            affine=not options and not _is_placeless(file.transform),
            shape=(file.height, file.width),
            bands=chosen,
            alpha=alpha,
            dtype=dtype,
            nodata=file.nodata,
            palette=palette,
            masked=masked,
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
        self._written: dict[tuple[Path, int, int], bool] = {}

    def get(self, path: Path, level: int | None) -> rasterio.DatasetReader:
        """The dataset of a file, or of one of its overviews, counted from 0."""
        key = (path, level)
        if key not in self._open:
            self._open[key] = rasterio.open(path) if level is None else rasterio.open(path, overview_level=level)
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
        key = (source.path, row, column)
        if key not in self._written:
            self._written[key] = _has_block(self.get(source.path, None), row, column)
        return self._written[key]

    def close(self) -> None:
        """Close all datasets; those that are needed again are opened again."""
        while self._open:
            self._open.popitem()


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what GDAL says while pixels of a file are read into one line, that of a `MosaicError`."""
    with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES):
        try:
            yield
        except (RasterioError, RasterioIOError, OSError) as error:
            reason = " ".join(str(error.__cause__ or error).split())
            raise MosaicError(
                f"{path}: its pixels cannot be read; the file seems damaged or cut short ({reason})"
            ) from error


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
    level = source.level(least)
    shrink = most / (1 if level is None else source.overviews[level])
    with reading(source.path):
        file = files.get(source.path, level)
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


@contextmanager
def _opened(path: Path) -> Iterator[rasterio.DatasetReader]:
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            file = rasterio.open(path)
    except RasterioIOError as error:
        reason = " ".join(str(error).split())
        raise MosaicError(f"{path}: not a raster that can be read ({reason})") from error
    with file:
        if file.count == 0:
            raise MosaicError(f"{path}: holds no bands; name one of its subdatasets: {', '.join(file.subdatasets[:3])}")
        yield file


def _bands(file: rasterio.DatasetReader, path: Path, wanted: tuple[int, ...] | None) -> tuple[tuple[int, ...], int]:
    """Bands to show, and the alpha band or 0."""
    meanings = file.colorinterp
    alpha = meanings.index(ColorInterp.alpha) + 1 if ColorInterp.alpha in meanings else 0
    if wanted is not None:
        wrong = [band for band in wanted if not 1 <= band <= file.count]
        if wrong:
            raise MosaicError(f"{path}: has no band {', '.join(map(str, wrong))}; it has {file.count}, counted from 1")
        return wanted, alpha
    if all(colour in meanings for colour in _RGB):
        return tuple(meanings.index(colour) + 1 for colour in _RGB), alpha
    colours = [band for band in range(1, file.count + 1) if band != alpha]
    if not colours:
        raise MosaicError(f"{path}: has only an alpha band; give a mosaic with an image in it")
    return tuple(colours[:3]) if len(colours) >= 3 else (colours[0],), alpha


def _palette(file: rasterio.DatasetReader, bands: tuple[int, ...]) -> NDArray[np.uint8] | None:
    if len(bands) != 1 or file.dtypes[bands[0] - 1] != "uint8" or file.colorinterp[bands[0] - 1] != ColorInterp.palette:
        return None
    palette = np.zeros((256, 4), np.uint8)
    for index, colour in file.colormap(bands[0]).items():
        if index < 256:
            palette[index] = colour
    return palette


def _placement(file: rasterio.DatasetReader, path: Path) -> tuple[Grid, Polygon, dict[str, Any]]:
    """Its grid, its outline in the grid's CRS, and options for GDAL's transformer."""
    if not _is_placeless(file.transform):
        if file.crs is None:
            raise MosaicError(f"{path}: has no CRS; assign the right one, for instance with gdal_edit.py -a_srs")
        if file.transform.is_degenerate:
            raise MosaicError(f"{path}: its geotransform maps all pixels to one line; georeference it again")
        grid = Grid(_crs(file.crs, path), file.transform, file.width, file.height)
        return grid, grid.footprint(), {}
    points, points_crs = file.gcps
    if points:
        if points_crs is None:
            raise MosaicError(f"{path}: its ground control points have no CRS; assign it with gdal_translate -a_srs")
        with GCPTransformer(points) as to_map:
            return *_warped_placement(file, _crs(points_crs, path), to_map, {}, gcps=points), {}
    if file.rpcs is not None:
        options = {"RPC_HEIGHT": file.rpcs.height_off}
        with RPCTransformer(file.rpcs, **options) as to_map:
            grid, outline = _warped_placement(file, as_crs(4326), to_map, options, rpcs=file.rpcs)
            return grid, outline, options
    if file.crs is None:
        raise MosaicError(f"{path}: has no CRS and no geotransform; georeference it first")
    raise MosaicError(f"{path}: has no geotransform, control points or RPCs; georeference it first")


def _warped_placement(
    file: rasterio.DatasetReader,
    crs: pyproj.CRS,
    to_map: GCPTransformer | RPCTransformer,
    options: dict[str, Any],
    *,
    gcps: Sequence[GroundControlPoint] | None = None,
    rpcs: RPC | None = None,
) -> tuple[Grid, Polygon]:
    """The same of a file whose control points or RPCs `to_map` follows. options: for GDAL's transformer."""
    affine, width, height = calculate_default_transform(
        crs.to_wkt(), crs.to_wkt(), file.width, file.height, gcps=gcps, rpcs=rpcs, **options
    )
    corners = PixelBox(0, 0, file.width, file.height).corners()
    ends = zip(corners, corners[1:] + corners[:1], strict=True)
    edges = [np.linspace(start, end, _OUTLINE_POINTS)[:-1] for start, end in ends]
    columns, rows = np.concatenate(edges).T
    xs, ys = to_map.xy(rows, columns, offset="ul")
    return Grid(crs, affine, width, height), Polygon(np.column_stack([xs, ys]))


def _lacks_blocks(file: rasterio.DatasetReader) -> bool:
    """Whether blocks were never written, as far as a sample evenly spread over the file tells."""
    if file.driver != "GTiff":
        return False
    rows, columns = (math.ceil(size / block) for size, block in zip(file.shape, file.block_shapes[0], strict=True))
    step = max(1, math.isqrt(rows * columns // _BLOCK_SAMPLES))
    return not all(_has_block(file, i, j) for i in range(0, rows, step) for j in range(0, columns, step))


def _has_block(file: rasterio.DatasetReader, row: int, column: int) -> bool:
    return file.get_tag_item(f"BLOCK_OFFSET_{column}_{row}", "TIFF", bidx=1) is not None


def _is_placeless(affine: Affine) -> bool:
    return bool(affine.is_identity)


def _crs(crs: Any, path: Path) -> pyproj.CRS:
    try:
        return as_crs(crs)
    except pyproj.exceptions.CRSError as error:
        raise MosaicError(f"{path}: its CRS is not understood; assign a known one with gdal_edit.py -a_srs") from error
