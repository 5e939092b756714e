"""Answers carried over exactly where photo and mosaic share texture; attention's stand alone where not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from shapely import STRtree
from shapely.geometry import MultiPoint, box

from geoloc.geometry.guided_look import GuidedLook, KnownView
from geoloc.geometry.homography_fit import HomographyFit, fit_homography
from geoloc.geometry.matcher import LocalFeatures, Matcher, RootSift
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import views
from geoloc.photo.target import Target
from geoloc.plane.gaussian import BY_CHANCE, Gaussian
from geoloc.results.detection import Detection
from geoloc.results.detection import place as placed
from tiling.box import PixelBox
from tiling.grid import Grid, project
from tiling.mosaic import Mosaic
from tiling.plan import Plan

METHOD = "attention+geometry"
AT_ONCE_PX, WHOLE_PX = 6e6, 32e6
"""Up to the first area, in pixels of the plan's GSD, all that is searched is matched; beyond it what lies round
answers, and only where that does not fit_homography all, up to the second.
"""
ROUND_M = 90.0
"""Half the side of what is matched round an answer."""
CHUNK_PX, NEAR_CHUNK_PX = 2048, 640
"""Sides of the squares that features are found in: of all that is searched, and of what lies round answers."""
_MARGIN_PX = 48
PHOTO_FEATURES = 20000
DENSITY = 0.06
"""Features a reference pixel at the most."""
BEYOND_DOUBT = 80
"""Inliers with which no other view of a photo is tried. A view drawn at a wrong tilt may fit_homography too, with fewer of them
and all in one part of the photo, and carries what is elsewhere metres astray."""
VERIFIED = 0.97
"""Share of verified places that were right, measured on ground that is not for validation; see docs/geometry.md."""
HEIGHT_M = 2.0
"""How far what is clicked and what is matched round it stand off the plane, root mean square."""
LEAST_LEAN = 0.2
"""No photo looks straight down everywhere, and the ground slopes."""
CLICK_OFF = 0.1
"""How far from the middle of a thing people click, as a share of its side."""


class Refiner:
    """Matches photographs with what a plan searches; features of the mosaic are kept from photo to photo."""

    def __init__(
        self, mosaic: Mosaic, plan: Plan, guide: GuidedLook | None = None, matcher: Matcher | None = None
    ) -> None:
        """guide: looks with attention where a place is verified; without one the search's answers are all there is."""
        self._mosaic, self._plan, self._guide = mosaic, plan, guide
        self._matcher = RootSift() if matcher is None else matcher
        self._kept: dict[tuple[int, int], LocalFeatures] = {}
        first = plan.windows[0].grid
        self._step = first.affine.a
        bounds = np.array([_bounds(window.grid) for window in plan.windows])
        self._west, self._north = float(bounds[:, 0].min()), float(bounds[:, 3].max())
        self._crs = first.crs
        self._columns = math.ceil((bounds[:, 2].max() - self._west) / self._step)
        self._rows = math.ceil((self._north - bounds[:, 1].min()) / self._step)
        self._windows = STRtree([box(*b) for b in bounds])
        self._area_px = self._columns * self._rows
        self._chunk_px = CHUNK_PX if self._area_px <= AT_ONCE_PX else NEAR_CHUNK_PX

    def refine(self, photo: Photo, targets: Sequence[Target], answers: Sequence[Detection]) -> list[Detection]:
        """The answers with those places first that geometry verifies.

        answers: of `search.locate` for these targets. A verified place takes rank 1, has the `METHOD`, a score of at
        least `VERIFIED` and the accuracy of the match; the answer of attention that it confirms is replaced by it, the
        others follow. Targets that nothing is verified for keep their answers.
        """
        if not answers:
            return []
        sides = _Sides(photo, self._matcher)
        tried = (self._verify(sides, self._features_of(chunks)) for chunks in self._grounds(answers))
        found = next((agreed for agreed in tried if agreed is not None), None)
        if found is None:
            return list(answers)
        out: list[Detection] = []
        for number, target in enumerate(targets):
            mine = [answer for answer in answers if answer.target == number]
            out += self._carried(photo, number, target, found, mine) or mine
        return out

    def _verify(self, sides: _Sides, reference: LocalFeatures) -> HomographyFit | None:
        """The plane that the most matches of any view fit_homography on; the first that is beyond doubt ends the search."""
        best: HomographyFit | None = None
        if not len(reference):
            return None
        for features in sides:
            pairs = self._matcher.match(features, reference)
            found = fit_homography(features.points[pairs[:, 0]], reference.points[pairs[:, 1]])
            if found is not None and (best is None or found.inliers > best.inliers):
                best = found
            if best is not None and best.inliers >= BEYOND_DOUBT:
                break
        return best

    def _grounds(self, answers: Sequence[Detection]) -> Iterator[set[tuple[int, int]]]:
        """Chunks to match, in turn until one ground agrees."""
        wide, high = math.ceil(self._columns / self._chunk_px), math.ceil(self._rows / self._chunk_px)
        whole = {(i, j) for i in range(wide) for j in range(high)}
        if self._area_px > AT_ONCE_PX:
            # Mostly the best answer is the right one, and the others need not be read.
            for some in ([answer for answer in answers if answer.rank == 1], answers):
                yield {chunk for answer in some for chunk in self._round(answer)} & whole
        if self._area_px <= WHOLE_PX:
            yield whole

    def _features_of(self, chunks: set[tuple[int, int]]) -> LocalFeatures:
        """Points in pixels of the plan's own grid."""
        return LocalFeatures.joined([part for chunk in sorted(chunks) if len(part := self._chunk(chunk))])

    def _round(self, answer: Detection) -> set[tuple[int, int]]:
        centre = project(answer.polygon.centroid, answer.crs, self._crs)
        x, y = self._pixel(centre.x, centre.y)
        reach = ROUND_M / self._grid().ground_gsd(float(x), float(y)) * self._step
        low = self._pixel(centre.x - reach, centre.y + reach) / self._chunk_px
        high = self._pixel(centre.x + reach, centre.y - reach) / self._chunk_px
        return {(i, j) for i in range(int(low[0]), int(high[0]) + 1) for j in range(int(low[1]), int(high[1]) + 1)}

    def _chunk(self, chunk: tuple[int, int]) -> LocalFeatures:
        if chunk not in self._kept:
            self._kept[chunk] = self._features(*chunk)
        return self._kept[chunk]

    def _features(self, i: int, j: int) -> LocalFeatures:
        x0, y0 = i * self._chunk_px - _MARGIN_PX, j * self._chunk_px - _MARGIN_PX
        side = self._chunk_px + 2 * _MARGIN_PX
        affine = Affine(self._step, 0, self._west + x0 * self._step, 0, -self._step, self._north - y0 * self._step)
        grid = Grid(self._crs, affine, side, side)
        nothing = LocalFeatures(np.zeros((0, 2)), np.zeros((0, 0), np.float32))
        if not len(self._windows.query(box(*_bounds(grid)))):
            return nothing
        pixels = self._mosaic.read(grid)
        if not pixels.valid.any():
            return nothing
        most = int(DENSITY * pixels.valid.sum()) + 200
        found = self._matcher.features(pixels.rgb, pixels.valid, most)
        # What lies in the margin is another chunk's.
        inner = np.asarray(((found.points >= _MARGIN_PX) & (found.points < _MARGIN_PX + self._chunk_px)).all(1))
        return found.part(inner).moved(np.array([[1, 0, x0], [0, 1, y0], [0, 0, 1.0]]))

    def _carried(
        self, photo: Photo, number: int, target: Target, found: HomographyFit, mine: Sequence[Detection]
    ) -> list[Detection]:
        """The target's answers, the verified place first; none where it comes to lie outside the plan's area."""
        click = np.array([[target.click.x, target.click.y]])
        (place,) = found.map_points(click)
        inside = bool(((place >= 0) & (place < [self._columns, self._rows])).all())
        if not mine or not inside:
            return []
        grid = self._grid()
        gsd = grid.ground_gsd(float(place[0]), float(place[1]))
        sight = found.sight(click[0])
        known = Gaussian(place, found.covariance(click[0]) + _standing(sight.lean) / gsd**2)
        seen = [_Seen.of(grid, answer) for answer in mine]
        agreeing = [answer for answer in seen if answer.agrees(known)]
        if self._guide is not None:
            view = KnownView(grid, known, sight.heading_deg, 1 / (sight.px * gsd))
            looked = self._guide.look(photo, target, view)
            agreeing = ([] if looked is None else [_Seen.of(grid, looked)]) + agreeing
        template = (agreeing or seen)[0]
        carried = None if target.box is None else self._box(target.box, found)
        size = template.size if carried is None else np.array([carried.width, carried.height])
        if carried is None:
            # A click is a place on a thing, and its box has its middle elsewhere.
            known = known.blurred(np.diag((CLICK_OFF * size) ** 2))
        if agreeing:
            known = known.joined(template.centre)
        middle = known.mean if carried is None else np.array(carried.centre) + known.mean - place
        outline = PixelBox.about(*map(float, (*middle, *size)))
        polygon = self._mosaic.in_turn(project(grid.box_polygon(outline), grid.crs, self._mosaic.crs))
        parts = {"match": known.error * gsd, "mosaic pixel": self._mosaic.gsd_m / math.sqrt(12)}
        exact = replace(
            template.answer,
            rank=1,
            score=max(VERIFIED * known.within(size), *(other.answer.score for other in agreeing), 0.0),
            polygon=polygon,
            gsd_m=gsd,
            accuracy_m=math.hypot(*parts.values()),
            accuracy_parts=parts,
            method=METHOD,
            target=number,
        )
        if not self._plan.area.contains(placed(exact)):
            return []
        return _ranked(exact, known, seen, len(mine))

    def _box(self, known: PixelBox, found: HomographyFit) -> PixelBox | None:
        corners = found.map_points(np.array(known.corners(), float))
        if np.isnan(corners).any():
            return None
        low, high = corners.min(0), corners.max(0)
        return PixelBox(float(low[0]), float(low[1]), float(high[0]), float(high[1]))

    def _grid(self) -> Grid:
        affine = Affine(self._step, 0, self._west, 0, -self._step, self._north)
        return Grid(self._crs, affine, self._columns, self._rows)

    def _pixel(self, x: float, y: float) -> NDArray[np.float64]:
        return np.array([(x - self._west) / self._step, (self._north - y) / self._step])


