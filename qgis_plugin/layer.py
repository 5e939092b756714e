# SPDX-License-Identifier: GPL-2.0-or-later
"""How answers look on the map; and the file behind a raster layer."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsMapLayer, QgsProviderRegistry, QgsVectorLayer

from .texts import tr

ACCEPTED, REJECTED = "accepted", "rejected"
STYLE = Path(__file__).parent / "styles" / "located_objects.qml"
_CATEGORIES = QgsMapLayer.StyleCategory.Symbology | QgsMapLayer.StyleCategory.Labeling


class LayerError(Exception):
    """A layer cannot be used; the text is one line saying what to do."""


def raster_file(layer: QgsMapLayer) -> Path:
    """The file behind a raster layer.

    Raises:
        LayerError: it comes from a server, a database or a part of a file, or the file has gone.
    """
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    # geoloc runs in another folder than QGIS.
    path = Path(parts.get("path") or layer.source()).absolute()
    if layer.providerType() != "gdal" or parts.get("layerName") or not _is_file(path):
        text = tr("The layer {name} is not a raster file on this computer; export it as GeoTIFF first.")
        raise LayerError(text.format(name=layer.name()))
    return path


def style(layer: QgsVectorLayer) -> None:
    """Rank 1 in a strong outline, what was accepted in green, what was rejected faint; rank and score as labels.

    The style is a file, so that it can also be given to what the command line wrote (Layer Properties > Style > Load).
    """
    layer.loadNamedStyle(str(STYLE), False, _CATEGORIES)
    words = {
        "best answer": tr("best answer"),
        "other answers": tr("other answers"),
        "accepted": tr("accepted"),
        "rejected": tr("rejected"),
    }
    for rule in layer.renderer().rootRule().children():
        rule.setLabel(words[rule.label()])


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        # A whole VRT stands where a path could, or a folder cannot be looked into.
        return False
