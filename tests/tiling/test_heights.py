"""Heights of one place, and what is wrong with a raster of heights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine

from tiling.errors import MosaicError
from tiling.heights import height_at, heights_over


def write(path: Path, *, count: int = 1, unit: str | None = None, **changes: object) -> Path:
    """Four cells of a degree from 10 E 52 N: 1 2 / 3 4, nodata -9."""
    heights = np.array([[1, 2], [3, 4]], np.float32)
    profile: dict[str, object] = {"driver": "GTiff", "width": 2, "height": 2, "count": count, "dtype": "float32"}
    profile |= {"crs": "EPSG:4326", "transform": Affine(1, 0, 10, 0, -1, 52), "nodata": -9.0} | changes
    with rasterio.open(path, "w", **profile) as file:
        for band in range(count):
            file.write(heights, band + 1)
        if unit is not None:
            file.units = (unit,) * count
    return path


@pytest.mark.parametrize(
    ("lon", "lat", "height"), [(10.5, 51.5, 1), (11.9, 51.1, 2), (10.01, 50.01, 3), (11.5, 50.5, 4)]
)
def test_the_cell_that_holds_the_place_counts(tmp_path: Path, lon: float, lat: float, height: float) -> None:
    assert height_at(write(tmp_path / "h.tif"), lon, lat) == height


def test_feet_become_metres(tmp_path: Path) -> None:
    assert height_at(write(tmp_path / "h.tif", unit="ft"), 11.5, 50.5) == pytest.approx(4 * 0.3048)
    assert height_at(write(tmp_path / "h.tif", unit="metre"), 11.5, 50.5) == 4


@pytest.mark.parametrize(
    ("changes", "lon", "text"),
    [
        ({}, 13.0, "outside"),
        ({"nodata": 1.0}, 10.5, "nodata"),
        ({"count": 3}, 10.5, "3 bands"),
        ({"crs": None}, 10.5, "no CRS"),
        ({"unit": "fathom"}, 10.5, "fathom"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, changes: dict[str, object], lon: float, text: str) -> None:
    path = write(tmp_path / "h.tif", **changes)  # type: ignore[arg-type]
    with pytest.raises(MosaicError, match=text):
        height_at(path, lon, 51.5)


def test_no_raster_is_no_height(tmp_path: Path) -> None:
    (tmp_path / "h.tif").write_text("heights")
    with pytest.raises(MosaicError, match="not a raster"):
        height_at(tmp_path / "h.tif", 10.5, 51.5)


def test_heights_over_a_box_are_in_its_crs_and_nan_outside(tmp_path: Path) -> None:
    path = write(tmp_path / "h.tif", crs="EPSG:32633", unit="ft", transform=Affine(10, 0, 500_000, 0, -10, 5_000_000))
    grid = heights_over(path, pyproj.CRS.from_epsg(32633), (500_000, 4_999_970, 500_020, 5_000_000))
    assert (grid.west, grid.north, grid.cell) == (500_000, 5_000_000, 10)
    assert grid.heights[:2] == pytest.approx(np.array([[1, 2], [3, 4]]) * 0.3048)
    assert np.isnan(grid.heights[2]).all()


def test_heights_over_a_large_box_are_averages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiling.heights._MOST_CELLS", 1)
    path = write(tmp_path / "h.tif", crs="EPSG:32633", transform=Affine(10, 0, 500_000, 0, -10, 5_000_000))
    grid = heights_over(path, pyproj.CRS.from_epsg(32633), (500_000, 4_999_980, 500_020, 5_000_000))
    assert grid.heights.tolist() == [[2.5]]
    with pytest.raises(MosaicError, match="no heights there"):
        heights_over(path, pyproj.CRS.from_epsg(32633), (600_000, 4_999_980, 600_020, 5_000_000))
