"""Trials: clicks on photographs whose place in a part of the ground is known."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from geoloc.plane import homography
from geoloc.train.calibration import trials
from geoloc.train.calibration.trials import MOSAIC_M, PHOTO_PX, draw_trials
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.ground import Ground
from geoloc.train.grounds.posed_photo import PosedPhoto


@pytest.fixture
def spotted() -> Ground:
    """Grey noise with red discs, each in a box, 240 m a side."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(90, 160, (1600, 1600, 3), np.uint8)
    centres = [(x, y) for x in range(60, 1560, 80) for y in range(60, 1560, 80)]
    for centre in centres:
        cv2.circle(pixels, centre, 15, (255, 0, 0), -1)
    boxes = np.array([(x - 15, y - 15, x + 15, y + 15) for x, y in centres], float)
    return Ground("spotted", pixels, 0.15, boxes, np.zeros((len(boxes), 2)), np.zeros((0, 3)))


@pytest.fixture(autouse=True)
def _no_restyling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "restyle", lambda images, generator: images)


def is_red(colour: np.ndarray) -> bool:
    red, green, blue = colour.astype(int)
    return bool(red > green + 40 and red > blue + 40)


def test_clicks_of_simulated_photographs_are_on_the_objects_and_so_is_the_truth(spotted: Ground) -> None:
    drawn = draw_trials(Collection((spotted,), (), (1.0,)), 6, clicks=3, seed=2)
    assert len(drawn) == 6
    on_object = 0
    clicks = 0
    for trial in drawn:
        assert trial.photo.pixels.shape == (PHOTO_PX, PHOTO_PX, 3)
        assert trial.site == "spotted"
        assert trial.mosaic.size_m == pytest.approx(MOSAIC_M, abs=0.2)
        assert 1 <= len(trial.clicks) == len(trial.truth) <= 3
        for click, box in zip(trial.clicks, trial.truth, strict=True):
            clicks += 1
            x, y = ((box[:2] + box[2:]) / 2).astype(int)
            if box[2] - box[0] == 30:
                assert is_red(trial.mosaic.pixels[y, x])
                # A click anywhere in the box may lie in its corner, off the disc.
                on_object += is_red(trial.photo.pixels[int(click.y), int(click.x)])
    assert clicks >= 6
    assert on_object >= 0.4 * clicks


def test_half_come_from_photographs_where_there_are_any(collection: Collection) -> None:
    drawn = draw_trials(collection, 6, clicks=2, seed=1)
    names = [trial.photo.path.name for trial in drawn]
    assert sum(name.startswith("IMG_") for name in names) == 3


@pytest.mark.parametrize("heading", [0.0, 30, 135, 200, 359])
def test_the_heading_is_the_compass_bearing_of_the_pictures_up(heading: float) -> None:
    # Ground pixels that photo pixels show: a view from straight above, turned clockwise by the heading.
    y, x = np.mgrid[:40, :60] * 8.0
    places = homography.map_points(homography.similarity(1.5, heading, (500, 500), (240, 160)), np.stack([x, y], -1))
    view = PosedPhoto("p.jpg", 0, np.zeros((320, 480, 3), np.uint8), places, 8.0, panorama=False)
    found = trials._heading(view)
    assert found is not None
    assert (found - heading + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)
    assert trials._heading(replace(view, places=np.full_like(places, np.nan))) is None


def test_some_photographs_tell_their_heading_and_a_seed_repeats_its_draws(spotted: Ground) -> None:
    both = [draw_trials(Collection((spotted,), (), (1.0,)), 8, clicks=1, seed=5) for _ in range(2)]
    headings = [[trial.photo.heading_deg for trial in drawn] for drawn in both]
    assert headings[0] == headings[1]
    assert 1 <= sum(heading is not None for heading in headings[0]) <= 7


def test_ground_without_objects_or_too_small_gives_no_trials(spotted: Ground) -> None:
    bare = replace(spotted, boxes=np.zeros((0, 4)), heights=np.zeros((0, 2)))
    assert draw_trials(Collection((bare,), (), (1.0,)), 2, clicks=1, seed=0) == []


def test_what_is_searched_elsewhere_lies_beside_the_mosaic(spotted: Ground) -> None:
    numbers = np.arange(1600 * 1600).reshape(1600, 1600)
    shifted = np.stack([numbers >> 16 & 255, numbers >> 8 & 255, numbers & 255], -1)
    marked = replace(spotted, pixels=shifted.astype(np.uint8))
    side = np.array([800, 800])
    for corner in ([0, 0], [400, 400], [800, 800], [700, 100], [100, 790]):
        beside = trials._beside(marked, np.array(corner), side)
        assert beside is not None
        assert min(beside.pixels.shape[:2]) >= 400
        assert max(beside.pixels.shape[:2]) <= 800
        red, green, blue = np.moveaxis(beside.pixels.astype(int), -1, 0)
        rows, columns = np.divmod(red << 16 | green << 8 | blue, 1600)
        inside = (rows >= corner[1]) & (rows < corner[1] + 800) & (columns >= corner[0]) & (columns < corner[0] + 800)
        assert not inside.any()


def test_nothing_lies_beside_where_the_ground_ends_or_holds_no_data(spotted: Ground) -> None:
    corner, side = np.array([300, 300]), np.array([1000, 1000])
    assert trials._beside(spotted, corner, side) is None, "45 m are left on each side"
    valid = np.zeros((1600, 1600), bool)
    valid[:, :800] = True
    known = replace(spotted, valid=valid)
    assert trials._beside(known, np.array([0, 400]), np.array([800, 800])) is None
    assert trials._beside(known, np.array([800, 400]), np.array([800, 800])) is not None


def test_trials_tell_which_photographs_were_made_of_their_ground(collection: Collection) -> None:
    drawn = draw_trials(collection, 6, clicks=2, seed=1)
    assert [trial.simulated for trial in drawn] == [not trial.photo.path.name.startswith("IMG_") for trial in drawn]
