"""Queries on the part of a posed site that training never saw: its held-out photographs on its held-out ground."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from affine import Affine

from benchmarks.accuracy.raster import write_mosaic
from geoloc.evaluate import COLUMNS
from geoloc.town.write import write_queries
from geoloc.train.ground import Ground
from geoloc.train.posed import load_site
from geoloc.train.seen import View
from geoloc.train.shot import box_at
from tiling.grid import Grid, as_crs

CLICKS = 6
"""A photograph at most."""
STEP_PX = 8
"""Between the places of a photograph that may be clicked."""
_SEED = 5
_EPSG, _WEST, _SOUTH = 32614, 600_000.0, 3_300_000.0


def make_held_out(site: Path, folder: Path) -> None:
    """Write `mosaic.tif`, the held-out ground as training sees it, and `queries.csv` into `folder`.

    A site that was levelled has no place on the map any more, so its ground lies at a made one. True boxes are those of
    image segments, since nobody has drawn any there.

    Raises:
        TrainingError: not a posed site.
        OutputError: a file cannot be written.
    """
    posed = load_site(site, held_out=True)
    ground = posed.ground
    assert ground.click_in is not None
    assert ground.valid is not None
    rows = int(np.flatnonzero(ground.click_in.any(1))[-1]) + 1
    north = _SOUTH + len(ground.pixels) * ground.gsd_m
    affine = Affine(ground.gsd_m, 0, _WEST, 0, -ground.gsd_m, north)
    grid = Grid(as_crs(f"EPSG:{_EPSG}"), affine, int(ground.size[0]), rows)
    write_mosaic(folder / "mosaic.tif", grid, ground.pixels[:rows], ground.valid[:rows])
    rng = np.random.default_rng(_SEED)
    lines = []
    for index in range(len(posed.photos)):
        found = _clicks(posed.view(index, 0), ground, rows)
        for i in sorted(rng.permutation(len(found))[:CLICKS]):
            click, (x0, y0, x1, y1) = found[i]
            (west, top), (east, bottom) = affine * (x0, y0), affine * (x1, y1)
            values = (posed.cameras[index].path.resolve(), *click, west, bottom, east, top, _EPSG)
            lines.append(dict(zip(COLUMNS, values, strict=True)))
    write_queries(folder / "queries.csv", lines, COLUMNS)


def _clicks(view: View, ground: Ground, rows: int) -> list[tuple[tuple[float, float], np.ndarray]]:
    """Click and box of every object on held-out ground that the photograph shows, clicked next to its middle."""
    width, height = view.size
    grid = np.stack(np.meshgrid(np.arange(STEP_PX, width, STEP_PX), np.arange(STEP_PX, height, STEP_PX)), axis=-1)
    at = grid.reshape(-1, 2).astype(float)
    places = view.place(at)
    known = ground.shows(np.nan_to_num(places, nan=-1.0))
    at, places = at[known], places[known]
    found = []
    for box in ground.boxes[(ground.boxes[:, 3] < rows)]:
        # In the middle half of the box, and of no smaller box within.
        off = np.abs(places - (box[:2] + box[2:]) / 2) / (box[2:] - box[:2])
        i = int(off.max(1).argmin()) if len(off) else -1
        if i < 0 or off[i].max() > 0.25:
            continue
        smallest = box_at(ground, places[i], 0)
        if smallest is not None and (smallest == box).all():
            found.append(((float(at[i, 0]), float(at[i, 1])), box))
    return found
