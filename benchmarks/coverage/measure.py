"""Clicks carried over by the plane of their photograph, with the error that is told and the true one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.accuracy.queries.sets import QuerySet, even
from geoloc import model
from geoloc.evaluation.labelled import LabelledQuery, Outcome, error_m, is_hit
from geoloc.geometry.homography_fit import HomographyFit
from geoloc.geometry.known_planes import KnownPlanes
from geoloc.model.localizer import Localizer
from geoloc.model.packaged import find_weights
from geoloc.outline.answers import outlined
from geoloc.photo.photo import Photo, load_photo
from geoloc.photo.rectify import focal_px
from geoloc.pipeline.ground import SearchGround
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.scope import Scope
from geoloc.pipeline.source import MosaicSource
from geoloc.plane.view_line import view_line
from tiling.mosaic import Mosaic, open_mosaic

PRESET = "base"


@dataclass(frozen=True, slots=True)
class Told:
    """A verified answer, and what is true.

    Attributes:
        angle_deg: between straight down and the line along which the photo sees the click, by its plane.
        beyond: how far the place is from the hull of the inliers on the ground, in hulls: roots of its area.
        size_m: longest side of the true object.
        accuracy_m: the error that is told.
        error_m: the true one.
        score: of the answer.
        hit: whether it is in the true box.
    """

    angle_deg: float
    beyond: float
    size_m: float
    accuracy_m: float
    error_m: float
    score: float
    hit: bool


def measure(query_set: QuerySet, most: int, report: Callable[[str], None]) -> Iterator[list[Told]]:
    """Carry over the clicks of a set, photograph by photograph; attention never searches.

    Args:
        query_set: the clicks.
        most: clicks of a photograph.
        report: called with a line a photograph.

    Yields:
        The verified answers of each photograph; none of one without a plane.
    """
    network = model.load(PRESET, find_weights(PRESET, None), "cpu")
    for search in query_set.searches:
        with open_mosaic([search.mosaic], finest_m=query_set.gsd_m) as mosaic:
            ground = _ground(mosaic, query_set.gsd_m, network)
            for path, queries in _by_photo(search.queries):
                chosen = [queries[i] for i in even(len(queries), most)]
                found = _of_photo(load_photo(path), chosen, ground, mosaic)
                report(f"{query_set.name}, {path.name}: {len(found)} of {len(chosen)} clicks verified")
                yield found


def _ground(mosaic: Mosaic, gsd_m: float, network: Localizer) -> SearchGround:
    source = MosaicSource(mosaic, PRESET, min(gsd_m, network.gsd_m))
    scope = Scope(source, SearchRequest(gps=False, preset=PRESET))
    return SearchGround(source, scope.plan(), lambda: network, KnownPlanes())


def _by_photo(queries: Sequence[LabelledQuery]) -> Iterator[tuple[Path, list[LabelledQuery]]]:
    # The steepest views, which tell most, come last in a town.
    for path in reversed(dict.fromkeys(query.photo for query in queries)):
        yield path, [query for query in queries if query.photo == path]


def _of_photo(photo: Photo, queries: Sequence[LabelledQuery], ground: SearchGround, mosaic: Mosaic) -> list[Told]:
    assert ground.planes is not None, "a mosaic has pixels"
    plane = ground.planes.search(photo)
    plane.on_all()
    fit = plane.fit
    if fit is None:
        return []
    moved = fit.moved(ground.planes.keypoints.corner)
    told = []
    for query in queries:
        answers = ground.refiner.carry(photo, 0, query.target, fit)[:1]
        for best in outlined(answers, photo, [query.target], mosaic=mosaic, plan=ground.plan, fit=moved):
            outcome = Outcome(query, best, 0.0)
            angle, beyond = _seen(fit, photo, np.array([query.click.x, query.click.y]))
            size, error = query.longest_side_m, error_m(outcome)
            told.append(Told(angle, beyond, size, best.accuracy_m, error, best.score, is_hit(outcome)))
    return told


def _seen(fit: HomographyFit, photo: Photo, click: np.ndarray) -> tuple[float, float]:
    """The angle at which a click is seen, and how many hulls beyond the inliers it lies."""
    angle = view_line(fit.matrix, click, photo.size, focal_px(photo)).angle_deg
    return angle, fit.beyond(fit.map_points(click[None])[0]) / fit.hull_side
