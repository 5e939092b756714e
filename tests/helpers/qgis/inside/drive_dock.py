"""Run inside QGIS: uses the dock as a person would; the worker is a stand-in.

A photo bears a blue dot: it is looked for on the screen and clicked there, so that no arithmetic of the plugin's is
trusted.
"""

import json
import sys
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsSettings,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QPoint, Qt, QTimer
from qgis.PyQt.QtWidgets import QApplication, QFileDialog, QMessageBox
from qgis.utils import loadPlugin, startPlugin, unloadPlugin

from tests.helpers.qgis.inside.hands import (
    INPUTS,
    LEFT,
    NAME,
    NO_KEY,
    QTest,
    action,
    alive,
    choose,
    click_photo,
    coloured,
    dock,
    drag,
    drop,
    drop_layers,
    iface,
    is_best,
    messages,
    open_dock,
    our_layers,
    picture,
    play,
    plugins,
    press,
    settled,
    wait,
    wheel,
)

STUB = Path(INPUTS["stub"])
QUESTION = QMessageBox.question


def called() -> dict:
    return json.loads((STUB.parent / "called.json").read_text(encoding="utf-8"))


def was_called() -> bool:
    return (STUB.parent / "called.json").is_file()


def forget_call() -> None:
    (STUB.parent / "called.json").unlink(missing_ok=True)


def is_blue(red: int, green: int, blue: int) -> bool:
    return blue > 150 and red < 100 and green < 100


def is_red(red: int, green: int, blue: int) -> bool:
    return red > 170 and green < 60 and blue < 60


def middle(box: list) -> QPoint:
    return QPoint(int((box[0] + box[2]) / 2), int((box[1] + box[3]) / 2))


def viewport():
    return dock().photo.view.viewport()


def click_dot() -> list:
    """Click the dot of the photo where it is on the screen; its size there in pixels."""
    box = coloured(viewport(), is_blue)
    QTest.mouseClick(viewport(), LEFT, NO_KEY, middle(box))
    return [box[2] - box[0], box[3] - box[1]]


def show(kind: str) -> None:
    drop(dock().photo, INPUTS["photos"][kind])


def search(kind: str = "") -> dict:
    """Choose a photo, click its dot, press Locate, wait for the end; what is to be seen then."""
    forget_call()
    dock().tabs.setCurrentIndex(0)
    if kind:
        show(kind)
        click_dot()
    press(dock().start_button)
    wait(lambda: not dock().running)
    QTest.qWait(50)
    return {
        "request": called()["request"] if was_called() else None,
        "messages": messages(dock().messages.bar),
        "layers": [[layer.name(), layer.crs().authid(), layer.featureCount()] for layer in our_layers()],
        "running": dock().cancel_button.isEnabled() or not dock().start_button.isEnabled(),
        "listed": dock().answers.count(),
        "tab": dock().tabs.currentIndex(),
    }


def shown_actions() -> dict:
    """The plugin wherever QGIS shows it."""
    text = "Locate object from photo"
    menus = [a.menu() for a in iface.rasterMenu().actions() if a.menu() and a.text() == "Geoloc"]
    return {
        "toolbar": [a.text() for a in iface.pluginToolBar().actions() if text in a.text()],
        "menu": [a.text() for menu in menus for a in menu.actions()],
        "docks": sum(type(w).__name__ == "GeolocDock" for w in iface.mainWindow().children()),
        "algorithms": sorted(
            a.id() for a in QgsApplication.processingRegistry().algorithms() if a.id().startswith("geoloc:")
        ),
    }


def set_up() -> dict:
    iface.mainWindow().resize(1500, 950)
    first = shown_actions()
    open_dock()
    first["empty"] = dock().reference.empty.isVisible()
    picture("empty")
    for name, path in INPUTS["rasters"].items():
        QgsProject.instance().addMapLayer(QgsRasterLayer(path, name))
        QTest.qWait(50)
    # The first one was ticked while it was the only one.
    first["ticked"] = [layer.name() for layer in dock().reference.chosen_layers()]
    dock().reference.tick([])
    # Not before: a new project takes the CRS of its first layer.
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    # Away from the mosaic: the plugin has to find it.
    iface.mapCanvas().setExtent(QgsRectangle(0, 0, 1000, 1000))
    press(dock().start_button)
    without_photo = messages(dock().messages.bar)
    show("found")
    press(dock().start_button)
    without_click = messages(dock().messages.bar)
    click_dot()
    press(dock().start_button)
    return {**first, "messages": [without_photo, without_click, messages(dock().messages.bar)], "called": was_called()}


