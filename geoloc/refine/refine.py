"""Answers carried over exactly where photo and mosaic share texture; attention's stand alone where not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from shapely import STRtree
from shapely.geometry import MultiPoint, Polygon, box

from geoloc.detection import Detection
from geoloc.photo import Photo
from geoloc.query import Target
from geoloc.refine.matcher import Features, Matcher, RootSift
from geoloc.refine.rectify import Rectified, views
from geoloc.refine.verify import Agreement, agree
from tiling.box import PixelBox
from tiling.grid import Grid, project
from tiling.mosaic import Mosaic
from tiling.plan import Plan

METHOD = "attention+geometry"
WHOLE_PX = 32e6
"""Up to this area, in pixels of the plan's GSD, all that is searched is matched; beyond it what lies round answers."""
ROUND_M = 90.0
"""Half the side of what is matched round an answer."""
CHUNK_PX = 2048
_MARGIN_PX = 48
PHOTO_FEATURES = 8000
DENSITY = 0.06
"""Features a reference pixel at the most."""
BEYOND_DOUBT = 80
"""Inliers with which no other view of a photo is tried. A view drawn at a wrong tilt may agree too, with fewer of them
and all in one part of the photo, and carries what is elsewhere metres astray."""
VERIFIED = 0.97
"""Share of verified places that were right, measured on ground that is not for validation; see docs/geometry.md."""


class Refiner:
    """Matches photographs with what a plan searches; features of the mosaic are kept from photo to photo."""

    def __init__(self, mosaic: Mosaic, plan: Plan, matcher: Matcher | None = None) -> None:
        self._mosaic, self._plan = mosaic, plan
        self._matcher = RootSift() if matcher is None else matcher
        self._kept: dict[tuple[int, int], Features] = {}
        first = plan.windows[0].grid
        self._step = first.affine.a
        bounds = np.array([_bounds(window.grid) for window in plan.windows])
        self._west, self._north = float(bounds[:, 0].min()), float(bounds[:, 3].max())
        self._crs = first.crs
        self._columns = math.ceil((bounds[:, 2].max() - self._west) / self._step)
        self._rows = math.ceil((self._north - bounds[:, 1].min()) / self._step)
        self._windows = STRtree([box(*b) for b in bounds])

    def refine(self, photo: Photo, targets: Sequence[Target], answers: Sequence[Detection]) -> list[Detection]:
        """The answers with those places first that geometry verifies.

        answers: of `search.locate` for these targets. A verified place takes rank 1, has the `METHOD`, a score of at
        least `VERIFIED` and the accuracy of the match; the answer of attention that it confirms is replaced by it, the
        others follow. Targets that nothing is verified for keep their answers.
        """
        if not answers:
            return []
        reference = self._reference(answers)
        found = self._verify(photo, reference) if len(reference) else None
        if found is None:
            return list(answers)
        out: list[Detection] = []
        for number, target in enumerate(targets):
            mine = [answer for answer in answers if answer.target == number]
            exact = self._carried(photo, number, target, found, mine)
            out += mine if exact is None else _ranked(exact, mine)
        return out

    def _verify(self, photo: Photo, reference: Features) -> Agreement | None:
        """The plane that the most matches of any view agree on; the first that is beyond doubt ends the search."""
        best: Agreement | None = None
        for view in views(photo):
            features = self._of_photo(view)
            pairs = self._matcher.match(features, reference)
            found = agree(features.points[pairs[:, 0]], reference.points[pairs[:, 1]])
            if found is not None and (best is None or found.inliers > best.inliers):
                best = found
            if best is not None and best.inliers >= BEYOND_DOUBT:
                break
        return best

    def _of_photo(self, view: Rectified) -> Features:
        """Features of the view, their points in the photo."""
        return self._matcher.features(view.image, view.valid, PHOTO_FEATURES).moved(view.to_photo)

    def _reference(self, answers: Sequence[Detection]) -> Features:
        """Features of what is searched, or of what lies round the answers; points in pixels of the plan's own grid."""
        wide, high = math.ceil(self._columns / CHUNK_PX), math.ceil(self._rows / CHUNK_PX)
        chunks = {(i, j) for i in range(wide) for j in range(high)}
        if self._columns * self._rows > WHOLE_PX:
            chunks = {chunk for answer in answers for chunk in self._round(answer)} & chunks
        return Features.joined([part for chunk in sorted(chunks) if len(part := self._chunk(chunk))])

    def _round(self, answer: Detection) -> set[tuple[int, int]]:
        centre = project(answer.polygon.centroid, answer.crs, self._crs)
        x, y = self._pixel(centre.x, centre.y)
        reach = ROUND_M / self._grid().ground_gsd(float(x), float(y)) * self._step
        low = self._pixel(centre.x - reach, centre.y + reach) / CHUNK_PX
        high = self._pixel(centre.x + reach, centre.y - reach) / CHUNK_PX
        return {(i, j) for i in range(int(low[0]), int(high[0]) + 1) for j in range(int(low[1]), int(high[1]) + 1)}

    def _chunk(self, chunk: tuple[int, int]) -> Features:
        if chunk not in self._kept:
            self._kept[chunk] = self._features(*chunk)
        return self._kept[chunk]

    def _features(self, i: int, j: int) -> Features:
        x0, y0 = i * CHUNK_PX - _MARGIN_PX, j * CHUNK_PX - _MARGIN_PX
        side = CHUNK_PX + 2 * _MARGIN_PX
        affine = Affine(self._step, 0, self._west + x0 * self._step, 0, -self._step, self._north - y0 * self._step)
        grid = Grid(self._crs, affine, side, side)
        nothing = Features(np.zeros((0, 2)), np.zeros((0, 0), np.float32))
        if not len(self._windows.query(box(*_bounds(grid)))):
            return nothing
        pixels = self._mosaic.read(grid)
        if not pixels.valid.any():
            return nothing
        most = int(DENSITY * pixels.valid.sum()) + 200
        found = self._matcher.features(pixels.rgb, pixels.valid, most)
        # What lies in the margin is another chunk's.
        inner = np.asarray(((found.points >= _MARGIN_PX) & (found.points < _MARGIN_PX + CHUNK_PX)).all(1))
        return found.part(inner).moved(np.array([[1, 0, x0], [0, 1, y0], [0, 0, 1.0]]))

    def _carried(
        self, photo: Photo, number: int, target: Target, found: Agreement, mine: Sequence[Detection]
    ) -> Detection | None:
        """The target on the map; None where it comes to lie off what is searched."""
        click = np.array([[target.click.x, target.click.y]])
        (place,) = found.carry(click)
        if np.isnan(place).any() or not ((place >= 0) & (place < [self._columns, self._rows])).all():
            return None
        grid = self._grid()
        gsd = grid.ground_gsd(float(place[0]), float(place[1]))
        confirmed = _holding(grid, place, mine)
        template = confirmed or (mine[0] if mine else None)
        if template is None:
            return None
        if target.box is not None and (carried := self._box(target.box, found)) is not None:
            outline = carried
        else:
            outline = _box_at(place, _side(grid, template))
        polygon = self._mosaic.in_turn(project(grid.box_polygon(outline), grid.crs, self._mosaic.crs))
        parts = {"match": found.error_px(click[0]) * gsd, "mosaic pixel": self._mosaic.gsd_m / math.sqrt(12)}
        return replace(
            template,
            rank=1,
            score=max(VERIFIED, *(answer.score for answer in mine)),
            polygon=polygon,
            gsd_m=gsd,
            accuracy_m=math.hypot(*parts.values()),
            accuracy_parts=parts,
            method=METHOD,
            target=number,
        )

    def _box(self, known: PixelBox, found: Agreement) -> PixelBox | None:
        corners = found.carry(np.array(known.corners(), float))
        if np.isnan(corners).any():
            return None
        low, high = corners.min(0), corners.max(0)
        return PixelBox(float(low[0]), float(low[1]), float(high[0]), float(high[1]))

    def _grid(self) -> Grid:
        affine = Affine(self._step, 0, self._west, 0, -self._step, self._north)
        return Grid(self._crs, affine, self._columns, self._rows)

    def _pixel(self, x: float, y: float) -> NDArray[np.float64]:
        return np.array([(x - self._west) / self._step, (self._north - y) / self._step])


