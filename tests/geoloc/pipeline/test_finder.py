"""The search as a request asks for it, with stand-ins for what it puts together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

import geoloc.pipeline.cascade
import geoloc.pipeline.finder
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.pipeline.finder import Finder
from geoloc.pipeline.request import SearchRequest
from geoloc.results.detection import Detection
from tiling.plan import Plan

Make = Callable[..., Detection]
PHOTO = Photo(Path("a.jpg"), np.zeros((9, 9, 3), np.uint8))
TARGETS = [Target(Click(1, 1)), Target(Click(2, 2))]


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch, make_detection: Make) -> list[Any]:
    """Plans that references were made for; the first target has answers of 0.6 and 0.2, the second one of 0.4."""
    plans: list[Any] = []

    def locate(
        photo: Photo, targets: object, reference: object, model: object, *, top: int, exhaustive: bool, progress: object
    ) -> list[Detection]:
        scores = ((0, 1, 0.6), (0, 2, 0.2), (1, 1, 0.4))
        found = [
            make_detection(score, (0, 0, 1, 1), rank=rank, target=target)
            for target, rank, score in scores
            if rank <= top
        ]
        # A place that only a look at every window finds.
        return [*found, make_detection(0.55, (8, 8, 9, 9), rank=2, target=1)] if exhaustive else found

    def refined(photo: Photo, targets: object, answers: list[Detection]) -> list[Detection]:
        return [*answers, make_detection(0.97, (5, 5, 6, 6), rank=1, target=1)]

    monkeypatch.setattr(geoloc.pipeline.cascade, "locate", locate)
    monkeypatch.setattr(geoloc.pipeline.finder, "GuidedLook", lambda reference, model: None)
    planes = SimpleNamespace(remembers=lambda photo: False, matches_whole=False)
    refiner = SimpleNamespace(refine=refined, planes=planes)
    monkeypatch.setattr(geoloc.pipeline.finder, "Refiner", lambda mosaic, plan, guide: refiner)
    return plans


def finder(plans: list[Any], **options: Any) -> Finder:
    source = SimpleNamespace(mosaic=object(), reference=lambda plan, model: plans.append(plan))
    return Finder(cast(Any, source), cast(Any, None), SearchRequest(**{"refine": "off", **options}))


def find(by: Finder, plan: object = "whole") -> tuple[list[float], list[float]]:
    answers, here = by.find(PHOTO, TARGETS, cast(Plan, plan))
    return [answer.score for answer in answers], [answer.score for answer in here]


def test_what_is_here(plans: list[Any]) -> None:
    # All answers to what is here unless a score is asked for, of each answer then.
    assert find(finder(plans)) == ([0.6, 0.2, 0.4], [0.6, 0.2])
    assert find(finder(plans, min_score=0.3)) == ([0.6, 0.2, 0.4], [0.6, 0.4])
    assert find(finder(plans, min_score=0.0, top=1)) == ([0.6, 0.4], [0.6, 0.4])


def test_every_window_is_looked_at_where_asked(plans: list[Any]) -> None:
    assert find(finder(plans, exhaustive=True)) == ([0.6, 0.2, 0.4, 0.55], [0.6, 0.2, 0.4, 0.55])


def test_geometry_counts_before_it_is_judged(plans: list[Any]) -> None:
    assert find(finder(plans, refine="auto")) == ([0.6, 0.2, 0.4, 0.97], [0.6, 0.2, 0.4, 0.97])
    # An index alone has no pixels.
    blind = SimpleNamespace(mosaic=None, reference=lambda plan, model: None)
    alone = Finder(cast(Any, blind), cast(Any, None), SearchRequest())
    assert find(alone) == ([0.6, 0.2, 0.4], [0.6, 0.2])


def test_that_geometry_begins_is_told(plans: list[Any]) -> None:
    begun: list[str] = []
    for refine in ("off", "auto"):
        finder(plans, refine=refine).find(PHOTO, TARGETS, cast(Plan, "whole"), verifying=lambda: begun.append("now"))
        assert begun == ["now"] * (refine == "auto")


def test_photos_with_the_same_plan_share_its_features(plans: list[Any]) -> None:
    same = finder(plans)
    for plan in ("whole", "near a", "whole", "near b", "near b", "whole", "near a"):
        find(same, plan)
    # What was used last is kept, so that the plan of photos without a position stays.
    assert plans == ["whole", "near a", "near b", "near a"]


def test_another_request_shares_what_was_read(plans: list[Any]) -> None:
    first = finder(plans)
    find(first)
    second = first.with_request(SearchRequest(refine="off", min_score=0.3))
    assert find(second) == ([0.6, 0.2, 0.4], [0.6, 0.4])
    find(second, "near a")
    find(first, "near a")
    assert plans == ["whole", "near a"]
    assert find(first) == ([0.6, 0.2, 0.4], [0.6, 0.2])
