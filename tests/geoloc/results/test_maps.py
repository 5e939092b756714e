"""Maps in true metres: what a view shows, and what is drawn on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine
from PIL import Image
from shapely.geometry import Point, box

from geoloc.results.detection import Detection
from geoloc.results.maps import MapView, draw_scale_bar, local_crs, map_close_up, map_pixels
from tiling.grid import project
from tiling.mosaic import Mosaic, open_mosaic

SIDE, GSD_M = 300, 0.2
AFFINE = Affine(GSD_M, 0, 500_000, 0, -GSD_M, 5_400_000)
COLOUR = (255, 196, 0)


@pytest.fixture
def mosaic(tmp_path: Path) -> Iterator[Mosaic]:
    """Grey, with a red patch of 4 m x 4 m; its eastern half without data."""
    pixels = np.full((3, SIDE, SIDE), 90, np.uint8)
    pixels[:, 100:120, 60:80] = np.array([250, 10, 10], np.uint8)[:, None, None]
    # Stretching must not change the colours that are looked for.
    pixels[:, :20, :20], pixels[:, -20:, :20] = 1, 255
    pixels[:, :, SIDE // 2 :] = 0
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8", "nodata": 0}
    with rasterio.open(tmp_path / "m.tif", "w", **profile, crs="EPSG:32633", transform=AFFINE) as file:
        file.write(pixels)
    with open_mosaic([tmp_path / "m.tif"]) as opened:
        yield opened


@pytest.mark.parametrize(
    ("epsg", "at"), [(32633, (400_000, 5_400_000)), (3857, (1_600_000, 8_000_000)), (4326, (15, 48))]
)
def test_local_metres_are_true_ones(epsg: int, at: tuple[float, float]) -> None:
    local = local_crs(Point(at), epsg)
    east, north = (project(Point(xy), local, 4326) for xy in ((100, 0), (0, 100)))
    lon, lat = project(Point(at), epsg, 4326).coords[0]
    geod = pyproj.Geod(ellps="WGS84")
    for there, azimuth in ((east, 90), (north, 0)):
        forward, _, metres = geod.inv(lon, lat, there.x, there.y)
        assert metres == pytest.approx(100, rel=1e-4)
        assert forward == pytest.approx(azimuth, abs=0.01)


def test_a_view_is_the_square_about_a_shape_and_never_too_small() -> None:
    local = local_crs(Point(500_000, 5_400_000), 32633)
    view = MapView.about(local, box(10, 20, 40, 30), margin=2.0, least_m=5.0, px=120)
    assert (view.centre, view.side_m, view.gsd_m) == ((25.0, 25.0), 60.0, 0.5)
    assert view.grid().footprint().bounds == (-5.0, -5.0, 55.0, 55.0)
    # North is up: the upper left corner of the shape is at its smallest y.
    assert set(view.ring(box(10, 20, 40, 30), local)) == {(30.0, 50.0), (90.0, 50.0), (90.0, 70.0), (30.0, 70.0)}
    assert MapView.about(local, box(10, 20, 40, 30), margin=2.0, least_m=80.0, px=120).side_m == 80.0


def test_where_there_are_no_data_it_is_grey(mosaic: Mosaic) -> None:
    local = local_crs(Point(500_030, 5_399_970), 32633)
    pixels = np.asarray(map_pixels(mosaic, MapView(local, (0.0, 0.0), 20.0, 100)))
    assert (pixels[:, 60:] == (60, 63, 70)).all()
    assert not (pixels[:, :40] == (60, 63, 70)).all(-1).any()


def test_a_close_up_shows_the_box_in_its_middle(mosaic: Mosaic, make_detection: Callable[..., Detection]) -> None:
    west, north = AFFINE * (60, 100)
    found = make_detection(0.9, (west, north - 4, west + 4, north), rank=1, crs="EPSG:32633")
    plain = np.asarray(map_close_up(mosaic, found, COLOUR, 160, label=False))
    outline = np.argwhere((np.abs(plain.astype(int) - COLOUR) < 12).all(-1)) + 0.5
    # Four times as wide as the box.
    assert (outline.min(0) + outline.max(0)) / 2 == pytest.approx([80, 80], abs=1.5)
    assert np.ptp(outline, 0) == pytest.approx([40, 40], abs=5)
    labelled = np.asarray(map_close_up(mosaic, found, COLOUR, 160))
    assert (labelled[:30, :60] != plain[:30, :60]).any()
    assert (labelled[-30:] != plain[-30:]).any(), "a scale bar"


@pytest.mark.parametrize(("side_m", "metres"), [(100.0, 20), (9.0, 2), (0.2, 0.1), (70_000.0, 10_000)])
def test_the_scale_bar_is_as_long_as_it_says(side_m: float, metres: float) -> None:
    panel = Image.new("RGB", (400, 400), (90, 90, 90))
    view = MapView(local_crs(Point(15, 48), 4326), (0.0, 0.0), side_m, 400)
    draw_scale_bar(panel, view)
    row = np.asarray(panel)[400 - 16]
    bright = np.flatnonzero((row > 200).all(-1))
    assert np.ptp(bright) == pytest.approx(metres / view.gsd_m, abs=6)


def test_a_close_up_shows_holes(mosaic: Mosaic, make_detection: Callable[..., Detection]) -> None:
    west, north = AFFINE * (60, 100)
    ring = box(west, north - 8, west + 8, north).difference(box(west + 3, north - 5, west + 5, north - 3))
    found = make_detection(0.9, (0, 0, 1, 1), polygon=ring, rank=1, crs="EPSG:32633")
    picture = np.asarray(map_close_up(mosaic, found, COLOUR, 160, label=False)).astype(int)
    # 0.2 m a pixel: the hole is 10 px wide, in the middle.
    assert (np.abs(picture[70:90, 70:90] - COLOUR) < 12).all(-1).sum() > 20
