"""Tables of what was measured, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from shapely.geometry import Polygon, box

from benchmarks.outlines.measure import (
    ALONG,
    ANSWER,
    AS_SEEN,
    BOX,
    CARRIED,
    COLOURS,
    NETWORK,
    PHOTO,
    SEGMENT,
    TURNED,
    Measured,
)
from geoloc.outline.answers import FILLED
from geoloc.outline.outliner import LEAST
from geoloc.results.detection import iou

CONFIDENCES = (0.0, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 1.01)
FILLS = (0.4, 0.5, 0.6, 0.7, 0.8, 1.01)
_METHODS = (BOX, COLOURS, NETWORK, PHOTO, ANSWER)
_ABOVE = (0.25, 0.5, 0.75)
_RIGHT = 1e-4
"""Cosine of what still is a right angle."""


def by_kind(found: Sequence[Measured]) -> list[str]:
    """Return each method's IoUs and how many of its outlines have right angles only, of all and by kind of object."""
    lines = head("objects", "count", "method", "mean", *(f"> {least:g}" for least in _ABOVE), "straight")
    kinds = sorted({one.trial.kind for one in found})
    for kind in ("all", *(kinds if len(kinds) > 1 else ())):
        chosen = [one for one in found if kind in ("all", one.trial.kind)]
        for method in _METHODS if kind == "all" else (PHOTO,):
            straight = np.mean([_has_right_angles(one.shapes[method]) for one in chosen])
            figures = _figures([one.ious[method] for one in chosen])
            lines.append(line(kind, len(chosen), method, *figures, f"{straight:.2f}"))
    return lines


def by_confidence(found: Sequence[Measured]) -> list[str]:
    """Return what the network's outline, and what might stand in for it, are worth by how sure it is of itself.

    From which confidence on the outline is nearer to the truth than the box is `LEAST`; below it colours could draw.
    """
    methods = (PHOTO, BOX, TURNED, COLOURS)
    lines = head("confidence", "count", *methods)
    for low, high in pairwise(CONFIDENCES):
        chosen = [one for one in found if low <= one.confidence < high]
        lines += _means(f"{low:g} to {min(high, 1):g}", chosen, methods)
    return lines + _means(f"below {LEAST:g}", [one for one in found if one.confidence < LEAST], methods)


def of_drawn(found: Sequence[Measured]) -> list[str]:
    """Return what becomes of drawn boxes, and what it would with other limits of how well a segment fills them."""
    methods = (ALONG, CARRIED, AS_SEEN, SEGMENT)
    lines = head("drawn boxes", "count", *methods)
    lines += _means("all", found, methods)
    refused = [one for one in found if one.confidence < LEAST or one.fills < FILLED]
    lines += _means("not filled", refused, methods)
    of_boxes = [f"boxes {name}" for name in ("mean", *(f"> {least:g}" for least in _ABOVE))]
    lines += ["", *head("filled from", "mean", *(f"> {least:g}" for least in _ABOVE), *of_boxes)]
    for least in FILLS:
        chosen = [SEGMENT if one.confidence >= LEAST and one.fills >= least else CARRIED for one in found]
        values = [one.ious[method] for one, method in zip(found, chosen, strict=True)]
        boxes = [_box_iou(one, method) for one, method in zip(found, chosen, strict=True)]
        lines.append(line(f"{least:g}", *_figures(values), *_figures(boxes)))
    return lines


def of_standing(found: Sequence[Measured], slants: Sequence[float]) -> list[str]:
    """Return what becomes of boxes round what stands up, by how obliquely it is seen, as a search answers and without.

    Args:
        found: what was made of them.
        slants: sine of the angle from straight down of each.
    """
    lines = head("degrees from straight down", "count", CARRIED, "filled where it can be", "filled")
    angles = np.degrees(np.arcsin(np.minimum(slants, 1)))
    for low, high in ((0, 90), (0, 45), (45, 90)):
        chosen = [one for one, angle in zip(found, angles, strict=True) if low <= angle < high]
        filled = [one.confidence >= LEAST and one.fills >= FILLED for one in chosen]
        answers = [one.ious[SEGMENT if full else CARRIED] for one, full in zip(chosen, filled, strict=True)]
        if chosen:
            means = (np.mean([one.ious[CARRIED] for one in chosen]), np.mean(answers))
            shown = [*(f"{mean:.3f}" for mean in means), f"{np.mean(filled):.2f}"]
            lines.append(line(f"{low} to {high}", len(chosen), *shown))
    return lines


def _box_iou(one: Measured, method: str) -> float:
    return iou(box(*one.shapes[method].bounds), box(*one.trial.truth.bounds))


def of_time(found: Sequence[Measured]) -> list[str]:
    """Return CPU seconds an outline."""
    lines = head("method", "CPU s an outline")
    return lines + [line(name, f"{np.mean([one.seconds[name] for one in found]):.3f}") for name in found[0].seconds]


def _has_right_angles(shape: Polygon) -> bool:
    sides = np.diff(np.array(shape.exterior.coords), axis=0)
    following = np.roll(sides, -1, axis=0)
    cosines = (sides * following).sum(1) / np.linalg.norm(sides, axis=1) / np.linalg.norm(following, axis=1)
    return bool(np.abs(cosines).max() < _RIGHT)


def _means(name: str, chosen: Sequence[Measured], methods: Iterable[str]) -> list[str]:
    if not chosen:
        return []
    return [line(name, len(chosen), *(f"{np.mean([one.ious[method] for one in chosen]):.3f}" for method in methods))]


def _figures(values: Sequence[float]) -> list[str]:
    array = np.array(values)
    return [f"{array.mean():.3f}", *(f"{(array > least).mean():.2f}" for least in _ABOVE)]


def head(*names: str) -> list[str]:
    """Return the first two lines of a table."""
    return [line(*names), f"|{'---|' * len(names)}"]


def line(*cells: object) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(map(str, cells))} |"
