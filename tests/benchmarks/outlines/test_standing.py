"""Boxes round what stands up: as a photograph shows it, with its walls."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.outlines import standing
from benchmarks.outlines.measure import CARRIED, SEGMENT, Measured
from benchmarks.outlines.tables import of_standing
from benchmarks.outlines.trials import ground_of
from geoloc.train.grounds.ground import Ground
from geoloc.train.grounds.masked import FlatPhoto, MaskedGround, MaskedObject
from geoloc.train.grounds.posed_photo import PosedPhoto
from geoloc.train.grounds.towns.maker import TrainingTown
from geoloc.train.grounds.towns.store import save_town

STEP = 4


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A block whose wall hides 40 pixels of the ground below it, and one of which the photograph shows a part."""
    pixels = np.full((400, 400, 3), 110, np.uint8)
    rows, columns = (np.indices((100, 100)) + 0.5) * STEP
    places = np.stack([columns, rows], axis=-1)
    wall = (columns > 80) & (columns < 120) & (rows > 140) & (rows < 180)
    places[wall, 1] = 139.5
    photo = pixels.copy()
    masks = [((80, 100), (40, 40)), ((0, 300), (40, 60))]
    objects = tuple(
        MaskedObject("house", (x, y), np.ones((h, w), bool), (x, y, x + w, y + h), exact=True)
        for (x, y), (h, w) in masks
    )
    posed = PosedPhoto("p", 0, photo, places, STEP, panorama=False)
    ground = Ground("g", pixels, 0.3, np.zeros((0, 4)), np.zeros((0, 2)), np.zeros((0, 3)), None)
    masked = MaskedGround("g", pixels, 0.3, objects, (FlatPhoto(photo, np.eye(3)),))
    save_town(tmp_path / "town", TrainingTown(ground, (posed,), masked))
    return tmp_path / "town"


def test_the_box_holds_the_walls_and_lies_where_the_object_does(town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "DRAWN_SPREAD", 0.0)
    monkeypatch.setattr(standing, "VERIFIED_M", 0.0)
    (trial,) = standing.standing_trials(town, 9)
    assert trial.drawn is not None
    drawn = trial.drawn.target.box
    assert drawn is not None
    assert (drawn.xmin, drawn.ymin, drawn.xmax, drawn.ymax) == pytest.approx((80, 100, 120, 180), abs=STEP)
    assert trial.truth.bounds == pytest.approx((80, -140, 120, -100), abs=1)
    # A tenth of its size off, one standard deviation along each axis.
    assert trial.known.place == pytest.approx((100, -120), abs=16)
    assert standing.slant(trial.drawn) == pytest.approx(0, abs=1e-6)
    assert list(standing.standing_trials(town, 0)) == []


def test_a_town_kept_whole_is_a_ground_too(town: Path) -> None:
    assert [item.kind for item in ground_of(town).objects] == ["house", "house"]


def test_the_table_tells_both_ways_by_angle(town: Path) -> None:
    (trial,) = standing.standing_trials(town, 9)
    ious = {CARRIED: 0.4, SEGMENT: 0.8}
    sure, unsure = (Measured(trial, {}, ious, confidence, 0.9, {}) for confidence in (0.9, 0.5))
    assert of_standing([sure, unsure], [0.1, 0.9])[2:] == [
        "| 0 to 90 | 2 | 0.400 | 0.600 | 0.50 |",
        "| 0 to 45 | 1 | 0.400 | 0.800 | 1.00 |",
        "| 45 to 90 | 1 | 0.400 | 0.400 | 0.00 |",
    ]
