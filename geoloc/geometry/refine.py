"""Answers carried over exactly where photo and mosaic share texture; attention's stand alone where not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from shapely.affinity import affine_transform, translate
from shapely.geometry import Point, Polygon

from geoloc.features.reference import Reference
from geoloc.geometry.drawn import carried_outline, cut_to
from geoloc.geometry.homography_fit import HomographyFit
from geoloc.geometry.plane_finder import PlaneFinder, PlaneSearch
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import focal_px
from geoloc.photo.target import Target
from geoloc.plane.gaussian import BOUND, CHI2_99, HOLDING, Gaussian, rounding_bound
from geoloc.plane.map_place import MapPlace
from geoloc.plane.mixture import Mixture
from geoloc.plane.view_line import HEIGHT_M, STANDS_M, ViewLine, height_covariance, view_line
from geoloc.results.detection import Detection
from geoloc.search.known_view import KnownView
from tiling.box import PixelBox
from tiling.grid import WGS84, Grid, project

if TYPE_CHECKING:
    from geoloc.geometry.guided_look import GuidedLook

METHOD = "attention+geometry"
MATCH = "match"
"""Part of a verified answer's accuracy: what matches and attention leave uncertain."""
VERIFIED = 0.97
"""Share of verified places that were right, measured on ground that is not for validation; see docs/geometry.md."""
RISE = 0.06
"""How far the ground away from what is matched rises or falls off the plane, as a share of the distance."""
SURE = (3.1, 0.37, 1.4)
"""Log odds that attention saw the object itself where it was told to look: at no evidence and one place, for each unit
of its evidence, and less for each unit of the logarithm of how many places there were; see docs/geometry.md."""
HALF_SHARED = 0.37
"""Twice the shift, along both axes and as a share of the sides, that leaves two like boxes an IoU of a half."""
CLICK_OFF = 0.1
"""How far from the middle of a thing people click, as a share of its side."""

BEYOND = "what was drawn reaches beyond what was searched and is cut to it"
"""Told with an answer of which that is true."""


