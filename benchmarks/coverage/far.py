"""Photographs of synthetic towns up to the horizon, with clicks on all that they show, however far off."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.accuracy.queries.sets import GSD_M, MosaicQueries, QuerySet
from geoloc.evaluation.labelled import read_queries

if TYPE_CHECKING:
    from geoloc.town.scene.scene import Style

FAR: dict[str, tuple[Style, int]] = {"far_village": ("village", 931), "far_farm": ("farm", 933)}
"""Style and seed; `geoloc.geometry.refine.SURE` was fitted on the village, and nothing on the farm."""
FLIGHTS = (
    ((0.0, 6.0), (60.0, 95.0)),
    ((5.0, 20.0), (80.0, 120.0)),
    ((40.0, 55.0), (40.0, 60.0)),
    ((50.0, 62.0), (30.0, 50.0)),
    ((60.0, 70.0), (20.0, 35.0)),
    ((70.0, 78.0), (18.0, 30.0)),
    ((75.0, 82.0), (15.0, 30.0)),
    ((68.0, 80.0), (25.0, 40.0)),
)
"""Tilt and height; from 62 degrees on a photograph shows the horizon."""


def make_far(name: str, work: Path, report: Callable[[str], None]) -> QuerySet:
    """Make the set of this name, its town built where it is not there."""
    style, seed = FAR[name]
    folder = work / f"{style}_{seed}"
    if not (folder / "queries.csv").exists():
        from geoloc import town

        report(f"building {folder.name} (some minutes, once) ...")
        town.build(
            folder,
            seed=seed,
            size_m=320.0,
            gsd_m=GSD_M,
            photos=len(FLIGHTS),
            panoramas=0,
            photo_px=(1200, 900),
            flights=[town.Flight(*flight) for flight in FLIGHTS],
            style=style,
            queries_per_photo=40,
            farthest_m=250.0,
        )
    queries = tuple(read_queries(folder / "queries.csv"))
    description = f"a synthetic {style}, photographed from straight down to the horizon"
    return QuerySet(name, description, GSD_M, (MosaicQueries(folder / "mosaic.tif", queries),))
