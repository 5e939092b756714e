"""Of the poses that a search compares some right and some wrong ones are kept, with what is seen of each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

from geoloc.geometry.stand import METRES_A_DEGREE, ComparedPose
from geoloc.model.network.features import Features
from geoloc.model.sight.likeness import Looks
from geoloc.model.sight.net import Views
from geoloc.photo.photo import Photo
from geoloc.train.poses import compared
from geoloc.train.poses.compared import RIGHT_POSES, WRONG_POSES, ComparedPhoto, compared_photo

TRUE = Photo(
    Path("p.jpg"),
    np.zeros((8, 8, 3), np.uint8),
    position=(0.0, 0.0),
    heading_deg=10.0,
    pitch_deg=-4.0,
    height_m=1.6,
    focal_px=8.0,
)


def pose(
    east: float, heading_deg: float, log_weight: float, farther: float = 0.0, pitch_deg: float = -4.0
) -> ComparedPose:
    position = (east / METRES_A_DEGREE, 0.0)
    posed = replace(TRUE, position=position, heading_deg=heading_deg, pitch_deg=pitch_deg)
    return ComparedPose(posed, log_weight, farther)


class Seen:
    """In place of what compares: two looks, whose views hold the pitch and whose strips the place."""

    def __init__(self, none_for: float | None = None) -> None:
        self._none_for = none_for

    def looks(self, posed: Photo) -> Looks | None:
        assert posed.position is not None
        assert posed.pitch_deg is not None
        east = posed.position[0] * METRES_A_DEGREE
        if self._none_for is not None and east == pytest.approx(self._none_for):
            return None
        view = Features(torch.full((2, 1, 1, 1), posed.pitch_deg), torch.full((2, 1, 1, 1), posed.pitch_deg))
        strip = Features(torch.full((2, 1, 1, 1), east), torch.full((2, 1, 1, 1), east))
        return Looks(Views(view, view), strip, torch.full((2,), 1.6), torch.full((2,), 4.0), np.array([1.0, 0.5]))


class Network:
    """In place of the localizer."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def likeness(self, photo: Photo, read: object) -> Seen:
        return self._seen


def kept(
    monkeypatch: pytest.MonkeyPatch, poses: list[ComparedPose], *, own: bool, seen: Seen | None = None
) -> ComparedPhoto | None:
    monkeypatch.setattr(compared, "compared_poses", lambda photo, mosaic, likeness: poses)
    network, mosaic = cast(Any, Network(seen or Seen())), cast(Any, type("M", (), {"read": None}))
    return compared_photo(TRUE, TRUE if own else None, mosaic, network, np.random.default_rng(0))


def test_right_and_wrong_poses_are_kept_and_those_between_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    right = [pose(0.2 * n, 10.0 + n, 5.0 + n) for n in range(5)]
    between = [pose(4.0, 10.0, 99.0), pose(1.0, 19.0, 98.0)]
    wrong = [pose(20.0 + 3 * n, 200.0, 1.0, 0.1 * n) for n in range(12)] + [pose(0.0, 40.0, 2.0)]
    photo = kept(monkeypatch, [*wrong, *between, *right], own=True)
    assert photo is not None
    assert photo.right.tolist() == [True] * sum(RIGHT_POSES) + [False] * sum(WRONG_POSES)
    # The likeliest is first, of the wrong ones the three that come to most with what is farther off.
    assert float(photo.log_weight[0]) == 9.0
    places = photo.strips.fine[::2, 0, 0, 0].tolist()
    assert sorted(places[3:6]) == pytest.approx([0.0, 50.0, 53.0], abs=0.1)
    assert len(set(places)) == 9
    assert photo.looks.tolist() == [2] * 9
    assert photo.shares.tolist() == [1.0, 0.5] * 9


def test_of_the_likeliest_none_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    alike = [pose(20.0 + 0.5 * n, 200.0, 9.0 - n) for n in range(4)]
    photo = kept(monkeypatch, [*alike, pose(60.0, 0.0, 1.0), pose(70.0, 0.0, 0.0), pose(80.0, 0.0, -1.0)], own=False)
    assert photo is not None
    # By 1.5 m and less they are alike.
    assert photo.log_weight[:3].tolist() == [9.0, 1.0, 0.0]


def test_on_another_towns_mosaic_no_pose_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = kept(monkeypatch, [pose(0.0, 10.0, 5.0), pose(30.0, 10.0, 5.0)], own=False)
    assert photo is not None
    assert photo.right.tolist() == [False, False]


def test_views_are_kept_once_for_each_tilt_and_go_with_their_poses(monkeypatch: pytest.MonkeyPatch) -> None:
    poses = [pose(30.0 * n, 0.0, 9.0 - n, pitch_deg=pitch) for n, pitch in enumerate((-4.0, -7.0, -4.0))]
    photo = kept(monkeypatch, poses, own=False)
    assert photo is not None
    assert len(photo.views.narrow.fine) == 4
    pitches = photo.views.narrow.fine[photo.view, 0, 0, 0].unflatten(0, (3, 2))
    assert pitches.tolist() == [[-4.0, -4.0], [-7.0, -7.0], [-4.0, -4.0]]


def test_what_shows_no_ground_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    poses = [pose(30.0, 0.0, 9.0), pose(60.0, 0.0, 8.0)]
    photo = kept(monkeypatch, poses, own=False, seen=Seen(none_for=30.0))
    assert photo is not None
    assert photo.log_weight.tolist() == [8.0]
    assert kept(monkeypatch, poses[:1], own=False, seen=Seen(none_for=30.0)) is None
    assert kept(monkeypatch, [], own=False) is None


def test_it_comes_back_as_it_was_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = kept(monkeypatch, [pose(0.0, 10.0, 5.0), pose(30.0, 10.0, 5.0)], own=True)
    assert photo is not None
    back = ComparedPhoto.of(photo.tensors)
    assert len(back.tensors) == len(photo.tensors)
    assert all(torch.equal(one, other) for one, other in zip(photo.tensors, back.tensors, strict=True))
    assert back.right.tolist() == [True, False]
    assert not back.panorama
