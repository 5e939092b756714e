"""Run inside QGIS: matches photos with the map and uses what that is good for, with mouse and keys; no geoloc."""

import importlib
import json
import math
from pathlib import Path

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsSettings,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.gui import QgsMapMouseEvent, QgsRubberBand, QgsVertexMarker
from qgis.PyQt.QtCore import QEvent, QPoint, QPointF, Qt
from qgis.PyQt.QtWidgets import QApplication, QFileDialog, QMenu
from qgis.utils import unloadPlugin

from tests.helpers.qgis.inside.hands import (
    INPUTS,
    LEFT,
    NAME,
    NO_KEY,
    QTest,
    click_photo,
    coloured,
    dock,
    drop,
    iface,
    messages,
    open_dock,
    picture,
    play,
    press,
    settled,
    wait,
)

ASKED = Path(INPUTS["stub"]).parent / "matched.jsonl"
RIGHT = Qt.MouseButton.RightButton


def bar():
    return dock().matching.bar


def photos():
    return dock().matching.photos


def view():
    return dock().photo.view


def canvas():
    return iface.mapCanvas()


def asked() -> list:
    lines = ASKED.read_text(encoding="utf-8").splitlines() if ASKED.is_file() else []
    return [json.loads(line) for line in lines]


def is_linked(red: int, green: int, blue: int) -> bool:
    """The colour of what links photo and map, "#00b4d8"."""
    return red < 30 and abs(green - 0xB4) < 25 and abs(blue - 0xD8) < 25


def enabled() -> dict:
    return {name: button.isEnabled() for name, button in bar().buttons.items()}


def known() -> dict:
    QTest.qWait(30)
    state = {"status": bar().status.text(), "messages": messages(dock().messages.bar), "enabled": enabled()}
    dock().messages.clear()
    return state


def to_crs(point: QgsPointXY, one: str, other: str) -> QgsPointXY:
    crs = [QgsCoordinateReferenceSystem(name) for name in (one, other)]
    return QgsCoordinateTransform(*crs, QgsProject.instance()).transform(point)


def in_metres(point: QgsPointXY) -> list:
    """A place of the map in the mosaic's CRS."""
    there = to_crs(point, INPUTS["project_crs"], INPUTS["crs"])
    return [there.x(), there.y()]


def on_canvas(x: float, y: float) -> QPoint:
    """Where a place of the mosaic's CRS is on the map's screen."""
    at = canvas().getCoordinateTransform().transform(to_crs(QgsPointXY(x, y), INPUTS["crs"], INPUTS["project_crs"]))
    return QPoint(round(at.x()), round(at.y()))


