"""The search as it is asked for, with stand-ins for what it puts together."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from geoloc import geometry as refine
from geoloc.geometry import guided_look as guide
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.pipeline.finder import Finder
from geoloc.results.detection import Detection
from geoloc.search import locate as search
from tiling.plan import Plan

Make = Callable[..., Detection]
PHOTO = Photo(Path("a.jpg"), np.zeros((9, 9, 3), np.uint8))
TARGETS = [Target(Click(1, 1)), Target(Click(2, 2))]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, make_detection: Make) -> list[Any]:
    """Plans that features were made for; the first target has answers of 0.6 and 0.2, the second one of 0.4."""
    plans: list[Any] = []

    def locate(photo: Photo, targets: object, reference: object, model: object, **options: Any) -> list[Detection]:
        scores = ((0, 1, 0.6), (0, 2, 0.2), (1, 1, 0.4))
        return [
            make_detection(score, (0, 0, 1, 1), rank=rank, target=target)
            for target, rank, score in scores
            if rank <= options["top"]
        ]

    def refined(photo: Photo, targets: object, answers: list[Detection]) -> list[Detection]:
        return [*answers, make_detection(0.97, (5, 5, 6, 6), rank=1, target=1)]

    monkeypatch.setattr(search, "locate", locate)
    monkeypatch.setattr(guide, "GuidedLook", lambda reference, model: None)
    monkeypatch.setattr(refine, "Refiner", lambda mosaic, plan, guide: SimpleNamespace(refine=refined))
    return plans


def finder(made: list[Any], **options: Any) -> Finder:
    searched = SimpleNamespace(mosaic=object(), reference=lambda plan, model: made.append(plan))
    return Finder(cast(Any, searched), cast(Any, None), **{"refined": False, **options})


def find(asked: Finder, plan: object = "whole") -> tuple[list[float], list[float]]:
    answers, here = asked.find(PHOTO, TARGETS, cast(Plan, plan))
    return [answer.score for answer in answers], [answer.score for answer in here]


def test_what_is_here(made: list[Any]) -> None:
    # All answers to what is here unless a score is asked for, of each answer then.
    assert find(finder(made)) == ([0.6, 0.2, 0.4], [0.6, 0.2])
    assert find(finder(made, min_score=0.3)) == ([0.6, 0.2, 0.4], [0.6, 0.4])
    assert find(finder(made, min_score=0.0, top=1)) == ([0.6, 0.4], [0.6, 0.4])


def test_geometry_counts_before_it_is_judged(made: list[Any]) -> None:
    assert find(finder(made, refined=True)) == ([0.6, 0.2, 0.4, 0.97], [0.6, 0.2, 0.4, 0.97])
    # An index alone has no pixels.
    blind = SimpleNamespace(mosaic=None, reference=lambda plan, model: None)
    assert find(Finder(cast(Any, blind), cast(Any, None), refined=True)) == ([0.6, 0.2, 0.4], [0.6, 0.2])


def test_photos_with_the_same_plan_share_its_features(made: list[Any]) -> None:
    asked = finder(made)
    for plan in ("whole", "near a", "whole", "near b", "near b", "whole", "near a"):
        find(asked, plan)
    # What was used last is kept, so that the plan of photos without a position stays.
    assert made == ["whole", "near a", "near b", "near a"]
