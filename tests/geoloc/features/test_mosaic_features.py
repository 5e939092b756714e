"""The features of a mosaic: without seams, encoded once, and the same whatever is kept of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import rasterio
import torch
from affine import Affine
from numpy.typing import NDArray

import geoloc.model
from geoloc.features.mosaic_features import MosaicFeatures
from geoloc.model.localizer import Localizer
from geoloc.model.network.features import MARGIN, STRIDE, Features
from tiling.area import Area
from tiling.mosaic import Mosaic, open_mosaic
from tiling.plan import Plan, make_plan

SIDE = 900
GSD = 0.2


class Counting:
    """The packaged network, which tells what it was given: one shape an image."""

    def __init__(self, localizer: Localizer) -> None:
        self.localizer = localizer
        self.shapes: list[tuple[int, int]] = []

    def encode_reference(self, rgb: NDArray[np.uint8], valid: NDArray[np.bool_]) -> Features:
        self.shapes.append(valid.shape)
        return self.localizer.encode_reference(rgb, valid)


@pytest.fixture(scope="module")
def localizer() -> Localizer:
    return geoloc.model.load()


@pytest.fixture
def model(localizer: Localizer) -> Any:
    return Counting(localizer)


def _written(path: Path, epsg: int, affine: Affine) -> Path:
    """Coloured patches with data in two discs far from each other."""
    rng = np.random.default_rng(4)
    pixels = cv2.resize(rng.integers(1, 255, (SIDE // 6, SIDE // 6, 3), np.uint8), (SIDE, SIDE))
    y, x = np.mgrid[:SIDE, :SIDE]
    pixels[(np.hypot(x - 150, y - 170) > 140) & (np.hypot(x - 860, y - 800) > 60)] = 0
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8", "nodata": 0}
    with rasterio.open(path, "w", **profile, crs=f"EPSG:{epsg}", transform=affine) as file:
        file.write(np.moveaxis(pixels, -1, 0))
    return path


@pytest.fixture(scope="module")
def mosaic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosaic]:
    """In the windows' own CRS, where GDAL reads a pixel alike whatever is read with it."""
    path = tmp_path_factory.mktemp("features") / "m.tif"
    with open_mosaic([_written(path, 3857, Affine(GSD, 0, 1_600_000, 0, -GSD, 6_100))]) as opened:
        yield opened


@pytest.fixture(scope="module")
def plan(mosaic: Mosaic) -> Plan:
    return make_plan(mosaic, GSD, 128, Area.everywhere(), min_valid=0.0)


def _off(one: Features, other: Features) -> float:
    """The greatest difference, in standard deviations of all features."""
    return max(float((a - b).abs().max() / a.std()) for a, b in zip(one, other, strict=True))


