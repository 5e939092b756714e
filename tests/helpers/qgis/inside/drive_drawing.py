"""Run inside QGIS: draws boxes and polygons in a photo with mouse and keys; the worker is a stand-in."""

import json
import math
from pathlib import Path

from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QEvent, QPoint, QPointF, Qt
from qgis.PyQt.QtGui import QKeyEvent, QMouseEvent
from qgis.PyQt.QtWidgets import QApplication

from tests.helpers.qgis.inside.hands import (
    INPUTS,
    LEFT,
    NO_KEY,
    QTest,
    click_photo,
    coloured,
    dock,
    drag,
    drop,
    iface,
    is_best,
    messages,
    open_dock,
    picture,
    play,
    press,
    wait,
    wheel,
)

CALLED = Path(INPUTS["stub"]).parent / "called.json"
MIDDLE, RIGHT, NO_BUTTON = Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton, Qt.MouseButton.NoButton


def view():
    return dock().photo.view


def on_screen(x: float, y: float) -> QPoint:
    """Where a place of the photo is on the screen."""
    place = view().viewportTransform().map(QPointF(x, y))
    return QPoint(int(place.x() // 1), int(place.y() // 1))


def click_all(points) -> None:
    for point in points:
        click_photo(*point)


def key(name: str) -> bool:
    """Press a key over the photo; whether the photo takes it before any shortcut of QGIS's."""
    number = getattr(Qt.Key, f"Key_{name}")
    event = QKeyEvent(QEvent.Type.ShortcutOverride, number, NO_KEY)
    event.ignore()
    QApplication.sendEvent(view(), event)
    QTest.keyClick(view(), number)
    return event.isAccepted()


def draw_box(one, other) -> None:
    drag(view().viewport(), on_screen(*one), on_screen(*other) - on_screen(*one))


def drag_middle(start: QPoint, by: QPoint) -> None:
    """With the middle button, which moves the photo with every tool."""
    QTest.mousePress(view().viewport(), MIDDLE, NO_KEY, start)
    place = QPointF(start + by)
    event = QMouseEvent(QEvent.Type.MouseMove, place, place, NO_BUTTON, MIDDLE, NO_KEY)
    QApplication.sendEvent(view().viewport(), event)
    QTest.mouseRelease(view().viewport(), MIDDLE, NO_KEY, start + by)
    QTest.qWait(30)


def corner_in_the_middle() -> None:
    """Show the photo's upper left corner with room round it."""
    tool("fit")
    wheel(view().viewport(), 5, on_screen(0, 0))
    drag_middle(on_screen(0, 0), view().viewport().rect().center() - on_screen(0, 0))


def tool(name: str) -> None:
    press(dock().photo.tools[name])


def marked() -> dict:
    """What is marked, what is said of it, and where its line is: in pixels of the photo."""
    QTest.qWait(30)
    target = dock().photo.target
    line = coloured(view().viewport(), is_best)
    back = view().viewportTransform().inverted()[0]
    corners = [back.map(QPointF(*at)) for at in (line[:2], line[2:])] if line else []
    # However the view is turned.
    sides = [[at.x() for at in corners], [at.y() for at in corners]] if line else []
    bar = messages(dock().messages.bar)
    dock().messages.clear()
    return {
        "target": None if target is None else target.fields(),
        "hint": dock().photo.hint.text(),
        "line": [*(min(values) for values in sides), *(max(values) for values in sides)],
        "screen_px": 1 / math.hypot(view().transform().m11(), view().transform().m12()),
        "messages": bar,
        "drawing": view().drawing,
    }


def asked() -> dict:
    """Press Locate; the request, and the title of the answers."""
    CALLED.unlink(missing_ok=True)
    dock().tabs.setCurrentIndex(0)
    press(dock().start_button)
    wait(lambda: not dock().running)
    QTest.qWait(50)
    request = json.loads(CALLED.read_text(encoding="utf-8"))["request"] if CALLED.is_file() else None
    state = {"request": request, "title": dock().answers.title.text()}
    dock().tabs.setCurrentIndex(0)
    dock().messages.clear()
    QTest.qWait(50)
    return state


def set_up() -> dict:
    iface.mainWindow().resize(1500, 950)
    open_dock()
    tools = dock().photo.tools
    names = ("click", "box", "polygon")
    before = [tools[name].isEnabled() for name in names]
    QgsProject.instance().addMapLayer(QgsRasterLayer(INPUTS["raster"], "town"))
    QTest.qWait(50)
    dock().where.kind.setCurrentIndex(0)
    drop(dock().photo, INPUTS["photos"][0])
    return {
        "before": before,
        "enabled": [tools[name].isEnabled() for name in names],
        "icons": [not tools[name].icon().isNull() for name in names],
        "tips": [tools[name].toolTip() for name in names],
        "checked": [name for name in names if tools[name].isChecked()],
    }


def box() -> dict:
    """Dragged from the lower right to the upper left; the photo stays where it is."""
    tool("box")
    hint = dock().photo.hint.text()
    before = on_screen(0, 0)
    draw_box((500, 400), (300, 250))
    moved = on_screen(0, 0) != before
    picture("box")
    return {"hint": hint, "moved": moved, **marked(), **asked()}


def box_cut() -> dict:
    """Beyond the photo's edge, in a view that is turned."""
    tool("turn")
    draw_box((700, 450), (1500, 700))
    state = marked()
    for _ in range(3):
        tool("turn")
    return state


def box_refused() -> dict:
    """Beside the photo: refused, and the last target stays; a click without dragging does nothing."""
    before = marked()["target"]
    corner_in_the_middle()
    draw_box((-40, -30), (-5, -5))
    beside = marked()
    click_photo(20, 20)
    state = {"before": before, "beside": beside, "clicked": marked()}
    tool("fit")
    return state


def escape() -> dict:
    """Escape while a box is dragged, and while a polygon is drawn: the last target stays."""
    start, end = on_screen(100, 100), on_screen(200, 220)
    QTest.mousePress(view().viewport(), LEFT, NO_KEY, start)
    event = QMouseEvent(QEvent.Type.MouseMove, QPointF(end), QPointF(end), NO_BUTTON, LEFT, NO_KEY)
    QApplication.sendEvent(view().viewport(), event)
    drawing = view().drawing
    taken = key("Escape")
    QTest.mouseRelease(view().viewport(), LEFT, NO_KEY, end)
    boxed = marked()
    tool("polygon")
    click_all([(100, 100), (200, 100), (200, 200)])
    begun = marked()
    key("Escape")
    return {
        "drawing": drawing,
        "taken": taken,
        "box": boxed,
        "begun": begun,
        "polygon": marked(),
        "idle": key("Escape"),
    }


def polygon() -> dict:
    """Ended by each of the three ways; a drag moves the photo meanwhile, and Backspace takes a corner back."""
    state = {}
    corners = INPUTS["corners"]
    wheel(view().viewport(), 3, on_screen(*corners[0]))
    click_all([*corners[:2], (790, 590)])
    state["taken"] = key("Backspace")
    before = on_screen(*corners[0])
    drag(view().viewport(), before, QPoint(40, -30))
    after = on_screen(*corners[0])
    state["dragged"] = [after.x() - before.x(), after.y() - before.y()]
    QTest.mouseMove(view().viewport(), on_screen(*corners[2]))
    picture("polygon_begun")
    click_all(corners[2:])
    key("Return")
    picture("polygon")
    state["enter"] = {**marked(), **asked()}
    tool("fit")
    click_all(corners)
    QTest.mouseClick(view().viewport(), RIGHT, NO_KEY, on_screen(600, 500))
    state["right"] = marked()
    click_all(corners)
    QTest.mouseDClick(view().viewport(), LEFT, NO_KEY, on_screen(*corners[-1]))
    state["double"] = marked()
    click_all([(10, 10), (60, 10), (60, 60)])
    # Locate ends it.
    state["located"] = asked()
    return state


def polygon_cut() -> dict:
    """One corner beside the photo."""
    corner_in_the_middle()
    click_all([(-30, 20), (60, 20), (60, 80)])
    key("Enter")
    picture("polygon_cut")
    state = marked()
    tool("fit")
    return state


def polygon_refused() -> dict:
    """Fewer than three corners, and no area: said, and one may draw on."""
    before = marked()["target"]
    click_all([(100, 100), (300, 200)])
    key("Return")
    two = marked()
    locate = asked()["request"]
    click_all([(100, 100)])
    key("Return")
    flat = marked()
    key("Backspace")
    click_all([(100, 300)])
    key("Return")
    return {"before": before, "two": two, "locate": locate, "flat": flat, "after": marked()}


def keys_and_photos() -> dict:
    """The tools' keys; another tool gives up what is drawn; another photo has no target; the middle button moves."""
    state = {"before": marked()["target"]}
    # Without a window manager no window is active, and shortcuts are those of the active one.
    QApplication.setActiveWindow(iface.mainWindow())
    click_all([(100, 100), (300, 200)])
    state["focus"] = [view().hasFocus(), QApplication.activeWindow() is not None]
    tools = dock().photo.tools
    for letter, name in (("B", "box"), ("P", "polygon"), ("C", "click")):
        QTest.keyClick(view(), getattr(Qt.Key, f"Key_{letter}"))
        state[letter] = [tools[name].isChecked(), view().tool == name, view().drawing]
    state["kept"] = marked()["target"]
    click_photo(400, 300)
    state["click"] = marked()
    tool("box")
    state["other_tool"] = dock().photo.hint.text()
    wheel(view().viewport(), 6, on_screen(400, 300))
    start = on_screen(400, 300)
    drag_middle(start, QPoint(30, 20))
    end = on_screen(400, 300)
    state["moved"] = [end.x() - start.x(), end.y() - start.y()]
    drop(dock().photo, INPUTS["photos"][1])
    state["photo"] = {**marked(), "tool": view().tool}
    return state


play(
    [
        *(set_up, box, box_cut, box_refused, escape),
        *(polygon, polygon_cut, polygon_refused, keys_and_photos),
    ]
)
