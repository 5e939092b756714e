"""Posed sites: cameras against the formula of the data's README, pairs whose two sides show the same ground."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st

from geoloc.errors import TrainingError
from geoloc.train.orthophoto import HEADING_SPREAD_DEG, Ranges
from geoloc.train.posed import MIN_HEIGHT_M, Camera, PosedSite, Surface, load_site, make_pair
from geoloc.train.record import QUERY_CELLS, QUERY_PX, REFERENCE_PX, Record, cell_centres

CALITERRA = Path(__file__).parents[4] / "shared" / "data" / "caliterra"
needs_caliterra = pytest.mark.skipif(not CALITERRA.is_dir(), reason=f"the real posed site is not here: {CALITERRA}")


def to_photo(entry: dict[str, Any], points: np.ndarray) -> np.ndarray:
    """The formula of cameras.json, word for word: map points (N x 3) -> pixels."""
    q = points @ np.array(entry["A"]).T + np.array(entry["b"])
    assert (q[:, 2] > 0).all()
    x, y = q[:, 0] / q[:, 2], q[:, 1] / q[:, 2]
    d = 1 + entry["k1"] * (x**2 + y**2)
    return np.stack([entry["f"] * d * x + entry["cx"], entry["f"] * d * y + entry["cy"]], axis=1)


def described(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "cameras.json").read_text())["cameras"])


@pytest.fixture(scope="module")
def folder(make_site: Callable[..., Path]) -> Path:
    heights = [40, 60, 50, 45, 5, 35, 30, 55, 14.5, 40, 50, 60]
    tilts = [0, 10, 25, 40, 0, 35, 5, 20, 0, 30, 15, 45]
    return make_site(heights, tilts)


@pytest.fixture(scope="module")
def site(folder: Path) -> PosedSite:
    return load_site(folder)


def test_pixels_of_ground_points_lead_back_to_them(folder: Path, site: PosedSite) -> None:
    entries = described(folder)
    x, y = np.mgrid[1:80:4, 1:80:4].reshape(2, -1).astype(float)
    points = np.stack([site.west + x, site.north - y, np.full(len(x), 270.0)], axis=1)
    for camera in site.cameras:
        q = points @ camera.a.T + camera.b
        # Beyond the photo's own field, here 0.69 off the axis at its corners, the polynomial folds back.
        ahead = points[(q[:, 2] > 0) & (np.hypot(q[:, 0], q[:, 1]) < q[:, 2])]
        pixels = to_photo(entries[camera.path.name], ahead)
        seen = ((pixels >= 0) & (pixels < [camera.width, camera.height])).all(1)
        assert seen.sum() > 10
        assert camera.to_ground(pixels[seen], site.surface) == pytest.approx(ahead[seen], abs=1e-3)


@given(
    st.tuples(st.floats(-20, 20), st.floats(-20, 20)),
    st.floats(0, 15),
    st.floats(0, 360),
    st.sampled_from([0.0, 0.4, 0.8]),
    st.floats(0, 360),
)
def test_rays_meet_ground_that_slopes(
    place: tuple[float, float], tilt: float, bearing: float, slope: float, aspect: float
) -> None:
    # Reconstructions without GPS lean: that of caliterra by 39 degrees, with the cameras upright above it.
    lean = np.radians(aspect)
    rows, columns = np.mgrid[:200, :200] - 99.5
    hill = 3 * np.exp(-(rows**2 + columns**2) / 800)
    surface = Surface(300 + hill + slope * (np.sin(lean) * columns - np.cos(lean) * rows), 1000.0, 5000.0, 1.0)
    normal = np.array([-slope * np.sin(lean), -slope * np.cos(lean), 1]) / np.hypot(1, slope)
    b, t = np.radians([bearing, tilt])
    side = np.cross(normal, [np.cos(b), np.sin(b), 0.3])
    forward = np.sin(t) * side / np.linalg.norm(side) - np.cos(t) * normal
    right = np.cross(forward, [0.1, 1, 0.2])
    right /= np.linalg.norm(right)
    a = 0.05 * np.stack([right, np.cross(forward, right), forward])
    centre = np.array([1100, 4900, 303]) - 50 * forward
    camera = Camera(Path("x"), a, -a @ centre, 800, 500, 400, -0.01, centre, 1000, 800)
    entry = {"A": a, "b": -a @ centre, "f": 800, "cx": 500, "cy": 400, "k1": -0.01}
    point = np.array([1100 + place[0], 4900 + place[1], 0])
    point[2] = surface.height(point[:2])
    found = camera.to_ground(to_photo(entry, point[None]), surface)
    assert found[0] == pytest.approx(point, abs=0.01)


def test_the_first_of_two_meetings_counts() -> None:
    """Behind a wall, as seen from the camera, is no ground."""
    heights = np.zeros((1, 100))
    heights[0, 50:53] = 10
    surface = Surface(heights.repeat(20, axis=0), west=0, north=20, cell=1)
    origin = np.array([10.0, 10, 12])
    rays = np.array([[40.5, 0, -6], [60, 0, -12], [30, 0, -12]])
    found = surface.meet(origin, rays)
    # At 50.5 the ray is at height 6, on the wall's side; the second would come down at 70, behind it.
    assert 49.5 <= found[0, 0] <= 50.5
    assert 49.5 <= found[1, 0] <= 50.5
    assert found[2] == pytest.approx([40, 10, 0], abs=1e-3)


def test_rays_that_miss_the_dsm_meet_nothing() -> None:
    a = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # looks north, level
    surface = Surface(np.full((80, 80), 50.0), west=0, north=80, cell=1)
    centre = np.array([40.0, 40, 80])
    camera = Camera(Path("x"), a, -a @ centre, 300, 160, 120, 0, centre, 320, 240)
    above, far, near = camera.to_ground(np.array([[160.0, 20], [160, 220], [160, 420]]), surface)
    assert np.isnan(above).all()
    assert np.isnan(far).all()
    assert near == pytest.approx([40, 70, 50], abs=1e-3)
    # From below, the ground is not seen from its upper side.
    under = surface.meet(np.array([40.0, 40, 20]), np.array([[0.0, 0, 1]]))
    assert np.isnan(under).all()


def test_heights_are_bilinear_and_beyond_the_dsm_those_of_the_nearest_cell() -> None:
    surface = Surface(np.array([[1.0, 2], [3, 4]]), west=10, north=20, cell=5)
    points = np.array([[12.5, 17.5], [17.5, 17.5], [12.5, 12.5], [15, 15], [16.5, 15], [-100, 500], [500, -100]])
    assert surface.height(points) == pytest.approx([1, 2, 3, 2.5, 2.8, 1, 4])


def test_photos_taken_before_take_off_are_left_out(folder: Path, site: PosedSite) -> None:
    names = {camera.path.name for camera in site.cameras}
    assert set(described(folder)) - names == {"IMG_004.png", "IMG_008.png"}
    assert len(site.photos) == len(site.cameras) == 10


def test_held_out_photos_are_not_trained_on(folder: Path, site: PosedSite) -> None:
    held, rest = load_site(folder, held_out=True), load_site(folder, held_out=False)
    names = [{camera.path.name for camera in part.cameras} for part in (held, rest, site)]
    assert names[0] == {"IMG_003.png", "IMG_011.png"}
    assert not names[0] & names[1]
    assert names[0] | names[1] == names[2]


def pairs(site: PosedSite, rng: np.random.Generator, count: int) -> list[Record]:
    made: list[Record] = []
    for _ in range(40 * count):
        pair = make_pair(site, rng, Ranges())
        if pair is not None:
            made.append(pair)
        if len(made) == count:
            return made
    raise AssertionError("hardly any draw makes a pair")


@pytest.mark.usefixtures("no_recolouring")
@pytest.mark.parametrize("seed", range(6))
def test_a_pair_shows_the_same_ground_on_both_sides(
    site: PosedSite, difference: Callable[..., np.ndarray], seed: int
) -> None:
    for pair in pairs(site, np.random.default_rng(seed), 4):
        assert pair.present
        assert not pair.sized
        centre = (pair.box[:2] + pair.box[2:]) / 2
        # 1.3 grey levels are 10 cm of the ground, the mosaic's pixel.
        assert difference(pair.query, pair.click, pair.reference, centre) < 12
        known = np.isfinite(pair.matches).all(-1)
        cells = cell_centres(QUERY_CELLS, QUERY_CELLS)[known]
        wrong = difference(pair.query, cells, pair.reference, pair.matches[known])
        assert np.median(wrong) < 5
        assert np.mean(wrong > 16) < 0.1
        # No cell is matched to what the mosaic does not show, black where masked and grey beyond it, edges left out.
        shown = (pair.reference.sum(-1) > 20) & (pair.reference != 127).any(-1)
        column, row = pair.matches[known].astype(int).T
        assert cv2.dilate(shown.astype(np.uint8), np.ones((5, 5)))[row, column].all()


class AtCorners(np.random.Generator):
    """Draws so wide that clicks lie in the corners of their crops."""

    def normal(self, loc: float = 0, scale: float = 1, size: int | None = None) -> np.ndarray:
        return super().normal(loc, 4 * scale, size)


@pytest.mark.usefixtures("no_recolouring")
def test_clicks_are_in_the_photo_where_a_turned_crop_reaches_beyond_it(
    site: PosedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    white = PosedSite(
        site.ortho, site.west, site.north, site.surface, site.cameras, tuple(np.full_like(p, 255) for p in site.photos)
    )
    from geoloc.train import views

    warp = views.warp
    monkeypatch.setattr(
        views, "warp", lambda image, matrix, h, w, border: warp(image, matrix, h, w, cv2.BORDER_CONSTANT)
    )
    beyond = 0
    for pair in pairs(white, AtCorners(np.random.PCG64(3)), 60):
        column, row = pair.click.astype(int)
        # Half a pixel of the photo's edge is mixed with what lies beyond.
        assert pair.query[row, column].min() > 127
        beyond += (pair.query < 200).any()
        known = np.isfinite(pair.matches).all(-1)
        x, y = cell_centres(QUERY_CELLS, QUERY_CELLS)[known].astype(int).T
        assert (pair.query[y, x] > 127).all()
    assert beyond > 10


@pytest.mark.usefixtures("no_recolouring")
def test_the_query_is_turned_no_further_than_the_spread(make_site: Callable[..., Path]) -> None:
    level = load_site(make_site([45, 50], [0, 0]))
    turns = []
    for pair in pairs(level, np.random.default_rng(1), 25):
        known = np.isfinite(pair.matches).all(-1)
        both = known[1:] & known[:-1]
        ups = (pair.matches[:-1] - pair.matches[1:])[both]
        if len(ups):
            up = np.median(ups, axis=0)
            turns.append(np.degrees(np.arctan2(up[0], -up[1])))
    assert np.abs(turns).max() < HEADING_SPREAD_DEG + 2
    assert np.ptp(turns) > HEADING_SPREAD_DEG


def test_pairs_have_the_shapes_that_the_network_wants(site: PosedSite) -> None:
    (pair,) = pairs(site, np.random.default_rng(0), 1)
    assert pair.query.shape == (QUERY_PX, QUERY_PX, 3)
    assert pair.reference.shape == (REFERENCE_PX, REFERENCE_PX, 3)
    assert pair.matches.shape == (QUERY_CELLS, QUERY_CELLS, 2)
    assert pair.click.dtype == pair.box.dtype == pair.matches.dtype == np.float32


def test_shows_nothing_outside_the_mosaic_or_where_it_is_masked(site: PosedSite) -> None:
    source = np.array([[400.0, 400], [10, 10], [-1, 400], [400, 800], [799.9, 799.9], [np.nan, 5]])
    assert site.shows(source).tolist() == [True, False, False, False, True, False]
    assert site.shows(source, margin=20).tolist() == [True, False, False, False, False, False]


def _no_cameras(folder: Path) -> None:
    (folder / "cameras.json").unlink()


def _broken_json(folder: Path) -> None:
    (folder / "cameras.json").write_text("{")


def _a_camera_without_focal_length(folder: Path) -> None:
    whole = json.loads((folder / "cameras.json").read_text())
    del whole["cameras"]["IMG_000.png"]["f"]
    (folder / "cameras.json").write_text(json.dumps(whole))


def _a_turned_mosaic(folder: Path) -> None:
    with rasterio.open(folder / "mosaic.tif", "r+") as mosaic:
        mosaic.transform = mosaic.transform * Affine.rotation(20)


def _a_broken_photo(folder: Path) -> None:
    (folder / "photos" / "IMG_000.png").write_bytes(b"not a picture")


def _no_dsm(folder: Path) -> None:
    (folder / "dsm.tif").unlink()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_no_cameras, "cameras.json"),
        (_broken_json, "not a posed site"),
        (_a_camera_without_focal_length, "'f'"),
        (_a_turned_mosaic, "north-up"),
        (_a_broken_photo, r"IMG_000.png: cannot be read"),
        (_no_dsm, "dsm.tif"),
    ],
)
def test_an_unusable_site_is_told_in_one_line(
    folder: Path, tmp_path: Path, spoil: Callable[[Path], None], says: str
) -> None:
    copy = tmp_path / "site"
    shutil.copytree(folder, copy)
    spoil(copy)
    with pytest.raises(TrainingError, match=says) as caught:
        load_site(copy)
    assert "\n" not in str(caught.value)


def test_a_site_with_all_photos_on_the_ground_is_refused(make_site: Callable[..., Path]) -> None:
    with pytest.raises(TrainingError, match="no photo"):
        load_site(make_site([3, 4], [0, 0]))


@pytest.fixture(scope="module")
def caliterra() -> PosedSite:
    return load_site(CALITERRA, held_out=True)


@needs_caliterra
def test_real_cameras_follow_the_formula(caliterra: PosedSite) -> None:
    entries = described(CALITERRA)
    assert 5 <= len(caliterra.cameras) <= 10
    for camera in caliterra.cameras:
        assert camera.centre[2] - caliterra.surface.height(camera.centre[:2]) >= MIN_HEIGHT_M
        # The pose says where the camera is, too: A X + b = 0 there.
        assert camera.a @ camera.centre + camera.b == pytest.approx(np.zeros(3), abs=1e-3)
        pixels = np.random.default_rng(0).uniform([0, 0], [camera.width, camera.height], (200, 2))
        ground = camera.to_ground(pixels, caliterra.surface)
        meets = np.isfinite(ground).all(1)
        assert meets.mean() > 0.6
        assert to_photo(entries[camera.path.name], ground[meets]) == pytest.approx(pixels[meets], abs=0.05)


@needs_caliterra
@pytest.mark.usefixtures("no_recolouring")
def test_real_pairs_look_alike_where_they_are_matched(caliterra: PosedSite) -> None:
    """Photo and mosaic, laid over each other by the matches, correlate better than when one is moved aside."""
    better = 0
    made = [
        pair for pair in pairs(caliterra, np.random.default_rng(0), 26) if np.isfinite(pair.matches).all(-1).sum() >= 30
    ][:24]
    for pair in made:
        known = np.isfinite(pair.matches).all(-1)
        cells = cell_centres(QUERY_CELLS, QUERY_CELLS)[known]
        matrix, _ = cv2.findHomography(cells, pair.matches[known], cv2.RANSAC, 6)
        size = (REFERENCE_PX, REFERENCE_PX)
        laid = cv2.warpPerspective(pair.query, matrix, size)
        mask = cv2.warpPerspective(np.ones((QUERY_PX, QUERY_PX), np.uint8), matrix, size) > 0
        mask &= pair.reference.any(-1)
        right = _correlation(laid, pair.reference, mask)
        moved = [_correlation(laid, np.roll(pair.reference, s, (0, 1)), mask) for s in ((40, 0), (0, 40), (-40, -40))]
        better += right > max(moved)
    assert len(made) == 24
    assert better >= 22


def _correlation(a: np.ndarray, b: np.ndarray, mask: np.ndarray) -> float:
    x, y = (cv2.GaussianBlur(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), (0, 0), 2)[mask].astype(float) for p in (a, b))
    return float(np.corrcoef(x, y)[0, 1])
