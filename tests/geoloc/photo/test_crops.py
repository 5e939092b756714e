"""Crops of a photograph: the click keeps its colour, and the way back is exact."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoloc.errors import PhotoError
from geoloc.photo.crop import Crop
from geoloc.photo.crops import HEADINGS, _sides, make_crops, varied_crops
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.plane.homography import map_points
from tiling.box import PixelBox

DOT = (250, 10, 10)


def scale(crop: Crop) -> float:
    """Photo pixels along one crop pixel."""
    return math.sqrt(abs(np.linalg.det(crop.to_photo[:2, :2])))


def dotted(width: int, height: int, x: float, y: float, radius: float, **known: object) -> Photo:
    """A photo of colours that vary slowly, with one red dot at (x, y)."""
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    pixels = np.stack([columns / width * 90, 90 + rows / height * 90, np.full_like(rows, 160)], -1).astype(np.uint8)
    pixels[(columns - x) ** 2 + (rows - y) ** 2 <= radius**2] = DOT
    # Straight down, unless a test says otherwise: a photo of which that is not known is drawn from above as well.
    return Photo(Path("dot.jpg"), pixels, **({"pitch_deg": -90.0} | known))  # type: ignore[arg-type]


def dot_in(image: np.ndarray) -> tuple[float, float]:
    """Centre of the red dot in a crop, corner origin, weighted by redness."""
    redness = np.clip(image[..., 0].astype(float) - image[..., 1] - 40, 0, None)
    rows, columns = np.indices(redness.shape) + 0.5
    return float((columns * redness).sum() / redness.sum()), float((rows * redness).sum() / redness.sum())


def assert_faithful(crop: Crop, click: Click, period: int | None = None) -> None:
    x, y = crop.click
    height, width = crop.image.shape[:2]
    assert 0 <= x < width
    assert 0 <= y < height
    back = map_points(crop.to_photo, np.array(crop.click))
    assert math.dist(back, (click.x, click.y)) < 0.01
    assert np.allclose(crop.image[int(y), int(x)], DOT, atol=60)
    # Not merely somewhere on the dot: its centre, within a fraction of a crop pixel.
    assert math.dist(dot_in(crop.image), crop.click) < 0.3


def test_click_outside_names_the_size() -> None:
    photo = dotted(80, 60, 5, 5, 2)
    for x, y in ((-0.1, 5), (80, 5), (5, 60), (5, -1)):
        with pytest.raises(PhotoError, match="80 x 60"):
            make_crops(photo, Target(Click(x, y)))
    assert make_crops(photo, Target(Click(79.99, 59.99)), (64, 64))


@settings(max_examples=25)
@given(x=st.floats(12, 788), y=st.floats(12, 588))
def test_four_headings_at_two_scales(x: float, y: float) -> None:
    crops = make_crops(dotted(800, 600, x, y, 10), Target(Click(x, y)), (128, 128))
    assert [crop.heading_deg for crop in crops] == [0, 90, 180, 270] * 2
    assert sorted({round(scale(crop), 9) for crop in crops}) == [300 / 128, 600 / 128]
    for crop in crops:
        assert crop.image.shape == (128, 128, 3)
        assert_faithful(crop, Click(x, y))
        # Inside the photo: no crop corner is out of it.
        for corner in ((0, 0), (128, 0), (128, 128), (0, 128)):
            px, py = map_points(crop.to_photo, np.array(corner))
            assert -1e-6 <= px <= 800 + 1e-6
            assert -1e-6 <= py <= 600 + 1e-6


def test_heading_says_how_far_the_content_was_turned_clockwise() -> None:
    # Up in the photo is supposed to be east (90): turned clockwise by 90, it points right, where east
    # belongs.
    photo = dotted(600, 600, 300, 100, 10)
    by_heading = {q.heading_deg: q for q in make_crops(photo, Target(Click(300, 100)), (120, 120))[:4]}
    assert by_heading[0].click == pytest.approx((60, 20))
    assert by_heading[90].click == pytest.approx((100, 60))
    assert by_heading[180].click == pytest.approx((60, 100))
    assert by_heading[270].click == pytest.approx((20, 60))
    turned = {
        heading: make_crops(dotted(600, 600, 300, 100, 10, heading_deg=float(heading)), Target(Click(300, 100)))
        for heading in HEADINGS
    }
    for heading, crops in turned.items():
        assert len(crops) == 2  # one a scale
        assert crops[0].heading_deg == heading
        expected = np.array(by_heading[heading].click) * 256 / 120
        assert crops[0].click == pytest.approx(tuple(expected))


@settings(max_examples=30)
@given(
    x=st.floats(12, 788),
    y=st.floats(12, 588),
    heading=st.floats(0, 359.9),
    size=st.sampled_from([(800, 600), (600, 800)]),
)
def test_north_up_crops(x: float, y: float, heading: float, size: tuple[int, int]) -> None:
    if size[0] < size[1]:
        x, y = y, x
    photo = dotted(*size, x, y, 10, heading_deg=heading)
    for crop in make_crops(photo, Target(Click(x, y)), (128, 128)):
        assert_faithful(crop, Click(x, y))
        # Twenty crop pixels north of the click lie, in the photo, towards its heading seen from its "up".
        here, north = map_points(crop.to_photo, np.array([[64, 64], [64, 44]]))
        seen = math.degrees(math.atan2(north[0] - here[0], -(north[1] - here[1])))
        assert math.cos(math.radians(seen + heading)) == pytest.approx(1.0, abs=1e-9)


def test_turned_crop_shrinks_by_averaging() -> None:
    # Columns of black and white one pixel wide: point sampling would leave stripes, averaging leaves grey.
    stripes = np.zeros((1200, 1200, 3), np.uint8)
    stripes[:, ::2] = 255
    photo = Photo(Path("s.png"), stripes, heading_deg=3.0, pitch_deg=-90.0)
    (crop, _) = make_crops(photo, Target(Click(600, 600)), (100, 100))
    assert crop.image[20:80, 20:80].std() < 20
    assert abs(float(crop.image[20:80, 20:80].mean()) - 127.5) < 3


@settings(max_examples=40)
@given(
    box=st.tuples(st.floats(0, 700), st.floats(0, 500), st.floats(1, 100), st.floats(1, 100)),
)
def test_box_sets_the_side(box: tuple[float, float, float, float]) -> None:
    x, y, width, height = box
    target = Target.from_box(PixelBox(x, y, x + width, y + height))
    (side,) = _sides(dotted(800, 600, 1, 1, 1), target)
    assert side == min(600, max(64, round(6 * max(width, height))))


def test_known_height_shows_fifty_metres() -> None:
    known = {"focal_px": 700.0, "relative_altitude_m": 100.0, "pitch_deg": -80.0}
    assert _sides(dotted(800, 600, 1, 1, 1, **known), Target(Click(1, 1))) == [350]
    for change in ({"pitch_deg": -50.0}, {"relative_altitude_m": 0.5}, {"focal_px": None}):
        assert _sides(dotted(800, 600, 1, 1, 1, **(known | change)), Target(Click(1, 1))) == [600, 300]
    low = known | {"relative_altitude_m": 5.0}
    assert _sides(dotted(800, 600, 1, 1, 1, **low), Target(Click(1, 1))) == [600]


def test_tiny_photo_gives_each_side_once() -> None:
    crops = make_crops(dotted(50, 40, 20, 20, 4), Target(Click(20, 20)), (64, 64))
    assert len(crops) == 4
    for crop in crops:
        assert_faithful(crop, Click(20, 20))


@settings(max_examples=25)
@given(x=st.floats(0, 1023.9), y=st.floats(14, 490))
def test_panorama_is_rolled_to_the_click(x: float, y: float) -> None:
    columns, rows = np.meshgrid(np.arange(1024) + 0.5, np.arange(512) + 0.5)
    apart = np.abs(columns - x)
    apart = np.minimum(apart, 1024 - apart)
    pixels = np.stack([rows * 0 + 40, rows * 0 + 90, rows / 4], -1).astype(np.uint8)
    pixels[apart**2 + (rows - y) ** 2 <= 12**2] = DOT
    crop, *_ = make_crops(Photo(Path("p.jpg"), pixels, panorama=True), Target(Click(x, y)), (128, 128))
    assert crop.image.shape == (128, 256, 3)
    assert scale(crop) == pytest.approx(4)
    assert crop.click[0] == pytest.approx(128)
    assert crop.heading_deg == 0
    assert_faithful(crop, Click(x, y))


def test_panorama_cut_at_top_and_bottom_keeps_its_proportions() -> None:
    photo = dotted(1024, 256, 300, 100, 12, panorama=True)
    (crop,) = make_crops(photo, Target(Click(300, 100)))
    assert crop.image.shape == (256, 512, 3)
    assert crop.click == pytest.approx((256, 128 - 14))
    assert_faithful(crop, Click(300, 100))
    assert crop.to_photo == pytest.approx(np.array([[2, 0, -212], [0, 2, -128], [0, 0, 1]]))


def test_variations_turn_and_size_a_crop_and_keep_the_click() -> None:
    photo = dotted(900, 700, 300, 400, 9)
    click = Click(300, 400)
    target = Target(click)
    first = make_crops(photo, target)[-1]
    varied = varied_crops(photo, target, first)
    assert len(varied) == 9
    for crop in varied:
        assert_faithful(crop, click)
    turns = {round((q.heading_deg - first.heading_deg + 180) % 360 - 180) for q in varied}
    assert turns == {-30, 0, 30}
    shares = sorted({round(scale(q) / scale(first), 1) for q in varied})
    assert shares == [0.7, 1.0, 1.4]
    plain = next(q for q in varied if q.heading_deg == first.heading_deg and abs(scale(q) / scale(first) - 1) < 0.01)
    assert np.abs(plain.image.astype(int) - first.image).mean() < 4


def test_a_glance_is_at_one_crop_of_each_size_turned_otherwise() -> None:
    photo = dotted(1200, 1000, 600, 500, 9, heading_deg=40.0)
    target = Target(Click(600, 500))
    (first, *_) = make_crops(replace(photo, relative_altitude_m=40.0, focal_px=400.0, pitch_deg=-90.0), target)
    every, some = (varied_crops(photo, target, first, glance=glance) for glance in (False, True))
    assert len(every) == 9
    assert [(q.heading_deg, round(scale(q) / scale(first), 1)) for q in some] == [(10, 0.7), (40, 1.0), (70, 1.4)]
    for crop, number in zip(some, (0, 4, 8), strict=True):
        assert (crop.image == every[number].image).all()
    # Of one size the heading as it is.
    tiny = dotted(64, 64, 30, 30, 4)
    (crop,) = varied_crops(tiny, Target(Click(30, 30)), make_crops(tiny, Target(Click(30, 30)))[1], glance=True)
    assert crop.heading_deg == make_crops(tiny, Target(Click(30, 30)))[1].heading_deg


def test_variations_are_never_larger_than_the_photo() -> None:
    photo = dotted(900, 700, 300, 400, 9)
    largest = make_crops(photo, Target(Click(300, 400)))[0]
    assert len(varied_crops(photo, Target(Click(300, 400)), largest)) == 6


def test_a_panorama_has_no_variations() -> None:
    photo = dotted(1024, 512, 300, 260, 9, panorama=True)
    for y, count in ((260, 1), (400, 5)):
        target = Target(Click(300, y))
        crops = make_crops(photo, target)
        assert len(crops) == count, "near the camera its ground from above too, at four headings"
        for crop in crops:
            assert varied_crops(photo, target, crop) == [crop]
