"""Run inside QGIS: searches the same object on rasters of every shape, with geoloc itself, on a map of another CRS."""

import json
import sys
from pathlib import Path

# QGIS runs this as text, which has no file.
sys.path.insert(0, json.loads(Path("asked.json").read_text(encoding="utf-8"))["here"])
from hands import (
    ASKED,
    click_photo,
    coloured,
    dock,
    drop,
    drop_layers,
    iface,
    is_best,
    messages,
    open_dock,
    our_layers,
    picture,
    play,
    press,
    settled,
    wait,
)
from qgis.core import QgsCoordinateReferenceSystem, QgsPointXY, QgsProject, QgsRasterLayer
from qgis.PyQt.QtTest import QTest

SEARCH_S = 100


def is_red(red: int, green: int, blue: int) -> bool:
    return red > 190 and green < 60 and blue < 60


def start() -> dict:
    iface.mainWindow().resize(1500, 950)
    open_dock()
    drop(dock().photo, ASKED["photo"])
    click_photo(*ASKED["click"])
    return {}


def look(name: str, crs: str) -> dict:
    """Search on the shape's rasters, the map in `crs`; the object, the answer and the truth on the screen."""
    project, canvas = QgsProject.instance(), iface.mapCanvas()
    layers = [QgsRasterLayer(path, f"{name} {part}") for part, path in enumerate(ASKED["shapes"][name])]
    project.addMapLayers(layers)
    QTest.qWait(50)
    project.setCrs(QgsCoordinateReferenceSystem(crs))
    dock().reference.tick(layers)
    dock().tabs.setCurrentIndex(0)
    dock().into.setCurrentIndex(0)
    # Where pixels lie does not depend on it; once with it, to have seen both.
    dock().geometry.setChecked(name == "turned")
    press(dock().start_button)
    wait(lambda: not dock().running, SEARCH_S)
    said = messages(dock().messages)
    if not our_layers():
        return {"messages": said}
    # The map is where the answer is; the flash is over.
    QTest.qWait(1200)
    settled()
    picture(f"coordinates_{name}")
    truth = canvas.getCoordinateTransform().transform(QgsPointXY(*ASKED["true"][crs]))
    seen = {
        "messages": said,
        "map": canvas.mapSettings().destinationCrs().authid(),
        "layers": [layer.crs().authid() for layer in our_layers()],
        "rasters": [layer.crs().authid() for layer in layers],
        "outline": coloured(canvas, is_best),
        "truth": [truth.x(), truth.y()],
    }
    drop_layers()
    settled()
    seen["object"] = coloured(canvas, is_red)
    project.removeMapLayers([layer.id() for layer in layers])
    return seen


def step(name: str, crs: str):
    def do() -> dict:
        return look(name, crs)

    do.__name__ = name
    return do


play([start, *(step(name, crs) for name, crs in ASKED["maps"].items())])
