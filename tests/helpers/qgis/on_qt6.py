"""Run by the tests' Python with PyQt6: imports the plugin beside stand-ins for QGIS's classes, and uses its own views.

What `qgis.PyQt` gives on Qt 6 is PyQt6, with what moved from QtWidgets to QtGui in both places.
"""

import ast
import enum
import importlib
import json
import sys
import types
from pathlib import Path

from PyQt6 import QtCore, QtGui, QtTest, QtWidgets

FOLDER = Path(sys.argv[1])
ROOT = Path(__file__).parents[3]
PLUGIN = ROOT / "qgis_plugin"
MOVED = ("QAction", "QActionGroup", "QShortcut")
BASES = {
    "QgsTask": QtCore.QObject,
    "QgsDockWidget": QtWidgets.QDockWidget,
    "QgsOptionsPageWidget": QtWidgets.QWidget,
}


class Flag(enum.Flag):
    ANY = enum.auto()


class Class(type):
    """Has every enum, of which every member is a flag."""

    def __getattr__(cls, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return Class(name, (), {}) if cls.__name__.startswith("Q") and name[0].isupper() else Flag.ANY


class Module(types.ModuleType):
    """Has every class."""

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        member = type(name, (BASES[name],), {}) if name in BASES else Class(name, (), {})
        setattr(self, name, member)
        return member


def put_stand_ins() -> None:
    widgets = types.ModuleType("qgis.PyQt.QtWidgets")
    widgets.__dict__.update(vars(QtWidgets), **{name: getattr(QtGui, name) for name in MOVED})
    modules = {
        **{"qgis": types.ModuleType("qgis"), "qgis.PyQt": types.ModuleType("qgis.PyQt")},
        **{"qgis.PyQt.QtCore": QtCore, "qgis.PyQt.QtGui": QtGui, "qgis.PyQt.QtWidgets": widgets},
        **{f"qgis.{name}": Module(f"qgis.{name}") for name in ("core", "gui", "utils")},
    }
    sys.modules.update(modules)


def chains(tree: ast.AST) -> set[str]:
    """Such as "Qt.MouseButton.LeftButton", rooted at a name that comes from qgis.PyQt."""
    roots = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qgis.PyQt."):
            roots |= {f"{node.module}:{alias.name}" for alias in node.names}
    named = {root.partition(":")[2]: root.partition(":")[0] for root in roots}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            parts, inner = [node.attr], node.value
            while isinstance(inner, ast.Attribute):
                parts.append(inner.attr)
                inner = inner.value
            if isinstance(inner, ast.Name) and inner.id in named:
                found.add(".".join([named[inner.id], inner.id, *reversed(parts)]))
    return found


def unresolved() -> list[str]:
    """What Qt 6 does not have: enums that are not fully scoped, names that have gone."""
    missing = []
    for path in sorted(PLUGIN.rglob("*.py")):
        for chain in sorted(chains(ast.parse(path.read_text(encoding="utf-8")))):
            parts = chain.split(".")
            value = sys.modules[".".join(parts[:3])]
            try:
                for part in parts[3:]:
                    value = getattr(value, part)
            except AttributeError:
                missing.append(f"{path.name}: {'.'.join(parts[3:])}")
    return missing


def wheel(view, at: QtCore.QPoint, clicks: int) -> None:
    button, key = QtCore.Qt.MouseButton.NoButton, QtCore.Qt.KeyboardModifier.NoModifier
    phase = QtCore.Qt.ScrollPhase.NoScrollPhase
    where, turned = QtCore.QPointF(at), QtCore.QPoint(0, 120)
    for _ in range(clicks):
        event = QtGui.QWheelEvent(where, where, QtCore.QPoint(), turned, button, key, phase, False)
        QtWidgets.QApplication.sendEvent(view.viewport(), event)


def draw(view) -> None:
    """A polygon, of which a corner is taken back, ended with Enter; all but the wheel is as in QGIS on Qt 5."""
    view.fit()
    view.use("polygon")
    for x, y in ((100, 100), (700, 100), (700, 300), (20, 580)):
        at = view.mapFromScene(QtCore.QPointF(x, y))
        QtTest.QTest.mouseClick(view.viewport(), QtCore.Qt.MouseButton.LeftButton, pos=at)
    for key in (QtCore.Qt.Key.Key_Backspace, QtCore.Qt.Key.Key_Return):
        QtTest.QTest.keyClick(view, key)


def views() -> dict:
    """The photo's view and the strip as they are on Qt 6."""
    from qgis_plugin.gui.photo_canvas import PhotoCanvas, read_upright
    from qgis_plugin.gui.photo_strip import PhotoStrip

    view = PhotoCanvas()
    view.resize(400, 300)
    view.show()
    view.show_photo(read_upright(str(FOLDER / "a.png")))
    at = view.mapFromScene(QtCore.QPointF(500, 200))
    wheel(view, at, 6)
    left = QtCore.Qt.MouseButton.LeftButton
    QtTest.QTest.mouseClick(view.viewport(), left, QtCore.Qt.KeyboardModifier.NoModifier, at)
    state = {"click": view.target.fields()["click"], "scale": view._scale}
    draw(view)
    state["drawn"] = view.target.fields()
    view.turn()
    QtTest.QTest.qWait(20)
    strip, chosen = PhotoStrip(), []
    strip.chosen.connect(chosen.append)
    strip.show_folder(FOLDER, FOLDER / "a.png")
    strip.step(1)
    QtTest.QTest.qWait(300)
    strip.stop()
    return {**state, "chosen": [Path(path).name for path in chosen], "place": list(strip.place())}


def main() -> None:
    put_stand_ins()
    application = QtWidgets.QApplication([])
    names = [path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".") for path in PLUGIN.rglob("*.py")]
    imported = [importlib.import_module(name.removesuffix(".__init__")).__name__ for name in sorted(names)]
    report = {"imported": len(imported), "unresolved": unresolved(), **views(), "qt": QtCore.QT_VERSION_STR}
    (FOLDER / "report.json").write_text(json.dumps(report), encoding="utf-8")
    del application


main()
