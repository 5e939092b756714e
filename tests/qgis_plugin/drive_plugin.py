"""Run inside QGIS (`qgis --code`): uses the plugin as a person would.

`asked.json` in the folder it runs in names the files to use, `said.json` tells what happened. A photo bears a blue dot:
it is looked for on the screen and clicked there, so that no arithmetic of the plugin's is trusted.
"""

import gc
import json
import sys
import time
import traceback
from pathlib import Path

from qgis.core import QgsApplication, QgsCoordinateReferenceSystem, QgsPointXY, QgsProject, QgsRasterLayer, QgsRectangle
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from qgis.PyQt.QtGui import QMouseEvent, QWheelEvent
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDialog, QLabel, QMessageBox
from qgis.utils import iface, loadPlugin, plugins, startPlugin, unloadPlugin

NAME = "geoloc_locate"
HERE = Path.cwd()
ASKED = json.loads((HERE / "asked.json").read_text(encoding="utf-8"))
STUB = Path(ASKED["stub"])
LEFT, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
PATIENCE_S = 20
unexpected = []


def wait(until) -> bool:
    """Let QGIS work until something is so."""
    end = time.monotonic() + PATIENCE_S
    while not until() and time.monotonic() < end:
        QTest.qWait(20)
    return bool(until())


def picture(name: str, widget) -> None:
    QTest.qWait(50)
    widget.grab().save(str(HERE / f"{name}.png"))


def press(button) -> None:
    QTest.mouseClick(button, LEFT)


def dialog():
    return plugins[NAME].dialog


def messages(bar: QgsMessageBar) -> list:
    """Text and level of what a message bar shows."""
    item = bar.currentItem()
    if item is None:
        return []
    label = item.findChild(QLabel, "message")
    return [[label.text() if label else item.text(), int(item.level())]]


def our_layers() -> list:
    return [layer for layer in QgsProject.instance().mapLayers().values() if layer.type() == layer.VectorLayer]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def called() -> dict:
    return json.loads((STUB.parent / "called.json").read_text(encoding="utf-8"))


def forget_call() -> None:
    (STUB.parent / "called.json").unlink(missing_ok=True)


def folder_left() -> bool:
    """Whether the folder of the last output is still there."""
    arguments = called()["arguments"]
    return Path(arguments[arguments.index("-o") + 1]).parent.exists()


def was_called() -> bool:
    return (STUB.parent / "called.json").is_file()


def coloured(widget, wanted) -> list:
    """Places (x, y) on a widget whose colour is wanted, corner origin, and their bounds."""
    image = widget.grab().toImage()
    found = [
        (x + 0.5, y + 0.5)
        for y in range(image.height())
        for x in range(image.width())
        if wanted(*image.pixelColor(x, y).getRgb()[:3])
    ]
    if not found:
        return []
    xs, ys = zip(*found, strict=True)
    return [min(xs) - 0.5, min(ys) - 0.5, max(xs) + 0.5, max(ys) + 0.5]


def is_blue(red: int, green: int, blue: int) -> bool:
    return blue > 150 and red < 100 and green < 100


def is_red(red: int, green: int, blue: int) -> bool:
    return red > 170 and green < 60 and blue < 60


def is_best(red: int, green: int, blue: int) -> bool:
    """The colour of the best answer's outline, "#e6007e"."""
    return abs(red - 0xE6) < 30 and green < 40 and abs(blue - 0x7E) < 30


def middle(box: list) -> QPoint:
    return QPoint(int((box[0] + box[2]) / 2), int((box[1] + box[3]) / 2))


def click_dot() -> list:
    """Click the dot of the photo where it is on the screen; its size there in pixels."""
    viewport = dialog().view.viewport()
    box = coloured(viewport, is_blue)
    QTest.mouseClick(viewport, LEFT, NO_KEY, middle(box))
    return [box[2] - box[0], box[3] - box[1]]


