"""A photo of ground whose heights are known: the camera by all of it, and lines of sight that end on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine

from geoloc.api import Locator
from geoloc.pose.camera import GroundCamera
from geoloc.pose.files.colmap import write_colmap
from geoloc.pose.files.gcps import write_gcps
from geoloc.pose.matched_photo import MatchedPhoto
from geoloc.pose.pixel_mapping import PixelMapping
from geoloc.pose.terrain import Terrain
from tests.helpers.hilly_ground import DATUM_M, MIDDLE, Hilly, height, surface, write_hilly
from tiling.errors import MosaicError

PIXELS = np.stack(np.meshgrid(np.arange(25, 800, 50.0), np.arange(25, 600, 50.0)), axis=-1).reshape(-1, 2)


@pytest.fixture(scope="module")
def hilly(tmp_path_factory: pytest.TempPathFactory) -> Hilly:
    return write_hilly(tmp_path_factory.mktemp("hilly"))


@pytest.fixture(scope="module")
def both(hilly: Hilly) -> tuple[MatchedPhoto, MatchedPhoto]:
    """The photo matched on a plane, and on the heights."""
    with Locator(hilly.mosaic) as locator:
        plane, terrain = locator.match(hilly.photo), locator.match(hilly.photo, dsm=hilly.dsm)
    assert plane is not None
    assert terrain is not None
    return plane, terrain


@pytest.fixture(scope="module")
def matched(both: tuple[MatchedPhoto, MatchedPhoto]) -> MatchedPhoto:
    return both[1]


def test_more_matches_agree_on_the_heights_than_on_a_plane(both: tuple[MatchedPhoto, MatchedPhoto]) -> None:
    plane, terrain = both
    assert plane.terrain is None
    assert terrain.terrain is not None
    assert terrain.inliers > 2 * plane.inliers


def test_pixels_lie_where_lines_of_sight_meet_the_ground(hilly: Hilly, both: tuple[MatchedPhoto, MatchedPhoto]) -> None:
    true = hilly.places(PIXELS)
    off_plane, off = (np.linalg.norm(found.to_map(PIXELS).points - true, axis=1) for found in both)
    assert off.max() < 0.2
    # What a plane makes of the hill.
    assert off_plane.max() > 5.0
    found = both[1].to_map(PIXELS)
    assert found.reliable.all()
    assert (off < found.error_m).all()


def test_places_are_seen_where_the_photo_shows_them(hilly: Hilly, matched: MatchedPhoto) -> None:
    found = matched.to_photo(hilly.places(PIXELS))
    assert np.abs(found.points - PIXELS).max() < 0.5
    assert found.reliable.all()


def test_the_camera_is_that_of_the_flight(hilly: Hilly, matched: MatchedPhoto) -> None:
    pose = matched.pose
    assert np.hypot(*(np.array(pose.place) - hilly.camera.centre[:2] - MIDDLE)) < min(pose.place_error_m, 0.5)
    over_datum = pose.height_m + matched.level_m
    assert over_datum == pytest.approx(hilly.camera.centre[2] + DATUM_M, abs=min(pose.height_error_m, 0.5))
    assert pose.tilt_deg == pytest.approx(35, abs=0.5)


def test_the_footprint_follows_the_ground(hilly: Hilly, matched: MatchedPhoto) -> None:
    edge = np.array([(400.0, 0.0), (800.0, 300.0), (400.0, 600.0), (0.0, 300.0)])
    found = matched.footprint.exterior
    from_edge = [found.distance(point) for point in _points(hilly.places(edge))]
    assert max(from_edge) < 1.0
    assert matched.footprint.is_valid


def test_what_a_hill_hides_is_told() -> None:
    camera = GroundCamera(np.array([-50.0, 5.0, 12.0]), _looking_east(), 700.0, np.array([400.0, 300.0]))
    terrain = Terrain(surface(), 0.0)
    places = np.array([[-20.0, 5.0], [10.0, 5.0], [45.0, 5.0]])
    assert terrain.shows(camera, terrain.points(places)).tolist() == [True, True, False]


def test_the_mapping_of_other_programs_follows_the_ground(hilly: Hilly, matched: MatchedPhoto) -> None:
    off = np.linalg.norm(PixelMapping.of(matched).to_map(PIXELS) - hilly.places(PIXELS), axis=1)
    assert np.quantile(off, 0.9) < 0.2


def test_control_points_and_cameras_have_the_heights(matched: MatchedPhoto, tmp_path: Path) -> None:
    write_gcps(tmp_path / "gcp_list.txt", [(Path("hilly.jpg"), matched)])
    lines = (tmp_path / "gcp_list.txt").read_text().splitlines()[1:]
    x, y, z = np.array([line.split()[:3] for line in lines], float).T
    assert z == pytest.approx(DATUM_M + height(np.column_stack([x, y]) - MIDDLE), abs=0.2)
    # Those on the hill are as good as those on level ground.
    assert np.ptp(z) > 0.8 * np.ptp(matched.ground[:, 2])
    write_colmap(tmp_path, [(Path("hilly.jpg"), matched)])
    points = [line for line in (tmp_path / "points3D.txt").read_text().splitlines() if not line.startswith("#")]
    _, _, east, north, up, *_, off, _, _ = np.array([["0", *line.split()] for line in points], float).T
    assert np.median(off) < 0.5
    turned = pyproj.Transformer.from_crs(matched.pose.local, "EPSG:32615", always_xy=True).transform(east, north)
    assert up + matched.level_m == pytest.approx(DATUM_M + height(np.column_stack(turned) - MIDDLE), abs=0.2)


def test_heights_that_contradict_the_matches_are_not_used(
    hilly: Hilly, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with rasterio.open(hilly.dsm) as file:
        heights, profile = file.read(1), file.profile
    wrong = tmp_path / "wrong.tif"
    with rasterio.open(wrong, "w", **profile) as file:
        file.write(heights[::-1, ::-1] * 5 - 4 * DATUM_M, 1)
    with Locator(hilly.mosaic) as locator:
        matched = locator.match(hilly.photo, dsm=wrong)
    assert matched is not None
    assert matched.terrain is None
    assert "contradict the matches; the ground is taken as a plane" in caplog.text


def test_where_there_are_no_heights_the_ground_is_a_plane(
    hilly: Hilly, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with rasterio.open(hilly.dsm) as file:
        heights, profile = file.read(1), file.profile
    profile["transform"] = Affine.translation(5000, 0) * profile["transform"]
    with rasterio.open(tmp_path / "away.tif", "w", **profile) as file:
        file.write(heights, 1)
    with Locator(hilly.mosaic) as locator:
        matched = locator.match(hilly.photo, dsm=tmp_path / "away.tif")
    assert matched is not None
    assert matched.terrain is None
    assert "has no heights there" in caplog.text
    assert "the ground is taken as a plane" in caplog.text


def test_a_hole_has_the_nearest_height_and_none_at_all_is_an_error(tmp_path: Path) -> None:
    local = pyproj.CRS.from_epsg(32615)
    heights = np.full((40, 40), 7.0, np.float32)
    heights[10:20, 10:20] = -9
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": local, "nodata": -9.0, "width": 40}
    with rasterio.open(
        tmp_path / "d.tif", "w", **profile, height=40, transform=Affine(1, 0, 500_000, 0, -1, 5_000_000)
    ) as file:
        file.write(heights, 1)
    inside = np.array([[500_005.0, 4_999_975.0], [500_035.0, 4_999_995.0]])
    terrain = Terrain.read(tmp_path / "d.tif", local, inside, inside)
    assert terrain.level_m == 7
    assert (terrain.surface.heights == 0).all()
    with pytest.raises(MosaicError, match="no heights there"):
        Terrain.read(tmp_path / "d.tif", local, inside + 500, inside + 500)


def _points(places: np.ndarray) -> list[object]:
    import shapely

    return list(shapely.points(places))


def _looking_east() -> np.ndarray:
    return np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
