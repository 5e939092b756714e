# SPDX-License-Identifier: GPL-2.0-or-later
"""The file behind a raster layer."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsMapLayer, QgsProviderRegistry, QgsRasterLayer

from ..texts import tr
from .errors import LayerError


def raster_file(layer: QgsMapLayer) -> Path:
    """Return the path of the file behind a raster layer.

    Raises:
        LayerError: the layer comes from a server, a database or a part of a file, or the file has gone.
    """
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    # geoloc runs in another folder than QGIS.
    path = Path(parts.get("path") or layer.source()).absolute()
    if layer.providerType() != "gdal" or parts.get("layerName") or not _is_file(path):
        text = tr("The layer {name} is not a raster file on this computer; export it as GeoTIFF first.")
        raise LayerError(text.format(name=layer.name()))
    return path


def is_map(path: str) -> bool:
    """Whether a file is a GeoTIFF, such as a mosaic or heights, which lies on the map; no photo does."""
    if Path(path).suffix.lower() not in (".tif", ".tiff"):
        return False
    options = QgsRasterLayer.LayerOptions()
    options.loadDefaultStyle = False
    # Otherwise a photo without a CRS gets the project's, or QGIS asks for one, by the user's settings.
    options.skipCrsValidation = True
    layer = QgsRasterLayer(path, "", "gdal", options)
    return layer.isValid() and layer.crs().isValid()


def needs_rendering(layer: QgsMapLayer) -> bool:
    """Whether QGIS has to render a layer before it can be searched: no raster file of this computer is behind it."""
    try:
        raster_file(layer)
    except LayerError:
        return True
    return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        # A whole VRT stands where a path could, or a folder cannot be looked into.
        return False