def _blank(height: int, width: int) -> Features:
    return Features(torch.zeros(1, 1, height // 16, width // 16), torch.zeros(1, 1, height // 8, width // 8))


@pytest.mark.parametrize("block", [7, 13])
def test_features_do_not_depend_on_blocks(mosaic: Mosaic, plan: Plan, model: Any, block: int) -> None:
    whole = MosaicFeatures(mosaic, plan, model, block=128)
    reference = MosaicFeatures(mosaic, plan, model, block=block)
    # Blocks begin at the first cell that is needed: those of a part of the plan lie elsewhere.
    part = MosaicFeatures(mosaic, replace(plan, windows=plan.windows[3:]), model, block=block)
    for window in plan.windows[3::2]:
        one, seen = whole.features(window)
        assert one.coarse.shape == (1, 112, window.px // 16, window.px // 16)
        assert one.fine.shape == (1, 40, window.px // 8, window.px // 8)
        for other, valid in (reference.features(window), part.features(window)):
            assert _off(one, other) < 1e-4
            assert (seen == valid).all()


def test_features_hardly_depend_on_blocks_where_pixels_are_warped(tmp_path: Path, model: Any) -> None:
    path = _written(tmp_path / "m.tif", 32633, Affine(GSD, 0, 500_000, 0, -GSD, 5_400_000))
    with open_mosaic([path]) as mosaic:
        plan = make_plan(mosaic, GSD, 256, Area.everywhere())
        whole, reference = MosaicFeatures(mosaic, plan, model, block=128), MosaicFeatures(mosaic, plan, model, block=13)
        for window in plan.windows:
            (one, seen), (other, valid) = whole.features(window), reference.features(window)
            assert (one.coarse - other.coarse).abs().mean() < 0.01 * one.coarse.std()
            assert (seen != valid).mean() < 1e-3


def test_a_window_shows_what_is_where_it_lies(mosaic: Mosaic, plan: Plan, localizer: Localizer) -> None:
    reference = MosaicFeatures(mosaic, plan, localizer)
    margin = MARGIN * STRIDE
    for window in plan.windows[::5]:
        column, row = window.corner
        side = window.px + 2 * margin
        around = mosaic.read(plan.pixels(column - margin, row - margin, side, side))
        alone = localizer.encode_reference(around.rgb, around.valid)
        cells = window.px // STRIDE
        features, valid = reference.features(window)
        assert _off(alone.cells(MARGIN, MARGIN, MARGIN + cells, MARGIN + cells), features) < 1e-4
        assert (mosaic.read(window.grid).valid == valid).all()


def test_any_grid_is_seen_as_a_window_of_it_is(mosaic: Mosaic, plan: Plan, model: Any) -> None:
    reference = MosaicFeatures(mosaic, plan, model)
    for window in plan.windows[:: len(plan.windows) // 5]:
        features, valid = reference.features(window)
        close, also = reference.encode_grid(window.grid)
        assert _off(close, features) < 1e-3
        assert (valid == also).all()


def test_for_a_single_look_one_window_is_encoded_and_no_block(mosaic: Mosaic, plan: Plan, model: Any) -> None:
    reference, window = MosaicFeatures(mosaic, plan, model), plan.windows[0]
    once, valid = reference.features_once(window)
    assert model.shapes == [(window.px + 2 * MARGIN * STRIDE,) * 2]
    features, same = reference.features(window)
    assert _off(once, features) < 1e-3
    assert (valid == same).all()
    # What is kept is taken.
    encoded = len(model.shapes)
    kept, _ = reference.features_once(window)
    assert _off(kept, features) == 0
    assert len(model.shapes) == encoded


def test_each_cell_is_encoded_once_whatever_is_searched_in_it(mosaic: Mosaic, plan: Plan, model: Any) -> None:
    reference = MosaicFeatures(mosaic, plan, model, block=128)
    for window in (*plan.windows, *plan.windows):
        reference.features(window)
    corners = np.array([window.corner for window in plan.windows])
    extent = corners.max(0) + plan.window_px - corners.min(0)
    assert model.shapes == [tuple(extent[::-1] + 2 * MARGIN * STRIDE)]


def test_what_no_window_shows_is_neither_read_nor_encoded(
    mosaic: Mosaic, plan: Plan, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "encode_reference", lambda rgb, valid: _blank(*valid.shape))
    read = []
    monkeypatch.setattr(mosaic, "read", lambda grid, read=mosaic.read, to=read: to.append(grid) or read(grid))
    reference = MosaicFeatures(mosaic, plan, model, block=4)
    for window in plan.windows:
        reference.features(window)
    half = plan.window_px // 2
    quads = {(x + i, y + j) for x, y in (w.corner for w in plan.windows) for i in (0, half) for j in (0, half)}
    columns, rows = np.ptp(np.array(list(quads)), axis=0) // half + 1
    assert len(quads) < 0.7 * columns * rows, "the plan has a hole"
    shown = sum((grid.width - 2 * MARGIN * STRIDE) * (grid.height - 2 * MARGIN * STRIDE) for grid in read)
    assert shown == len(quads) * half**2


def test_where_nothing_is_valid_the_network_is_not_asked(mosaic: Mosaic, model: Any) -> None:
    plan = make_plan(mosaic, GSD, 384, Area.everywhere(), min_valid=0.0)
    window = min(plan.windows, key=lambda window: window.valid)
    whole, _ = MosaicFeatures(mosaic, plan, model, block=128).features(window)
    assert len(model.shapes) == 1
    fine, valid = MosaicFeatures(mosaic, replace(plan, windows=(window,)), model, block=4).features(window)
    assert _off(whole, fine) < 1e-4
    assert valid.any()
    blocks = (window.px // STRIDE // 4) ** 2
    assert 1 < len(model.shapes) - 1 < 0.8 * blocks


def test_memory_is_bounded_and_what_was_used_last_stays(mosaic: Mosaic, plan: Plan, model: Any) -> None:
    kept = MosaicFeatures(mosaic, plan, model, block=8)
    tight = MosaicFeatures(mosaic, plan, model, block=8, memory=0)
    first = [kept.features(window)[0] for window in plan.windows[:12]]
    once = len(model.shapes)
    for window, features in zip(plan.windows[:12], first, strict=True):
        assert _off(features, tight.features(window)[0]) == 0
        assert len(tight._assembler._blocks) <= 4
        before = len(model.shapes)
        tight.features(window)
        assert len(model.shapes) == before, "what a window needs is kept while it is used"
    assert len(model.shapes) > 2 * once


def test_what_is_kept_is_as_large_as_is_said(mosaic: Mosaic, plan: Plan, localizer: Localizer) -> None:
    reference = MosaicFeatures(mosaic, plan, localizer)
    reference.features(plan.windows[0])
    block = next(iter(reference._assembler._blocks.values()))
    cells = block.valid.size // STRIDE**2
    assert block.size == cells * (4 * (112 + 4 * 40) + STRIDE**2), "nothing of the margin"
