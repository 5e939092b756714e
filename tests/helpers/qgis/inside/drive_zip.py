"""Run inside QGIS: looks whether the plugin from its zip is loaded, and in which language it speaks."""

from qgis.core import QgsApplication

from tests.helpers.qgis.inside.hands import NAME, action, dock, messages, open_dock, picture, play, plugins, press


def loaded() -> dict:
    open_dock()
    press(dock().start_button)
    picture("german")
    registry = QgsApplication.processingRegistry()
    return {
        "plugin": NAME in plugins,
        "dock": dock().isVisible(),
        "action": action().text(),
        "button": dock().start_button.text(),
        "algorithms": len(registry.providerById("geoloc").algorithms()),
        "algorithm": registry.algorithmById("geoloc:locateobject").displayName(),
        "message": messages(dock().messages.bar)[0][0],
    }


play([loaded])
