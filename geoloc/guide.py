"""Attention told where to look, from which side and how large: what local features know and it has to suppose.

A search must suppose headings a quarter turn apart and few scales, everywhere. Where a plane is verified, the place is
known but for what stands above the ground, and the view exactly: attention finds the object itself there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geoloc.candidate import Answers, Candidate
from geoloc.close_look import CloseLook
from geoloc.detection import Detection
from geoloc.gauss import Gauss
from geoloc.model.localizer import Localizer
from geoloc.photo import Photo
from geoloc.query import Target, as_seen
from geoloc.reference import Reference
from geoloc.text import path_text
from tiling.grid import Grid
from tiling.plan import Middles

CELL_PX = 4.0
"""The network's own rounding of a place, standard deviation along each axis: half a cell."""


class View(NamedTuple):
    """place: where the object is, in pixels of `grid`, which is as its plan's windows are: EPSG:3857, its pixels as
    large as theirs. heading_deg: of the photo's up there. px_per_m: photo pixels a metre of ground there.
    """

    grid: Grid
    place: Gauss
    heading_deg: float
    px_per_m: float


class Guide:
    """Looks for targets where they are told to be."""

    def __init__(self, reference: Reference, model: Localizer) -> None:
        self._reference, self._model = reference, model
        self._middles, self._closer = Middles(reference.plan), CloseLook(reference, model)

    def look(self, photo: Photo, target: Target, view: View) -> Detection | None:
        """The answer of attention, not scored; None where none can be. For photos that are no panoramas.

        Raises:
            GeolocError: the mosaic cannot be read.
        """
        window, at = self._middles.nearest(*(view.grid.affine * tuple(view.place.mean)))
        features, valid = self._reference.features(window)
        height, _ = self._model.query_shape
        crops = as_seen(photo, target, height, view.heading_deg, view.px_per_m)
        encoded = self._model.encode_queries(crops, [0] * len(crops))
        known = Gauss(np.array(at), view.place.covariance + CELL_PX**2 * np.eye(2))
        found = self._model.settle(encoded, features, valid & window.inside(self._reference.plan.area), known)
        if found is None:
            return None
        on_map = Answers(path_text(photo.path), [target], self._reference, self._model)
        answer = on_map.of(Candidate(window.grid, window.id, found))
        return self._closer.at(photo, target, answer, crops[found.crop])
