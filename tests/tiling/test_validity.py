"""Coarse validity against a look at every single pixel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rasterio.enums import ColorInterp

from tests.helpers.places import NORTH_UP, UTM
from tiling.grid import Grid, as_crs, mapped
from tiling.sources import Files, Source, read_source
from tiling.validity import covered, in_written_blocks

SIDE = 120
Mask = NDArray[np.bool_]


def _nodata(path: Path, valid: Mask) -> None:
    _write(path, np.where(valid, 7, 0).astype(np.uint8)[None], nodata=0)


def _alpha(path: Path, valid: Mask) -> None:
    _write(path, np.stack([np.full_like(valid, 9, np.uint8), np.where(valid, 255, 0)]).astype(np.uint8), alpha=True)


def _deep_alpha(path: Path, valid: Mask) -> None:
    _write(path, np.stack([np.full_like(valid, 9, np.uint16), np.where(valid, 255, 0)]).astype(np.uint16), alpha=True)


def _nan(path: Path, valid: Mask) -> None:
    _write(path, np.where(valid, 0.5, np.nan).astype(np.float32)[None])


def _mask_band(path: Path, valid: Mask) -> None:
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        _write(path, np.full((3, *valid.shape), 9, np.uint8), mask=valid)


def _unmasked(path: Path, valid: Mask) -> None:
    valid[:] = True
    _write(path, np.full((3, *valid.shape), 9, np.uint8))


WRITERS = (_nodata, _alpha, _deep_alpha, _nan, _mask_band, _unmasked)


def _write(
    path: Path, values: NDArray[Any], *, nodata: float | None = None, alpha: bool = False, mask: Mask | None = None
) -> None:
    profile = {"count": len(values), "height": SIDE, "width": SIDE, "dtype": values.dtype, "nodata": nodata}
    with rasterio.open(path, "w", driver="GTiff", **profile, crs=UTM, transform=NORTH_UP) as file:
        if alpha:
            file.colorinterp = (ColorInterp.gray, ColorInterp.alpha)
        file.write(values)
        if mask is not None:
            file.write_mask(mask)


@contextmanager
def opened(write: Callable[[Path, Mask], None], valid: Mask) -> Iterator[tuple[Source, Files]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "m.tif"
        write(path, valid)
        files = Files()
        try:
            yield read_source(path, None), files
        finally:
            files.close()


def looked_at(valid: Mask, grid: Grid) -> Mask:
    """Whether the upright bounds of each grid pixel hold a valid pixel, one by one."""
    found = np.zeros((grid.height, grid.width), bool)
    to_file = ~NORTH_UP
    for row in range(grid.height):
        for column in range(grid.width):
            x, y = np.array([column, column + 1.0, column, column + 1]), np.array([row, row, row + 1.0, row + 1])
            px, py = mapped(to_file, *mapped(grid.affine, x, y))
            x0, y0 = max(int(np.floor(px.min() + 1e-5)), 0), max(int(np.floor(py.min() + 1e-5)), 0)
            x1, y1 = int(np.ceil(px.max() - 1e-5)), int(np.ceil(py.max() - 1e-5))
            found[row, column] = valid[y0 : max(y1, 0), x0 : max(x1, 0)].any()
    return found


@settings(max_examples=60)
@given(
    st.sampled_from(WRITERS),
    st.floats(0, 360),
    st.tuples(st.floats(-40, 120), st.floats(-40, 120), st.floats(0.4, 30)),
    st.lists(st.tuples(*[st.integers(0, SIDE - 1)] * 2, *[st.integers(1, 30)] * 2), max_size=3),
    st.sampled_from([200, 2**22]),
)
def test_coarse_pixels_touch_what_is_valid(
    write: Callable[[Path, Mask], None],
    angle: float,
    placed: tuple[float, float, float],
    patches: list[tuple[int, int, int, int]],
    piece: int,
) -> None:
    valid = np.zeros((SIDE, SIDE), bool)
    for left, top, width, height in patches:
        valid[top : top + height, left : left + width] = True
    x, y, scale = placed
    grid = Grid(as_crs(UTM), NORTH_UP * Affine.translation(x, y) * Affine.rotation(angle) * Affine.scale(scale), 9, 7)
    with pytest.MonkeyPatch.context() as patch, opened(write, valid) as (source, files):
        patch.setattr("tiling.validity._PIECE_PX", piece)
        found = covered(source, files, grid, 1)
    expected = looked_at(valid, grid)
    if write is _unmasked:
        assert not (expected & ~found).any()
    else:
        assert (found == expected).all()


def test_overviews_are_used_no_coarser_than_asked() -> None:
    valid = np.zeros((SIDE, SIDE), bool)

    def write(path: Path, mask: Mask) -> None:
        _nodata(path, mask)
        with rasterio.open(path, "r+") as file:
            file.build_overviews([2, 4], rasterio.enums.Resampling.nearest)
        for level in (0, 1):
            with rasterio.open(path, "r+", overview_level=level) as file:
                marked = np.zeros((1, file.height, file.width), np.uint8)
                marked[0, : 20 // 2 ** (level + 1), : 20 * (level + 1) // 2 ** (level + 1)] = 7
                file.write(marked)

    grid = Grid(as_crs(UTM), NORTH_UP * Affine.scale(20), 6, 6)
    with opened(write, valid) as (source, files):
        seen = [int(covered(source, files, grid, detail).sum()) for detail in (20, 10, 5)]
    assert seen == [0, 1, 2]


def test_written_blocks(tmp_path: Path) -> None:
    path = tmp_path / "m.tif"
    profile = {"count": 1, "height": 512, "width": 512, "dtype": "uint8", "crs": UTM, "transform": NORTH_UP}
    options = {"tiled": True, "blockxsize": 64, "blockysize": 64, "sparse_ok": True}
    rng = np.random.default_rng(0)
    blocks = rng.random((8, 8)) < 0.3
    with rasterio.open(path, "w", driver="GTiff", **profile, **options) as file:
        for row, column in np.argwhere(blocks):
            window = rasterio.windows.Window(64 * column, 64 * row, 64, 64)
            file.write(np.full((1, 64, 64), 9, np.uint8), window=window)
    files = Files()
    source = read_source(path, None)
    assert source.sparse
    grid = Grid(as_crs(UTM), NORTH_UP * Affine.translation(-32, -32), 576, 576)
    expected = np.pad(blocks.repeat(64, 0).repeat(64, 1), 32)
    assert (in_written_blocks(source, files, grid) == expected).all()
    coarse = Grid(as_crs(UTM), NORTH_UP * Affine.scale(128), 4, 4)
    assert (covered(source, files, coarse, 1) == blocks.reshape(4, 2, 4, 2).any((1, 3))).all()
    files.close()
