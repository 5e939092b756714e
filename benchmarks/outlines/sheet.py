"""Pictures of outlines: the mosaic above, the photograph laid over it below, truth green, outline red, box yellow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.outlines.measure import ANSWER, Measured
from geoloc.outline.chip import cut_chip
from geoloc.outline.outliner import LEAST
from geoloc.system.output import replacing

MOST = 48
_COLUMNS = 8
_TRUTH, _OUTLINE, _BOX = (0, 255, 0), (255, 0, 0), (255, 255, 0)


def draw_sheet(found: Sequence[Measured], path: Path) -> None:
    """Draw up to `MOST` of them, from all over, a column each, as a PNG.

    Raises:
        OutputError: it cannot be written.
    """
    tiles = [_tile(one) for one in found[:: max(1, -(-len(found) // MOST))]]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % _COLUMNS)
    rows = [np.hstack(tiles[i : i + _COLUMNS]) for i in range(0, len(tiles), _COLUMNS)]
    _, png = cv2.imencode(".png", np.vstack(rows)[..., ::-1])
    with replacing(path) as temporary:
        temporary.write_bytes(png.tobytes())


def _tile(one: Measured) -> NDArray[np.uint8]:
    trial, shape = one.trial, one.shapes[ANSWER]
    sides = [np.ptp(np.reshape(polygon.bounds, (2, 2)), axis=0).max() for polygon in (trial.truth, shape)]
    side = 1.6 * float(max(sides))
    centre = trial.truth.centroid
    chip = cut_chip(trial.read, replace(trial.photo_known, place=(centre.x, centre.y)), side)
    pictures = []
    for picture in (chip.mosaic, chip.photo):
        drawn = picture.copy()
        for polygon, colour in ((trial.truth, _TRUTH), (shape, _OUTLINE if one.confidence >= LEAST else _BOX)):
            ring = np.stack(~chip.grid.affine * np.array(polygon.exterior.coords).T, axis=-1)
            cv2.polylines(drawn, [np.round(ring * 16).astype(np.int32)], True, colour, 1, cv2.LINE_AA, 4)
        pictures.append(drawn)
    return np.vstack(pictures)
