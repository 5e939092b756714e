# SPDX-License-Identifier: GPL-2.0-or-later
"""QGIS plugin: click an object in a photograph, get its polygon on the map. The search runs in a process of its own.

Nothing of QGIS is imported here, so that `worker.client` and `worker.environment` can be used and tested without it.
"""


def classFactory(iface):
    """Return the plugin, as QGIS asks for it.

    Args:
        iface: QgisInterface; None in qgis_process.
    """
    from .plugin import GeolocPlugin

    return GeolocPlugin(iface)
