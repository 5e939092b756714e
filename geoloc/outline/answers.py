"""Answers get outlines: their boxes give way to what the mosaic's pixels, and the photograph over them, show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon, box

from geoloc.geometry.homography_fit import HomographyFit
from geoloc.geometry.refine import METHOD
from geoloc.outline.straight import resized, turned_box
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.plane.homography import map_points, translation
from geoloc.results.detection import Detection, iou
from tiling.box import PixelBox
from tiling.grid import GEOD, project
from tiling.mosaic import Mosaic
from tiling.plan import Plan

if TYPE_CHECKING:
    from geoloc.outline.mask_model import MaskModel

TIMES = 8.0
"""By how much longer an object may be than the search supposed."""
LONGEST_M = 300.0
"""No object is longer."""
FILLED = 0.6
"""IoU with a box drawn in the photo that the outline's own box there has at least."""


def outlined(
    answers: Sequence[Detection],
    photo: Photo,
    targets: Sequence[Target],
    *,
    mosaic: Mosaic,
    plan: Plan,
    fit: HomographyFit | None,
) -> list[Detection]:
    """Draw the outlines of answers.

    An answer stays a box where nothing in the pixels can be told from what surrounds it for sure: one that lies as the
    pixels let suppose, where they do. What was drawn as a polygon stays that. No outline is smaller than a pixel of the
    mosaic, and no segment longer than the area that is searched is across.

    Args:
        answers: those of a search.
        photo: the photograph.
        targets: what was clicked or drawn in it.
        mosaic: what was searched.
        plan: its windows.
        fit: the photo's plane, to `plan.pixels`; None where it is not known.

    Raises:
        MosaicError: the mosaic cannot be read.
    """
    drawer = _Drawer(photo, targets, mosaic, plan, fit)
    return [drawer.drawn(answer) for answer in answers]


class _Drawer:
    """Draws the outlines of one photo's answers."""

    def __init__(
        self, photo: Photo, targets: Sequence[Target], mosaic: Mosaic, plan: Plan, fit: HomographyFit | None
    ) -> None:
        from geoloc.outline.outliner import Outliner

        grid = plan.windows[0].grid
        self._photo, self._targets, self._plan, self._fit = photo, targets, plan, fit
        self._mosaic, self._crs = mosaic, grid.crs
        units = grid.affine.a / grid.ground_gsd()
        self._pixel, self._longest = mosaic.gsd_m * units, min(LONGEST_M, _across_m(plan)) * units
        self._outliner = Outliner(mosaic.read, _mask_model(), self._pixel)

    def drawn(self, answer: Detection) -> Detection:
        """Return the answer with its outline, at least as large as a pixel of the mosaic."""
        target, supposed = self._targets[answer.target], project(answer.polygon, answer.crs, self._crs)
        if target.polygon is None or answer.outline != "drawn":
            answer = self._outlined(answer, target, supposed)
        shape = project(answer.polygon, answer.crs, self._crs)
        # A pixel of the photo may be less than one of the mosaic.
        if shape.area < self._pixel**2:
            answer = replace(answer, polygon=self._back(resized(shape, self._pixel**2), answer), alternatives=())
        return answer

    def _outlined(self, answer: Detection, target: Target, supposed: Polygon) -> Detection:
        """The answer with the outline that the pixels show, or with a box turned as they let suppose.

        supposed: its box, or what was drawn as one, in the CRS of the windows.
        """
        from geoloc.outline.chip import Known

        west, south, east, north = supposed.bounds
        side = max(east - west, north - south)
        to_map = self._to_map(target) if answer.method == METHOD else None
        drawn = None if to_map is None or target.box is None else self._carried(target.box, to_map, supposed)
        known = Known(self._crs, supposed.centroid.coords[0], side, self._photo, to_map, drawn)
        found = self._outliner.outline(known, min(TIMES * side, self._longest))
        if found is None:
            return answer
        others = tuple(self._back(shape, answer) for shape in found.alternatives)
        segment = replace(answer, polygon=self._back(found.polygon, answer), outline="segment", alternatives=others)
        there = self._is_there(segment, supposed) and found.polygon.area >= self._pixel**2
        if there and found.sure and _fills(found.polygon, target, to_map):
            return replace(segment, outline_score=found.confidence)
        # What was drawn says itself how it lies.
        turned = None if answer.outline == "drawn" else turned_box(found.polygon, supposed)
        box = answer if turned is None else replace(answer, polygon=self._back(turned, answer))
        if not self._is_there(box, supposed):
            box = answer
        # What was not sure enough to be the answer is what else it may be.
        return replace(box, alternatives=tuple(sorted((*others, box.polygon), key=_area))) if there else box

    def _is_there(self, answer: Detection, supposed: Polygon) -> bool:
        """Whether an answer is on the place, and on the area that was searched; else it is another thing."""
        off = project(answer.polygon, answer.crs, self._crs).distance(supposed.centroid)
        return bool(off <= self._pixel) and self._plan.area.contains(answer.centre_lonlat)

    def _back(self, shape: Polygon, answer: Detection) -> Polygon:
        """A shape in the CRS of the answers."""
        return self._mosaic.in_turn(project(shape, self._crs, answer.crs))

    def _to_map(self, target: Target) -> NDArray[np.float64] | None:
        """The photo's pixels to the map, right at the target."""
        if self._fit is None:
            return None
        click = np.array([[target.click.x, target.click.y]])
        straight = self._fit.matrix @ [*click[0], 1.0]
        (right,) = self._fit.map_points(click)
        if not np.isfinite(right).all():
            return None
        off = right - straight[:2] / straight[2]
        world = np.array(self._plan.pixels(0, 0, 0, 0).affine).reshape(3, 3)
        return np.asarray(world @ translation(*off) @ self._fit.matrix)

    def _carried(self, drawn: PixelBox, to_map: NDArray[np.float64], supposed: Polygon) -> Polygon | None:
        """What was drawn as a box, as it lies on the map, moved to where the object was found."""
        corners = map_points(to_map, np.array(drawn.corners(), float))
        if not np.isfinite(corners).all():
            return None
        centre = np.array(supposed.centroid.coords[0])
        return Polygon(corners + centre - np.array(Polygon(corners).centroid.coords[0]))


def _fills(shape: Polygon, target: Target, to_map: NDArray[np.float64] | None) -> bool:
    """Whether an outline fills the box that was drawn in the photo, where one was and the photo's plane is known."""
    if target.box is None or to_map is None:
        return True
    return filled_share(shape, target.box, to_map) >= FILLED


def filled_share(shape: Polygon, drawn: PixelBox, to_map: NDArray[np.float64]) -> float:
    """Return the IoU of an outline's own box in the photo with the drawn one, laid upon each other: it may stand up.

    Args:
        shape: the outline, on the map.
        drawn: the box, pixels of the photo.
        to_map: 3 x 3, photo pixels to the map.
    """
    seen = map_points(np.linalg.inv(to_map), np.array(shape.exterior.coords))
    if not np.isfinite(seen).all():
        return 0.0
    return iou(box(0, 0, *np.ptp(seen, axis=0)), box(0, 0, drawn.width, drawn.height))


def _area(shape: Polygon) -> float:
    return float(shape.area)


def _across_m(plan: Plan) -> float:
    """How far it is across the area that is searched, from corner to corner, metres on the ground."""
    west, south, east, north = plan.area.bounds
    return float(GEOD.inv(west, south, east, north)[2])


@cache
def _mask_model() -> MaskModel:
    from geoloc.model.outline_weights import load_outline_net
    from geoloc.outline.mask_model import MaskModel

    return MaskModel(load_outline_net())
