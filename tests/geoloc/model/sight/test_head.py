"""The sight head's file: which network it goes with, and what it refuses."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from geoloc import model
from geoloc.errors import WeightsError
from geoloc.model.localizer import Localizer
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.network.features import Features
from geoloc.model.presets import new_network, preset_config
from geoloc.model.sight.cells import CELL_M, COLUMNS, ROWS
from geoloc.model.sight.head import STRIP_STEP_M, SightHead, load_sight_head, look_ahead, save_sight_weights
from geoloc.model.sight.likeness_net import LikenessNet
from geoloc.model.sight.net import SightNet
from geoloc.model.weights import Calibration, load_network
from geoloc.photo.click_view import SIDE_PX, VIEWS_DEG
from geoloc.photo.photo import Photo
from geoloc.photo.sight import Sight
from geoloc.photo.target import Click
from tiling.grid import Grid
from tiling.mosaic import WindowPixels


@pytest.fixture(scope="module")
def base() -> CrossViewNet:
    return load_network("base", None, "cpu")[0]


def test_the_packaged_head_goes_with_the_packaged_network(base: CrossViewNet) -> None:
    assert load_sight_head(base) is not None


def test_a_head_is_for_one_network_alone(base: CrossViewNet, tmp_path: Path) -> None:
    path = tmp_path / "sight.safetensors"
    save_sight_weights(path, SightHead(SightNet(), LikenessNet(), 0.5, -1.0), base)
    head = load_sight_head(base, path)
    assert head is not None
    assert (head.score_scale, head.score_offset) == (0.5, -1.0)
    assert load_sight_head(new_network(preset_config("base")), path) is None


def test_what_is_no_head_or_damaged_is_refused(base: CrossViewNet, tmp_path: Path) -> None:
    path = tmp_path / "sight.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    with pytest.raises(WeightsError, match="no weights of a sight head"):
        load_sight_head(base, path)
    save_sight_weights(path, SightHead(SightNet(), LikenessNet(), 0.5, -1.0), base)
    tensors = load_file(path)
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    # A law that was changed by hand is damage, too.
    save_file(tensors, path, {**metadata, "score_offset": "2.0"})
    with pytest.raises(WeightsError, match="wrong checksum"):
        load_sight_head(base, path)


def features_of(pictures: torch.Tensor) -> Features:
    """Noise of the shapes that the backbone gives."""
    height, width = pictures.shape[-2:]
    generator = torch.Generator().manual_seed(height)
    shapes = (1, 112, height // 16, width // 16), (1, 40, height // 8, width // 8)
    return Features(*(torch.randn(shape, generator=generator) for shape in shapes))


def test_what_is_told_is_shares_of_the_strips_cells_and_odds() -> None:
    torch.manual_seed(0)
    sight = Sight((15.0, 51.0), 1.0, 1.6, 0.1, 0.0, 0.05, 0.01, 30.0, 1.5)
    grid = sight.strip(STRIP_STEP_M)
    views = np.zeros((len(VIEWS_DEG), SIDE_PX, SIDE_PX, 3), np.uint8)
    strip = np.zeros((grid.height, grid.width, 3), np.uint8)
    net = SightNet().eval()
    with torch.inference_mode():
        told = look_ahead(net, features_of, views, strip, sight)
        net.nowhere[-1].bias += 2.0
        less = look_ahead(net, features_of, views, strip, sight)
    assert told.share.shape == (ROWS, COLUMNS) == (told.cells.height, told.cells.width)
    assert told.share.sum() == pytest.approx(1.0, abs=1e-5)
    assert told.cells.footprint().symmetric_difference(grid.footprint()).area < 1e-3 * CELL_M
    assert (told.share == less.share).all()
    assert told.odds / less.odds == pytest.approx(math.exp(2.0), rel=1e-4)


def test_without_a_head_a_pose_or_a_mosaic_nothing_is_told(base: CrossViewNet, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.full((300, 400, 3), 120, np.uint8)
    phone = Photo(Path("p.jpg"), pixels, position=(15.0, 51.0), focal_px=300.0, phone=True, heading_deg=10.0)

    def shown(grid: Grid) -> WindowPixels:
        shape = grid.height, grid.width
        return WindowPixels(np.full((*shape, 3), 90, np.uint8), np.ones(shape, bool))

    def empty(grid: Grid) -> WindowPixels:
        return replace(shown(grid), valid=np.zeros((grid.height, grid.width), bool))

    def half(grid: Grid) -> WindowPixels:
        pixels = shown(grid)
        pixels.valid[: grid.height // 2] = False
        return pixels

    click, localizer = Click(200, 200), model.load()
    whole = localizer.ahead(phone, click, shown)
    assert whole is not None
    # Of a strip half of which is not known the odds count half: they are nearer to even.
    monkeypatch.setattr("geoloc.model.sight.head.look_ahead", lambda *_: replace(whole, odds=9.0))
    part = localizer.ahead(phone, click, half)
    assert part is not None
    assert part.odds == pytest.approx(3.0)
    assert localizer.ahead(phone, click, empty) is None
    assert localizer.ahead(Photo(Path("p.jpg"), pixels), click, shown) is None
    assert localizer.ahead(replace(phone, heading_deg=None), click, shown) is None
    assert Localizer(base, Calibration()).ahead(phone, click, shown) is None


def test_answers_from_the_ground_have_a_law_of_their_own(base: CrossViewNet) -> None:
    localizer = Localizer(
        base, Calibration(score_scale=1.0, score_offset=0.0), SightHead(SightNet(), LikenessNet(), 0.5, -1.0)
    )
    assert localizer.score(4.0) == pytest.approx(1 / (1 + math.exp(-4.0)))
    assert localizer.score(4.0, from_ground=True) == pytest.approx(1 / (1 + math.exp(-1.0)))
    assert localizer.calibrated(Calibration()).score(4.0, from_ground=True) == localizer.score(4.0, from_ground=True)
    # Without a head nothing else is known.
    assert Localizer(base, Calibration()).score(4.0, from_ground=True) == Calibration().score(4.0)
