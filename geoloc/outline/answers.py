"""Answers get outlines: their boxes give way to what the mosaic's pixels, and the photograph over them, show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon, box

from geoloc.geometry.homography_fit import HomographyFit
from geoloc.geometry.refine import MATCH, METHOD
from geoloc.outline.straight import resized, turned_box
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.plane.gaussian import HOLDING
from geoloc.plane.homography import map_points, translation
from geoloc.plane.lean import lean_of
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
OBLIQUE = 0.7
"""Sine of the angle from straight down from which what a box was drawn round is mostly its side, so that the mask head
is not told of it: it knows boxes of what lies flat (docs/outlines.md)."""
AT_BORDER = "the outline reaches the mosaic's border: the object may go on beyond it"
HEIGHTS_M = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 14.0)
"""How far what was drawn may stand up."""
_HIGHEST_SINE2 = 0.94
"""Square of the sine that no ray's is taken to pass: at the horizon things would come to lie any distance off."""


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
        self._metre = grid.affine.a / grid.ground_gsd()
        self._pixel, self._longest = mosaic.gsd_m * self._metre, min(LONGEST_M, _across_m(plan)) * self._metre
        self._outliner = Outliner(mosaic.read, _mask_model(), self._pixel)

    def drawn(self, answer: Detection) -> Detection:
        """Return the answer with its outline, at least as large as a pixel of the mosaic."""
        target, supposed = self._targets[answer.target], project(answer.polygon, answer.crs, self._crs)
        if target.polygon is None or answer.outline != "drawn":
            answer = _told_of_its_middle(self._outlined(answer, target, supposed))
        shape = project(answer.polygon, answer.crs, self._crs)
        # A pixel of the photo may be less than one of the mosaic.
        if shape.area < self._pixel**2:
            answer = replace(answer, polygon=self._back(resized(shape, self._pixel**2), answer), alternatives=())
        if self._at_border(answer):
            answer = replace(answer, note="; ".join(filter(None, (answer.note, AT_BORDER))))
        return answer

    def _at_border(self, answer: Detection) -> bool:
        """Whether an outline reaches the mosaic's border to a pixel, where segments end, or lies beyond."""
        on_map = project(answer.polygon, answer.crs, self._crs)
        pixel = self._pixel * math.sqrt(answer.polygon.area / on_map.area)
        west, south, east, north = project(answer.polygon, answer.crs, self._mosaic.crs).bounds
        xmin, ymin, xmax, ymax = self._mosaic.bounds
        return west < xmin + pixel or south < ymin + pixel or east > xmax - pixel or north > ymax - pixel

    def _outlined(self, answer: Detection, target: Target, supposed: Polygon) -> Detection:
        """The answer with the outline that the pixels show, or with a box turned as they let suppose.

        supposed: its box, or what was drawn as one, in the CRS of the windows.
        """
        from geoloc.outline.chip import Known

        west, south, east, north = supposed.bounds
        side = max(east - west, north - south)
        to_map = self._to_map(target) if answer.method == METHOD else None
        drawn = None
        if to_map is not None and target.box is not None and np.hypot(*_away(target.box, to_map)) < OBLIQUE:
            drawn = self._carried(target.box, to_map, supposed)
        known = Known(self._crs, supposed.centroid.coords[0], side, self._photo, to_map, drawn)
        found = self._outliner.outline(known, min(TIMES * side, self._longest))
        if found is None:
            return answer
        others = tuple(self._back(shape, answer) for shape in found.alternatives)
        segment = replace(answer, polygon=self._back(found.polygon, answer), outline="segment", alternatives=others)
        there = self._is_there(segment, supposed) and found.polygon.area >= self._pixel**2
        if there and found.sure and self._fills(found.polygon, target, to_map):
            return replace(segment, outline_score=found.score)
        # What was drawn says itself how it lies.
        turned = None if answer.outline == "drawn" else turned_box(found.polygon, supposed)
        box = answer if turned is None else replace(answer, polygon=self._back(turned, answer))
        if not self._is_there(box, supposed):
            box = answer
        # What was not sure enough to be the answer is what else it may be.
        return replace(box, alternatives=tuple(sorted((*others, box.polygon), key=_area))) if there else box

    def _fills(self, shape: Polygon, target: Target, to_map: NDArray[np.float64] | None) -> bool:
        """Whether an outline fills the box drawn in the photo, where one was and the photo's plane is known."""
        if target.box is None or to_map is None:
            return True
        return filled_share(shape, target.box, to_map, self._metre) >= FILLED

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


def _told_of_its_middle(answer: Detection) -> Detection:
    """A verified answer with the error of the middle that its outline has: that need not be where its place was."""
    if answer.place is None:
        return answer
    middle = answer.centre_lonlat
    parts = {**answer.accuracy_parts, MATCH: answer.place.radius(middle.x, middle.y, HOLDING)}
    return replace(answer, accuracy_m=math.hypot(*parts.values()), accuracy_parts=parts)


def filled_share(shape: Polygon, drawn: PixelBox, to_map: NDArray[np.float64], metre: float) -> float:
    """Return the IoU of an outline's own box in the photo with the drawn one, laid upon each other: it may stand up.

    Of the `HEIGHTS_M` that counts by which it fills the drawn box best.

    Args:
        shape: the outline, on the map.
        drawn: the box, pixels of the photo.
        to_map: 3 x 3, photo pixels to the map.
        metre: of the ground, units of the map.
    """
    foot, to_photo = np.array(shape.exterior.coords), np.linalg.inv(to_map)
    away = _away(drawn, to_map)
    # By how much a point lies farther off on the ground for each metre that it stands above it.
    aside = metre * away / math.sqrt(1 - min(_HIGHEST_SINE2, float(away @ away)))
    shares = [0.0]
    for height in HEIGHTS_M:
        seen = map_points(to_photo, np.vstack([foot, foot + height * aside]))
        if not np.isfinite(seen).all():
            break
        shares.append(iou(box(0, 0, *np.ptp(seen, axis=0)), box(0, 0, drawn.width, drawn.height)))
    return max(shares)


def _away(drawn: PixelBox, to_map: NDArray[np.float64]) -> NDArray[np.float64]:
    """Away from the camera on the map where a box was drawn, as long as the sine of the angle from straight down.

    Nothing where its middle is at the horizon.
    """
    ((x, y),) = map_points(to_map, np.array([drawn.centre]))
    if not np.isfinite((x, y)).all():
        return np.zeros(2)
    return np.array(lean_of(np.asarray(np.linalg.inv(to_map), np.float64), (float(x), float(y))))


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
