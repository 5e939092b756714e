"""Made pairs: query, click, reference, box and matches tell of the same ground."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoloc.train import views
from geoloc.train.orthophoto import MAX_TILT_DEG, Orthophoto, Ranges, log_uniform, make_pair, other_window, tilted_view
from geoloc.train.record import QUERY_CELLS, QUERY_PX, REFERENCE_PX, cell_centres

RED = (250, 0, 0)


def is_red(pixels: np.ndarray) -> np.ndarray:
    r, g, b = np.moveaxis(pixels.astype(int), -1, 0)
    return np.asarray((r > g + 60) & (r > b + 60))


@pytest.fixture(scope="module")
def marked() -> Orthophoto:
    """Grey ground with red oblong roofs, each filling its box."""
    pixels = np.random.default_rng(0).integers(60, 200, (700, 900, 1), np.uint8).repeat(3, axis=2)
    boxes = []
    for x in range(60, 820, 120):
        for y in range(60, 620, 120):
            width, height = 16 + x % 23, 16 + y % 17
            cv2.rectangle(pixels, (x, y), (x + width - 1, y + height - 1), RED, -1)
            boxes.append((x, y, x + width, y + height))
    return Orthophoto("marked", pixels, 0.2, np.array(boxes, float))


@pytest.mark.usefixtures("no_recolouring")
@pytest.mark.parametrize("seed", range(30))
def test_the_object_is_at_the_click_and_fills_the_box(marked: Orthophoto, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pair = make_pair(marked, rng, Ranges())
    while pair is None or not pair.sized or (pair.box < 0).any() or (pair.box > REFERENCE_PX).any():
        pair = make_pair(marked, rng, Ranges())
    assert pair.present
    column, row = pair.click.astype(int)
    assert is_red(pair.query[row, column])
    x0, y0, x1, y1 = pair.box
    # Other roofs are further than a roof's size away: what is red within half a size more is this one.
    margin = 6
    v, u = np.mgrid[:REFERENCE_PX, :REFERENCE_PX]
    near = (u > x0 - margin) & (u < x1 + margin) & (v > y0 - margin) & (v < y1 + margin)
    rows, columns = np.nonzero(is_red(pair.reference) & near)
    found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    # Resampling softens edges, and a turned corner is thinner than a pixel.
    assert found == pytest.approx(pair.box.tolist(), abs=2.5)


@pytest.mark.usefixtures("no_recolouring")
@pytest.mark.parametrize("seed", range(30))
def test_matches_show_the_same_ground(ground: np.ndarray, difference: Callable[..., np.ndarray], seed: int) -> None:
    ortho = Orthophoto("ground", ground, 0.15, np.zeros((0, 4)))
    pair = make_pair(ortho, np.random.default_rng(seed), Ranges())
    assert pair is not None
    assert not pair.sized
    known = np.isfinite(pair.matches).all(-1)
    cells = cell_centres(QUERY_CELLS, QUERY_CELLS)[known]
    wrong = difference(pair.query, cells, pair.reference, pair.matches[known])
    # 1.3 grey levels are one pixel of the ground. The tips of the waves are blurred where one side is coarse.
    assert np.median(wrong) < 4
    assert np.mean(wrong > 16) < 0.05
    centre = (pair.box[:2] + pair.box[2:]) / 2
    if ((centre > 1) & (centre < REFERENCE_PX - 1)).all():
        jitter_px = 4 / 0.15
        at_click = difference(pair.query, pair.click, pair.reference, centre)
        assert at_click < 1.4 * jitter_px


def test_matches_are_finite_only_where_both_sides_show_the_image(ground: np.ndarray) -> None:
    ortho = Orthophoto("ground", ground, 0.15, np.zeros((0, 4)))
    rng = np.random.default_rng(5)
    known = 0
    for _ in range(20):
        pair = make_pair(ortho, rng, Ranges())
        assert pair is not None
        here = pair.matches[np.isfinite(pair.matches)]
        assert ((here >= 0) & (here < REFERENCE_PX)).all()
        known += len(here) // 2
    assert 0.1 < known / (20 * QUERY_CELLS**2) < 0.95


@pytest.mark.usefixtures("no_recolouring")
def test_matches_end_where_the_image_ends(ground: np.ndarray) -> None:
    small = Orthophoto("small", ground[:256, :256], 0.3, np.zeros((0, 4)))
    rng = np.random.default_rng(0)
    checked = 0
    for _ in range(20):
        pair = make_pair(small, rng, Ranges(gsd_m=(0.3, 0.35)))
        assert pair is not None
        at = pair.matches[np.isfinite(pair.matches).all(-1)]
        beyond = (pair.reference == 127).all(-1)
        checked += beyond.any()
        column, row = at.astype(int).T
        assert not beyond[row, column].any()
    assert checked > 5


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000), st.floats(0, 360), st.floats(15, 60), st.tuples(st.floats(250, 600), st.floats(250, 450))
)
def test_a_tilted_view_keeps_heading_and_scale_on_its_axis(
    ground: np.ndarray, seed: int, heading: float, footprint: float, centre: tuple[float, float]
) -> None:
    ortho = Orthophoto("ground", ground, 0.15, np.zeros((0, 4)))
    at = np.array(centre)
    view, to_source = tilted_view(ortho, np.random.default_rng(seed), at, heading, footprint, side=128)
    assert view.shape == (128, 128, 3)
    middle = np.array([64.0, 64.0])
    step = 1e-4
    up = (views.apply(to_source, middle - [0, step]) - views.apply(to_source, middle)) / step
    right = (views.apply(to_source, middle + np.array([step, 0])) - views.apply(to_source, middle)) / step
    scale = footprint / 128 / ortho.gsd_m
    turn = np.radians(heading)
    assert right == pytest.approx(scale * np.array([np.cos(turn), np.sin(turn)]), rel=1e-3, abs=1e-3)
    stretch = np.linalg.norm(up) / scale
    assert up / np.linalg.norm(up) == pytest.approx([np.sin(turn), -np.cos(turn)], abs=1e-3)
    # Away from the camera the ground is seen foreshortened, by the tilt's cosine.
    assert 1 - 1e-3 < stretch < 1 / np.cos(np.radians(MAX_TILT_DEG)) + 1e-3
    # The centre is in the view, not on its edge.
    shown = views.apply(np.linalg.inv(to_source), at)
    assert ((shown > 0.07 * 128) & (shown < 0.93 * 128)).all()


@settings(max_examples=25, deadline=None)
@given(st.floats(0.1, 1.6), st.floats(0, 360), st.tuples(st.floats(60, 320), st.floats(60, 320)))
def test_windows_and_their_homography_agree_at_every_level_of_the_pyramid(
    ground: np.ndarray, difference: Callable[..., np.ndarray], gsd: float, turn: float, at: tuple[float, float]
) -> None:
    ortho = Orthophoto("ground", ground, 0.12, np.zeros((0, 4)))
    window, to_source = ortho.window(gsd, turn, (450, 350), at)
    points = np.random.default_rng(0).uniform(1, REFERENCE_PX - 1, (400, 2))
    source = views.apply(to_source, points)
    inside = ((source > 15) & (source < [885, 685])).all(1)
    wrong = difference(window, points[inside], ground, source[inside])
    assert np.median(wrong) < 3.5


@pytest.mark.usefixtures("no_recolouring")
def test_a_reference_of_another_place_does_not_show_the_object(marked: Orthophoto, ground: np.ndarray) -> None:
    rng = np.random.default_rng(2)
    pair = make_pair(marked, rng, Ranges())
    assert pair is not None
    plain = Orthophoto("plain", ground[..., 2:].repeat(3, axis=2), 0.2, np.zeros((0, 4)))
    absent = pair.without_object(other_window(plain, rng, Ranges()))
    assert not absent.present
    assert not absent.sized
    assert not is_red(absent.reference).any()
    assert np.isnan(absent.matches).all()
    assert np.array_equal(absent.query, pair.query)
    assert np.array_equal(absent.click, pair.click)


def test_ground_without_texture_makes_no_pair() -> None:
    water = Orthophoto("water", np.full((600, 600, 3), 90, np.uint8), 0.2, np.zeros((0, 4)))
    rng = np.random.default_rng(0)
    # Clouds' shadows and noise that recolouring adds do not make texture of it: it is looked at before.
    assert all(make_pair(water, rng, Ranges()) is None for _ in range(5))


def test_small_and_large_objects_come_as_often(marked: Orthophoto) -> None:
    small = np.array([(x, 300, x + 12, 312) for x in range(100, 800, 14)], float)
    large = np.array([(200, 100, 400, 250)], float)
    ortho = Orthophoto("mixed", marked.pixels, 0.2, np.concatenate([small, large]))
    rng = np.random.default_rng(0)
    sized = [pair for _ in range(150) if (pair := make_pair(ortho, rng, Ranges(gsd_m=(0.2, 0.2001)))) and pair.sized]
    share = np.mean([(pair.box[2:] - pair.box[:2]).max() > 100 for pair in sized])
    assert 0.3 < share < 0.7


@given(st.floats(0.1, 50), st.floats(1, 4), st.integers(0, 1000))
def test_log_uniform_stays_between(low: float, ratio: float, seed: int) -> None:
    value = log_uniform(np.random.default_rng(seed), low, low * ratio)
    assert low * 0.999999 <= value <= low * ratio * 1.000001


def test_pairs_have_the_shapes_that_the_network_wants(marked: Orthophoto) -> None:
    pair = make_pair(marked, np.random.default_rng(0), Ranges())
    assert pair is not None
    assert pair.query.shape == (QUERY_PX, QUERY_PX, 3)
    assert pair.reference.shape == (REFERENCE_PX, REFERENCE_PX, 3)
    assert pair.matches.shape == (QUERY_CELLS, QUERY_CELLS, 2)
    assert pair.query.dtype == pair.reference.dtype == np.uint8
    assert pair.click.dtype == pair.box.dtype == pair.matches.dtype == np.float32