class Refiner:
    """Carries clicks over by the plane of their photograph, and looks there with attention.

    Attributes:
        planes: finds the planes of photographs.
    """

    def __init__(self, reference: Reference, planes: PlaneFinder, guide: GuidedLook | None = None) -> None:
        """Take what is searched.

        Args:
            reference: the windows of the search, and the mosaic that they are of.
            planes: finds the planes of photographs on the same ground.
            guide: looks with attention where a place is verified; without one the search's answers are all there is.
        """
        self._reference, self.planes, self._guide = reference, planes, guide

    def places(self, answers: Sequence[Detection]) -> NDArray[np.float64]:
        """Return where answers are, N x 2 pixels of the plan's grid."""
        grid = self.planes.keypoints.grid
        centres = [project(answer.polygon.centroid, answer.crs, grid.crs) for answer in answers]
        return np.array([~grid.affine * (centre.x, centre.y) for centre in centres]).reshape(-1, 2)

    def refine(
        self, photo: Photo, targets: Sequence[Target], answers: Sequence[Detection], plane: PlaneSearch
    ) -> list[Detection]:
        """Return the answers with those places first that geometry verifies, on the ground round them or on all.

        Args:
            photo: the photograph, upright.
            targets: what was clicked in it.
            answers: those of `locate` for these targets.
            plane: the search for the photo's plane, on grounds that were likelier; its fit is taken where it has one.

        Returns:
            A verified place takes rank 1, has the `METHOD`, a score of `VERIFIED` times the probability that it is on
            the object, and an accuracy of its own; the answer of attention that it confirms is replaced by it, the
            others follow. Where nothing is verified targets keep their answers; but where the photo's plane puts a
            click beyond what is searched, answers that mean another place score little.

        Raises:
            GeolocError: the mosaic cannot be read.
        """
        if not plane.all_are_few:
            # Mostly the best answer is the right one, and the ground of the others need not be read.
            plane.near(self.places([answer for answer in answers if answer.rank == 1]), thorough=True)
            plane.near(self.places(answers), thorough=True)
        plane.on_all()
        if plane.fit is None:
            return list(answers)
        refined: list[Detection] = []
        for number, target in enumerate(targets):
            mine = [answer for answer in answers if answer.target == number]
            refined += self.carry(photo, number, target, plane.fit, mine) or self._judged(
                photo, target, plane.fit, mine
            )
        return refined

    def _judged(
        self, photo: Photo, target: Target, fit: HomographyFit, answers: Sequence[Detection]
    ) -> list[Detection]:
        """Return attention's answers to a click that is not carried over: those that mean another place score little.

        The photo may reach beyond the mosaic, where the object is and nothing can be found.
        """
        grid, click = self.planes.keypoints.grid, np.array([target.click.x, target.click.y])
        if not np.isfinite(fit.map_points(click[None])).all():
            return list(answers)
        place = place_by_plane(fit, click, grid.ground_gsd(), view_line(fit.matrix, click, photo.size, focal_px(photo)))
        return [_AnswerBox.of(grid, answer).judged(place) for answer in answers]

    def carry(
        self, photo: Photo, number: int, target: Target, fit: HomographyFit, answers: Sequence[Detection] = ()
    ) -> list[Detection]:
        """Carry a click over by the plane of its photograph.

        Args:
            photo: the photograph, upright.
            number: of the target.
            target: what was clicked.
            fit: the photo's plane, to pixels of the plan's grid.
            answers: those of attention to it, where it was asked already.

        Returns:
            The verified place, then those of the answers that mean another one; nothing where the place comes to lie
            outside the plan's area, or where attention sees no object there. What was drawn in the photo is carried
            over whole (`outline` "drawn") and moved to where attention sees the object's foot, if it stands up; its
            `outline_score` is the probability that the place is known well enough for an IoU of a half. A click, or
            what was drawn at the horizon, gets a box as large as attention saw.

        Raises:
            GeolocError: the mosaic cannot be read.
        """
        grid, reference = self.planes.keypoints.grid, self._reference
        click = np.array([target.click.x, target.click.y])
        (mapped,) = fit.map_points(click[None])
        inside = bool(((mapped >= 0) & (mapped < [grid.width, grid.height])).all())
        if not inside:
            return []
        gsd = grid.ground_gsd(float(mapped[0]), float(mapped[1]))
        sight = view_line(fit.matrix, click, photo.size, focal_px(photo))
        place = place_by_plane(fit, click, gsd, sight)
        # Things stand on the ground and not below it, so their place is nearer to the camera than the plane has it.
        nearer = -STANDS_M * sight.lean / gsd
        boxes = [_AnswerBox.of(grid, answer) for answer in answers]
        agreeing = [box for box in boxes if box.agrees(place)]
        # A search that found the same object without being told is a witness of its own.
        sure = max((box.answer.score for box in agreeing), default=0.0)
        if self._guide is not None:
            # The view is that of the plane alone: relief moves the place, not the view.
            view = KnownView.by_plane(fit.matrix, grid, photo, target.click)
            standing = Gaussian(mapped + nearer, place.covariance)
            guided = None if view is None else self._guide.look(photo, target, replace(view, place=standing))
            if guided is not None:
                seen = _AnswerBox.of(grid, guided)
                agreeing, sure = [seen, *agreeing], max(sure, seen.sureness(place))
        if not (agreeing or boxes):
            return []
        template = (agreeing or boxes)[0]
        drawn = carried_outline(fit, target)
        if drawn is None:
            size = template.size
            # A click is a place on a thing, and its box has its middle elsewhere.
            place = place.with_error(np.diag((CLICK_OFF * size) ** 2))
        else:
            low, high = np.reshape(drawn.bounds, (2, 2))
            size, place = high - low, Gaussian((low + high) / 2, place.covariance)
        begun, told = place.mean, Mixture(((1.0, place),))
        if agreeing:
            joined = place.product(template.centre)
            alone = Gaussian(begun + nearer, place.covariance)
            place, told = joined, Mixture(((sure, joined), (1 - sure, alone)))
        moved = None if drawn is None else translate(drawn, *(place.mean - begun))
        cut = None if moved is None else cut_to(moved, grid.width, grid.height)
        shape = Polygon(PixelBox.about(*map(float, (*place.mean, *size))).corners()) if cut is None else cut
        parts = {
            MATCH: told.radius(place.mean, HOLDING) * gsd,
            "mosaic pixel": rounding_bound(reference.gsd_m),
        }
        best = replace(
            template.answer,
            rank=1,
            score=VERIFIED * told.probability_within(place.mean, size),
            polygon=reference.in_turn(
                project(affine_transform(shape, grid.affine.to_shapely()), grid.crs, reference.crs)
            ),
            gsd_m=gsd,
            accuracy_m=math.hypot(*parts.values()),
            accuracy_parts=parts,
            method=METHOD,
            target=number,
            evidence=None,
            outline="box" if cut is None else "drawn",
            outline_score=0.0 if cut is None else VERIFIED * place.probability_within(HALF_SHARED * size),
            alternatives=(),
            note=BEYOND if cut is not None and cut is not moved else "",
            place=_on_map(told, place.mean, grid, gsd),
        )
        if not reference.plan.area.contains(best.centre_lonlat):
            return []
        return [best, *_others(best, place, boxes)[: max(0, len(answers) - 1)]]


