"""The plane of attention's own matches, on cells that lie where a known view has them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from geoloc.model.network.cross_view import MatchedCells
from geoloc.photo.crop import Crop
from geoloc.plane.homography import map_points, similarity
from geoloc.search.own_plane import FLATTEST, NARROWEST, TYPICAL, OwnPlane, own_plane

SIDE = 16
CELLS = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), axis=-1).reshape(-1, 2) * 16.0 + 8.0
TILTED = np.array([[4.0, 0.3, 500.0], [0.1, 6.0, 300.0], [0.0, 8e-4, 1.0]])
"""From a crop that is drawn from above to its photo."""


def crops(turns: tuple[float, ...] = (-30.0, 0.0, 30.0)) -> list[Crop]:
    """Crops of one view, turned about their middle."""
    image = np.zeros((256, 256, 3), np.uint8)
    return [
        Crop(image, (128.0, 128.0), turn % 360, TILTED @ similarity(1.2, turn, (128, 128), (128, 128)), (0.5, 0.0, 1.0))
        for turn in turns
    ]


def lie(shown: list[Crop], to_window: NDArray[np.float64], sure: float = 0.8) -> MatchedCells:
    """Where the cells of crops lie if photo pixels go to window pixels by a homography."""
    places = np.stack([map_points(to_window @ crop.to_photo, CELLS) for crop in shown])
    return MatchedCells(CELLS, places, np.full(places.shape[:2], sure))


@given(turn=st.floats(-180, 180), scale=st.floats(0.4, 2.5), flat=st.floats(0.3, 1.0), seed=st.integers(0, 99))
def test_the_plane_is_that_of_the_cells_that_agree(turn: float, scale: float, flat: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    seen = crops()
    affine = similarity(scale, turn, (190, 170), (128, 128)) @ np.diag([1.0, flat, 1.0])
    truth = affine @ np.linalg.inv(TILTED)
    matched = lie(seen, truth)
    # A third lies anywhere, and all are off as a cell is wide.
    wrong = rng.random(matched.sure.shape) < 1 / 3
    matched.places[wrong] = rng.uniform(0, 384, (int(wrong.sum()), 2))
    matched.places[~wrong] += rng.normal(0, 2.0, (int((~wrong).sum()), 2))
    plane = own_plane(seen, matched)
    assert plane.matrix is not None
    middle = map_points(TILTED, np.array([[128.0, 128.0], [100.0, 150.0]]))
    assert map_points(plane.matrix, middle) == pytest.approx(map_points(truth, middle), abs=3.0)
    right = 0.8 * (~wrong).sum() / len(seen)
    assert 0.93 * right < plane.support < right + 0.8 * wrong.sum() / len(seen) * 0.3
    assert plane.evidence > 1


def test_cells_that_lie_anywhere_speak_against_the_place() -> None:
    rng = np.random.default_rng(3)
    seen = crops()
    places = rng.uniform(0, 384, (3, len(CELLS), 2))
    plane = own_plane(seen, MatchedCells(CELLS, places, np.full((3, len(CELLS)), 0.5)))
    assert plane.support < TYPICAL / 2
    assert plane.evidence < -1


@pytest.mark.parametrize(
    ("to_window", "sure"),
    [
        pytest.param(np.diag([1.0, 1.0, 1.0]), 0.2, id="no cell is sure"),
        pytest.param(np.diag([-1.0, 1.0, 1.0]), 0.9, id="mirrored"),
        pytest.param(np.diag([1.0, 0.9 / FLATTEST, 1.0]), 0.9, id="flat as from the horizon"),
        pytest.param(np.diag([0.7 * NARROWEST, 0.7 * NARROWEST, 1.0]), 0.9, id="all in one place"),
    ],
)
def test_what_no_camera_sees_is_no_plane(to_window: NDArray[np.float64], sure: float) -> None:
    seen = crops((0.0,))
    plane = own_plane(seen, lie(seen, to_window @ np.linalg.inv(TILTED), sure))
    assert plane.matrix is None
    assert plane.support == 0.0
    assert plane.evidence == pytest.approx(-2 * math.log(1 + TYPICAL))


def test_with_typical_support_evidence_is_what_it_is_without_a_plane() -> None:
    assert OwnPlane(np.eye(3), TYPICAL).evidence == 0.0


def test_cells_beyond_the_horizon_of_the_photo_are_not_asked() -> None:
    tilted = np.array([[4.0, 0.3, 500.0], [0.1, 6.0, 300.0], [0.0, 8e-3, 1.0]])
    # Everything above the middle of the crop lies behind the camera.
    to_photo = tilted @ np.array([[1, 0, 0], [0, 1, -253.0], [0, 0, 1.0]])
    seen = [Crop(np.zeros((256, 256, 3), np.uint8), (128.0, 200.0), 0.0, to_photo)]
    matched = lie(seen, np.linalg.inv(to_photo))
    behind = ~np.isfinite(map_points(to_photo, CELLS)).all(1)
    assert 100 < behind.sum() < 200
    matched.places[:, behind] = [10.0, 10.0]
    plane = own_plane(seen, matched)
    assert plane.support == pytest.approx(0.8 * (~behind).sum())
