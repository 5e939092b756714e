"""What each way to outline makes of an object."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry import Polygon

from benchmarks.outlines.trials import DrawnBox, OutlineTrial
from geoloc.geometry.drawn import carried_outline
from geoloc.geometry.envelope import rectangle_filling
from geoloc.outline.answers import TIMES, filled_share
from geoloc.outline.chip import Known
from geoloc.outline.classical import ColourModel
from geoloc.outline.mask_model import MaskModel
from geoloc.outline.outliner import SIDE, FoundOutline, Outliner
from geoloc.outline.straight import turned_box
from geoloc.results.detection import iou

BOX, COLOURS, NETWORK, PHOTO = "box supposed", "colours", "network", "network and photo"
TURNED, ANSWER = "turned box", "as answered"
"""The box between the network's outline and the one supposed; the outline where it is sure and else that box."""
ALONG, CARRIED, AS_SEEN, SEGMENT = "along the axes", "as carried over", "as the mask lies", "segment"
"""What becomes of a drawn box: its rectangle along the map's axes, as geoloc carries it over, as the network's outline
of it lies; and that outline itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What was made of one object.

    Attributes:
        trial: the object.
        shapes: by method.
        ious: by method, with the true outline; of both boxes where only the true box is known.
        confidence: of the network's outline, 0 without one.
        fills: of a drawn box, the IoU with it of that outline's own in the photo.
        seconds: CPU seconds by method, where it takes some.
    """

    trial: OutlineTrial
    shapes: dict[str, Polygon]
    ious: dict[str, float]
    confidence: float
    fills: float
    seconds: dict[str, float]


def clicked(trial: OutlineTrial, network: MaskModel) -> Measured:
    """Outline what was clicked."""
    found, seconds = {}, {}
    ways: tuple[tuple[str, Any, Known], ...] = (
        (NETWORK, network, trial.known),
        (PHOTO, network, trial.photo_known),
        (COLOURS, ColourModel(SIDE), trial.known),
    )
    for name, model, known in ways:
        begun = time.process_time()
        found[name] = outline_of(trial, model, known)
        seconds[name] = time.process_time() - begun
    shapes = {name: trial.supposed if one is None else one.polygon for name, one in found.items()}
    best = found[PHOTO]
    turned = None if best is None else turned_box(best.polygon, trial.supposed)
    shapes |= {BOX: trial.supposed, TURNED: trial.supposed if turned is None else turned}
    shapes[ANSWER] = shapes[PHOTO] if best is not None and best.sure else shapes[TURNED]
    ious = {name: trial.iou(shape) for name, shape in shapes.items()}
    return Measured(trial, shapes, ious, 0.0 if best is None else best.confidence, 0.0, seconds)


def outline_of(trial: OutlineTrial, model: MaskModel, known: Known) -> FoundOutline | None:
    """Outline an object as a search does."""
    x0, y0, x1, y1 = trial.supposed.bounds
    return Outliner(trial.read, model, trial.pixel).outline(known, TIMES * max(x1 - x0, y1 - y0))


def drawn(trial: OutlineTrial, one: DrawnBox, network: MaskModel) -> Measured | None:
    """Outline what a box was drawn round; None where nothing of it can be carried over."""
    assert one.target.box is not None
    assert one.known.to_map is not None
    carried = carried_outline(one.fit, one.target)
    along = rectangle_filling(one.fit.matrix, one.target.box, 0.0)
    if carried is None or along is None:
        return None
    shapes = {ALONG: one.on_map(along), CARRIED: one.on_map(carried)}
    found = Outliner(trial.read, network, trial.pixel).outline(one.known, math.inf)
    fills = 0.0
    shapes |= {AS_SEEN: shapes[ALONG], SEGMENT: shapes[ALONG]}
    if found is not None:
        seen = rectangle_filling(one.fit.matrix, one.target.box, _azimuth_deg(found.polygon))
        shapes |= {SEGMENT: found.polygon} | ({} if seen is None else {AS_SEEN: one.on_map(seen)})
        fills = filled_share(found.polygon, one.target.box, one.known.to_map, 1 / trial.gsd_m)
    ious = {name: iou(shape, trial.truth) for name, shape in shapes.items()}
    return Measured(trial, shapes, ious, 0.0 if found is None else found.confidence, fills, {})


def _azimuth_deg(shape: Polygon) -> float:
    """Which way the longer side of the smallest rectangle round a shape lies, clockwise from up."""
    corners = np.array(shapely.minimum_rotated_rectangle(shape).exterior.coords)
    sides = np.diff(corners[:3], axis=0)
    x, y = sides[int(np.argmax(np.hypot(*sides.T)))]
    return math.degrees(math.atan2(x, y))
