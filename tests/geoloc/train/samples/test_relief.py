"""Heights for simulated views: blocks, crowns, the DSM where it lies, level edges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geoloc.train.grounds.ground import Ground
from geoloc.train.samples import relief
from geoloc.train.samples.relief import CELLS, build_relief

GSD_M = 0.25


@pytest.fixture(autouse=True)
def _never_flat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relief, "SHARE_FLAT", 0.0)


@pytest.fixture
def ground() -> Ground:
    boxes = np.array([[180.0, 190, 220, 230], [300, 300, 320, 310]])
    heights = np.array([[8.0, 8.0], [0.0, 0.0]])
    crowns = np.array([[120.0, 260.0, 16.0]])
    return Ground("g", np.zeros((400, 400, 3), np.uint8), GSD_M, boxes, heights, crowns)


def at(found: relief.Relief, x: float, y: float) -> float:
    column, row = ((np.array([x, y]) - found.corner) / found.cell).astype(int)
    return float(found.heights[row, column])


def test_blocks_are_as_high_as_their_kind_and_crowns_are_domes(ground: Ground) -> None:
    found = build_relief(ground, np.array([200.0, 200]), 160.0, np.random.default_rng(0))
    assert found.heights.shape == (CELLS, CELLS)
    assert at(found, 200, 210) == 8
    assert at(found, 182, 192) == 8
    assert at(found, 176, 210) == 0
    assert at(found, 310, 305) == 0
    middle, out = at(found, 120, 260), at(found, 120 + 13, 260)
    # A radius of 4 m: at least 0.6 of it of stem and 0.8 of it of crown.
    assert middle > 1.4 * 4 - 0.1
    assert 0 < out < middle
    assert at(found, 120 + 18, 260) == 0
    leaf = (np.array([120.0, 260]) - found.corner) / found.cell
    assert found.leafy[int(leaf[1]), int(leaf[0])] == 1
    assert found.leafy.sum() == pytest.approx(np.pi * (16 / found.cell) ** 2, rel=0.05)
    assert (found.heights >= 0).all()


def test_nothing_stands_at_the_edge_which_is_for_all_beyond(ground: Ground) -> None:
    found = build_relief(ground, np.array([200.0, 240]), 30.0, np.random.default_rng(0))
    assert found.heights[: CELLS // 2].max() == 8
    for edge in (found.heights[0], found.heights[-1], found.heights[:, 0], found.heights[:, -1]):
        assert np.ptp(edge) == 0


def test_some_views_are_flat(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relief, "SHARE_FLAT", 1.0)
    assert not build_relief(ground, np.array([200.0, 200]), 160.0, np.random.default_rng(0)).heights.any()


def test_terrain_lies_where_it_is_and_begins_at_0(ground: Ground) -> None:
    rows, columns = np.mgrid[:100, :100]
    # Heights at the middles of cells of 4 pixels: 0.01 m a pixel to the east, 0.02 to the south.
    slope = 50 + 0.04 * (columns + 0.5) + 0.08 * (rows + 0.5)
    bare = replace(ground, boxes=np.zeros((0, 4)), heights=np.zeros((0, 2)), crowns=np.zeros((0, 3)), relief=slope)
    found = build_relief(bare, np.array([200.0, 180]), 100.0, np.random.default_rng(0))
    inner = found.heights[1:-1, 1:-1]
    assert inner.min() == pytest.approx(0, abs=0.03)
    y, x = np.mgrid[1 : CELLS - 1, 1 : CELLS - 1] + 0.5
    px, py = found.corner[0] + x * found.cell, found.corner[1] + y * found.cell
    expected = 0.01 * px + 0.02 * py
    assert inner - inner[0, 0] == pytest.approx(expected - expected[0, 0], abs=2e-3)
    # A block stands on it.
    on = build_relief(
        replace(bare, boxes=ground.boxes, heights=ground.heights),
        np.array([200.0, 180]),
        100.0,
        np.random.default_rng(0),
    )
    assert at(on, 200, 210) > at(found, 200, 210) + 7.5