def found_upright() -> dict:
    town = QgsProject.instance().mapLayersByName("town")[0]
    dock().reference.tick([town])
    show("found")
    dock().top.setValue(3)
    size = click_dot()
    state = {"hint": dock().photo.hint.text(), **search()}
    # The answer flashes first.
    QTest.qWait(1200)
    settled()
    picture("found")
    canvas = iface.mapCanvas()
    to_pixels = canvas.getCoordinateTransform()
    truth = [to_pixels.transform(QgsPointXY(*point)) for point in INPUTS["best_3857"]]
    return {
        **state,
        "dot": size,
        "crs": canvas.mapSettings().destinationCrs().authid(),
        "object": coloured(canvas, is_red),
        "outline": coloured(canvas, is_best),
        "truth": [[point.x(), point.y()] for point in truth],
        "rows": [[f["rank"], f["score"], f["photo"], str(f["status"] or "")] for f in our_layers()[0].getFeatures()],
    }


def found_turned() -> dict:
    """A photo with EXIF orientation 6, the view turned once more and zoomed in."""
    show("turned")
    press(dock().photo.tools["turn"])
    wheel(viewport(), 9, middle(coloured(viewport(), is_blue)))
    size = click_dot()
    dock().top.setValue(5)
    return {**search(), "dot": size}


