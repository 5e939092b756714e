# SPDX-License-Identifier: GPL-2.0-or-later
"""The outlines that an answer may have: the next smaller or larger one takes the place of that in the layer."""

from __future__ import annotations

import contextlib

from qgis.core import QgsCoordinateTransform, QgsCsException, QgsGeometry, QgsProject

from . import results
from .geography import wgs84
from .measures import measured

SMALLER, LARGER = -1, 1
_SAME_DEG = 1e-8
"""A millimetre: nearer than that, two outlines are the same one that was put into another CRS and back."""


def can_nudge(answer: results.LocatedAnswer, step: int) -> bool:
    """Return whether an answer has a smaller or a larger outline than what lies in the layer.

    Args:
        answer: whose outlines these are.
        step: `SMALLER` or `LARGER`.
    """
    return _next(answer, step) is not None


def nudge(answer: results.LocatedAnswer, step: int) -> bool:
    """Put the next smaller or larger outline into the layer, with what is measured of it.

    From a shape that was edited by hand it goes on from the outline whose area is nearest. The field `outline` becomes
    "segment", without a score, and what it was where the answer's own outline comes back.

    Args:
        answer: whose outline changes.
        step: `SMALLER` or `LARGER`.

    Returns:
        False where there is no such outline, or the layer cannot be changed.
    """
    shape, layer = _next(answer, step), results.layer_of(answer)
    if shape is None:
        return False
    geometry = QgsGeometry(shape)
    geometry.transform(QgsCoordinateTransform(wgs84(), layer.crs(), QgsProject.instance()))
    kind = {"outline": "segment", "outline_score": None}
    if _same(shape, results.geometry_of(answer.geometry)):
        kind = {name: answer.values.get(name) for name in kind}
    return results.store(answer, {**results.bounds_of(geometry), **measured(geometry, layer.crs()), **kind}, geometry)


def _next(answer: results.LocatedAnswer, step: int) -> QgsGeometry | None:
    """Return the outline that follows what lies in the layer, in WGS 84; None where there is none."""
    feature = results.feature_of(answer)
    if feature is None or not feature.hasGeometry():
        return None
    shapes = [results.geometry_of(outline) for outline in answer.outlines]
    present = feature.geometry()
    # A layer's CRS may have been changed to one that has no such place.
    with contextlib.suppress(QgsCsException):
        present.transform(QgsCoordinateTransform(results.layer_of(answer).crs(), wgs84(), QgsProject.instance()))
        same = [number for number, shape in enumerate(shapes) if _same(shape, present)]
        numbers = same or sorted(range(len(shapes)), key=lambda number: abs(shapes[number].area() - present.area()))
        if numbers and 0 <= numbers[0] + step < len(shapes):
            return shapes[numbers[0] + step]
    return None


def _same(one: QgsGeometry, other: QgsGeometry) -> bool:
    return one.hausdorffDistance(other) < _SAME_DEG
