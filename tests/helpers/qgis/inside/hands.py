"""Hands and eyes of scripts inside QGIS: mouse, keys, waiting, pictures of the window, and the report."""

import faulthandler
import gc
import json
import sys
import time
import traceback
from array import array
from pathlib import Path

from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from qgis.PyQt.QtGui import QDragEnterEvent, QDropEvent, QImage, QMouseEvent, QWheelEvent
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QLabel, QMessageBox
from qgis.utils import iface, plugins

NAME = "geoloc_locate"
HERE = Path.cwd()
INPUTS = json.loads((HERE / "inputs.json").read_text(encoding="utf-8"))
LEFT, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
# Limits that only catch a hang: what is waited for is an event, however slow the machine.
PATIENCE_S = 400
STUCK_S = 300
"""Steps that take longer leave a traceback in fault.txt."""
unexpected = []


def wait(until) -> None:
    """Let QGIS work until something is so; what never comes is an error where it was waited for."""
    end = time.monotonic() + PATIENCE_S
    while not until():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {PATIENCE_S} s in vain")
        QTest.qWait(20)


def dock():
    return plugins[NAME].dock


def action():
    return plugins[NAME].action


def press(button) -> None:
    QTest.mouseClick(button, LEFT)
    QTest.qWait(20)


def choose(box, index: int) -> None:
    """Choose a row with the keyboard, as nothing else tells a box that a person has chosen."""
    QTest.keyClick(box, Qt.Key.Key_Home)
    for _ in range(index):
        QTest.keyClick(box, Qt.Key.Key_Down)
    QTest.qWait(20)


def open_dock() -> None:
    press(iface.pluginToolBar().widgetForAction(action()))
    QTest.qWait(200)


def picture(name: str, widget=None) -> None:
    """Save a picture of the whole window, unless another widget is given."""
    QTest.qWait(80)
    (widget or iface.mainWindow()).grab().save(str(HERE / f"{name}.png"))


def settled() -> None:
    """Wait until the map is drawn."""
    canvas = iface.mapCanvas()
    canvas.refresh()
    QTest.qWait(300)
    wait(lambda: not canvas.isDrawing())
    QTest.qWait(100)


def drop(widget, path) -> None:
    """A file dropped from a file manager."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    at = widget.rect().center()
    entering = QDragEnterEvent(at, Qt.DropAction.CopyAction, data, LEFT, NO_KEY)
    widget.dragEnterEvent(entering)
    if entering.isAccepted():
        widget.dropEvent(QDropEvent(QPointF(at), Qt.DropAction.CopyAction, data, LEFT, NO_KEY))
    QTest.qWait(100)


def click_photo(x: float, y: float) -> None:
    """Click with the mouse where this pixel of the photo is on the screen."""
    view = dock().photo.view
    place = view.viewportTransform().map(QPointF(x, y))
    QTest.mouseClick(view.viewport(), LEFT, NO_KEY, QPoint(int(place.x()), int(place.y())))
    QTest.qWait(30)


def wheel(viewport, clicks: int, at: QPoint) -> None:
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


def drag(viewport, start: QPoint, by: QPoint) -> None:
    QTest.mousePress(viewport, LEFT, NO_KEY, start)
    for step in range(1, 5):
        at = start + by * (step / 4)
        # QTest's own moves have no button down.
        place, on_screen = QPointF(at), QPointF(viewport.mapToGlobal(at))
        moved = QMouseEvent(QEvent.Type.MouseMove, place, on_screen, Qt.MouseButton.NoButton, LEFT, NO_KEY)
        QApplication.sendEvent(viewport, moved)
    QTest.mouseRelease(viewport, LEFT, NO_KEY, start + by)
    QTest.qWait(30)


def messages(bar) -> list:
    """Text and level of what a message bar shows."""
    item = bar.currentItem()
    if item is None:
        return []
    label = item.findChild(QLabel, "message")
    return [[label.text() if label else item.text(), int(item.level())]]


def our_layers() -> list:
    return [layer for layer in QgsProject.instance().mapLayers().values() if layer.customProperty("geoloc/results")]


def drop_layers() -> None:
    QgsProject.instance().removeMapLayers([layer.id() for layer in our_layers()])


def coloured(widget, matches) -> list:
    """Bounds of the pixels of a widget whose colour matches: left, top, right, bottom; corner origin."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = array("I", image.constBits().asstring(image.sizeInBytes()))
    # A picture has a million pixels and few colours.
    wanted = {colour for colour in set(pixels) if matches(colour >> 16 & 255, colour >> 8 & 255, colour & 255)}
    width = image.width()
    places = [divmod(place, width) for place, colour in enumerate(pixels) if colour in wanted] if wanted else []
    if not places:
        return []
    ys, xs = zip(*places, strict=True)
    return [min(xs), min(ys), max(xs) + 1.0, max(ys) + 1.0]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def is_best(red: int, green: int, blue: int) -> bool:
    """The colour of the best answer's outline, "#e6007e"."""
    return abs(red - 0xE6) < 30 and green < 40 and abs(blue - 0x7E) < 30