def drag_and_miss() -> dict:
    """Dragging moves the photo and marks nothing; neither does a click beside it, which a tall photo has."""
    dock().tabs.setCurrentIndex(0)
    show("found")
    show("turned")
    wheel(viewport(), 10, middle(coloured(viewport(), is_blue)))
    before = coloured(viewport(), is_blue)
    drag(viewport(), middle(before), QPoint(60, -40))
    after = coloured(viewport(), is_blue)
    dragged = dock().photo.target is not None
    press(dock().photo.tools["fit"])
    QTest.mouseClick(viewport(), LEFT, NO_KEY, QPoint(3, viewport().height() // 2))
    return {"before": before, "after": after, "dragged": dragged, "missed": dock().photo.target is not None}


def strip() -> dict:
    """The folder's photos in a row; next and previous."""
    drop(dock().photo, str(Path(INPUTS["photos"]["found"]).parent))
    first = dock().photo.path.name
    press(dock().photo.tools["next"])
    second = dock().photo.path.name
    press(dock().photo.tools["before"])
    place = list(dock().photo.strip.place())
    back = dock().photo.path.name
    show("text")
    return {"first": first, "second": second, "back": back, "place": place, "messages": messages(dock().messages.bar)}


def typed() -> dict:
    """A path typed into the photo's field: only its end counts, though its folder is passed on the way."""
    show("found")
    field = dock().photo.file.lineEdit()
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, INPUTS["photos"]["gps"])
    before = [dock().photo.path.name, field.text() == INPUTS["photos"]["gps"]]
    QTest.keyClick(field, Qt.Key.Key_Return)
    return {"before": before, "after": dock().photo.path.name}


def where() -> dict:
    """Each kind of place, as it stands in the request."""
    panel, state = dock().where, {}
    canvas = iface.mapCanvas()
    polygons = QgsVectorLayer("Polygon?crs=EPSG:32615", "polygons", "memory")
    shapes = [QgsFeature(), QgsFeature()]
    for shape, bounds in zip(shapes, INPUTS["polygons"], strict=True):
        shape.setGeometry(QgsGeometry.fromRect(QgsRectangle(*bounds)))
    polygons.dataProvider().addFeatures(shapes)
    QgsProject.instance().addMapLayer(polygons)
    panel.polygons.setLayer(polygons)
    for name, kind in (("everywhere", 0), ("gps", 1), ("canvas", 2), ("polygons", 3), ("point", 4)):
        choose(panel.kind, kind)
        # Answers have moved the map.
        canvas.setExtent(QgsRectangle(*INPUTS["town_3857"]))
        settled()
        if name == "point":
            press(panel.pick)
            at = canvas.rect().center()
            QTest.mouseClick(canvas.viewport(), LEFT, NO_KEY, at)
            QTest.qWait(50)
            state["picked"] = [panel.point.x(), panel.point.y()]
        if name == "polygons":
            polygons.selectByIds([next(polygons.getFeatures()).id()])
            panel.selected.setChecked(True)
        state[name] = search("gps" if name in ("gps", "point") else "found")["request"]
        if name == "gps":
            state["camera"] = dock()._camera is not None
    choose(panel.kind, 1)
    show("found")
    state["without"] = panel.kind.currentIndex()
    QgsProject.instance().removeMapLayer(polygons.id())
    drop_layers()
    return state


def kept_or_added() -> dict:
    """Answers go to the layer of the last ones, unless another is chosen."""
    search("found")
    one = search("found")["layers"]
    dock().into.setCurrentIndex(0)
    two = search("found")["layers"]
    state = {"one": one, "two": two}
    drop_layers()
    state["listed"] = [dock().into.itemText(i) for i in range(dock().into.count())]
    return state


def export_without_suffix() -> list:
    """The kind that is chosen counts; what is there already is not replaced unasked."""
    shape = Path(INPUTS["save_as"]).with_suffix("")
    QFileDialog.getSaveFileName = staticmethod(lambda *given: (str(shape), "ESRI Shapefile (*.shp)"))
    press(dock().answers.buttons["export"])
    shape_file = shape.with_suffix(".shp")
    first = shape_file.stat().st_mtime_ns
    questions = []
    QMessageBox.question = staticmethod(lambda *given: questions.append(given[2]) or QMessageBox.StandardButton.No)
    press(dock().answers.buttons["export"])
    state = [len(questions), shape_file.stat().st_mtime_ns == first]
    QMessageBox.question = QUESTION
    return state


def elsewhere() -> dict:
    """Answers that the chosen layer cannot take go into a new one: none is lost."""
    read_only = QgsVectorLayer(INPUTS["read_only"], "read only", "delimitedtext")
    read_only.setCustomProperty("geoloc/results", True)
    QgsProject.instance().addMapLayer(read_only)
    dock().into.setCurrentIndex(dock().into.findText("read only"))
    before = read_only.featureCount()
    state = search("found")["layers"]
    drop_layers()
    return {"layers": sorted(state), "before": before}


def judged() -> dict:
    """Accept, reject, take back; edit; export."""
    search("found")
    panel, layer = dock().answers, our_layers()[0]

    def stored() -> list:
        return [str(f["status"] or "") for f in layer.getFeatures()]

    press(panel.buttons["accept"])
    panel.list.setCurrentRow(1)
    press(panel.buttons["reject"])
    state = {"stored": stored()}
    settled()
    picture("judged")
    press(panel.buttons["reject"])
    state["taken_back"] = stored()
    QFileDialog.getSaveFileName = staticmethod(lambda *given: (INPUTS["save_as"], ""))
    press(panel.buttons["export"])
    state["export"] = messages(dock().messages.bar)
    saved = QgsVectorLayer(INPUTS["save_as"], "saved", "ogr")
    state["saved"] = [saved.featureCount(), saved.crs().authid(), saved.renderer().type()]
    press(panel.buttons["edit"])
    state["editing"] = [layer.isEditable(), layer.selectedFeatureCount(), iface.activeLayer() == layer]
    # What is added meanwhile is one edit among others.
    state["while_editing"] = search("found")["layers"]
    press(panel.buttons["accept"])
    state["accepted_while_editing"] = stored().count("accepted")
    layer.rollBack()
    state["after_undo"] = layer.featureCount()
    layer.startEditing()
    search("found")
    layer.commitChanges()
    panel.list.setCurrentRow(2)
    press(panel.buttons["reject"])
    state["after_commit"] = [layer.featureCount(), stored()[3:]]
    state["no_suffix"] = export_without_suffix()
    drop_layers()
    state["gone"] = panel.buttons["accept"].isEnabled()
    return state


def empty() -> dict:
    return search("empty")


def error() -> dict:
    return search("error")


def crash() -> dict:
    """The worker dies; the next search has another."""
    state = search("crash")
    picture("crash")
    state["next"] = search("found")["layers"]
    drop_layers()
    return state


def cancelled() -> dict:
    """The map is moved while geoloc works; then the search is cancelled."""
    forget_call()
    dock().tabs.setCurrentIndex(0)
    show("slow")
    click_dot()
    canvas = iface.mapCanvas()
    canvas.zoomToFullExtent()
    settled()
    press(dock().start_button)
    wait(was_called)
    pid = called()["pid"]
    # However slow the machine: a worker that listens is heard, and stays.
    sys.modules[f"{NAME}.worker.client"]._CANCEL_S = 600.0
    drawings = []
    canvas.mapCanvasRefreshed.connect(lambda: drawings.append(canvas.scale()))
    for factor in (0.5, 0.5, 2.0):
        canvas.zoomByFactor(factor)
        # The stand-in works until it is cancelled: a window that waits for it draws nothing.
        wait(lambda: canvas.scale() in drawings)
        drawings.clear()
    picture("running")
    state = {
        "running": dock().task is not None and alive(pid),
        "percent": dock().progress.value(),
        "status": dock().status.text(),
        "tasks": [task.description() for task in QgsApplication.taskManager().activeTasks()],
    }
    press(dock().cancel_button)
    wait(lambda: dock().task is None)
    end = {"kept_warm": alive(pid), "messages": messages(dock().messages.bar)}
    return {**end, "layers": len(our_layers()), "while": state}


def online() -> dict:
    """Tiles of a server are rendered for the area after a question, and not again for a second click."""
    layer = QgsRasterLayer(f"type=xyz&url={INPUTS['tiles']}&zmax=18&zmin=0", "tiles", "wms")
    QgsProject.instance().addMapLayer(layer)
    dock().reference.tick([layer])
    dock().where.kind.setCurrentIndex(0)
    questions, state = [], {"valid": layer.isValid()}

    def answer(yes: bool) -> None:
        boxes = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]
        if not boxes:
            # Not asked yet.
            QTimer.singleShot(100, lambda: answer(yes))
            return
        questions.append(boxes[0].text())
        press(boxes[0].button(QMessageBox.StandardButton.Yes if yes else QMessageBox.StandardButton.No))

    state["everywhere"] = search("found")["messages"]
    dock().where.kind.setCurrentIndex(2)
    iface.mapCanvas().setExtent(QgsRectangle(*INPUTS["town_3857"]))
    settled()
    QTimer.singleShot(400, lambda: answer(False))
    state["no"] = search()["request"]
    QTimer.singleShot(400, lambda: answer(True))
    state["yes"] = search()["request"]
    rendered = QgsRasterLayer(state["yes"]["mosaics"][0], "rendered")
    bounds = rendered.extent()
    state["rendered"] = {
        "crs": rendered.crs().authid(),
        "unit": rendered.rasterUnitsPerPixelX(),
        "bounds": [bounds.xMinimum(), bounds.yMinimum(), bounds.xMaximum(), bounds.yMaximum()],
        "path": state["yes"]["mosaics"][0],
    }
    # An answer has moved the map.
    iface.mapCanvas().setExtent(QgsRectangle(*INPUTS["town_3857"]))
    settled()
    state["again"] = search()["request"]["mosaics"]
    state["matched"] = matched_online(state)
    state["questions"] = questions
    state["layers"] = [[one.crs().authid(), one.featureCount()] for one in our_layers()]
    drop_layers()
    QgsProject.instance().removeMapLayer(layer.id())
    dock().reference.tick([QgsProject.instance().mapLayersByName("town")[0]])
    dock().where.kind.setCurrentIndex(0)
    return state


