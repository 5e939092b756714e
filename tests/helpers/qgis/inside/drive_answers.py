"""Run inside QGIS: answers with outlines are made smaller and larger, with buttons, keys and undo; a stand-in finds."""

from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer
from qgis.PyQt.QtGui import QTransform
from qgis.PyQt.QtWidgets import QApplication, QLabel

from tests.helpers.qgis.inside.hands import (
    INPUTS,
    QTest,
    click_photo,
    dock,
    drop,
    drop_layers,
    iface,
    open_dock,
    our_layers,
    picture,
    play,
    press,
    wait,
)

FIELDS = ("outline", "outline_score", "area_m2", "length_m", "width_m", "azimuth_deg", "xmin", "ymin", "xmax", "ymax")
SMALLER, LARGER = "smaller", "larger"


def panel():
    return dock().answers


def search() -> None:
    dock().tabs.setCurrentIndex(0)
    drop(dock().photo, INPUTS["photo"])
    click_photo(100, 100)
    press(dock().start_button)
    wait(lambda: not dock().running)
    QTest.qWait(50)


def best(rank: int = 1) -> dict:
    """What the layer holds of an answer, what its row says, and whether it can be made smaller or larger."""
    feature = next(one for one in our_layers()[0].getFeatures() if one["rank"] == rank)
    row = panel().list.itemWidget(panel().list.item(rank - 1))
    texts = " ".join(label.text() for label in row.findChildren(QLabel))
    return {
        "wkt": feature.geometry().asWkt(6),
        "multi": feature.geometry().isMultipart(),
        "values": {name: feature[name] or None for name in FIELDS},
        "row": texts,
        "can": [panel().buttons[name].isEnabled() for name in (SMALLER, LARGER)],
    }


def key(text: str) -> None:
    QTest.keyClick(panel().list, text)
    QTest.qWait(20)


def set_up() -> dict:
    iface.mainWindow().resize(1500, 950)
    open_dock()
    QApplication.setActiveWindow(iface.mainWindow())
    QgsProject.instance().addMapLayer(QgsRasterLayer(INPUTS["raster"], "town"))
    QTest.qWait(50)
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    dock().where.kind.setCurrentIndex(0)
    disabled = [panel().buttons[name].isEnabled() for name in (SMALLER, LARGER)]
    search()
    return {"disabled": disabled, "tips": [panel().buttons[name].toolTip() for name in (SMALLER, LARGER)], **best()}


def buttons() -> list:
    """Larger twice, which is the end; back to the first, and to the smallest."""
    states = []
    for name in (LARGER, LARGER, SMALLER, SMALLER, SMALLER):
        press(panel().buttons[name])
        states.append(best())
        if len(states) == 1:
            QTest.qWait(1200)
            picture("larger")
    return states


def keys() -> list:
    panel().list.setFocus()
    states = []
    for text in "+=--":
        key(text)
        states.append(best()["wkt"])
    # At the end nothing happens.
    key("-")
    return [*states, best()["wkt"]]


def others() -> list:
    """An answer that is but a box, with no other outline, and one of which nothing is told."""
    states = []
    for row in (1, 2):
        panel().list.setCurrentRow(row)
        states.append(best(row + 1))
    panel().list.setCurrentRow(0)
    return states


def by_hand() -> dict:
    """From a shape that was edited by hand, on from the outline whose area is nearest; all is undone step by step."""
    layer = our_layers()[0]
    press(panel().buttons["edit"])
    feature = next(layer.getFeatures())
    shape = feature.geometry()
    # As large as the third outline, nearly.
    shape.translate(0.4, 0.3)
    shape = shape.buffer(2.2, 1)
    shape.convertToMultiType()
    layer.changeGeometry(feature.id(), shape)
    edited = best()
    steps = layer.undoStack().index()
    press(panel().buttons[LARGER])
    nudged = best()
    state = {"edited": edited, "nudged": nudged, "steps": layer.undoStack().index() - steps}
    layer.undoStack().undo()
    state["undone"] = best()
    layer.undoStack().redo()
    state["redone"] = best()
    layer.undoStack().undo()
    layer.undoStack().undo()
    state["all_undone"] = best()
    press(panel().buttons[LARGER])
    layer.commitChanges()
    state["saved"] = best()
    return state


def vertex_tool() -> dict:
    """QGIS's own tools change a shape within one edit, programs without: measures follow, and back when undone."""
    layer = our_layers()[0]
    layer.startEditing()
    feature = next(layer.getFeatures())
    before = best()
    half = feature.geometry()
    half.transform(QTransform(0.5, 0, 0, 0.5, feature["xmin"] / 2, feature["ymin"] / 2))
    layer.beginEditCommand("Moved vertex")
    layer.changeGeometry(feature.id(), half)
    layer.endEditCommand()
    state = {"before": before, "edited": best()}
    layer.undoStack().undo()
    state["undone"] = best()
    layer.undoStack().redo()
    state["redone"] = best()
    layer.undoStack().undo()
    layer.changeGeometry(feature.id(), half)
    state["by_program"] = best()
    layer.commitChanges()
    return {**state, "saved": best()}


def again() -> dict:
    """A second search into the same layer; then the layer goes."""
    search()
    count = panel().count()
    state = {"layers": len(our_layers()), "listed": count, "can": best()["can"]}
    drop_layers()
    QTest.qWait(50)
    return {**state, "gone": [panel().buttons[name].isEnabled() for name in (SMALLER, LARGER)]}


play([set_up, buttons, keys, others, by_hand, vertex_tool, again])
