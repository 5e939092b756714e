"""The foot head's file: which network it goes with, and what it refuses."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from geoloc import model
from geoloc.errors import WeightsError
from geoloc.model.foot import FootHead, load_foot_head, save_foot_weights, told_foot
from geoloc.model.foot_net import FootNet, angles_deg
from geoloc.model.localizer import Localizer
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.network.features import Features
from geoloc.model.presets import new_network, preset_config
from geoloc.model.weights import Calibration, load_network
from geoloc.photo.foot_view import SIDE_PX, VIEWS_DEG
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click


@pytest.fixture(scope="module")
def base() -> CrossViewNet:
    return load_network("base", None, "cpu")[0]


def test_the_packaged_head_goes_with_the_packaged_network(base: CrossViewNet) -> None:
    assert load_foot_head(base) is not None


def test_a_head_is_for_one_network_alone(base: CrossViewNet, tmp_path: Path) -> None:
    path = tmp_path / "foot.safetensors"
    save_foot_weights(path, FootHead(FootNet(), 0.5, -1.0), base)
    head = load_foot_head(base, path)
    assert head is not None
    assert (head.score_scale, head.score_offset) == (0.5, -1.0)
    assert load_foot_head(new_network(preset_config("base")), path) is None


def test_what_is_no_head_or_damaged_is_refused(base: CrossViewNet, tmp_path: Path) -> None:
    path = tmp_path / "foot.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    with pytest.raises(WeightsError, match="no weights of a foot head"):
        load_foot_head(base, path)
    save_foot_weights(path, FootHead(FootNet(), 0.5, -1.0), base)
    tensors = load_file(path)
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    # A law that was changed by hand is damage, too.
    save_file(tensors, path, {**metadata, "score_offset": "2.0"})
    with pytest.raises(WeightsError, match="wrong checksum"):
        load_foot_head(base, path)


def test_shares_are_of_all_angles_and_have_the_sum_1() -> None:
    torch.manual_seed(0)
    shapes = (1, 112, SIDE_PX // 16, SIDE_PX // 16), (1, 40, SIDE_PX // 8, SIDE_PX // 8)
    views = np.zeros((len(VIEWS_DEG), SIDE_PX, SIDE_PX, 3), np.uint8)
    with torch.inference_mode():
        told = told_foot(FootNet().eval(), lambda _: Features(*(torch.randn(shape) for shape in shapes)), views, 3.0)
    assert told.share.sum() == pytest.approx(1.0)
    assert (told.below_click_deg == angles_deg().numpy().astype(np.float64)).all()
    assert (np.diff(told.below_click_deg) > 0).all()


def test_without_a_head_or_a_line_to_the_click_nothing_is_told(base: CrossViewNet) -> None:
    pixels = np.full((300, 400, 3), 120, np.uint8)
    phone = Photo(Path("p.jpg"), pixels, position=(15.0, 51.0), focal_px=300.0, phone=True)
    assert Localizer(base, Calibration()).foot(phone, Click(200, 200)) is None
    localizer = model.load()
    assert localizer.foot(Photo(Path("p.jpg"), pixels), Click(200, 200)) is None
    assert localizer.foot(phone, Click(200, 200)) is not None


def test_answers_from_the_ground_have_a_law_of_their_own(base: CrossViewNet) -> None:
    localizer = Localizer(base, Calibration(score_scale=1.0, score_offset=0.0), FootHead(FootNet(), 0.5, -1.0))
    assert localizer.score(4.0) == pytest.approx(1 / (1 + math.exp(-4.0)))
    assert localizer.score(4.0, from_ground=True) == pytest.approx(1 / (1 + math.exp(-1.0)))
    assert localizer.calibrated(Calibration()).score(4.0, from_ground=True) == localizer.score(4.0, from_ground=True)
    # Without a head nothing else is known.
    assert Localizer(base, Calibration()).score(4.0, from_ground=True) == Calibration().score(4.0)
