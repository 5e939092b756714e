"""A close look at an answer: on a mosaic twice as fine, round the answer itself, through crops half as wide.

A search is coarse so that it can be wide: a cell of 8 px is 1.6 m of ground at 0.2 m, as much as a bench is long.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from affine import Affine

from geoloc.candidate import Answers, Candidate
from geoloc.detection import Detection, place
from geoloc.gauss import Gauss
from geoloc.model.localizer import Localizer
from geoloc.photo import Photo
from geoloc.query import CLOSER, Query, Target, nearer
from geoloc.reference import Reference
from geoloc.text import path_text
from tiling.box import PixelBox
from tiling.grid import Grid, project

OFF_PX = 11.0
"""How far the answer may be off, standard deviation along each axis, pixels of the close look."""


class CloseLook:
    """Draws answers more exactly."""

    def __init__(self, reference: Reference, model: Localizer) -> None:
        self._reference, self._model = reference, model

    def at(self, photo: Photo, target: Target, answer: Detection, crop: Query) -> Detection:
        """The answer with its place and error anew, and a size between the old one and the new; as it was where a
        close look tells nothing inside the plan's area, for panoramas, of which no closer crop can be
        shown, and where no pixels are at hand.

        crop: the crop of the photo that the answer was found with.

        Raises:
            GeolocError: the mosaic cannot be read.
        """
        if photo.panorama:
            return answer
        plan, side = self._reference.plan, self._model.window_px
        window = plan.windows[0].grid
        step = CLOSER * window.affine.a
        west, south, east, north = project(answer.polygon, answer.crs, window.crs).bounds
        corner = (west + east - step * side) / 2, (south + north + step * side) / 2
        grid = Grid(window.crs, Affine(step, 0, corner[0], 0, -step, corner[1]), side, side)
        if (seen := self._reference.close(grid)) is None:
            return answer
        features, valid = seen
        crops = nearer(photo, target, crop)
        encoded = self._model.encode_queries(crops, [0] * len(crops))
        found = self._model.settle(encoded, features, valid, Gauss(np.full(2, side / 2), OFF_PX**2 * np.eye(2)))
        if found is None:
            return answer
        # Of the two sizes the geometric mean.
        width = math.sqrt(found.box.width * (east - west) / step)
        height = math.sqrt(found.box.height * (north - south) / step)
        on_map = Answers(path_text(photo.path), [target], self._reference, self._model)
        sized = replace(found, box=PixelBox.about(*found.box.centre, width, height))
        close = on_map.of(Candidate(grid, answer.window, sized))
        if not plan.area.contains(place(close)):
            return answer
        return replace(
            answer,
            polygon=close.polygon,
            gsd_m=close.gsd_m,
            accuracy_m=close.accuracy_m,
            accuracy_parts=close.accuracy_parts,
        )
