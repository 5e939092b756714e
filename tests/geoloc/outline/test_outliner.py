"""Outlines: looked at so that they fit, never larger than they may be, honest where there is nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from shapely.geometry import Polygon, box

from benchmarks.outlines.flat_mosaic import CRS, reader
from geoloc.outline.chip import Chip, Known
from geoloc.outline.classical import ColourModel
from geoloc.outline.outliner import LOOKS, SIDE, FoundOutline, Outliner
from geoloc.photo.photo import Photo

PLACE = (300.0, -300.0)
BARN = box(250, -340, 350, -260)


def ground(shape: Polygon = BARN) -> np.ndarray:
    """A field with a white thing on it."""
    rng = np.random.default_rng(0)
    pixels = np.clip(rng.normal(90, 8, (600, 600, 3)), 0, 255).astype(np.uint8)
    west, south, east, north = map(int, shape.bounds)
    pixels[-north:-south, west:east] = 230
    return pixels


class WhiteThings:
    """A mask head that knows white from grey, and counts what it was shown."""

    def __init__(self) -> None:
        self.sides: list[float] = []

    def share(self, chip: Chip) -> NDArray[np.float32]:
        self.sides.append(chip.grid.affine.a * chip.grid.width)
        return np.where(chip.valid & (chip.mosaic.mean(-1) > 160), 0.95, 0.02).astype(np.float32)


def known(side: float, drawn: Polygon | None = None) -> Known:
    return Known(CRS, PLACE, side, Photo(Path("p.jpg"), np.zeros((8, 8, 3), np.uint8)), None, drawn)


def iou(a: Polygon, b: Polygon) -> float:
    return float(a.intersection(b).area / a.union(b).area)


@pytest.mark.parametrize("supposed", [20.0, 50.0, 100.0, 250.0, 400.0])
def test_whatever_size_was_supposed(supposed: float) -> None:
    model = WhiteThings()
    found = Outliner(reader(ground()), model, 1.0).outline(known(supposed), 500.0)
    assert found is not None
    assert iou(found.polygon, BARN) > 0.95
    assert found.sure
    assert len(model.sides) <= LOOKS
    assert found.polygon.is_valid


def test_a_fitting_scale_is_looked_at_once() -> None:
    model = WhiteThings()
    Outliner(reader(ground()), model, 1.0).outline(known(100.0), 500.0)
    assert model.sides == [pytest.approx(100 * SIDE)]


def test_no_larger_than_it_may_be() -> None:
    model = WhiteThings()
    found = Outliner(reader(ground()), model, 1.0).outline(known(20.0), 30.0)
    assert max(model.sides) <= 30 * SIDE + 1e-6
    # The barn is 100 long, and fills all that may be looked at.
    assert found is None
    enough = Outliner(reader(ground()), Doubtful(), 1.0).outline(known(100.0), 109.0)
    assert enough is not None
    assert [max(np.ptp(np.reshape(s.bounds, (2, 2)), axis=0)) <= 109 for s in enough.alternatives] == [True, True]


def test_no_finer_than_pixels_tell() -> None:
    model = WhiteThings()
    small = box(298, -302, 302, -298)
    found = Outliner(reader(ground(small)), model, 1.0).outline(known(4.0), 100.0)
    assert found is not None
    assert min(model.sides) == pytest.approx(64.0)
    assert iou(found.polygon, small) > 0.6


def test_nothing_there_is_no_outline() -> None:
    pixels = np.full((600, 600, 3), 90, np.uint8)
    assert Outliner(reader(pixels), WhiteThings(), 1.0).outline(known(50.0), 500.0) is None


class Doubtful(WhiteThings):
    """Sees a sure core and a doubtful hem."""

    def share(self, chip: Chip) -> NDArray[np.float32]:
        sure = super().share(chip)
        rows, columns = np.indices(sure.shape)
        away = np.maximum(abs(columns - 95.5), abs(rows - 95.5)) * chip.grid.affine.a
        return np.select([away < 50, away < 54, away < 58], [0.97, 0.6, 0.3], 0.02).astype(np.float32)


def test_alternatives_from_small_to_large_with_the_answer_among_them() -> None:
    found = Outliner(reader(ground()), Doubtful(), 1.0).outline(known(100.0), 500.0)
    assert found is not None
    areas = [shape.area for shape in found.alternatives]
    assert areas == sorted(areas)
    assert len(areas) == 3
    assert areas == pytest.approx([100**2, 108**2, 116**2], rel=0.05)
    assert any(shape.equals(found.polygon) for shape in found.alternatives)


def test_all_in_doubt_tells_how_it_lies_and_is_not_sure() -> None:
    class Unsure(WhiteThings):
        def share(self, chip: Chip) -> NDArray[np.float32]:
            return np.where(super().share(chip) > 0.5, 0.55, 0.4).astype(np.float32)

    found = Outliner(reader(ground()), Unsure(), 1.0).outline(known(100.0), 500.0)
    assert found is not None
    assert not found.sure
    assert iou(found.polygon, BARN) > 0.95


def test_what_was_drawn_tells_place_and_size() -> None:
    model = WhiteThings()
    Outliner(reader(ground()), model, 1.0).outline(known(15.0, drawn=box(200, -380, 400, -220)), 500.0)
    assert model.sides[0] > 300


@pytest.mark.parametrize("drawn", [None, box(235, -355, 365, -245)])
def test_colours_alone(drawn: Polygon | None) -> None:
    found = Outliner(reader(ground()), ColourModel(SIDE), 1.0).outline(known(90.0, drawn), 500.0)
    assert found is not None
    assert iou(found.polygon, BARN) > 0.85


def test_the_score_is_less_than_the_confidence_where_that_says_too_much() -> None:
    low, high = (FoundOutline(BARN, confidence, ()).score for confidence in (0.78, 0.93))
    # Of the segments of the towns that it was fitted on, 0.48 and 0.94 share more than a half.
    assert low == pytest.approx(0.48, abs=0.12)
    assert high == pytest.approx(0.94, abs=0.03)
