"""One look: crops of the photograph are encoded, matched with what a window shows, and read off as a candidate.

All passes of a search, and the look that geometry guides, take this step; they differ in which crops are shown, where,
and in what else is known of the place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geoloc.features.reference import Reference
from geoloc.model.localizer import EncodedQueries, Localizer, Proposal
from geoloc.model.network.features import Features
from geoloc.model.place_weights import PlaceWeights
from geoloc.photo.crop import Crop
from geoloc.photo.crops import varied_crops
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.plane.gaussian import BOUND, Gaussian, rounding_bound
from geoloc.results.detection import Detection
from geoloc.search.candidate import Answer, CandidateBox
from geoloc.search.drawn_size import drawn_size_m
from geoloc.search.own_plane import own_plane
from geoloc.search.prior import PlacePrior
from geoloc.system.text import path_text
from tiling.box import PixelBox
from tiling.grid import Grid, project
from tiling.plan import Middles, Window

METHOD = "attention"


@dataclass(frozen=True, slots=True, eq=False)
class EncodedWindow:
    """A part of the reference as the network sees it: a window of the plan, or a finer one about an answer.

    Attributes:
        grid: its pixels, EPSG:3857.
        id: its name in answers.
        features: the network's features of these pixels.
        valid: where a box may have its centre, height x width.
    """

    grid: Grid
    id: str
    features: Features
    valid: NDArray[np.bool_]


class Looker:
    """Looks for the targets of one photograph in one reference."""

    def __init__(
        self,
        photo: Photo,
        targets: Sequence[Target],
        reference: Reference,
        model: Localizer,
        middles: Middles,
        *,
        priors: Sequence[PlacePrior | None] = (),
    ) -> None:
        """Take what every look needs.

        Args:
            photo: the photograph.
            targets: what was clicked in it.
            reference: what is searched.
            model: the network.
            middles: those of the reference's plan.
            priors: of each target's place, or None; nothing where there are none.
        """
        self.priors = tuple(priors) or (None,) * len(targets)
        self.photo, self.targets = photo, tuple(targets)
        self.reference, self.model = reference, model
        self._middles = middles
        # Places that the same crop led to share the crops like it.
        self._varied: dict[tuple[int, Crop, bool], tuple[list[Crop], EncodedQueries]] = {}

    def window(self, window: Window) -> EncodedWindow:
        """Return a window of the plan; boxes may have their centres in the plan's area only.

        Raises:
            GeolocError: the mosaic cannot be read.
        """
        return self._encoded(window, *self.reference.features(window))

    def nearest_window(self, x: float, y: float) -> tuple[EncodedWindow, tuple[float, float]]:
        """Return the window that shows a place (EPSG:3857) nearest to its middle, and the place in its pixels.

        Raises:
            GeolocError: the mosaic cannot be read.
        """
        window, place = self._middles.nearest(x, y)
        return self._encoded(window, *self.reference.features_once(window)), place

    def _encoded(self, window: Window, features: Features, valid: NDArray[np.bool_]) -> EncodedWindow:
        return EncodedWindow(window.grid, window.id, features, valid & window.inside(self.reference.plan.area))

    def close_window(self, grid: Grid, window: str) -> EncodedWindow | None:
        """Return any grid as a window with this id; None where no pixels are at hand.

        Raises:
            GeolocError: the mosaic cannot be read.
        """
        encoded = self.reference.encode_grid(grid)
        return None if encoded is None else EncodedWindow(grid, window, *encoded)

    def look(
        self, target: int, crops: Sequence[Crop], window: EncodedWindow, place: tuple[float, float] | Gaussian
    ) -> CandidateBox | None:
        """Look once for a target.

        Args:
            target: its number.
            crops: of the photo, round the target.
            window: where to look.
            place: what to look at, (x, y) in pixels of the window; or, where it is uncertain and something else tells
                it as well, how it is distributed.

        Returns:
            What the crops alone say of the place; None where no box may have its centre there.
        """
        encoded = self.model.encode_queries(crops, [target] * len(crops))
        if isinstance(place, Gaussian):
            proposal = self.model.match_with_prior(encoded, window.features, window.valid, place)
        else:
            proposal, _ = self.model.rescore(encoded, window.features, window.valid, place)
        return None if proposal is None else self.candidate(proposal, window, crops)

    def look_again(
        self, first: CandidateBox, window: EncodedWindow, place: tuple[float, float], *, glance: bool
    ) -> CandidateBox | None:
        """Look at a place that was found, through crops like the one that led there; see `look`.

        Of a camera at eye level the target's prior counts, too. Of others the answer has the plane on which what the
        crops show agrees.

        Args:
            first: what was found.
            window: where to look.
            place: (x, y) in pixels of the window.
            glance: look through some of the crops only.
        """
        key = first.target, first.crop, glance
        if key not in self._varied:
            crops = varied_crops(self.photo, self.targets[first.target], first.crop, glance=glance)
            self._varied[key] = crops, self.model.encode_queries(crops, [first.target] * len(crops))
        crops, encoded = self._varied[key]
        prior = self.priors[first.target]
        weighed = prior is not None and prior.at_eye_level
        weights = self.weights(window, [(first.target, crop) for crop in crops], again=True) if weighed else ()
        proposal, cells = self.model.rescore(encoded, window.features, window.valid, place, weights)
        if proposal is None:
            return None
        found = self.candidate(proposal, window, crops)
        if cells is None or self.photo.panorama or weighed:
            return found
        return replace(found, plane=own_plane(crops, cells))

    def score(self, target: int, evidence: float) -> float:
        """Return the probability that an answer to a target with this evidence is right."""
        prior = self.priors[target]
        return self.model.score(evidence, from_ground=prior is not None and prior.at_eye_level)

    def weights(
        self, window: EncodedWindow, crops: Sequence[tuple[int, Crop]], *, again: bool = False
    ) -> list[PlaceWeights | None]:
        """Return what the priors make of a window, for each of some crops with their targets.

        again: for a second look.
        """
        drawn: dict[tuple[int, float | None], PlaceWeights] = {}
        out: list[PlaceWeights | None] = []
        for target, crop in crops:
            prior = self.priors[target]
            if prior is None:
                out.append(None)
                continue
            # The whole turn of a panorama supposes no heading.
            told = prior.knows_heading or (self.photo.panorama and not crop.from_above)
            key = target, None if told else crop.heading_deg
            if key not in drawn:
                drawn[key] = (prior.again if again else prior.weights)(window.grid, key[1])
            out.append(drawn[key])
        return out

    def candidate(self, proposal: Proposal, window: EncodedWindow, crops: Sequence[Crop]) -> CandidateBox:
        """Return what the network proposes in a window, with the one of the target's crops that led to it.

        The box is as large as what was drawn is, where that is known; see `drawn_size_m`.
        """
        crop, box = crops[proposal.crop], proposal.box
        drawn = drawn_size_m(self.photo, self.targets[proposal.target], crop.heading_deg)
        if drawn is not None:
            gsd_m = window.grid.ground_gsd()
            box = PixelBox.about(*box.centre, drawn[0] / gsd_m, drawn[1] / gsd_m)
        return CandidateBox(
            target=proposal.target,
            grid=window.grid,
            window=window.id,
            box=box,
            log_mass=proposal.log_mass,
            spread_px=proposal.spread_px,
            crop=crop,
        )

    def answer(self, candidate: CandidateBox) -> Answer:
        """Put a candidate on the map, neither ranked nor scored yet: a score needs all windows."""
        grid, calibration = candidate.grid, self.model.calibration
        gsd_m = grid.ground_gsd()
        polygon = project(grid.box_polygon(candidate.box), grid.crs, self.reference.crs)
        parts = {
            "box": BOUND * calibration.centre_error_px * gsd_m,
            "spread": BOUND * calibration.spread_scale * candidate.spread_px * gsd_m,
            "mosaic pixel": rounding_bound(self.reference.gsd_m),
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
            spread_m=candidate.spread_px * gsd_m,
        )
        return Answer(candidate, detection)