def matched_online(state: dict) -> list:
    """A photo is matched with online layers, rendered round its own position; what was rendered, in WGS 84."""
    show("gps")
    dock().where.kind.setCurrentIndex(1)
    dock().where.within.setValue(20)
    # Not by the mouse: nothing is rendered between these lines.
    dock().matching.bar.action("match").trigger()
    state["waiting"] = [dock().matching.bar.progress.isVisible(), dock().matching.bar.buttons["cancel"].isVisible()]
    dock().start()
    state["told"] = messages(dock().messages.bar)
    dock().matching.bar.action("cancel").trigger()
    wait(lambda: not dock().files.rendering)
    state["cancelled"] = [dock().matching.bar.progress.isVisible(), messages(dock().messages.bar)]
    press(dock().matching.bar.buttons["match"])
    asked = STUB.with_name("matched.jsonl")
    wait(lambda: asked.is_file() and dock().matching.photos.task is None)
    (path,) = json.loads(asked.read_text(encoding="utf-8"))["mosaics"]
    rendered = QgsRasterLayer(path, "matched")
    move = QgsCoordinateTransform(rendered.crs(), QgsCoordinateReferenceSystem("EPSG:4326"), QgsProject.instance())
    bounds = move.transformBoundingBox(rendered.extent())
    return [bounds.xMinimum(), bounds.yMinimum(), bounds.xMaximum(), bounds.yMaximum()]


