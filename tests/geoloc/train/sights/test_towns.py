"""What is drawn of towns from eye level: the mosaic before the camera shows things where they are told to be."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from geoloc.model.network.features import Features
from geoloc.model.sight.cells import COLUMNS, CUT, ROWS
from geoloc.model.sight.head import load_sight_head
from geoloc.model.weights import load_network
from geoloc.photo.click_view import SIDE_PX
from geoloc.photo.sight import STRIP_WIDE_M
from geoloc.train.sights import clicks, looks, towns
from geoloc.train.sights.batches import Shown
from geoloc.train.sights.clicks import STRIPS, SightClicks
from geoloc.train.sights.looks import BELOW_DEG, LOOKS, PANORAMA_LOOKS, SightLooks
from geoloc.train.sights.towns import town_sights
from tests.helpers.tiny_town import quick_towns

Drawn = list[tuple[SightClicks | None, SightLooks | None]]


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    net, _ = load_network("base", None, "cpu")
    with quick_towns(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(towns, "SIZE_M", 120.0)
        patch.setattr(towns, "PHOTOS", 2)
        patch.setattr(towns, "PANORAMAS", 1)
        patch.setattr(clicks, "CLICKS", 5)
        return list(town_sights(7000, net))


@pytest.fixture(scope="module")
def photos(drawn: Drawn) -> list[SightClicks]:
    return [photo for photo, _ in drawn if photo]


def test_views_and_strips_of_each_click_are_kept_in_16_bits(photos: list[SightClicks]) -> None:
    assert len(photos) >= 2
    cells = SIDE_PX // 16
    for photo in photos:
        count = len(photo.size_m)
        for view, (low, high) in zip(photo.views, CUT, strict=True):
            assert view.coarse.shape == (count, 112, cells, high - low)
            assert view.fine.shape == (count, 40, 2 * cells, 2 * (high - low))
        assert photo.strips.coarse.shape == (count * STRIPS, 112, ROWS // 2, COLUMNS // 2)
        assert photo.strips.fine.shape == (count * STRIPS, 40, ROWS, COLUMNS)
        assert photo.strips.fine.dtype == torch.float16


def test_things_are_before_the_camera_as_far_as_poses_are_wrong(photos: list[SightClicks]) -> None:
    for photo in photos:
        along, across = photo.at_m.unbind(-1)
        # A large thing may be clicked far from its middle.
        assert (along > -2.0).all()
        assert (across.abs() < 3 * clicks.OFF_M + 0.1 * along + photo.size_m[:, None]).all()
        assert (across.abs() < STRIP_WIDE_M / 2).all()
        assert ((photo.height_m >= 1.4) & (photo.height_m <= 3.5)).all()


def test_what_is_kept_comes_back(photos: list[SightClicks]) -> None:
    again = SightClicks.of(photos[0].tensors)
    assert all(torch.equal(one, other) for one, other in zip(again.tensors, photos[0].tensors, strict=True))
    assert isinstance(again.strips, Features)
    both = SightClicks.joined(photos)
    assert torch.equal(both.size_m, torch.cat([photo.size_m for photo in photos]))


def test_looks_have_strips_of_right_and_of_wrong_poses(drawn: Drawn) -> None:
    seen = [photo for _, photo in drawn if photo]
    assert [len(photo.height_m) for photo in seen] == [LOOKS, LOOKS, PANORAMA_LOOKS]
    for photo in seen:
        count = len(photo.height_m)
        assert photo.strips.fine.shape == (count * looks.LOOK_STRIPS, 40, ROWS, COLUMNS)
        assert ((photo.below_deg >= BELOW_DEG[0]) & (photo.below_deg <= BELOW_DEG[1])).all()
        again = SightLooks.of(photo.tensors)
        assert all(torch.equal(one, other) for one, other in zip(again.tensors, photo.tensors, strict=True))
        # Strips of right poses show about the same.
        fine = photo.strips.fine.float().unflatten(0, (count, looks.LOOK_STRIPS)).mean((3, 4))
        apart = (fine[:, 1:] - fine[:, :1]).norm(dim=2).mean(0)
        assert apart[0] < apart[1:].min()


def test_the_packaged_weights_tell_right_poses_from_wrong_ones(drawn: Drawn) -> None:
    """Of a town that they did not learn from."""
    net, _ = load_network("base", None, "cpu")
    head = load_sight_head(net)
    assert head is not None
    seen = SightLooks.joined([photo for _, photo in drawn if photo])
    rows = torch.arange(len(seen.height_m)).repeat_interleave(looks.LOOK_STRIPS)
    with torch.inference_mode():
        told = (
            Shown.of(seen, rows, torch.arange(len(rows))).seen_by(head.likeness).unflatten(0, (-1, looks.LOOK_STRIPS))
        )
    right, wrong = told[:, : len(looks.RIGHT)].flatten(), told[:, len(looks.RIGHT) :].flatten()
    assert float((right[:, None] > wrong).float().mean()) > 0.9


def test_wrong_poses_are_as_far_off_as_told() -> None:
    rng = np.random.default_rng(0)
    place, azimuth = np.array([3.0, -7.0]), 1.0
    for _ in range(200):
        for kind, (other, way) in enumerate(looks._wrong((place, azimuth), lambda: (40.0, 40.0), rng)):
            away = math.hypot(*(other - place))
            turn = abs(math.degrees(math.remainder(way - azimuth, 2 * math.pi)))
            assert away > looks.LEAST_OFF_M or turn > looks.LEAST_OFF_DEG
            assert (away < 30.0) == (kind < 2)
