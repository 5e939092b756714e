"""Answers get outlines: their boxes give way to what the mosaic's pixels, and the photograph over them, show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon

from geoloc.geometry.homography_fit import HomographyFit
from geoloc.geometry.refine import METHOD
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.plane.homography import map_points, translation
from geoloc.results.detection import Detection, iou
from tiling.grid import project
from tiling.mosaic import Mosaic
from tiling.plan import Plan

if TYPE_CHECKING:
    from geoloc.outline.mask_model import MaskModel

TIMES = 8.0
"""By how much longer an object may be than the search supposed."""
LONGEST_M = 300.0
"""No object is longer."""
FILLED = 0.5
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

    An answer stays a box where nothing in the pixels can be told from what surrounds it, and what was drawn as a
    polygon stays that.

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
        self._units = grid.affine.a / grid.ground_gsd()
        self._outliner = Outliner(mosaic.read, _mask_model(), mosaic.gsd_m * self._units)

    def drawn(self, answer: Detection) -> Detection:
        from geoloc.outline.chip import Known

        target = self._targets[answer.target]
        if target.polygon is not None and answer.outline == "drawn":
            return answer
        box = project(answer.polygon, answer.crs, self._crs)
        west, south, east, north = box.bounds
        side = max(east - west, north - south)
        to_map = self._to_map(target) if answer.method == METHOD else None
        drawn = None if to_map is None or target.box is None else self._carried(target, to_map, box)
        known = Known(self._crs, (box.centroid.x, box.centroid.y), side, self._photo, to_map, drawn)
        found = self._outliner.outline(known, min(TIMES * side, LONGEST_M * self._units))
        if found is None or (drawn is not None and to_map is not None and not _fills(found.polygon, target, to_map)):
            return answer
        polygon, *others = (
            self._mosaic.in_turn(project(shape, self._crs, answer.crs))
            for shape in (found.polygon, *found.alternatives)
        )
        outline = replace(
            answer,
            polygon=polygon,
            outline="segment",
            outline_score=found.confidence,
            alternatives=tuple(others),
        )
        pixel = self._mosaic.gsd_m * self._units
        inside = self._plan.area.contains(outline.centre_lonlat)
        # What the place is not on is another thing.
        on_it = found.polygon.distance(box.centroid) <= pixel
        return outline if inside and on_it and found.polygon.area >= pixel**2 else answer

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

    def _carried(self, target: Target, to_map: NDArray[np.float64], box: Polygon) -> Polygon | None:
        """What was drawn as a box, as it lies on the map, moved to where the object was found."""
        assert target.box is not None
        corners = map_points(to_map, np.array(target.box.corners(), float))
        if not np.isfinite(corners).all():
            return None
        centre = np.array([box.centroid.x, box.centroid.y])
        return Polygon(corners + centre - np.array(Polygon(corners).centroid.coords[0]))


def _fills(shape: Polygon, target: Target, to_map: NDArray[np.float64]) -> bool:
    """Whether an outline fills the box that was drawn in the photo; where it lies does not count, it may stand up."""
    assert target.box is not None
    seen = map_points(np.linalg.inv(to_map), np.array(shape.exterior.coords))
    if not np.isfinite(seen).all():
        return False
    width, height = np.ptp(seen, axis=0)
    own = Polygon([(0, 0), (width, 0), (width, height), (0, height)])
    w, h = target.box.width, target.box.height
    return iou(own, Polygon([(0, 0), (w, 0), (w, h), (0, h)])) >= FILLED


@cache
def _mask_model() -> MaskModel:
    from geoloc.model.outline_weights import load_outline_net
    from geoloc.outline.mask_model import MaskModel

    return MaskModel(load_outline_net())
