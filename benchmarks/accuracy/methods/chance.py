"""Chance: a box of the median size round a place drawn evenly from all that hold data, by expectation."""

from __future__ import annotations

import numpy as np

from benchmarks.accuracy.methods.method import SearchedMosaic
from benchmarks.accuracy.queries.sets import MosaicQueries
from benchmarks.accuracy.raster import whole_grid
from benchmarks.accuracy.results.record import QueryRecord, random_record
from tiling.grid import ground_distance_m, project

PLACES = 1500
"""Drawn for the distances; the shares are integrals over all places."""
_STEPS = 400
_SEED = 6


def expect(searched: SearchedMosaic, queries: MosaicQueries, present: bool) -> tuple[list[QueryRecord], list[float]]:
    """Make a record of shares for every query, and draw distances in metres of places, `PLACES` a query.

    Where the object is not `present` on the mosaic nothing is right and all distances are infinite.
    """
    mosaic = searched.mosaic
    grid = whole_grid(mosaic, searched.gsd_m)
    valid = mosaic.read_valid(grid)
    area = float(valid.sum()) * abs(grid.affine.determinant)
    rows, columns = np.nonzero(valid)
    drawn = np.random.default_rng(_SEED).integers(len(rows), size=PLACES)
    places = [grid.affine * (columns[i] + 0.5, rows[i] + 0.5) for i in drawn]
    records, errors = [], []
    for query in queries.queries:
        if not present:
            shares = dict.fromkeys(("hit", "acc_025", "acc_050"), 0.0)
            errors += [float("inf")] * PLACES
        else:
            truth = project(query.box, query.epsg, mosaic.crs)
            x0, y0, x1, y1 = truth.bounds
            shares = _shares((x1 - x0, y1 - y0), searched.size_m, area)
            middle = truth.centroid
            errors += [ground_distance_m(middle.x, middle.y, x, y, mosaic.crs) for x, y in places]
        records.append(random_record(query, queries.mosaic.parent.name, shares))
    return records, errors


def _shares(truth: tuple[float, float], size: tuple[float, float], area: float) -> dict[str, float]:
    """Return how often a box of `size` (width, height), anywhere on `area`, is right about one of size `truth`.

    The object is taken to lie inside of what holds data. Both boxes go along the same axes: their overlap is a product.
    """
    reach = [(a + b) / 2 for a, b in zip(truth, size, strict=True)]
    steps = [(np.arange(_STEPS) + 0.5) / _STEPS * length for length in reach]
    shared = np.outer(
        *(
            np.minimum.reduce([np.full(_STEPS, min(a, b)), (a + b) / 2 - step]).clip(0)
            for a, b, step in zip(truth, size, steps, strict=True)
        )
    )
    iou = shared / (truth[0] * truth[1] + size[0] * size[1] - shared)
    cell = 4 * reach[0] * reach[1] / _STEPS**2
    return {
        "hit": truth[0] * truth[1] / area,
        "acc_025": float((iou > 0.25).sum()) * cell / area,
        "acc_050": float((iou > 0.5).sum()) * cell / area,
    }
