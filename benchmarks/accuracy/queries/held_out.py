"""Queries on the part of a posed site that training never saw: its held-out photographs on its held-out ground."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from affine import Affine

from benchmarks.accuracy.raster import write_mosaic
from geoloc.evaluation.labelled import QUERY_COLUMNS
from geoloc.town.write import write_queries
from geoloc.train.calibration.trials import RADIUS_M
from geoloc.train.grounds.ground import Ground
from geoloc.train.grounds.posed_photo import PosedPhoto
from geoloc.train.grounds.posed_site import load_site
from geoloc.train.samples.sample import box_at
from tiling.grid import Grid, as_crs

CLICKS = 6
"""A photograph at most."""
STEP_PX = 8
"""Between the places of a photograph that may be clicked."""
_SEED = 5
_EPSG, _WEST, _SOUTH = 32614, 600_000.0, 3_300_000.0


def make_held_out(site: Path, folder: Path) -> None:
    """Write `mosaic.tif`, the held-out ground as training sees it, and `queries.csv` into `folder`.

    A site that was levelled has no place on the map any more, so its ground lies at an invented one. Nobody has drawn
    true boxes there: they are those of image segments, and where a photograph shows too few, squares of `2 * RADIUS_M`
    round places.

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
        for click, (x0, y0, x1, y1) in _clicks(posed.posed_photo(index, 0), ground, rows, rng):
            (west, top), (east, bottom) = affine * (x0, y0), affine * (x1, y1)
            values = (posed.cameras[index].path.resolve(), *click, west, bottom, east, top, _EPSG)
            lines.append(dict(zip(QUERY_COLUMNS, values, strict=True)))
    write_queries(folder / "queries.csv", lines, QUERY_COLUMNS)


_BoxedClick = tuple[tuple[float, float], np.ndarray]


def _clicks(photo: PosedPhoto, ground: Ground, rows: int, rng: np.random.Generator) -> list[_BoxedClick]:
    """Choose up to CLICKS clicks on held-out ground, with their boxes: objects first, then places."""
    width, height = photo.size
    grid = np.stack(np.meshgrid(np.arange(STEP_PX, width, STEP_PX), np.arange(STEP_PX, height, STEP_PX)), axis=-1)
    at = grid.reshape(-1, 2).astype(float)
    places = photo.place(at)
    half = RADIUS_M / ground.gsd_m
    known = ground.clickable(np.nan_to_num(places, nan=-1.0), margin=half) & (places[:, 1] < rows - half)
    at, places = at[known], places[known]
    if not len(at):
        return []
    objects = _objects(at, places, ground, rows)
    chosen = [objects[i] for i in rng.permutation(len(objects))[:CLICKS]]
    for i in rng.permutation(len(at)):
        if len(chosen) == CLICKS:
            break
        square = np.concatenate([places[i] - half, places[i] + half])
        middles = np.array([(box[:2] + box[2:]) / 2 for _, box in chosen]).reshape(-1, 2)
        # Apart from each other, so that no two are the same.
        if (np.abs(middles - places[i]).max(axis=1, initial=0) > 2 * half).all():
            chosen.append(((float(at[i, 0]), float(at[i, 1])), square))
    return chosen


def _objects(at: np.ndarray, places: np.ndarray, ground: Ground, rows: int) -> list[_BoxedClick]:
    """Click every object of the held-out ground next to its middle.

    at, places: N x 2, photo pixels and what they show.
    """
    found = []
    for box in ground.boxes[ground.boxes[:, 3] < rows]:
        off = np.abs(places - (box[:2] + box[2:]) / 2) / (box[2:] - box[:2])
        i = int(off.max(1).argmin())
        # In the middle half of the box, and of no smaller box within.
        smallest = box_at(ground, places[i], 0)
        if off[i].max() <= 0.25 and smallest is not None and (smallest == box).all():
            found.append(((float(at[i, 0]), float(at[i, 1])), box))
    return found
