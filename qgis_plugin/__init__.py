# SPDX-License-Identifier: GPL-2.0-or-later
"""QGIS plugin: click an object in a photograph, get its polygon on the map, by running the geoloc command line.

Nothing of QGIS is imported here, so that `runner` can be used and tested without it.
"""


def classFactory(iface):
    """Make the plugin, as QGIS asks for it. iface: QgisInterface."""
    from .plugin import GeolocPlugin

    return GeolocPlugin(iface)
