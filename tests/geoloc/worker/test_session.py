"""What stays open from one request to the next, and what does not."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from geoloc import model
from geoloc.pipeline.request import SearchRequest
from geoloc.worker import session as module
from geoloc.worker.progress import CancelledError, JobProgress
from geoloc.worker.session import Session
from tests.helpers.made_video import grey_video, subtitles


class World:
    """Stands for files and networks; notes what is opened, closed and loaded."""

    def __init__(self, folder: Path) -> None:
        self.events: list[str] = []
        self.weights = folder / "w.safetensors"
        self.mosaic = folder / "m.tif"
        for path in (self.weights, self.mosaic):
            path.touch()

    @contextmanager
    def open_source(self, request: SearchRequest) -> Iterator[SimpleNamespace]:
        name = f"{request.gsd_m} {request.device}"
        self.events.append(f"open {name}")
        yield SimpleNamespace(paths=(self.mosaic,), name=name, mosaic=None)
        self.events.append(f"close {name}")

    def load(self, preset: str, weights: Path | None, device: str) -> str:
        self.events.append(f"load {preset} {device}")
        return f"{preset} {device}"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(tmp_path)
    monkeypatch.setattr(module, "open_source", world.open_source)
    monkeypatch.setattr(module, "find_weights", lambda preset, weights: world.weights)
    monkeypatch.setattr(model, "load", world.load)
    return world


@pytest.fixture
def progress() -> JobProgress:
    return JobProgress(lambda fields: None, threading.Event())


def test_the_second_request_finds_all_warm(world: World, progress: JobProgress) -> None:
    session, first = Session(), SearchRequest(mosaics=(world.mosaic,))
    source = session.source(first, progress)
    finder = session.finder(first, progress)
    # Where and how to search may be another.
    second = replace(first, top=2, near=(1, 2), gps=False, min_score=0.3)
    assert session.source(second, progress) is source
    again: Any = session.finder(second, progress)
    assert again is not finder
    assert again._request is second
    assert again._grounds is finder._grounds
    assert world.events == ["open None cpu", "load base cpu"]


def test_another_source_closes_the_first_and_keeps_the_network(world: World, progress: JobProgress) -> None:
    session, first = Session(), SearchRequest(mosaics=(world.mosaic,))
    session.source(first, progress)
    finder: Any = session.finder(first, progress)
    second = replace(first, gsd_m=0.3)
    session.source(second, progress)
    other: Any = session.finder(second, progress)
    assert other._grounds is not finder._grounds
    assert world.events == ["open None cpu", "load base cpu", "close None cpu", "open 0.3 cpu"]
    session.close()
    assert world.events[-1] == "close 0.3 cpu"


def test_another_network_forgets_the_features_of_the_first(world: World, progress: JobProgress) -> None:
    session, first = Session(), SearchRequest(mosaics=(world.mosaic,))
    session.source(first, progress)
    finder: Any = session.finder(first, progress)
    # Weights that were trained on under their old name.
    os.utime(world.weights, (5, 5))
    session.source(first, progress)
    other: Any = session.finder(first, progress)
    assert other._grounds is not finder._grounds
    assert world.events == ["open None cpu", "load base cpu", "load base cpu"]


def test_a_changed_mosaic_is_opened_again(world: World, progress: JobProgress) -> None:
    session, request = Session(), SearchRequest(mosaics=(world.mosaic,))
    source = session.source(request, progress)
    world.mosaic.write_text("more")
    assert session.source(request, progress) is not source
    world.mosaic.unlink()
    session.source(request, progress)
    assert [event.split()[0] for event in world.events] == ["open", "close", "open", "close", "open"]


def test_what_was_cancelled_opens_nothing(world: World) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(CancelledError):
        Session().source(SearchRequest(mosaics=(world.mosaic,)), JobProgress(lambda fields: None, cancelled))
    assert not world.events


def test_pictures_of_a_video_are_kept_apart_until_it_changes(tmp_path: Path) -> None:
    session, path = Session(), tmp_path / "clip.MP4"
    grey_video(path)
    first, second = session.photo(tmp_path / "clip.MP4#t=0.5"), session.photo(tmp_path / "clip.MP4#t=1")
    assert first.pixels.mean() < second.pixels.mean()
    assert session.photo(tmp_path / "clip.MP4#t=0.5") is first
    os.utime(path, (1, 1))
    assert session.photo(tmp_path / "clip.MP4#t=0.5") is not first
    told = "[latitude: 51.8] [longitude: 4.5] [rel_alt: 30.0 abs_alt: 31.0]"
    (tmp_path / "clip.SRT").write_text(subtitles([(0, 1, told)]))
    assert session.photo(tmp_path / "clip.MP4#t=0.5").position == (4.5, 51.8)
