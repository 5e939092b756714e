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
from geoloc.plane import homography
from geoloc.plane.surface import DsmSurface
from geoloc.train.grounds.posed_site import HELD_OUT_SHARE, MIN_HEIGHT_M, PosedCamera, PosedSite, load_site
from tests.helpers.paths import SHARED_DATA

WEST, NORTH = 587_500.0, 3_338_200.0  # where conftest puts its sites
CALITERRA = SHARED_DATA / "caliterra"
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
    points = np.stack([WEST + x, NORTH - y, np.full(len(x), 270.0)], axis=1)
    for camera in site.cameras:
        q = points @ camera.a.T + camera.b
        # Beyond the photo's own field, here 0.69 off the axis at its corners, the polynomial folds back.
        ahead = points[(q[:, 2] > 0) & (np.hypot(q[:, 0], q[:, 1]) < q[:, 2])]
        pixels = to_photo(entries[camera.path.name], ahead)
        shown = ((pixels >= 0) & (pixels < [camera.width, camera.height])).all(1)
        assert shown.sum() > 10
        assert camera.to_ground(pixels[shown], site.surface) == pytest.approx(ahead[shown], abs=1e-3)


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
    surface = DsmSurface(300 + hill + slope * (np.sin(lean) * columns - np.cos(lean) * rows), 1000.0, 5000.0, 1.0)
    normal = np.array([-slope * np.sin(lean), -slope * np.cos(lean), 1]) / np.hypot(1, slope)
    b, t = np.radians([bearing, tilt])
    side = np.cross(normal, [np.cos(b), np.sin(b), 0.3])
    forward = np.sin(t) * side / np.linalg.norm(side) - np.cos(t) * normal
    right = np.cross(forward, [0.1, 1, 0.2])
    right /= np.linalg.norm(right)
    a = 0.05 * np.stack([right, np.cross(forward, right), forward])
    centre = np.array([1100, 4900, 303]) - 50 * forward
    camera = PosedCamera(Path("x"), a, -a @ centre, 800, 500, 400, -0.01, centre, 1000, 800)
    entry = {"A": a, "b": -a @ centre, "f": 800, "cx": 500, "cy": 400, "k1": -0.01}
    point = np.array([1100 + place[0], 4900 + place[1], 0])
    point[2] = surface.height(point[:2])
    found = camera.to_ground(to_photo(entry, point[None]), surface)
    assert found[0] == pytest.approx(point, abs=0.01)


def test_rays_that_miss_the_dsm_meet_nothing() -> None:
    a = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # looks north, level
    surface = DsmSurface(np.full((80, 80), 50.0), west=0, north=80, cell=1)
    centre = np.array([40.0, 40, 80])
    camera = PosedCamera(Path("x"), a, -a @ centre, 300, 160, 120, 0, centre, 320, 240)
    above, far, near = camera.to_ground(np.array([[160.0, 20], [160, 220], [160, 420]]), surface)
    assert np.isnan(above).all()
    assert np.isnan(far).all()
    assert near == pytest.approx([40, 70, 50], abs=1e-3)
    # From below, the ground is not seen from its upper side.
    under = surface.intersect(np.array([40.0, 40, 20]), np.array([[0.0, 0, 1]]))
    assert np.isnan(under).all()


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


def test_a_view_shows_the_ground_at_its_places(site: PosedSite, difference: Callable[..., np.ndarray]) -> None:
    for number in range(len(site.cameras)):
        view = site.posed_photo(number, 0)
        rows, columns = view.places.shape[:2]
        at = (np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1) + 0.5) * view.step
        known = np.isfinite(view.places).all(-1) & (at < view.size).all(-1)
        known &= site.ground.clickable(np.nan_to_num(view.places, nan=-1.0), margin=2)
        if known.sum() > 5:
            # 1.3 grey levels are 10 cm of the ground, the mosaic's pixel.
            wrong = difference(view.pixels, at[known], site.ground.pixels, view.places[known].astype(float))
            assert np.median(wrong) < 5
            assert np.mean(wrong > 16) < 0.1


