"""What tests of the server share: a small site, a search that answers at once or never, and the server itself."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from shapely.geometry import Point, Polygon, box

from geoloc.errors import PhotoError
from geoloc.photo.target import Click
from geoloc.pipeline.request import SearchRequest
from geoloc.plane.homography import translation
from geoloc.pose.pixel_mapping import PhotoLattice, PixelMapping
from geoloc.results.columns import COLUMNS
from geoloc.results.detection import Detection
from geoloc.results.vector_files import collection_of, geometry_of, row_of
from geoloc.serve.app import Service, create_app
from geoloc.serve.guard import Guard
from geoloc.serve.run import bind, serving
from tests.helpers.city import AFFINE, CRS, GSD_M, LEFT, PHOTO_PX, TOP, make_city
from tiling.grid import WEB_MERCATOR, mapped, transformer

PATIENCE_S = 120.0
"""Nothing takes so long; a limit for what hangs."""
MOST_BYTES = 200_000


def until(done: Callable[[], Any], what: str) -> None:
    """Wait for what another thread does."""
    end = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def photo_mapping() -> PixelMapping:
    """The way from the city's photo to web mercator, with corrections that are not nothing."""
    to_mercator = transformer(CRS, WEB_MERCATOR)
    sides = np.array([(0.0, 0.0), (PHOTO_PX, 0.0), (0.0, PHOTO_PX)])
    corners = sides + np.array([LEFT, TOP])
    places = np.column_stack(to_mercator.transform(*mapped(AFFINE, *corners.T)))
    origin = places[0].round(3)
    matrix = np.eye(3)
    matrix[:2, :2] = np.column_stack([places[1] - places[0], places[2] - places[0]]) / PHOTO_PX
    matrix = translation(*(places[0] - origin)) @ matrix
    # Seen a little from the side.
    matrix[2, 1] = 1e-4
    size = (PHOTO_PX, PHOTO_PX)
    off = np.array([[(0.5, -0.3), (0.2, 0.6)], [(-0.4, 0.2), (0.1, -0.5)]])
    errors = np.array([[[0.5], [0.7]], [[0.9], [1.1]]])
    reliable = box(0, 40, PHOTO_PX, PHOTO_PX)
    return PixelMapping(
        size, origin, matrix, PhotoLattice(size, off), PhotoLattice(size, errors), reliable, WEB_MERCATOR
    )


@dataclass
class SearchingStub:
    """Answers at once as the worker would, or not before it is cancelled.

    Attributes:
        scores: of the answers to every mark.
        held: kinds of requests that are not answered.
        asked: kind and fields of every request.
        cancelled: kinds of those that were cancelled.
        wrong: what is said in the place of an answer.
        closed: whether it was ended.
    """

    scores: tuple[float, ...] = (0.93, 0.41)
    held: set[str] = field(default_factory=set)
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    wrong: str = ""
    closed: bool = False

    async def ask(
        self, kind: str, fields: Mapping[str, Any], on_progress: Callable[[dict[str, Any]], None]
    ) -> dict[str, Any]:
        assert Path(fields["photo"]).is_file()
        self.asked.append((kind, fields))
        on_progress({"stage": "matching", "fraction": 0.25, "seconds_left": None})
        if kind in self.held:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled.append(kind)
                raise
        if self.wrong:
            raise PhotoError(f"{fields['photo']}: {self.wrong}")
        return self._matched() if kind == "match" else self._found(fields)

    async def close(self) -> None:
        self.closed = True

    def _matched(self) -> dict[str, Any]:
        told = photo_mapping()
        x, y = np.array(told.reliable.exterior.coords).T
        footprint = Polygon(told.to_map(np.column_stack([x, y])))
        shapes = {"camera": Point(told.to_map(np.array([[128.0, 250.0]]))[0]), "footprint": footprint}
        features = [
            {"type": "Feature", "geometry": geometry_of(shape, WEB_MERCATOR), "properties": {"kind": kind}}
            for kind, shape in shapes.items()
        ]
        pose = {"type": "FeatureCollection", "features": features}
        return {"pose": pose, "mapping": told.to_json(), "warnings": []}

    def _found(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        x, y = fields.get("click") or (128, 120)
        east, north = AFFINE * (LEFT + x, TOP + y)
        rows = [
            row_of(
                Detection(
                    rank, score, Click(x, y), fields["photo"], box(east - 3, north - 2, east + 3, north + 2).buffer(0),
                    CRS, GSD_M, 0.8 * rank, {"box": 0.8 * rank}, "base", "18/1/2", "attention",
                    outline="segment", outline_score=0.8 if rank == 1 else 0.3,
                )
            )
            for rank, score in enumerate(self.scores, 1)
        ]  # fmt: skip
        return {
            "found": collection_of(rows, COLUMNS, CRS),
            "best_score": max(self.scores, default=0.2),
            "warnings": [],
        }


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with m.tif and p.jpg."""
    folder = tmp_path_factory.mktemp("city")
    make_city(folder)
    return folder


@pytest.fixture
def searching() -> SearchingStub:
    return SearchingStub()


@pytest.fixture
def service(city: Path, searching: SearchingStub) -> Iterator[Service]:
    with serving(SearchRequest(mosaics=(city / "m.tif",)), MOST_BYTES, searching) as opened:
        yield opened


@contextmanager
def served(service: Service, token: str | None = None, port: int = 0) -> Iterator[str]:
    """Serve in a thread of this process; the address of the page."""
    with bind("127.0.0.1", port) as bound:
        app = Guard(create_app(service), "127.0.0.1", token)
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", proxy_headers=False, timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            until(lambda: server.started, "the server does not start")
            yield f"http://127.0.0.1:{bound.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join(PATIENCE_S)


def files_of(service: Service) -> list[Path]:
    """All files and folders that pages have now."""
    return sorted(service.pages.root.rglob("*"))
