"""One look: crops of the photograph are encoded, matched with what a window shows, and read off as a candidate.

All passes of a search, and the look that geometry guides, take this step; they differ in which crops are shown, where,
and in what else is known of the place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoloc.features.reference import Reference
from geoloc.model.localizer import Localizer, Proposal
from geoloc.model.network.features import Features
from geoloc.photo.crops import Crop
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.plane.gaussian import Gaussian
from geoloc.results.detection import Detection
from geoloc.search.candidate import Answer, Candidate
from geoloc.system.text import path_text
from tiling.grid import Grid, project
from tiling.plan import Middles, Window

METHOD = "attention"


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """Something to look at.

    Attributes:
        grid: its pixels, EPSG:3857.
        name: of the window, in answers.
        features: the network's, of these pixels.
        wanted: height x width, where a box may have its centre.
    """

    grid: Grid
    name: str
    features: Features
    wanted: NDArray[np.bool_]


class Looker:
    """Looks for the targets of one photograph in one reference."""

    def __init__(
        self, photo: Photo, targets: Sequence[Target], reference: Reference, model: Localizer, middles: Middles
    ) -> None:
        """Middles are those of the reference's plan."""
        self.photo, self.targets = photo, tuple(targets)
        self.reference, self.model = reference, model
        self._middles = middles

    def window(self, window: Window) -> Sight:
        """What a window of the plan shows.

        Raises:
            GeolocError: the mosaic cannot be read.
        """
        features, valid = self.reference.features(window)
        return Sight(window.grid, window.id, features, valid & window.inside(self.reference.plan.area))

    def nearest(self, x: float, y: float) -> tuple[Sight, tuple[float, float]]:
        """The window that shows a place (EPSG:3857) nearest to its middle, and the place in its pixels."""
        window, place = self._middles.nearest(x, y)
        return self.window(window), place

    def close(self, grid: Grid, name: str) -> Sight | None:
        """What any grid shows; None where no pixels are at hand."""
        if (seen := self.reference.close(grid)) is None:
            return None
        return Sight(grid, name, *seen)

    def look(
        self, target: int, crops: Sequence[Crop], sight: Sight, known: tuple[float, float] | Gaussian
    ) -> Candidate | None:
        """Look once for a target.

        Args:
            target: its number.
            crops: of the photo, round it.
            sight: where to look.
            known: the place to look at, (x, y) in pixels of the sight; or, where it is uncertain and something else
                tells it as well, how it is distributed.

        Returns:
            What the crops alone say of the place; None where no box may have its centre there.
        """
        encoded = self.model.encode_queries(crops, [target] * len(crops))
        if isinstance(known, Gaussian):
            found = self.model.match_with_prior(encoded, sight.features, sight.wanted, known)
        else:
            found = self.model.rescore(encoded, sight.features, sight.wanted, known)
        return None if found is None else self.candidate(found, sight, crops)

    def candidate(self, found: Proposal, sight: Sight, crops: Sequence[Crop]) -> Candidate:
        """What the network proposes in a sight, with the one of the target's crops that led to it."""
        crop = crops[found.crop]
        return Candidate(found.target, sight.grid, sight.name, found.box, found.log_mass, found.spread_px, crop)

    def answer(self, candidate: Candidate) -> Answer:
        """A candidate on the map, neither ranked nor scored yet: a score needs all windows."""
        grid, calibration = candidate.grid, self.model.calibration
        gsd_m = grid.ground_gsd()
        polygon = project(grid.box_polygon(candidate.box), grid.crs, self.reference.crs)
        spread_m = candidate.spread_px * gsd_m
        parts = {
            "box": calibration.centre_error_px * gsd_m,
            "spread": calibration.spread_scale * candidate.spread_px * gsd_m,
            "mosaic pixel": self.reference.gsd_m / math.sqrt(12),
        }
        detection = Detection(
            rank=1,
            score=0.0,
            click=self.targets[candidate.target].click,
            photo=path_text(self.photo.path),
            polygon=self.reference.in_turn(polygon),
            crs=self.reference.crs,
            gsd_m=max(gsd_m, self.reference.finest_m),
            accuracy_m=math.hypot(*parts.values()),
            accuracy_parts=parts,
            model=self.model.name,
            window=candidate.window,
            method=METHOD,
            target=candidate.target,
            spread_m=spread_m,
        )
        return Answer(candidate, detection)
