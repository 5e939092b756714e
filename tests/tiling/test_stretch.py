from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from tests.helpers.places import NORTH_UP, UTM, Write
from tiling.errors import MosaicError
from tiling.sources import Files, read_source
from tiling.stretch import Stretch, fit_stretch


def fitted(*paths: Path) -> Stretch | None:
    files = Files()
    try:
        return fit_stretch([read_source(path, None) for path in paths], files)
    finally:
        files.close()


def ramp(shape: tuple[int, int], top: float, dtype: str = "uint16") -> np.ndarray:
    return np.linspace(0, top, shape[0] * shape[1]).reshape(1, *shape).astype(dtype)


def test_eight_bits_are_colours_already(write: Write) -> None:
    assert fitted(write(np.full((3, 64, 64), 9, np.uint8))) is None


def test_between_the_second_and_the_98th_percentile(write: Write) -> None:
    stretch = fitted(write(ramp((300, 300), 10_000)))
    assert stretch is not None
    assert (stretch.low[0], stretch.high[0]) == pytest.approx((200, 9800), abs=5)


def test_apply_clips_and_knows_nan() -> None:
    stretch = Stretch(np.array([100.0]), np.array([300.0]))
    values = np.array([[[0.0, 100, 200, 300, 999, np.nan, np.inf]]], np.float32)
    assert stretch.apply(values).tolist() == [[[0, 0, 128, 255, 255, 0, 255]]]


def test_every_band_has_its_own(write: Write) -> None:
    stretch = fitted(write(np.concatenate([ramp((64, 64), top) for top in (100, 1000, 10_000)])))
    assert stretch is not None
    assert stretch.high == pytest.approx([98, 980, 9800], rel=0.02)


@pytest.mark.parametrize("overviews", [(), (2, 4, 8, 16)])
def test_large_files_are_sampled(write: Write, overviews: tuple[int, ...]) -> None:
    values = ramp((2500, 2500), 10_000)
    values[:, :1000] = 60_000
    stretch = fitted(write(values, nodata=60_000, overviews=overviews, compress="deflate"))
    assert stretch is not None
    assert (stretch.low[0], stretch.high[0]) == pytest.approx((4120, 9880), rel=0.03)


@pytest.mark.parametrize("nodata", [None, 0])
def test_one_written_block_of_many_is_found(tmp_path: Path, nodata: int | None) -> None:
    path = tmp_path / "m.tif"
    profile = {"driver": "GTiff", "count": 1, "width": 20_000, "height": 20_000, "dtype": "uint16", "nodata": nodata}
    options = {"tiled": True, "blockxsize": 256, "blockysize": 256, "sparse_ok": True}
    with rasterio.open(path, "w", **profile, **options, crs=UTM, transform=NORTH_UP) as file:
        file.write(ramp((256, 256), 1000) + 1, window=rasterio.windows.Window(256 * 41, 256 * 13, 256, 256))
    stretch = fitted(path)
    assert stretch is not None
    assert (stretch.low[0], stretch.high[0]) == pytest.approx((21, 981), abs=2)


def test_rare_differences_in_what_is_nearly_all_the_same(write: Write) -> None:
    values = np.full((1, 200, 200), 500, np.uint16)
    values[0, :10, :10] = 700
    stretch = fitted(write(values))
    assert stretch is not None
    assert (stretch.low[0], stretch.high[0]) == (500, 700)


def test_a_constant_image_divides_by_nothing(write: Write) -> None:
    stretch = fitted(write(np.full((1, 64, 64), 500, np.uint16)))
    assert stretch is not None
    assert np.isfinite(stretch.apply(np.full((1, 2, 2), 500))).all()


def test_a_file_without_data_beside_one_with(write: Write) -> None:
    empty = write(np.zeros((1, 64, 64), np.uint16), "a.tif", nodata=0)
    stretch = fitted(empty, write(ramp((64, 64), 1000), "b.tif"))
    assert stretch is not None
    assert stretch.high[0] == pytest.approx(980, abs=2)
    with pytest.raises(MosaicError, match="all pixels are nodata"):
        fitted(empty)
