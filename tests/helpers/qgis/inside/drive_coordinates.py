"""Run inside QGIS: searches the same object on rasters of every shape, with geoloc itself, on a map of another CRS."""

from qgis.core import QgsCoordinateReferenceSystem, QgsPointXY, QgsProject, QgsRasterLayer
from qgis.PyQt.QtTest import QTest

from tests.helpers.qgis.inside.hands import (
    INPUTS,
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


def is_red(red: int, green: int, blue: int) -> bool:
    return red > 190 and green < 60 and blue < 60


def start() -> dict:
    iface.mainWindow().resize(1500, 950)
    open_dock()
    drop(dock().photo, INPUTS["photo"])
    click_photo(*INPUTS["click"])
    return {}


def look(name: str, crs: str) -> dict:
    """Search on the shape's rasters, the map in `crs`; the object, the answer and the truth on the screen."""
    project, canvas = QgsProject.instance(), iface.mapCanvas()
    layers = [QgsRasterLayer(path, f"{name} {part}") for part, path in enumerate(INPUTS["shapes"][name])]
    project.addMapLayers(layers)
    QTest.qWait(50)
    project.setCrs(QgsCoordinateReferenceSystem(crs))
    dock().reference.tick(layers)
    dock().tabs.setCurrentIndex(0)
    dock().into.setCurrentIndex(0)
    # By attention alone some shapes, which takes three times as long: one in degrees, and two rasters at once.
    dock().refine.setChecked(name not in ("degrees", "two_crs"))
    press(dock().start_button)
    wait(lambda: not dock().running)
    shown = messages(dock().messages.bar)
    if not our_layers():
        return {"messages": shown}
    # The map is where the answer is; the flash is over.
    QTest.qWait(1200)
    settled()
    picture(f"coordinates_{name}")
    truth = canvas.getCoordinateTransform().transform(QgsPointXY(*INPUTS["true"][crs]))
    state = {
        "messages": shown,
        "map": canvas.mapSettings().destinationCrs().authid(),
        "layers": [layer.crs().authid() for layer in our_layers()],
        "rasters": [layer.crs().authid() for layer in layers],
        "outline": coloured(canvas, is_best),
        "truth": [truth.x(), truth.y()],
    }
    drop_layers()
    settled()
    state["object"] = coloured(canvas, is_red)
    project.removeMapLayers([layer.id() for layer in layers])
    return state


def step(name: str, crs: str):
    def do() -> dict:
        return look(name, crs)

    do.__name__ = name
    return do


play([start, *(step(name, crs) for name, crs in INPUTS["maps"].items())])
