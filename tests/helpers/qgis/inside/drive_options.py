"""Run inside QGIS, where no geoloc is installed: what the plugin says, and the page of settings that installs one."""

from pathlib import Path

from qgis.core import QgsProject, QgsRasterLayer, QgsSettings
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication

from tests.helpers.qgis.inside.hands import (
    INPUTS,
    checked,
    click_photo,
    dock,
    drop,
    iface,
    messages,
    on_page,
    open_dock,
    picture,
    play,
    press,
    wait,
)


def nothing_there() -> dict:
    """A search tells where to install; the page tells the same."""
    iface.mainWindow().resize(1500, 950)
    QgsProject.instance().addMapLayer(QgsRasterLayer(INPUTS["mosaic"], "town"))
    open_dock()
    drop(dock().photo, INPUTS["photo"])
    click_photo(100, 100)
    press(dock().start_button)
    state = {"messages": messages(dock().messages.bar), "running": dock().running}
    picture("nothing_installed")

    def look(page, dialog) -> dict:
        answer = checked(page)
        picture("options_nothing", dialog)
        page.path.setFilePath("/no/such/python")
        wrong = checked(page)
        press(page.create_button)
        wait(page.create_button.isEnabled)
        return {
            "answer": answer,
            "wrong": wrong,
            "no_source": page.result.text(),
            "base": page.base.count(),
            "folder": page.folder.filePath(),
        }

    return {**state, **on_page(look)}


def fill(page, source: str) -> None:
    page.source.setFilePath(source)
    page.offline.setFilePath(INPUTS["wheels"])
    page.with_index.setChecked(False)


def failed() -> dict:
    """What is to be installed is not there."""

    def look(page, dialog) -> dict:
        fill(page, "geoloc-crossview==99")
        press(page.create_button)
        busy = [page.create_button.isEnabled(), page.cancel_button.isEnabled(), page.busy.isVisible()]
        wait(page.create_button.isEnabled)
        picture("options_failed", dialog)
        press(page.report_button)
        return {
            "busy": busy,
            "result": page.result.text(),
            "log": page.log.toPlainText(),
            "report": QApplication.clipboard().text(),
        }

    return on_page(look)


def cancelled() -> dict:
    """Cancelled a moment after it began."""

    def look(page, dialog) -> dict:
        fill(page, "geoloc-crossview")
        page.folder.setFilePath(INPUTS["other_folder"])
        press(page.create_button)
        wait(page.log.toPlainText)
        press(page.cancel_button)
        wait(page.create_button.isEnabled)
        return {"result": page.result.text(), "left": Path(INPUTS["other_folder"]).exists()}

    return on_page(look)


def installed() -> dict:
    """From a folder of wheels, into the profile; checked by itself; then a search is answered."""

    def look(page, dialog) -> dict:
        fill(page, "geoloc-crossview")
        press(page.create_button)
        turns = 0
        while not page.create_button.isEnabled():
            QTest.qWait(20)
            turns += 1
        wait(lambda: page.check_button.isEnabled() and "Works" in page.answer.text())
        picture("options_installed", dialog)
        return {
            "turns": turns,
            "result": page.result.text(),
            "answer": page.answer.text(),
            "log": page.log.toPlainText(),
            "path": page.path.filePath(),
            "accept": True,
        }

    state = on_page(look)
    press(dock().start_button)
    wait(lambda: not dock().running)
    return {**state, "messages": messages(dock().messages.bar)}


def chosen() -> dict:
    """Another Python is chosen, kept on OK and used by the next search."""

    def look(page, dialog) -> dict:
        page.path.setFilePath(INPUTS["stub"])
        page.heights.setFilePath(INPUTS["mosaic"])
        sick = Path(INPUTS["stub"]).with_name("sick")
        sick.touch()
        wrong = checked(page)
        sick.unlink()
        answer = checked(page)
        press(page.report_button)
        return {"wrong": wrong, "answer": answer, "report": QApplication.clipboard().text(), "accept": True}

    state = on_page(look)
    press(dock().start_button)
    wait(lambda: not dock().running)
    return {
        **state,
        "messages": messages(dock().messages.bar),
        "kept": [QgsSettings().value(f"geoloc/{name}") for name in ("python", "dsm")],
    }


play([nothing_there, failed, cancelled, installed, chosen])
