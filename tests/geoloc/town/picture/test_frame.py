"""Local metres in many CRSs, and the mosaic's grid over them."""

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoloc.town import TownError
from geoloc.town.picture.frame import Frame, MosaicGrid

PLACES = [
    (32633, (15.31, 51.87)),
    (2180, (19.0, 52.0)),
    (2193, (172.6, -43.5)),
    (3857, (10.7, 59.9)),
    (4326, (-71.1, 42.3)),
    (2263, (-74.0, 40.7)),  # US survey feet
]


@pytest.mark.parametrize(("epsg", "origin"), PLACES)
def test_local_metres_are_metres_on_the_ground_and_north_is_true(epsg: int, origin: tuple[float, float]) -> None:
    frame = Frame(origin, epsg)
    geod = pyproj.Geod(ellps="WGS84")
    for x, y, azimuth in ((0.0, 120.0, 0.0), (120.0, 0.0, 90.0), (-85.0, -85.0, -135.0)):
        lon, lat = frame.lonlat(x, y)
        forward, _, metres = geod.inv(*origin, lon, lat)
        assert metres == pytest.approx(np.hypot(x, y), abs=1e-4)
        assert forward == pytest.approx(azimuth, abs=1e-3)
        # The CRS's coordinates name the same place.
        to_lonlat = pyproj.Transformer.from_crs(epsg, 4326, always_xy=True)
        assert to_lonlat.transform(*frame.to_crs(np.array([[x, y]]))[0]) == pytest.approx((lon, lat), abs=2e-8)


@settings(max_examples=25)
@given(
    place=st.sampled_from(PLACES),
    rotation=st.sampled_from([0.0, 12.5, 90.0, 135.0, 180.0, 301.0]),
    gsd=st.sampled_from([0.1, 0.25, 1.0]),
    share=st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)),
)
def test_cameras_agree_with_the_geotransform(
    place: tuple[int, tuple[float, float]], rotation: float, gsd: float, share: tuple[float, float]
) -> None:
    frame = Frame(place[1], place[0])
    grid = MosaicGrid.over(frame, 160.0, gsd, rotation)
    for (r0, r1, c0, c1), camera in grid.cameras():
        column, row = int(share[0] * (c1 - c0 - 1)), int(share[1] * (r1 - r0 - 1))
        start, _ = camera.ray(column, row)
        by_affine = grid.affine * (c0 + column + 0.5, r0 + row + 0.5)
        exact = frame.from_crs(np.array([by_affine]))[0]
        assert start[:2] == pytest.approx(exact, abs=0.005)
        assert np.linalg.norm(camera.along_x) == pytest.approx(gsd, rel=1e-3)
        assert np.linalg.norm(camera.along_y) == pytest.approx(gsd, rel=1e-3)


@pytest.mark.parametrize(("epsg", "origin"), PLACES)
def test_the_grid_holds_the_town_and_little_more(epsg: int, origin: tuple[float, float]) -> None:
    grid = MosaicGrid.over(Frame(origin, epsg), 60.0, 0.5, 25.0)
    valid = grid.valid((0, grid.height, 0, grid.width))
    assert valid.sum() * 0.25 == pytest.approx(3600.0, rel=0.01)
    # At the town's turned corners the outermost pixels may hold less than half of one.
    assert all(part.any() for part in (valid[:3], valid[-3:], valid[:, :3], valid[:, -3:]))
    assert not valid[0, 0]


def test_rotation_turns_the_rows_clockwise() -> None:
    grid = MosaicGrid.over(Frame((15.0, 52.0), 32633), 60.0, 0.5, 30.0)
    right = np.subtract(grid.affine * (1, 0), grid.affine * (0, 0))
    assert np.degrees(np.arctan2(right[1], right[0])) == pytest.approx(-30.0)


def test_unknown_and_far_off_crs_are_refused_with_one_line() -> None:
    with pytest.raises(TownError, match="EPSG:999999 is not a known CRS") as error:
        Frame((15.0, 52.0), 999999)
    assert "\n" not in str(error.value)