def on_page(do) -> dict:
    """Open QGIS's Options at the plugin's page, as the dock's button does, do something there, and close them.

    do: called with page and dialog; returns what is reported, with "accept" where OK is to be pressed.
    """
    state = {}

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if dialog is None:
            # Not open yet.
            QTimer.singleShot(100, look)
            return
        try:
            page = next(w for w in dialog.findChildren(object) if type(w).__name__ == "GeolocOptionsPage")
            dialog.resize(980, 820)
            QTest.qWait(100)
            state["visible"] = page.isVisible()
            state.update(do(page, dialog))
        finally:
            dialog.accept() if state.get("accept") else dialog.reject()

    QTimer.singleShot(100, look)
    press(dock().settings_button)
    return state


def checked(page) -> str:
    """Press Check on the page and return its answer."""
    press(page.check_button)
    wait(page.check_button.isEnabled)
    return page.answer.text()


def agree() -> None:
    """To whatever QGIS asks before it ends."""
    for widget in QApplication.topLevelWidgets():
        if widget.isVisible() and isinstance(widget, QMessageBox):
            sys.stderr.write(f"question: {widget.text()}\n")
            buttons = [widget.button(kind) for kind in (QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.Ok)]
            next(button for button in [*buttons, widget.defaultButton()] if button is not None).click()
    QTimer.singleShot(200, agree)


def play(steps) -> None:
    """Do the steps once QGIS's own event loop runs, write the report, and end QGIS."""

    def main() -> None:
        # QGIS's own handler does not tell which line of Python it was.
        fault = (HERE / "fault.txt").open("w")
        faulthandler.enable(fault)
        # What must happen may not wait for the collector.
        gc.disable()
        # QGIS shows what goes wrong in a slot in a window of its own; here it must stand in the report.
        sys.excepthook = lambda kind, error, trace: unexpected.extend(traceback.format_exception(kind, error, trace))
        report = {"seconds": {}}
        for step in steps:
            begin = time.monotonic()
            # Where it was, should it never end.
            sys.stderr.write(f"step {step.__name__}\n")
            faulthandler.dump_traceback_later(STUCK_S, file=fault)
            try:
                report[step.__name__] = step()
            except Exception:
                unexpected.append(f"{step.__name__}: {traceback.format_exc()}")
                # The next steps build on it.
                break
            finally:
                report["seconds"][step.__name__] = round(time.monotonic() - begin, 2)
        faulthandler.cancel_dump_traceback_later()
        report["unexpected"] = unexpected
        (HERE / "report.json").write_text(json.dumps(report), encoding="utf-8")
        # Else QGIS asks whether answers may be lost.
        drop_layers()
        QgsProject.instance().clear()
        QgsProject.instance().setDirty(False)
        QTimer.singleShot(200, agree)
        iface.actionExit().trigger()
        # Where a task was running, QGIS has offered to cancel it and stays.
        wait(lambda: not QgsApplication.taskManager().activeTasks())
        iface.actionExit().trigger()

    QTimer.singleShot(0, main)