def on_photo(x: float, y: float) -> QPoint:
    place = view().viewportTransform().map(QPointF(x, y))
    return QPoint(int(place.x() // 1), int(place.y() // 1))


def corners_of(shape) -> list:
    """The argument keeps the geometry alive, which its vertices do not."""
    return [[vertex.x(), vertex.y()] for vertex in shape.vertices()]


def middle(bounds: list) -> QPointF:
    return QPointF((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)


def ring_on_map() -> list:
    """Where the sign of the photo's cursor is on the map; none where it is hidden."""
    signs = [item for item in canvas().scene().items() if isinstance(item, QgsVertexMarker) and item.isVisible()]
    signs = [sign for sign in signs if sign.color().name() == "#00b4d8"]
    return [in_metres(sign.center()) for sign in signs]


def ring_in_photo() -> list:
    """The pixel of the photo that the ring of the map's cursor is round, by its colour on the screen."""
    bounds = coloured(view().viewport(), is_linked)
    if not bounds:
        return []
    at = view().viewportTransform().inverted()[0].map(middle(bounds))
    return [at.x(), at.y()]


def screen_px() -> float:
    """Pixels of the photo a pixel of its screen."""
    return 1 / math.hypot(view().transform().m11(), view().transform().m12())


def set_up() -> dict:
    iface.mainWindow().resize(1500, 950)
    QgsSettings().setValue("geoloc/dsm", INPUTS["raster"])
    QgsProject.instance().addMapLayer(QgsRasterLayer(INPUTS["raster"], "town"))
    QTest.qWait(50)
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem(INPUTS["project_crs"]))
    canvas().zoomToFullExtent()
    open_dock()
    dock().where.kind.setCurrentIndex(0)
    state = {"before": enabled()}
    drop(dock().photo, INPUTS["photos"]["above"])
    settled()
    icons = {name: not button.icon().isNull() for name, button in bar().buttons.items()}
    return {**state, "icons": icons, "photo": known()}


def matched() -> dict:
    # It says where what is marked already lies.
    click_photo(400, 300)
    press(bar().buttons["match"])
    wait(lambda: photos().task is None)
    marked = bar().status.text()
    # Another photo has no target.
    drop(dock().photo, INPUTS["photos"]["nothing"])
    drop(dock().photo, INPUTS["photos"]["above"])
    settled()
    picture("matched")
    strip = dock().photo.strip
    return {
        **known(),
        "marked": marked,
        "request": asked()[-1],
        "footprint": coloured(canvas().viewport(), is_linked),
        "tips": [strip.item(row).toolTip() for row in range(strip.count())],
        "px": canvas().mapUnitsPerPixel(),
    }


def photo_to_map() -> dict:
    """The mouse moves over the photo: no question is asked for that."""
    before, state = len(asked()), {}
    for name, pixel in INPUTS["pixels"].items():
        QTest.mouseMove(view().viewport(), on_photo(*pixel))
        QTest.qWait(30)
        state[name] = {"rings": ring_on_map(), "status": bar().status.text()}
    QApplication.sendEvent(view().viewport(), QEvent(QEvent.Type.Leave))
    QTest.qWait(30)
    return {"at": state, "left": ring_on_map(), "asked": len(asked()) - before, "screen_px": screen_px()}


def map_to_photo() -> dict:
    before, state = len(asked()), {}
    for name, place in INPUTS["places"].items():
        QTest.mouseMove(canvas().viewport(), on_canvas(*place))
        QTest.qWait(30)
        state[name] = ring_in_photo()
    picture("map_to_photo")
    QApplication.sendEvent(canvas().viewport(), QEvent(QEvent.Type.Leave))
    QTest.qWait(30)
    return {"at": state, "left": ring_in_photo(), "asked": len(asked()) - before}


def clicked() -> dict:
    """A click and a box are on the map at once, without a search; a place that is not seen is moved to."""

    def shown() -> list:
        bands = [item for item in canvas().scene().items() if isinstance(item, QgsRubberBand)]
        bands = [band for band in bands if band.strokeColor().name() == "#e6007e" and band.numberOfVertices()]
        return [[in_metres(QgsPointXY(*at)) for at in corners_of(band.asGeometry())] for band in bands]

    click_photo(400, 300)
    state = {"click": shown(), **known()}
    picture("clicked")
    canvas().setCenter(to_crs(QgsPointXY(577500, 5188600), INPUTS["crs"], INPUTS["project_crs"]))
    click_photo(200, 150)
    state["moved"] = (
        canvas().extent().contains(to_crs(QgsPointXY(*INPUTS["of_200_150"]), INPUTS["crs"], INPUTS["project_crs"]))
    )
    canvas().zoomToFullExtent()
    settled()
    return {**state, "task": dock().task is not None}


def all_matched() -> dict:
    """All photos of the folder but the one that is matched; then, with one that never ends, stopped."""
    before = len(asked())
    press(bar().buttons["match_all"])
    wait(lambda: photos().task is None)
    state = {"photos": [Path(one["photo"]).name for one in asked()[before:]], **known()}
    strip = dock().photo.strip
    state["tips"] = [strip.item(row).toolTip() for row in range(strip.count())]
    state["marks"] = [coloured_marks(row) for row in range(strip.count())]
    settled()
    picture("all_matched")
    return state


def only_maps() -> dict:
    """A folder with no photo in it, whose file is opened for that when it is asked for."""
    matching = importlib.import_module(f"{NAME}.gui.matched.matching")
    is_map, opened = matching.is_map, []
    matching.is_map = lambda path: opened.append(path) or is_map(path)
    drop(dock().photo, INPUTS["only_map"])
    before, opened_before = len(asked()), len(opened)
    press(bar().buttons["match_all"])
    matching.is_map = is_map
    state = {"asked": len(asked()) - before, "task": photos().task is not None, **known()}
    return {**state, "opened": [opened_before, len(opened)]}


def plain_tiff() -> list:
    """Whether a layer of a photo gets the project's CRS by the settings; whether that photo, and a mosaic, is a map."""
    rasters = importlib.import_module(f"{NAME}.layers.rasters")
    QgsSettings().setValue("app/projections/unknownCrsBehavior", "UseProjectCrs")
    bare = QgsRasterLayer(INPUTS["plain_tiff"], "")
    taken = [bare.crs().isValid(), rasters.is_map(INPUTS["plain_tiff"]), rasters.is_map(INPUTS["raster"])]
    QgsSettings().remove("app/projections/unknownCrsBehavior")
    return taken


def coloured_marks(row: int) -> list:
    """Which of the marks' colours are seen over a thumbnail."""
    strip = dock().photo.strip
    rect = strip.visualItemRect(strip.item(row))
    image = strip.viewport().grab(rect).toImage()
    colours = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    return sorted({"#12a150", "#6b6b6b", "#b00020"} & colours)


def preferred() -> dict:
    """While all are matched, the photo that is shown comes next where it is asked for."""
    drop(dock().photo, INPUTS["slow"])
    before = len(asked())
    press(bar().buttons["match_all"])
    wait(lambda: len(asked()) > before)
    press(dock().photo.tools["next"])
    press(dock().photo.tools["next"])
    press(bar().buttons["match"])
    go_on = ASKED.with_name("go_on")
    go_on.touch()
    wait(lambda: photos().task is None)
    go_on.unlink()
    return {"photos": [Path(one["photo"]).name for one in asked()[before:]], **known()}


def stopped() -> dict:
    """What is under way is stopped; a search could be asked for meanwhile."""
    before = len(asked())
    press(bar().buttons["match_all"])
    wait(lambda: len(asked()) > before)
    running = [bar().progress.isVisible(), bar().buttons["cancel"].isVisible(), dock().start_button.isEnabled()]
    state = {"running": running, "possible": [name for name, on in enabled().items() if on]}
    picture("matching")
    task = photos().task
    press(bar().buttons["cancel"])
    # Whether the worker has let go yet or not.
    state["taken"] = task.prefer(INPUTS["photos"]["above"], {})
    wait(lambda: photos().task is None)
    state.update(known())
    drop(dock().photo, INPUTS["photos"]["above"])
    return {**state, "again": known()["status"]}


def seen() -> dict:
    """By the tool, and in the map's context menu."""
    tool = canvas().mapTool()
    press(bar().buttons["see"])
    seen_places = dock().matching.seen
    state = {"taken": canvas().mapTool() is seen_places.tool}
    place = on_canvas(*INPUTS["seen"])
    QTest.mouseClick(canvas().viewport(), LEFT, NO_KEY, place)
    QTest.qWait(50)
    state["menu"] = [action.text() for action in seen_places.menu.actions()]
    state["visible"] = seen_places.menu.isVisible()
    picture("seen", seen_places.menu)
    seen_places.menu.actions()[1].trigger()
    seen_places.menu.close()
    QTest.qWait(50)
    state["opened"] = dock().photo.path.name
    state["ring"] = ring_in_photo()
    QTest.mouseClick(canvas().viewport(), LEFT, NO_KEY, QPoint(3, 3))
    QTest.qWait(50)
    state["nowhere"] = [[action.text(), action.isEnabled()] for action in seen_places.menu.actions()]
    seen_places.menu.close()
    press(bar().buttons["see"])
    state["given_back"] = canvas().mapTool() is tool
    event = QgsMapMouseEvent(canvas(), QEvent.Type.MouseButtonPress, place, RIGHT)
    menu = QMenu()
    canvas().contextMenuAboutToShow.emit(menu, event)
    state["context"] = [[one.text() for one in action.menu().actions()] for action in menu.actions()]
    # Another tool of the map puts the button up.
    press(bar().buttons["see"])
    iface.actionPan().trigger()
    state["up"] = not bar().buttons["see"].isChecked()
    return state


def poses() -> dict:
    press(bar().buttons["poses"])
    settled()
    picture("poses")
    state = {}
    for name in ("Cameras", "Footprints"):
        layer = QgsProject.instance().mapLayersByName(name)[0]
        rows = [
            {
                "photo": Path(f["photo"]).stem,
                "at": corners_of(f.geometry()),
                **({"heading": f["heading_deg"], "height": f["height_m"]} if name == "Cameras" else {}),
            }
            for f in layer.getFeatures()
        ]
        state[name] = {"rows": sorted(rows, key=lambda row: row["photo"]), "crs": layer.crs().authid()}
    press(bar().buttons["poses"])
    # A photo that is matched again takes the place of what was there. Shortcuts are those of the active window.
    QApplication.setActiveWindow(iface.mainWindow())
    view().setFocus()
    before = len(asked())
    QTest.keyClick(view(), Qt.Key.Key_M)
    wait(lambda: len(asked()) > before)
    wait(lambda: photos().task is None)
    state["again"] = QgsProject.instance().mapLayersByName("Cameras")[0].featureCount()
    return {**state, "layers": len(QgsProject.instance().mapLayersByName("Cameras")), "permanent": permanent()}


def permanent() -> dict:
    """The layer of cameras is made permanent and loses a field: a file of the user's, which nothing is added to."""
    layer = QgsProject.instance().mapLayersByName("Cameras")[0]
    path = str(ASKED.with_name("cameras.gpkg"))
    options = QgsVectorFileWriter.SaveVectorOptions()
    context = QgsProject.instance().transformContext()
    QgsVectorFileWriter.writeAsVectorFormatV3(layer, path, context, options)
    layer.setName("kept")
    layer.setDataSource(path, "kept", "ogr")
    layer.dataProvider().deleteAttributes([layer.fields().indexOf("photo")])
    layer.updateFields()
    press(bar().buttons["poses"])
    new = QgsProject.instance().mapLayersByName("Cameras")
    state = {"kept": layer.featureCount(), "new": [one.featureCount() for one in new]}
    QgsProject.instance().removeMapLayer(layer.id())
    return state


def drawn() -> dict:
    """An area into a new layer, with a corner beyond the photo; a line into a layer of the project; the tools."""
    drop(dock().photo, INPUTS["photos"]["above"])
    state = {"into": bar().into.isVisible()}
    view().setFocus()
    QTest.keyClick(view(), Qt.Key.Key_D)
    QTest.qWait(30)
    state["offered"] = [bar().into.itemText(row) for row in range(bar().into.count())]
    state["now"] = [bar().into.isVisible(), view().tool, dock().photo.hint.text()]
    for corner in INPUTS["area"]:
        click_photo(*corner)
    QTest.keyClick(view(), Qt.Key.Key_Return)
    state["area"] = {**known(), "features": features_of("Areas from photos")}
    layer = QgsVectorLayer(f"MultiLineStringZ?crs={INPUTS['project_crs']}&field=photo:string", "roads", "memory")
    QgsProject.instance().addMapLayer(layer)
    QTest.qWait(50)
    state["kept"] = bar().into.currentText()
    bar().into.setCurrentIndex(bar().into.findText("roads"))
    state["line_tool"] = view().tool
    for corner in INPUTS["line"]:
        click_photo(*corner)
    picture("drawing")
    QTest.mouseClick(view().viewport(), RIGHT, NO_KEY, on_photo(*INPUTS["line"][-1]))
    state["line"] = {**known(), "features": features_of("roads"), "editing": layer.isEditable()}
    layer.undoStack().undo()
    state["undone"] = layer.featureCount()
    layer.undoStack().redo()
    bar().into.setCurrentIndex(2)
    click_photo(*INPUTS["line"][0])
    state["point"] = features_of("Points from photos")
    press(dock().photo.tools["click"])
    state["after"] = [view().tool, bar().into.isVisible(), bar().buttons["draw"].isChecked()]
    state["target"] = dock().photo.target is not None
    settled()
    picture("drawn")
    return state


def features_of(name: str) -> list:
    layer = QgsProject.instance().mapLayersByName(name)[0]
    move = QgsCoordinateTransform(layer.crs(), QgsCoordinateReferenceSystem(INPUTS["crs"]), QgsProject.instance())
    found = []
    for feature in layer.getFeatures():
        shape = feature.geometry()
        shape.transform(move)
        values = {field: feature[field] for field in feature.fields().names()}
        found.append({"at": corners_of(shape), **values})
    return found


def shown() -> dict:
    """A feature that is selected on the map is seen in the photo, while the button is down."""
    layer = QgsProject.instance().mapLayersByName("roads")[0]
    layer.selectAll()
    before = coloured(view().viewport(), is_linked)
    press(bar().buttons["show"])
    QTest.qWait(50)

    def bounds() -> list:
        back = view().viewportTransform().inverted()[0]
        box = coloured(view().viewport(), is_linked)
        corners = [back.map(QPointF(*at)) for at in (box[:2], box[2:])] if box else []
        return [value for at in corners for value in (at.x(), at.y())]

    line = bounds()
    picture("shown")
    layer.removeSelection()
    QTest.qWait(50)
    none = bounds()
    layer.selectAll()
    press(bar().buttons["show"])
    QTest.qWait(50)
    state = {"before": before, "line": line, "none": none, "up": bounds(), "screen_px": screen_px()}
    # Where the photo does not show it, one that does is opened.
    drop(dock().photo, INPUTS["photos"]["nothing"])
    press(bar().buttons["show"])
    QTest.qWait(50)
    state["opened"] = dock().photo.path.stem
    layer.removeSelection()
    press(bar().buttons["show"])
    press(bar().buttons["show"])
    state["said"] = known()["messages"]
    press(bar().buttons["show"])
    return state


def draped() -> dict:
    """Laid over the map, above the rasters and below the shapes; twice, which replaces the layer."""
    QFileDialog.getSaveFileName = staticmethod(lambda *given: (INPUTS["drape"], ""))
    state = {}
    for name in ("once", "twice"):
        press(bar().buttons["drape"])
        wait(lambda: dock().matching.draping.task is None)
        state[name] = [layer.name() for layer in QgsProject.instance().layerTreeRoot().layerOrder()]
        state["said"] = known()["messages"]
        if name == "once":
            layer = QgsProject.instance().mapLayersByName("above_on_map")[0]
            layer.setOpacity(0.4)
    # Not onto the reference, which stays.
    QFileDialog.getSaveFileName = staticmethod(lambda *given: (INPUTS["raster"], ""))
    press(bar().buttons["drape"])
    state["refused"] = [len(QgsProject.instance().mapLayersByName("town")), *known()["messages"]]
    same = QgsProject.instance().mapLayersByName("above_on_map")
    state["kept"] = [one.opacity() for one in same if one.id() == layer.id() and one.isValid()]
    state["files"] = sorted(path.name for path in Path(INPUTS["drape"]).parent.glob("above_on_map*.tif"))
    return state


def unmatched() -> dict:
    """A photo that is not here is linked with nothing, and drawing ends."""
    press(bar().buttons["draw"])
    drop(dock().photo, INPUTS["photos"]["nothing"])
    settled()
    QTest.mouseMove(view().viewport(), on_photo(300, 200))
    QTest.qWait(30)
    picture("unmatched")
    bands = [item for item in canvas().scene().items() if isinstance(item, QgsRubberBand) and item.numberOfVertices()]
    return {**known(), "tool": view().tool, "rings": ring_on_map(), "bands": len(bands)}


def failed() -> dict:
    """The matching needs a reference, which is said."""
    for item in dock().reference._items():
        item.setCheckState(Qt.CheckState.Unchecked)
    press(bar().buttons["match"])
    return known()


def unloaded() -> dict:
    """Nothing of the plugin stays on the map."""
    drop(dock().photo, INPUTS["photos"]["above"])
    unloadPlugin(NAME)
    QTest.qWait(100)
    kinds = (QgsVertexMarker, QgsRubberBand)
    left = [type(item).__name__ for item in canvas().scene().items() if isinstance(item, kinds) and item.isVisible()]
    QTest.mouseMove(canvas().viewport(), on_canvas(*INPUTS["seen"]))
    menu = QMenu()
    event = QgsMapMouseEvent(canvas(), QEvent.Type.MouseButtonPress, QPoint(9, 9), RIGHT)
    canvas().contextMenuAboutToShow.emit(menu, event)
    for name in ("roads", "Areas from photos", "Points from photos"):
        QgsProject.instance().mapLayersByName(name)[0].rollBack()
    return {"left": left, "context": len(menu.actions())}


play(
    [
        *(set_up, matched, photo_to_map, map_to_photo, clicked, all_matched, plain_tiff, only_maps),
        *(preferred, stopped, seen, poses, drawn, shown, draped, unmatched, failed, unloaded),
    ]
)
