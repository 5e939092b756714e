"""Run inside QGIS: looks whether the plugin from its zip is loaded, and in which language it speaks."""

import json
import sys
from pathlib import Path

# QGIS runs this as text, which has no file.
sys.path.insert(0, json.loads(Path("asked.json").read_text(encoding="utf-8"))["here"])
from hands import NAME, action, dock, messages, open_dock, picture, play, plugins, press
from qgis.core import QgsApplication


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
        "message": messages(dock().messages)[0][0],
    }


play([loaded])
