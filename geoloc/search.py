"""The search: every window of the plan against every crop of the photograph, merged to one ranked list a click."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from shapely.geometry import Point
from shapely.prepared import prep

from geoloc.detection import Detection, merge
from geoloc.model.localizer import Localizer, Proposal
from geoloc.photo import Photo
from geoloc.query import Target, make_queries
from tiling.grid import WGS84, project
from tiling.mosaic import Mosaic
from tiling.plan import Plan, Window

PRESENT = 0.5
"""Answers that score less count as "not here"."""
METHOD = "attention"
LEAST_SCORE = 1e-4
"""Answers that score less are not kept at all: they would only fill memory on a large mosaic."""


def locate(
    photo: Photo,
    targets: Sequence[Target],
    mosaic: Mosaic,
    plan: Plan,
    model: Localizer,
    *,
    top: int = 5,
    min_score: float = 0.0,
    progress: Callable[[int, int], None] | None = None,
) -> list[Detection]:
    """Find each target in the windows of `plan`.

    Args:
        photo: the photograph, upright.
        targets: what was clicked in it, in pixels of the photo.
        mosaic: read window by window, each once whatever the number of targets.
        plan: the windows to search, at the model's GSD or another one.
        model: the network with its weights.
        top: answers a target at most.
        min_score: answers below are left out; none left means "not here".
        progress: called with the number of windows done and of all.

    Returns:
        Detections ranked from 1 within each target, targets in their order. Polygons are in the mosaic's CRS, their
        centres inside the plan's area.

    Raises:
        PhotoError: a click is outside the photo.
        GeolocError: the mosaic cannot be read.
    """
    crops = [
        (index, query)
        for index, target in enumerate(targets)
        for query in make_queries(photo, target, model.query_shape)
    ]
    encoded = model.encode_queries([query for _, query in crops], [index for index, _ in crops])
    search = _Search(photo, targets, mosaic, plan.gsd_m, model)
    asked = prep(plan.area)
    found: list[Detection] = []
    for done, window in enumerate(plan.windows, start=1):
        pixels = mosaic.read(window.grid)
        if pixels.valid.any():
            features = model.encode_window(pixels.rgb, pixels.valid)
            proposals = model.propose(encoded, features, pixels.valid, top)
            found.extend(d for d in search.detections(proposals, window) if asked.contains(_place(d)))
        if progress is not None:
            progress(done, len(plan.windows))
    order = {target.click: index for index, target in enumerate(targets)}
    merged = merge((d for d in found if d.score >= max(min_score, LEAST_SCORE)), top=top)
    return sorted(merged, key=lambda d: (order[d.click], d.rank))


def _place(detection: Detection) -> Point:
    """Where the answer's centre is, WGS 84."""
    return project(detection.polygon.centroid, detection.crs, WGS84)


@dataclass(frozen=True, slots=True)
class _Search:
    """What all windows of one search have in common."""

    photo: Photo
    targets: Sequence[Target]
    mosaic: Mosaic
    gsd_m: float
    model: Localizer

    def detections(self, proposals: Sequence[Proposal], window: Window) -> Iterator[Detection]:
        """The proposals of one window on the map, not yet ranked."""
        for proposal in proposals:
            polygon = project(window.grid.box_polygon(proposal.box), window.grid.crs, self.mosaic.crs)
            parts = {
                "box": self.model.calibration.centre_error_px * self.gsd_m,
                "spread": proposal.spread_px * self.gsd_m,
                "mosaic pixel": self.mosaic.gsd_m / math.sqrt(12),
            }
            yield Detection(
                rank=1,
                score=self.model.score(proposal.log_odds),
                click=self.targets[proposal.target].click,
                photo=str(self.photo.path),
                polygon=polygon,
                crs=self.mosaic.crs,
                gsd_m=self.gsd_m,
                accuracy_m=math.hypot(*parts.values()),
                accuracy_parts=parts,
                model=self.model.name,
                window=window.id,
                method=METHOD,
            )
