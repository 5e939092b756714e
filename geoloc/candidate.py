"""Places that the network proposes in windows, and the answers on the map that they become."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from geoloc.detection import Detection
from geoloc.model.localizer import Localizer, Proposal
from geoloc.query import Target
from geoloc.reference import Reference
from tiling.grid import Grid, project

METHOD = "attention"


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A proposal, and the pixels that it is in. window: their name in the answer."""

    grid: Grid
    window: str
    proposal: Proposal


@dataclass(frozen=True, slots=True)
class Answers:
    """Turns candidates into answers. photo: its path as text; targets: what proposals count."""

    photo: str
    targets: Sequence[Target]
    reference: Reference
    model: Localizer

    def of(self, candidate: Candidate) -> Detection:
        """A candidate on the map, neither ranked nor scored yet: a score needs all windows."""
        grid, proposal = candidate.grid, candidate.proposal
        gsd_m = grid.ground_gsd()
        polygon = project(grid.box_polygon(proposal.box), grid.crs, self.reference.crs)
        parts = {
            "box": self.model.calibration.centre_error_px * gsd_m,
            "spread": self.model.calibration.spread_scale * proposal.spread_px * gsd_m,
            "mosaic pixel": self.reference.gsd_m / math.sqrt(12),
        }
        return Detection(
            rank=1,
            score=0.0,
            click=self.targets[proposal.target].click,
            photo=self.photo,
            polygon=self.reference.in_turn(polygon),
            crs=self.reference.crs,
            gsd_m=max(gsd_m, self.reference.finest_m),
            accuracy_m=math.hypot(*parts.values()),
            accuracy_parts=parts,
            model=self.model.name,
            window=candidate.window,
            method=METHOD,
            target=proposal.target,
        )