def _bounds(grid: Grid) -> tuple[float, float, float, float]:
    a = grid.affine
    return a.c, a.f + a.e * grid.height, a.c + a.a * grid.width, a.f


def _outline(grid: Grid, answer: Detection) -> Polygon:
    """The answer in pixels of the grid."""
    shape = project(answer.polygon, answer.crs, grid.crs)
    inverse = ~grid.affine
    return MultiPoint([inverse * point for point in shape.exterior.coords]).envelope


def _holding(grid: Grid, place: NDArray[np.float64], answers: Sequence[Detection]) -> Detection | None:
    """The best answer that the place lies in."""
    for answer in answers:
        west, south, east, north = _outline(grid, answer).bounds
        if west <= place[0] <= east and south <= place[1] <= north:
            return answer
    return None


def _side(grid: Grid, answer: Detection) -> NDArray[np.float64]:
    """Width and height, pixels of the grid."""
    west, south, east, north = _outline(grid, answer).bounds
    return np.array([east - west, north - south])


def _box_at(place: NDArray[np.float64], size: NDArray[np.float64]) -> PixelBox:
    low, high = place - size / 2, place + size / 2
    return PixelBox(float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def _ranked(exact: Detection, mine: Sequence[Detection]) -> list[Detection]:
    """The exact answer first, then those that mean another place; as many as there were."""
    others = [answer for answer in mine if not answer.polygon.covers(exact.polygon.centroid)]
    ranked = [exact, *others][: max(1, len(mine))]
    return [replace(answer, rank=rank) for rank, answer in enumerate(ranked, start=1)]