class _Sides:
    """Features of each view of a photo, their points in the photo; found when they are first asked for."""

    def __init__(self, photo: Photo, matcher: Matcher) -> None:
        self._views, self._matcher = views(photo), matcher
        self._known: list[LocalFeatures] = []

    def __iter__(self) -> Iterator[LocalFeatures]:
        yield from self._known
        for view in self._views:
            found = self._matcher.features(view.image, view.valid, PHOTO_FEATURES)
            self._known.append(found.moved(view.to_photo))
            yield self._known[-1]


def _bounds(grid: Grid) -> tuple[float, float, float, float]:
    a = grid.affine
    return a.c, a.f + a.e * grid.height, a.c + a.a * grid.width, a.f


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """An answer of attention in pixels of the plan's own grid. centre: where the object's is; size: width, height."""

    answer: Detection
    centre: Gaussian
    size: NDArray[np.float64]

    @classmethod
    def of(cls, grid: Grid, answer: Detection) -> _Seen:
        shape = project(answer.polygon, answer.crs, grid.crs)
        inverse = ~grid.affine
        west, south, east, north = MultiPoint([inverse * point for point in shape.exterior.coords]).bounds
        middle = np.array([(west + east) / 2, (south + north) / 2])
        error = answer.accuracy_m / grid.ground_gsd(float(middle[0]), float(middle[1]))
        return cls(answer, Gaussian(middle, error**2 / 2 * np.eye(2)), np.array([east - west, north - south]))

    def agrees(self, place: Gaussian) -> bool:
        """Whether the place may be on this object."""
        on_it = bool((np.abs(place.mean - self.centre.mean) <= self.size / 2).all())
        return on_it or self.centre.apart(place) <= BY_CHANCE


def _standing(lean: NDArray[np.float64]) -> NDArray[np.float64]:
    """What heights make uncertain, 2 x 2, square metres. lean: of `Agreement.lean`."""
    return np.asarray(HEIGHT_M**2 * (np.outer(lean, lean) + LEAST_LEAN**2 * np.eye(2)))


def _ranked(exact: Detection, known: Gaussian, seen: Sequence[_Seen], most: int) -> list[Detection]:
    """The exact answer first, then those that mean another place, at most `most`."""
    others = [
        other.answer if other.agrees(known) else replace(other.answer, score=min(other.answer.score, 1 - VERIFIED))
        for other in seen
        if not other.answer.polygon.covers(exact.polygon.centroid)
    ]
    others.sort(key=lambda answer: -answer.score)
    ranked = [exact, *others][:most]
    return [replace(answer, rank=rank) for rank, answer in enumerate(ranked, start=1)]
