"""Planes of photographs are found once, and never taken for those of another photograph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geoloc.geometry import plane_finder
from geoloc.geometry.plane_finder import PlaneFinder
from geoloc.keypoints import mosaic_keypoints
from geoloc.keypoints.matcher import LocalFeatures, RootSift
from geoloc.photo.photo import Photo
from tests.helpers.rough_ground import flown, plan_of, rough, write_ground
from tiling.mosaic import Mosaic, open_mosaic


@pytest.fixture
def matches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many features of the photograph were matched, each time."""
    counts: list[int] = []
    match = RootSift.match

    def counted(self: RootSift, query: LocalFeatures, reference: LocalFeatures) -> np.ndarray:
        counts.append(len(query))
        return match(self, query, reference)

    monkeypatch.setattr(RootSift, "match", counted)
    return counts


def test_a_plane_is_found_once(mosaic: Mosaic, matches: list[int]) -> None:
    finder = PlaneFinder(mosaic, plan_of(mosaic))
    photo, _ = flown(0, 130, told=True)
    assert finder.matches_whole
    assert not finder.remembers(photo)
    fit = finder.on_everything(photo)
    assert fit is not None
    assert finder.remembers(photo)
    tried = len(matches)
    # The same picture, loaded again and called otherwise.
    again = replace(photo, path=Path("again.jpg"), pixels=photo.pixels.copy())
    assert finder.on_everything(again) is fit
    assert finder.round_answers(again, []) is fit
    assert len(matches) == tried


def test_another_picture_is_matched_anew(mosaic: Mosaic, matches: list[int]) -> None:
    finder = PlaneFinder(mosaic, plan_of(mosaic))
    photo, _ = flown(0, 130, told=True)
    first = finder.on_everything(photo)
    changed = photo.pixels.copy()
    changed[:, :-40] = photo.pixels[:, 40:]
    moved = replace(photo, pixels=changed)
    assert not finder.remembers(moved)
    other = finder.on_everything(moved)
    assert first is not None
    assert other is not None
    point = np.array([[300.0, 300.0]])
    off = np.abs(first.map_points(point + np.array([[40.0, 0.0]])) - other.map_points(point)).max()
    assert off < 1.5, "what is told of it is its own"


def test_what_is_beyond_doubt_takes_the_strongest_features_only(mosaic: Mosaic, matches: list[int]) -> None:
    photo, _ = flown(0, 0, told=True)
    fit = PlaneFinder(mosaic, plan_of(mosaic)).on_everything(photo)
    assert fit is not None
    assert fit.inliers >= plane_finder.BEYOND_DOUBT
    assert max(matches) <= plane_finder.STRONGEST


def test_a_failure_is_remembered_as_such(tmp_path: Path, matches: list[int]) -> None:
    photo, _ = flown(0, 0, told=True)
    with open_mosaic([write_ground(tmp_path / "other.tif", rough(1))]) as elsewhere:
        finder = PlaneFinder(elsewhere, plan_of(elsewhere))
        assert finder.on_everything(photo) is None
        assert not finder.remembers(photo)
        tried = len(matches)
        assert finder.on_everything(photo) is None
        assert len(matches) == tried


def test_large_ground_is_matched_round_answers(mosaic: Mosaic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mosaic_keypoints, "AT_ONCE_PX", 1.0)
    finder = PlaneFinder(mosaic, plan_of(mosaic))
    assert not finder.matches_whole
    photo: Photo = flown(0, 0, told=True)[0]
    assert finder.round_answers(photo, []) is not None
    assert finder.remembers(photo)
