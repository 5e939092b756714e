# SPDX-License-Identifier: GPL-2.0-or-later
"""geoloc's results as a layer of QGIS, styled; and the file behind a raster layer."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    QgsCoordinateTransform,
    QgsFeatureRequest,
    QgsFillSymbol,
    QgsMapLayer,
    QgsPalLayerSettings,
    QgsProject,
    QgsProviderRegistry,
    QgsRectangle,
    QgsRuleBasedRenderer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor

LABEL = "'#' || \"rank\" || '  ' || format_number(\"score\", 2)"
_BEST = {"style": "no", "outline_color": "#e6007e", "outline_width": "0.9", "joinstyle": "miter"}
_OTHER = {"style": "no", "outline_color": "#ffb000", "outline_width": "0.4", "joinstyle": "miter"}
_SURROUNDINGS = 6.0
_LABEL_GAP_MM = 1.0


class LayerError(Exception):
    """A layer cannot be used; the text is one line saying what to do."""


def raster_file(layer: QgsMapLayer) -> Path:
    """The file behind a raster layer.

    Raises:
        LayerError: it comes from a server, a database or a part of a file, or the file has gone.
    """
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    path = Path(parts.get("path") or layer.source())
    if layer.providerType() != "gdal" or parts.get("layerName") or not path.is_file():
        raise LayerError(f"The layer {layer.name()} is not a raster file on this computer; export it as GeoTIFF first.")
    return path


def shown_in(project: QgsProject, path: Path) -> str | None:
    """Name of a layer of the project that shows this file; None where none does."""
    registry = QgsProviderRegistry.instance()
    for layer in project.mapLayers().values():
        shown = registry.decodeUri(layer.providerType(), layer.source()).get("path")
        if shown and Path(shown).exists() and path.exists() and path.samefile(shown):
            return layer.name()
    return None


def results_layer(path: Path, name: str, in_memory: bool) -> QgsVectorLayer:
    """A styled layer of the results in a file. in_memory: a copy that does not need the file any longer.

    Raises:
        LayerError: QGIS cannot read the file.
    """
    layer = QgsVectorLayer(str(path), name, "ogr")
    if not layer.isValid():
        raise LayerError(f"QGIS cannot read {path}; the message log says more.")
    if in_memory:
        layer = layer.materialize(QgsFeatureRequest())
        layer.setName(name)
    _style(layer)
    return layer


def best_extent(layer: QgsVectorLayer, project: QgsProject) -> QgsRectangle:
    """The best results with their surroundings, in the project's CRS; empty where there are none."""
    extent = QgsRectangle()
    extent.setMinimal()
    for feature in layer.getFeatures(QgsFeatureRequest().setFilterExpression('"rank" = 1')):
        extent.combineExtentWith(feature.geometry().boundingBox())
    if extent.isEmpty():
        return QgsRectangle()
    extent = QgsCoordinateTransform(layer.crs(), project.crs(), project).transformBoundingBox(extent)
    extent.scale(_SURROUNDINGS)
    return extent


def _style(layer: QgsVectorLayer) -> None:
    root = QgsRuleBasedRenderer.Rule(None)
    # First in the legend, yet drawn over the others: in the second pass.
    for style, expression, label, drawn in (
        (_BEST, '"rank" = 1', "best answer", 1),
        (_OTHER, '"rank" > 1', "other answers", 0),
    ):
        symbol = QgsFillSymbol.createSimple(style)
        symbol.symbolLayer(0).setRenderingPass(drawn)
        root.appendChild(QgsRuleBasedRenderer.Rule(symbol, 0, 0, expression, label))
    renderer = QgsRuleBasedRenderer(root)
    renderer.setUsingSymbolLevels(True)
    layer.setRenderer(renderer)

    buffer = QgsTextBufferSettings()
    buffer.setEnabled(True)
    buffer.setSize(0.8)
    buffer.setColor(QColor("white"))
    text = QgsTextFormat()
    text.setSize(9)
    text.setColor(QColor("#3c0022"))
    text.setBuffer(buffer)
    settings = QgsPalLayerSettings()
    settings.fieldName = LABEL
    settings.isExpression = True
    settings.setFormat(text)
    settings.placement = QgsPalLayerSettings.Placement.OutsidePolygons
    settings.dist = _LABEL_GAP_MM
    layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
    layer.setLabelsEnabled(True)
