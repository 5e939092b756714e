"""A search as work for any process: opened once, then given photographs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import geoloc.pipeline.job
from geoloc import model
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.pipeline.job import CANDIDATES, SearchJob
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.scope import Scope
from tiling.errors import AreaError, MosaicError

TARGETS = [Target(Click(1, 1))]


def photo(position: tuple[float, float] | None = None) -> Photo:
    return Photo(Path("p.jpg"), np.zeros((9, 9, 3), np.uint8), position)


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[tuple[SearchRequest, int]]:
    """Request and number of windows of every search."""
    searches: list[tuple[SearchRequest, int]] = []

    class Stub:
        def __init__(self, source: object, network: Callable[[], object], request: SearchRequest) -> None:
            assert network() == "base by None on cpu"
            self.request = request

        def with_request(self, request: SearchRequest) -> Stub:
            return Stub(None, lambda: "base by None on cpu", request)

        def find(self, photo: Photo, targets: object, scope: Scope, watch: object) -> SimpleNamespace:
            searches.append((self.request, len(scope.plan(photo).windows)))
            return SimpleNamespace(answers=["all"], here=["here"])

    monkeypatch.setattr(geoloc.pipeline.job, "Finder", Stub)
    monkeypatch.setattr(model, "load", lambda preset, weights, device: f"{preset} by {weights} on {device}")
    return searches


def test_answers_that_count_where_the_photo_was_taken(
    mosaic_path: Path, searches: list[tuple[SearchRequest, int]]
) -> None:
    request = SearchRequest(mosaics=(mosaic_path,), within_m=30.0)
    with SearchJob(request).opened() as find:
        for position in (None, (15.001, 48.752)):
            assert find(photo(position), TARGETS) == ["here"]
        # A position off the mosaic hides nothing.
        assert find(photo((20.0, 10.0)), TARGETS) == ["here"]
    assert [one for one, _ in searches] == [request] * 3
    assert searches[0][1] == searches[2][1] > searches[1][1]


def test_candidates_are_asked_for_whatever_is_to_be_told(
    mosaic_path: Path, searches: list[tuple[SearchRequest, int]]
) -> None:
    with SearchJob(SearchRequest(mosaics=(mosaic_path,), top=1)).opened() as find:
        assert find(photo(None), TARGETS, doubtful=True) == ["all"]
        assert find(photo(None), TARGETS) == ["here"]
    assert [request.top for request, _ in searches] == [CANDIDATES, 1]


def test_what_cannot_be_opened(mosaic_path: Path, searches: list[object]) -> None:
    for request, error in (
        (SearchRequest(mosaics=(mosaic_path,), bounds=(1, 2, 3, 4)), AreaError),
        (SearchRequest(mosaics=(mosaic_path.with_name("none.tif"),)), MosaicError),
    ):
        with pytest.raises(error), SearchJob(request).opened():
            pass
    assert not searches


def test_jobs_of_one_request_are_the_same(mosaic_path: Path) -> None:
    # A process keeps what it has open for the next piece of the same job.
    assert SearchJob(SearchRequest(mosaics=(mosaic_path,))) == SearchJob(SearchRequest(mosaics=(mosaic_path,)))
    assert SearchJob(SearchRequest(top=2)) != SearchJob(SearchRequest())
