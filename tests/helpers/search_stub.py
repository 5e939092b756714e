"""A stand-in for network and search, for tests of what goes in and comes out."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from shapely.geometry import Point, box

from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.results.detection import Detection
from tests.helpers.noise import EAST, NORTH
from tiling.mosaic import Mosaic
from tiling.plan import Plan

REQUIRED = {
    *("rank", "score", "photo", "click_x", "click_y", "accuracy_m", "gsd_m", "epsg"),
    *("xmin", "ymin", "xmax", "ymax", "model"),
}
"""Properties of every answer, at least."""


class SearchStub:
    """Answers with given scores to every click, the best one first, and remembers what it was given."""

    def __init__(self, scores: Sequence[float]) -> None:
        self.scores = scores
        self.plan: Plan | None = None
        self.targets: list[Target] = []
        self.refined = False
        self.finest_m = 0.0
        self.photos: list[str] = []
        self.references = 0
        self.killed_at = ""
        self.exhaustive = False
        self.place: Point | None = None

    def refiner(self, reference: object, planes: object, guide: object) -> SimpleNamespace:
        """Geometry that verifies nothing."""

        def refine(photo: Photo, targets: list[Target], answers: list[Detection], plane: object) -> list[Detection]:
            self.refined = True
            return answers

        return SimpleNamespace(refine=refine)

    def planes(self, keypoints: object, matcher: object, known: object) -> SimpleNamespace:
        """Finds no plane; but where a click lies, where that is said."""
        plane = SimpleNamespace(fit=None, all_are_few=True, is_done=True, elsewhere=False, speaks_against=False)
        plane.on_all, plane.place_of = lambda: None, lambda click: self.place
        return SimpleNamespace(search=lambda photo: plane)

    def search(
        self,
        photo: Photo,
        targets: list[Target],
        reference: SimpleNamespace,
        model: SimpleNamespace,
        *,
        priors: Sequence[object],
        **options: Any,
    ) -> SimpleNamespace:
        """Attention, which believes nothing of where the camera stood."""
        assert len(priors) == len(targets)
        return SimpleNamespace(answers=lambda top: self.locate(photo, targets, reference, model, top=top, **options))

    def outlined(self, answers: list[Detection], *known: Any, **options: Any) -> list[Detection]:
        """Answers as they are: the stub's boxes are of nothing that pixels show."""
        return answers

    def reference(self, mosaic: Mosaic, plan: Plan, model: SimpleNamespace) -> SimpleNamespace:
        self.references += 1
        return SimpleNamespace(mosaic=mosaic, plan=plan)

    def load(self, preset: str, weights: Path | None, device: str) -> SimpleNamespace:
        return SimpleNamespace(name=preset)

    def locate(
        self,
        photo: Photo,
        targets: list[Target],
        reference: SimpleNamespace,
        model: SimpleNamespace,
        *,
        top: int = 5,
        exhaustive: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Detection]:
        if photo.path.name == self.killed_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.photos.append(photo.path.name)
        self.exhaustive = exhaustive
        mosaic, plan = reference.mosaic, reference.plan
        self.plan, self.targets, self.finest_m = plan, targets, mosaic.finest_m
        mosaic.read(plan.windows[-1].grid)
        return [
            Detection(
                rank=rank,
                score=score,
                click=target.click,
                photo=str(photo.path),
                polygon=box(EAST + 50, NORTH - 50 - 10 * rank, EAST + 54, NORTH - 46 - 10 * rank),
                crs=mosaic.crs,
                gsd_m=plan.gsd_m,
                accuracy_m=0.7,
                accuracy_parts={"box": 0.7},
                model=model.name,
                window=plan.windows[0].id,
                method="attention",
                target=number,
            )
            for number, target in enumerate(targets)
            for rank, score in enumerate(self.scores[:top], 1)
        ]