@dataclass(frozen=True, slots=True, eq=False)
class _AnswerBox:
    """An answer of attention in pixels of the plan's grid.

    Attributes:
        answer: the answer.
        centre: where the object's is.
        size: width and height of the box.
    """

    answer: Detection
    centre: Gaussian
    size: NDArray[np.float64]

    @classmethod
    def of(cls, grid: Grid, answer: Detection) -> _AnswerBox:
        box = grid.polygon_box(project(answer.polygon, answer.crs, grid.crs))
        error = answer.accuracy_m / BOUND / grid.ground_gsd(*box.centre)
        centre = Gaussian(np.array(box.centre), error**2 / 2 * np.eye(2))
        return cls(answer, centre, np.array([box.width, box.height]))

    def sureness(self, place: Gaussian) -> float:
        """Return how probably the look that was told a place saw the object, not its like beside it.

        The more places of the object's size there are where it may be, the likelier is it that another one looks as
        well; evidence counts against that.
        """
        reach = CHI2_99 * math.pi * math.sqrt(float(np.linalg.det(place.covariance)))
        places = max(1.0, reach / float(np.prod(self.size)))
        start, gain, loss = SURE
        odds = start + gain * (self.answer.evidence or 0.0) - loss * math.log(places)
        return 1 / (1 + math.exp(-odds))

    def agrees(self, place: Gaussian) -> bool:
        """Whether the place may be on this object."""
        on_it = bool((np.abs(place.mean - self.centre.mean) <= self.size / 2).all())
        return on_it or self.centre.squared_distance(place) <= CHI2_99

    def judged(self, place: Gaussian) -> Detection:
        """Return the answer, with next to no score where it contradicts a place that is known by geometry."""
        agrees = self.agrees(place)
        return self.answer if agrees else replace(self.answer, score=min(self.answer.score, 1 - VERIFIED))


def place_by_plane(fit: HomographyFit, point: NDArray[np.float64], gsd_m: float, sight: ViewLine) -> Gaussian:
    """Tell where a photo point (x, y) lies by the photo's plane alone, reference pixels of `gsd_m` metres.

    sight: of the point.
    """
    (mapped,) = fit.map_points(point[None])
    height_m = math.hypot(HEIGHT_M, RISE * fit.beyond(mapped) * gsd_m)
    heights = height_covariance(sight.lean, height_m) / gsd_m**2
    return Gaussian(mapped, fit.covariance(point) + heights)


def _on_map(told: Mixture, about: NDArray[np.float64], grid: Grid, gsd_m: float) -> MapPlace:
    """What is told of a place in pixels of a grid that is north up, as metres on the ground about one of its points."""
    middle = project(Point(*(grid.affine * tuple(about))), grid.crs, WGS84)
    metres = np.diag([gsd_m, -gsd_m])
    parts = [
        (share, Gaussian(metres @ (one.mean - about), metres @ one.covariance @ metres)) for share, one in told.parts
    ]
    return MapPlace(middle.x, middle.y, VERIFIED, Mixture(tuple(parts)))


def _others(best: Detection, place: Gaussian, boxes: Sequence[_AnswerBox]) -> list[Detection]:
    """The answers that mean another place than the verified one, ranked from 2; what contradicts it scores little."""
    others = [box.judged(place) for box in boxes if not box.answer.polygon.covers(best.polygon.centroid)]
    others.sort(key=lambda answer: -answer.score)
    return [replace(answer, rank=rank) for rank, answer in enumerate(others, start=2)]
