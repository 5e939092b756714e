"""A second and a close look at places that were found: through crops, and on pixels, nearer to the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from affine import Affine

from geoloc.photo.crops import CLOSER, closer_crops, crops_in_view
from geoloc.plane.gaussian import Gaussian
from geoloc.search.candidate import Answer
from geoloc.search.known_view import KnownView
from geoloc.search.look import Looker
from tiling.box import PixelBox
from tiling.grid import Grid, project

IN_REACH = 2.5
"""By how much more evidence than a glance all crops may speak for a place; seldom by more."""
OFF_PX = 11.0
"""How far an answer may be off, standard deviation along each axis, pixels of the close look."""
CELL_PX = 4.0
"""The network's own rounding of a place, standard deviation along each axis: half a cell."""


def second_looks(looker: Looker, found: Sequence[Answer]) -> list[Answer]:
    """Look again at the places that the first pass found for one target.

    A glance at each tells which of them may be the best: all crops are for those that are within `IN_REACH` of what is
    best by then.

    Returns:
        The answers as `second_look` returns them, without those that did not stand up to it.

    Raises:
        GeolocError: the mosaic cannot be read.
    """
    glances = [(again, first) for first in found if (again := second_look(looker, first, glance=True)) is not None]
    glances.sort(key=lambda pair: -pair[0].evidence)
    thorough: list[Answer] = []
    for count, (glance, first) in enumerate(glances):
        if thorough and max(one.evidence for one in thorough) > glance.evidence + IN_REACH:
            return [*thorough, *(again for again, _ in glances[count:])]
        if (again := second_look(looker, first)) is not None:
            thorough.append(again)
    return thorough


def second_look(looker: Looker, first: Answer, *, glance: bool = False) -> Answer | None:
    """Look again at a place of the first pass, through its crop turned and sized a little otherwise.

    The best of many places may have been best by chance; one that stands up to crops nearer to the truth hardly is.

    Args:
        looker: of the photograph.
        first: the place.
        glance: look through a third of the crops only.

    Returns:
        The answer with its box, spread and score anew; its evidence is that of both looks and of its plane. None where
        the network has nothing to say of the place, or means one outside the plan's area.

    Raises:
        GeolocError: the mosaic cannot be read.
    """
    found = first.candidate
    window, place = looker.nearest_window(*(found.grid.affine * found.box.centre))
    candidate = looker.look_again(found, window, place, glance=glance)
    if candidate is None:
        return None
    again = looker.answer(candidate)
    if not looker.reference.plan.area.contains(again.detection.centre_lonlat):
        return None
    evidence = first.evidence + candidate.log_mass + (0.0 if candidate.plane is None else candidate.plane.evidence)
    return again.scored(looker.score(found.target, evidence), evidence)


def known_look(looker: Looker, target: int, view: KnownView) -> Answer | None:
    """Look for a target where something else tells its place and how the photo sees it.

    Not of panoramas.

    Args:
        looker: of the photograph.
        target: its number.
        view: what is known.

    Returns:
        The answer, not scored; None where none can be.

    Raises:
        GeolocError: the mosaic cannot be read.
    """
    window, at = looker.nearest_window(*(view.grid.affine * tuple(view.place.mean)))
    height, _ = looker.model.query_shape
    crops = crops_in_view(
        looker.photo,
        looker.targets[target],
        height,
        heading_deg=view.heading_deg,
        px_per_m=view.px_per_m,
        to_photo=view.to_photo,
    )
    place = Gaussian(np.array(at), view.place.covariance + CELL_PX**2 * np.eye(2))
    candidate = looker.look(target, crops, window, place)
    return None if candidate is None else looker.answer(candidate)


def close_look(looker: Looker, answer: Answer, *, known: bool = False) -> Answer:
    """Look closely at an answer: on a mosaic twice as fine, round the answer itself, through crops half as wide.

    A search is coarse so that it can be wide: a cell of 8 px is 1.6 m of ground at 0.2 m, as much as a bench is long.

    Args:
        looker: of the photograph.
        answer: what to look at.
        known: heading and scale of the answer's crop are known otherwise than by attention.

    Returns:
        The answer with its place, spread, error and candidate anew, and a size between the old and the new; as it was
        where a close look tells nothing inside the plan's area, for panoramas, of which no closer crop can be shown,
        and where no pixels are at hand.

    Raises:
        GeolocError: the mosaic cannot be read.
    """
    photo, detection = looker.photo, answer.detection
    if photo.panorama:
        return answer
    plan, side = looker.reference.plan, looker.model.window_px
    plan_grid = plan.windows[0].grid
    step = CLOSER * plan_grid.affine.a
    west, south, east, north = project(detection.polygon, detection.crs, plan_grid.crs).bounds
    corner = (west + east - step * side) / 2, (south + north + step * side) / 2
    grid = Grid(plan_grid.crs, Affine(step, 0, corner[0], 0, -step, corner[1]), side, side)
    window = looker.close_window(grid, detection.window)
    if window is None:
        return answer
    crops = closer_crops(photo, looker.targets[detection.target], answer.candidate.crop, known=known)
    candidate = looker.look(detection.target, crops, window, Gaussian(np.full(2, side / 2), OFF_PX**2 * np.eye(2)))
    if candidate is None:
        return answer
    # Of the two sizes the geometric mean.
    width = math.sqrt(candidate.box.width * (east - west) / step)
    height = math.sqrt(candidate.box.height * (north - south) / step)
    sized = replace(candidate, box=PixelBox.about(*candidate.box.centre, width, height))
    close = looker.answer(sized).detection
    if not plan.area.contains(close.centre_lonlat):
        return answer
    placed = replace(
        detection,
        polygon=close.polygon,
        gsd_m=close.gsd_m,
        accuracy_m=close.accuracy_m,
        accuracy_parts=close.accuracy_parts,
        spread_m=close.spread_m,
    )
    return Answer(sized, placed)
