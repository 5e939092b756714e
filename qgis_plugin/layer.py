# SPDX-License-Identifier: GPL-2.0-or-later
"""How answers look on the map; and the file behind a raster layer."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    QgsFillSymbol,
    QgsMapLayer,
    QgsPalLayerSettings,
    QgsProviderRegistry,
    QgsRuleBasedRenderer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor

from .texts import tr

ACCEPTED, REJECTED = "accepted", "rejected"
LABEL = "'#' || \"rank\" || '  ' || format_number(\"score\", 2)"
_OPEN = "coalesce(\"status\", '') not in ('accepted', 'rejected')"
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
        text = tr("The layer {name} is not a raster file on this computer; export it as GeoTIFF first.")
        raise LayerError(text.format(name=layer.name()))
    return path


def style(layer: QgsVectorLayer) -> None:
    """Rank 1 in a strong outline, what was accepted in green, what was rejected faint; rank and score as labels."""
    root = QgsRuleBasedRenderer.Rule(None)
    # First in the legend, yet drawn over the others: in a later pass.
    for look, expression, label, drawn in (
        (("#e6007e", 0.9, "solid"), f'"rank" = 1 and {_OPEN}', tr("best answer"), 2),
        (("#ffb000", 0.5, "solid"), f'"rank" > 1 and {_OPEN}', tr("other answers"), 1),
        (("#12a150", 0.9, "solid"), "\"status\" = 'accepted'", tr("accepted"), 3),
        (("#8c8c8c", 0.4, "dot"), "\"status\" = 'rejected'", tr("rejected"), 0),
    ):
        root.appendChild(QgsRuleBasedRenderer.Rule(_outline(*look, drawn), 0, 0, expression, label))
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


def _outline(colour: str, width_mm: float, line: str, drawn: int) -> QgsFillSymbol:
    """A white line lies under it, so that it is seen on any picture."""
    look = {"style": "no", "joinstyle": "miter"}
    under = {**look, "outline_color": "255,255,255,200", "outline_width": str(width_mm + 0.7)}
    symbol = QgsFillSymbol.createSimple(under)
    over = {**look, "outline_color": colour, "outline_width": str(width_mm), "outline_style": line}
    # Held: the layer would go with a symbol that nobody holds.
    upper = QgsFillSymbol.createSimple(over)
    symbol.appendSymbolLayer(upper.symbolLayer(0).clone())
    for part in range(symbol.symbolLayerCount()):
        symbol.symbolLayer(part).setRenderingPass(2 * drawn + part)
    return symbol