def test_clicks_are_on_ground_of_their_part(folder: Path) -> None:
    held, rest, whole = (load_site(folder, held_out=apart).ground for apart in (True, False, None))
    limit = round(HELD_OUT_SHARE * len(whole.pixels))
    assert held.click_in is not None
    assert rest.click_in is not None
    assert whole.click_in is not None
    assert not held.click_in[limit:].any()
    assert not rest.click_in[:limit].any()
    assert (held.click_in | rest.click_in == whole.click_in).all()
    # What is trained on never shows the other part; what is searched to validate shows all.
    assert not rest.has_data(np.array([400.0, limit - 5]))
    assert held.has_data(np.array([400.0, len(whole.pixels) - 5.0]))
    # The masked corner holds nothing.
    assert not whole.clickable(np.array([10.0, 10]))


@pytest.mark.parametrize("aspect", [0.0, 60.0, 200.0])
def test_a_leaning_mosaic_is_stretched_to_true_lengths(folder: Path, tmp_path: Path, aspect: float) -> None:
    slope = 0.8
    copy = tmp_path / "site"
    shutil.copytree(folder, copy)
    rows, columns = np.mgrid[:80, :80]
    lean = np.radians(aspect)
    heights = 270 + slope * (np.sin(lean) * (columns - 40) - np.cos(lean) * (rows - 40))
    with rasterio.open(copy / "dsm.tif", "r+") as dsm:
        dsm.write(heights.astype(np.float32), 1)
    # Cameras too are drawn along the leaning vertical; here only the mosaic matters.
    described = json.loads((copy / "cameras.json").read_text())
    for entry in described["cameras"].values():
        entry["centre"][2] += 100
    (copy / "cameras.json").write_text(json.dumps(described))
    site = load_site(copy)
    points = np.random.default_rng(0).uniform(10, 70, (40, 2)) * [1, -1] + [WEST, NORTH]
    there = np.concatenate([points, site.surface.height(points)[:, None]], axis=1)
    true = np.linalg.norm(there[:20] - there[20:], axis=1)
    pixels = site.to_pixels(points)
    assert np.linalg.norm(pixels[:20] - pixels[20:], axis=1) * site.ground.gsd_m == pytest.approx(true, rel=1e-3)
    assert (pixels >= 0).all()
    # Not mirrored.
    assert np.linalg.det(plane_part(site)) < 0


def plane_part(site: PosedSite) -> np.ndarray:
    """From map to pixels: y turns round, and nothing else does."""
    return site.from_map[:2, :2]


def test_ground_that_slopes_a_little_is_left_as_it_is(site: PosedSite) -> None:
    assert site.ground.pixels.shape == (800, 800, 3)
    corner = homography.map_points(site.from_map, np.array([WEST, NORTH]))
    assert corner == pytest.approx(np.zeros(2), abs=1e-3)


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
def test_real_photos_look_like_the_mosaic_where_they_are_placed(caliterra: PosedSite) -> None:
    """Photo and mosaic, laid over each other by the places, correlate better than when one is moved aside."""
    better, tried = 0, 0
    rng = np.random.default_rng(0)
    for number in range(len(caliterra.cameras)):
        view = caliterra.posed_photo(number, 0)
        for _ in range(4):
            middle = rng.uniform(0.25, 0.75, 2) * view.size
            at = middle + (np.stack(np.meshgrid(np.arange(48), np.arange(48)), -1) - 24) * 8.0
            places = view.place(at)
            if not caliterra.ground.has_data(np.nan_to_num(places, nan=-1.0)).all():
                continue
            tried += 1
            photo = _sampled(view.pixels, at, 8)
            right = _correlation(photo, _sampled(caliterra.ground.pixels, places, 4))
            shifts = [(100, 0), (0, 100), (-80, -80)]
            moved = [_correlation(photo, _sampled(caliterra.ground.pixels, places + s, 4)) for s in shifts]
            better += right > max(moved)
    assert tried >= 10
    assert better >= 0.85 * tried


def _sampled(image: np.ndarray, at: np.ndarray, blur: float) -> np.ndarray:
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (0, 0), blur / 2)
    return cv2.remap(grey, (at - 0.5).astype(np.float32), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel().astype(float), b.ravel().astype(float))[0, 1])