def wheel(clicks: int, at: QPoint) -> None:
    viewport = dialog().view.viewport()
    QTest.mouseMove(viewport, at)
    QTest.qWait(30)
    for _ in range(abs(clicks)):
        event = QWheelEvent(
            QPointF(at),
            QPointF(viewport.mapToGlobal(at)),
            QPoint(),
            QPoint(0, 120 if clicks > 0 else -120),
            Qt.MouseButton.NoButton,
            NO_KEY,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(viewport, event)
    QTest.qWait(30)


def search(photo: str = "") -> None:
    """Choose a photo, click its dot, press Locate, wait for the end."""
    forget_call()
    if photo:
        dialog().photo.setFilePath(ASKED["photos"][photo])
        QTest.qWait(30)
        click_dot()
    press(dialog().start_button)
    wait(lambda: dialog().task is None)


def outcome() -> dict:
    """What is to be seen after a search."""
    return {
        "arguments": called()["arguments"] if was_called() else None,
        "messages": messages(dialog().messages),
        "layers": [[layer.name(), layer.crs().authid(), layer.featureCount()] for layer in our_layers()],
        "running": dialog().cancel_button.isEnabled() or not dialog().start_button.isEnabled(),
    }


def drawn() -> dict:
    """Where the canvas shows the best answer, the object it should lie on, and the truth."""
    canvas = iface.mapCanvas()
    canvas.refresh()
    QTest.qWait(300)
    wait(lambda: not canvas.isDrawing())
    to_pixels = canvas.getCoordinateTransform()
    truth = [to_pixels.transform(QgsPointXY(*point)) for point in ASKED["best_3857"]]
    return {
        "crs": canvas.mapSettings().destinationCrs().authid(),
        "object": coloured(canvas, is_red),
        "outline": coloured(canvas, is_best),
        "truth": [[point.x(), point.y()] for point in truth],
    }


def drop_layers() -> None:
    QgsProject.instance().removeMapLayers([layer.id() for layer in our_layers()])


def shown_actions() -> dict:
    """The plugin's action wherever QGIS shows it."""
    menus = [a.menu() for a in iface.rasterMenu().actions() if a.menu() and a.text() == "geoloc"]
    return {
        "toolbar": [a.text() for a in iface.pluginToolBar().actions() if "Locate object" in a.text()],
        "menus": len(menus),
        "menu": [a.text() for menu in menus for a in menu.actions()],
        "dialogs": sum("LocateDialog" in type(d).__name__ for d in iface.mainWindow().findChildren(QDialog)),
    }


def set_up() -> dict:
    for name, path in ASKED["rasters"].items():
        QgsProject.instance().addMapLayer(QgsRasterLayer(path, name))
    QTest.qWait(50)
    # Not before: a new project takes the CRS of its first layer.
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    # Away from the mosaic: the plugin has to find it.
    iface.mapCanvas().setExtent(QgsRectangle(0, 0, 1000, 1000))
    return shown_actions()


def open_by_button() -> dict:
    action = plugins[NAME].action
    press(iface.pluginToolBar().widgetForAction(action))
    seen = {"visible": dialog().isVisible(), "icon": not action.icon().pixmap(24, 24).isNull()}
    picture("opened", dialog())
    press(dialog().start_button)
    return {**seen, **outcome()}


def found_upright() -> dict:
    dialog().photo.setFilePath(ASKED["photos"]["found"])
    QTest.qWait(30)
    size = click_dot()
    mark = dialog().hint.text()
    dialog().mosaic.setLayer(QgsProject.instance().mapLayersByName("town")[0])
    dialog().top.setValue(3)
    search()
    picture("dialog", dialog())
    seen = {**outcome(), **drawn(), "dot": size, "hint": mark, "folder_left": folder_left()}
    picture("window", iface.mainWindow())
    seen["node"] = QgsProject.instance().layerTreeRoot().findLayer(our_layers()[0].id()) is not None
    drop_layers()
    return seen


def found_turned() -> dict:
    """A photo with EXIF orientation 6, zoomed in; the answers saved as a GeoPackage in the mosaic's CRS."""
    dialog().photo.setFilePath(ASKED["photos"]["turned"])
    QTest.qWait(30)
    viewport = dialog().view.viewport()
    wheel(5, middle(coloured(viewport, is_blue)))
    size = click_dot()
    dialog().use_gps.setChecked(False)
    dialog().save_as.setFilePath(ASKED["save_as"])
    search()
    seen = {**outcome(), **drawn(), "dot": size}
    picture("turned", dialog())
    return seen


def save_again() -> dict:
    """The same file again: refused while a layer shows it, else replaced only after a yes."""
    search()
    shown = outcome()["messages"]
    drop_layers()
    questions = []

    def answer(button) -> None:
        box = QApplication.activeModalWidget()
        questions.append(box.text())
        press(box.button(button))

    QTimer.singleShot(300, lambda: answer(QMessageBox.StandardButton.No))
    search()
    after_no = was_called()
    QTimer.singleShot(300, lambda: answer(QMessageBox.StandardButton.Yes))
    search()
    seen = {**outcome(), "shown": shown, "questions": questions, "called_after_no": after_no}
    drop_layers()
    dialog().save_as.setFilePath("")
    return seen


def drag_and_miss() -> dict:
    """Dragging moves the photo and marks nothing; neither does a click beside it, which a tall photo has."""
    dialog().photo.setFilePath("")
    dialog().photo.setFilePath(ASKED["photos"]["turned"])
    QTest.qWait(30)
    view, viewport = dialog().view, dialog().view.viewport()
    wheel(6, middle(coloured(viewport, is_blue)))
    before = coloured(viewport, is_blue)
    start = middle(before)
    QTest.mousePress(viewport, LEFT, NO_KEY, start)
    for step in range(1, 5):
        at = start + step * QPoint(15, -10)
        # QTest's own moves have no button down.
        place, on_screen = QPointF(at), QPointF(viewport.mapToGlobal(at))
        moved = QMouseEvent(QEvent.Type.MouseMove, place, on_screen, Qt.MouseButton.NoButton, LEFT, NO_KEY)
        QApplication.sendEvent(viewport, moved)
    QTest.mouseRelease(viewport, LEFT, NO_KEY, at)
    QTest.qWait(30)
    after = coloured(viewport, is_blue)
    dragged = view.mark is not None
    wheel(-20, start)
    QTest.mouseClick(viewport, LEFT, NO_KEY, QPoint(4, viewport.height() // 2))
    picture("missed", dialog())
    return {"before": before, "after": after, "dragged": dragged, "missed": view.mark is not None}


def no_photo() -> dict:
    dialog().photo.setFilePath(ASKED["photos"]["text"])
    QTest.qWait(30)
    return {"messages": messages(dialog().messages)}


def fails(kind: str) -> dict:
    search(kind)
    picture(kind, dialog())
    seen = {**outcome(), "folder_left": folder_left()}
    drop_layers()
    return seen


def cancelled() -> dict:
    """The map is moved while geoloc works; then the search is cancelled."""
    forget_call()
    dialog().photo.setFilePath(ASKED["photos"]["slow"])
    QTest.qWait(30)
    click_dot()
    canvas = iface.mapCanvas()
    canvas.zoomToFullExtent()
    wait(lambda: not canvas.isDrawing())
    press(dialog().start_button)
    wait(was_called)
    pids = [called()["pid"], called()["child"]]
    gaps, last, drawings = [], [time.monotonic()], []

    def tick() -> None:
        now = time.monotonic()
        gaps.append(now - last[0])
        last[0] = now

    timer = QTimer()
    timer.timeout.connect(tick)
    timer.start(20)
    canvas.mapCanvasRefreshed.connect(lambda: drawings.append(time.monotonic()))
    for factor in (0.5, 0.5, 2.0):
        canvas.zoomByFactor(factor)
        QTest.qWait(400)
    picture("running", dialog())
    seen = {
        "running": dialog().task is not None and all(alive(pid) for pid in pids),
        "percent": dialog().progress.value(),
        "status": dialog().status.text(),
        "ticks": len(gaps),
        "longest_gap_s": max(gaps),
        "drawings": len(drawings),
        "tasks": [task.description() for task in QgsApplication.taskManager().activeTasks()],
    }
    timer.stop()
    begin = time.monotonic()
    press(dialog().cancel_button)
    wait(lambda: dialog().task is None and not any(alive(pid) for pid in pids))
    end = {"seconds": time.monotonic() - begin, "alive": [alive(pid) for pid in pids], "folder_left": folder_left()}
    return {**outcome(), **end, "while": seen}


def closed_meanwhile() -> dict:
    """The dialog is closed while geoloc works: the answer comes nevertheless, and QGIS's own bar tells of it."""
    iface.messageBar().clearWidgets()
    dialog().photo.setFilePath(ASKED["photos"]["found"])
    QTest.qWait(30)
    click_dot()
    press(dialog().start_button)
    dialog().close()
    wait(lambda: dialog().task is None)
    seen = {"visible": dialog().isVisible(), "bar": messages(iface.messageBar()), "layers": len(our_layers())}
    drop_layers()
    return seen


def opened_again() -> dict:
    press(iface.pluginToolBar().widgetForAction(plugins[NAME].action))
    kept = dialog().view.mark is not None and dialog().photo.filePath() == ASKED["photos"]["found"]
    search()
    seen = {"visible": dialog().isVisible(), "kept": kept, **outcome(), **shown_actions()}
    drop_layers()
    return seen


def unloaded() -> dict:
    """Unloaded while geoloc works, and loaded again."""
    forget_call()
    dialog().photo.setFilePath(ASKED["photos"]["slow"])
    QTest.qWait(30)
    click_dot()
    press(dialog().start_button)
    wait(was_called)
    pids = [called()["pid"], called()["child"]]
    unloadPlugin(NAME)
    ended = wait(lambda: not any(alive(pid) for pid in pids) and not QgsApplication.taskManager().activeTasks())
    QTest.qWait(100)
    after = {**shown_actions(), "folder_left": folder_left()}
    loadPlugin(NAME)
    startPlugin(NAME)
    again = shown_actions()
    plugins[NAME].action.trigger()
    return {"ended": ended, "after": after, "again": again, "opens": dialog().isVisible()}


STEPS = (
    ("set_up", set_up),
    ("open_by_button", open_by_button),
    ("found_upright", found_upright),
    ("found_turned", found_turned),
    ("save_again", save_again),
    ("drag_and_miss", drag_and_miss),
    ("no_photo", no_photo),
    ("empty", lambda: fails("empty")),
    ("error", lambda: fails("error")),
    ("cancelled", cancelled),
    ("closed_meanwhile", closed_meanwhile),
    ("opened_again", opened_again),
    ("unloaded", unloaded),
)


def main() -> None:
    # What must happen may not wait for the collector.
    gc.disable()
    # QGIS shows what goes wrong in a slot in a window of its own; here it must be told.
    sys.excepthook = lambda kind, error, trace: unexpected.extend(traceback.format_exception(kind, error, trace))
    said = {"seconds": {}}
    for name, step in STEPS:
        begin = time.monotonic()
        try:
            said[name] = step()
        except Exception:
            unexpected.append(f"{name}: {traceback.format_exc()}")
        said["seconds"][name] = round(time.monotonic() - begin, 2)
    said["unexpected"] = unexpected
    (HERE / "said.json").write_text(json.dumps(said), encoding="utf-8")
    QgsProject.instance().clear()
    QgsProject.instance().setDirty(False)
    iface.actionExit().trigger()


# After QGIS's own event loop has begun.
QTimer.singleShot(0, main)
