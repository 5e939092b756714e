# SPDX-License-Identifier: GPL-2.0-or-later
"""What layers of answers say of an outline's size and bounds stays true when it is edited by hand."""

from __future__ import annotations

import contextlib
import math

from qgis.core import NULL, QgsCsException, QgsGeometry, QgsVectorLayer
from qgis.PyQt.QtCore import QObject

from . import results
from .measures import measured

_SAME = 1e-6
"""Share by which two measures of one outline may differ: a field is rounded."""


class MeasureKeeper(QObject):
    """Measures outlines anew, in the same edit where they change within one, else before edits are saved."""

    def watch(self, layer: QgsVectorLayer) -> None:
        """Keep the measures of a layer of answers, from now on; again and again is once."""
        for signal, slot in ((layer.geometryChanged, self._changed), (layer.beforeCommitChanges, self._before_saving)):
            with contextlib.suppress(TypeError):
                signal.disconnect(slot)
            signal.connect(slot)

    def _changed(self, feature_id: int, geometry: QgsGeometry) -> None:
        layer = self.sender()
        # Undoing brings back the measures with the shape; nothing may be changed meanwhile.
        if layer.isEditCommandActive():
            _measure(layer, feature_id, geometry)

    def _before_saving(self, *_) -> None:
        layer = self.sender()
        edits = layer.editBuffer()
        shapes = {number: feature.geometry() for number, feature in edits.addedFeatures().items()}
        for feature_id, geometry in {**shapes, **edits.changedGeometries()}.items():
            _measure(layer, feature_id, geometry)


def _measure(layer: QgsVectorLayer, feature_id: int, geometry: QgsGeometry) -> None:
    """Store what is measured of a shape, where the layer says otherwise; its outline has no score any more then."""
    if geometry.isEmpty():
        return
    # The layer's CRS may have no such place.
    with contextlib.suppress(QgsCsException):
        values = {**results.bounds_of(geometry), **measured(geometry, layer.crs())}
        feature, fields = layer.getFeature(feature_id), layer.fields()
        known = {name: value for name, value in values.items() if fields.indexOf(name) >= 0}
        if all(feature[name] != NULL and math.isclose(feature[name], known[name], rel_tol=_SAME) for name in known):
            return
        changed = {fields.indexOf(name): value for name, value in {**known, "outline_score": None}.items()}
        layer.changeAttributeValues(feature_id, {at: value for at, value in changed.items() if at >= 0})