def missing() -> dict:
    """No environment: said, and nothing breaks; the page of settings says it too."""
    QgsSettings().setValue("geoloc/python", "/no/such/python")
    state = search("found")
    QgsSettings().setValue("geoloc/python", str(STUB))
    return state


def closed_meanwhile() -> dict:
    """The dock is closed while geoloc works: the answer comes nevertheless, and QGIS's own bar tells of it."""
    iface.messageBar().clearWidgets()
    show("later")
    click_dot()
    press(dock().start_button)
    press(iface.pluginToolBar().widgetForAction(action()))
    visible = dock().isVisible()
    STUB.with_name("go_on").touch()
    wait(lambda: dock().task is None)
    texts = [item.text() for item in iface.messageBar().items()]
    state = {"visible": visible, "bar": texts, "layers": len(our_layers())}
    drop_layers()
    open_dock()
    return {**state, "again": dock().isVisible(), "kept": dock().photo.target is not None}


def dark() -> dict:
    """Seen in a dark theme."""
    QgsApplication.setUITheme("Night Mapping")
    show("found")
    click_photo(400, 300)
    picture("dark")
    QgsApplication.setUITheme("default")
    return {}


def unloaded() -> dict:
    """Unloaded while geoloc works, and loaded again."""
    forget_call()
    dock().tabs.setCurrentIndex(0)
    show("slow")
    click_dot()
    press(dock().start_button)
    wait(was_called)
    pids = [called()["pid"], called()["child"]]
    unloadPlugin(NAME)
    wait(lambda: not any(alive(pid) for pid in pids) and not QgsApplication.taskManager().activeTasks())
    QTest.qWait(200)
    after = shown_actions()
    loadPlugin(NAME)
    startPlugin(NAME)
    again = shown_actions()
    open_dock()
    return {"after": after, "again": again, "opens": dock().isVisible()}


def quits_meanwhile() -> dict:
    """A search runs when QGIS is closed; the test looks whether the worker is left."""
    forget_call()
    for path in INPUTS["rasters"].values():
        layer = QgsRasterLayer(path, "once more")
        QgsProject.instance().addMapLayer(layer)
    dock().reference.tick([layer])
    show("slow")
    click_dot()
    press(dock().start_button)
    wait(was_called)
    return {"pids": [called()["pid"], called()["child"]], "plugin": NAME in plugins}


play(
    [
        *(set_up, found_upright, found_turned, drag_and_miss, strip, typed, where, kept_or_added, judged, elsewhere),
        *(empty, error, crash),
        *(cancelled, online, missing, closed_meanwhile, dark, unloaded, quits_meanwhile),
    ]
)
