"""Run inside QGIS: a search from the photograph to the map as a person does it, with geoloc itself, with pictures."""

import os
import signal

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
)
from qgis.gui import QgsVertexMarker
from qgis.PyQt.QtCore import QPoint, QPointF
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
    our_layers,
    picture,
    play,
    press,
    settled,
    wait,
)


def opened() -> dict:
    iface.mainWindow().resize(1500, 950)
    for name, path in INPUTS["rasters"].items():
        QgsProject.instance().addMapLayer(QgsRasterLayer(path, name))
    QTest.qWait(50)
    # Not before: a new project takes the CRS of its first layer.
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem(INPUTS["project_crs"]))
    iface.mapCanvas().zoomToFullExtent()
    open_dock()
    settled()
    picture("1_opened")
    press(dock().start_button)
    return {"visible": dock().isUserVisible(), "messages": messages(dock().messages.bar)}


def clicked() -> dict:
    drop(dock().photo, INPUTS["photo"])
    wait(lambda: dock().photo.strip.count() > 0 and not dock().photo.strip._pool.activeThreadCount())
    click_photo(*INPUTS["click"])
    settled()
    picture("2_clicked")
    return {
        "click": dock().photo.target.fields()["click"],
        "where": dock().where.kind.currentIndex(),
        "strip": list(dock().photo.strip.place()),
        "camera": dock()._camera is not None,
    }


def found() -> dict:
    press(dock().start_button)
    # A place that local features verify is found before attention has anything to count.
    wait(lambda: dock().task is None or dock().progress.value() >= 5)
    picture("3_running")
    state = {"status": dock().status.text(), "percent": dock().progress.value()}
    wait(lambda: dock().task is None)
    settled()
    picture("4_found")
    return {**state, **answers()}


def answers() -> dict:
    """What lies on the map, and whether it covers the truth."""
    layers = our_layers()
    if not layers:
        return {"messages": messages(dock().messages.bar), "layers": 0}
    layer = layers[0]
    project = QgsProject.instance()
    best = next(f for f in layer.getFeatures() if f["rank"] == 1)
    move = QgsCoordinateTransform(QgsCoordinateReferenceSystem(INPUTS["crs"]), layer.crs(), project)
    truth = QgsGeometry.fromPointXY(move.transform(QgsPointXY(*INPUTS["true"])))
    to_pixels = iface.mapCanvas().getCoordinateTransform()
    on_map = QgsCoordinateTransform(layer.crs(), project.crs(), project)
    at = to_pixels.transform(on_map.transform(truth.asPoint()))
    corners = [to_pixels.transform(on_map.transform(QgsPointXY(v))) for v in best.geometry().vertices()]
    return {
        "messages": messages(dock().messages.bar),
        "layers": len(layers),
        "crs": layer.crs().authid(),
        "count": layer.featureCount(),
        "score": best["score"],
        "covers": best.geometry().contains(truth),
        "truth_px": [at.x(), at.y()],
        "box_px": [[corner.x(), corner.y()] for corner in corners],
        "listed": dock().answers.count(),
        "tab": dock().tabs.currentIndex(),
    }


def judged() -> dict:
    press(dock().answers.buttons["accept"])
    settled()
    picture("5_accepted")
    return {"status": [str(f["status"] or "") for f in our_layers()[0].getFeatures()]}


def again() -> dict:
    """A second click is answered by what is warm, and is added to the same layer."""
    from geoloc_locate import settings
    from geoloc_locate.worker import client

    worker = client.shared(settings.worker_command())
    before, statuses = worker.pid, []
    dock().tabs.setCurrentIndex(0)
    click_photo(*INPUTS["second"])
    press(dock().start_button)
    dock().task.status.connect(statuses.append)
    wait(lambda: dock().task is None)
    settled()
    answer = messages(dock().messages.bar)
    return {
        "layers": len(our_layers()),
        "count": our_layers()[0].featureCount(),
        "messages": answer,
        "statuses": statuses,
        "same_process": before is not None and before == worker.pid,
    }


def killed() -> dict:
    """geoloc dies in the middle of a search: it is told, and the next search has another one."""
    from geoloc_locate import settings
    from geoloc_locate.worker import client

    worker = client.shared(settings.worker_command())
    before = worker.pid
    dock().tabs.setCurrentIndex(0)
    while dock().task is None:
        press(dock().start_button)
        wait(lambda: dock().task is None or dock().progress.value() >= 2)
        # A search that ends meanwhile, on a fast machine, is begun again.
        os.kill(before, signal.SIGSTOP)
        QTest.qWait(500)
        if dock().task is None:
            os.kill(before, signal.SIGCONT)
    os.kill(before, signal.SIGKILL)
    wait(lambda: dock().task is None)
    crashed = messages(dock().messages.bar)
    press(dock().start_button)
    wait(lambda: dock().task is None)
    return {"crashed": crashed, "next": messages(dock().messages.bar), "another": worker.pid not in (None, before)}


def matched() -> dict:
    """The photo, or all of its folder, matched with the map: the mouse over the one shows on the other."""
    dock().tabs.setCurrentIndex(0)
    drop(dock().photo, INPUTS["photo"])
    matching = dock().matching
    press(matching.bar.buttons["match_all" if INPUTS.get("all") else "match"])
    wait(lambda: matching.photos.task is None)
    press(matching.bar.buttons["poses"])
    dock().messages.clear()
    # Before QGIS 3.26 it says of every task that it is complete.
    iface.messageBar().clearWidgets()
    footprints = project().mapLayersByName("Footprints")[0]
    move = QgsCoordinateTransform(footprints.crs(), project().crs(), project())
    extent = move.transformBoundingBox(footprints.extent())
    extent.scale(1.1)
    iface.mapCanvas().setExtent(extent)
    settled()
    view = dock().photo.view
    place = view.viewportTransform().map(QPointF(*INPUTS["click"]))
    QTest.mouseMove(view.viewport(), QPoint(int(place.x()), int(place.y())))
    QTest.qWait(100)
    picture("7_matched")
    back = QgsCoordinateTransform(project().crs(), QgsCoordinateReferenceSystem(INPUTS["crs"]), project())
    signs = [one for one in iface.mapCanvas().scene().items() if isinstance(one, QgsVertexMarker) and one.isVisible()]
    at = [back.transform(one.center()) for one in signs if one.color().name() == "#00b4d8"]
    return {
        "found": len(matching.photos.found()),
        "status": matching.bar.status.text(),
        "at": [[place.x(), place.y()] for place in at],
        "layers": sorted(layer.name() for layer in project().mapLayers().values()),
    }


def project() -> QgsProject:
    return QgsProject.instance()


def settings() -> dict:
    """The page of QGIS's Options, after Check."""

    def look(page, dialog) -> dict:
        answer = checked(page)
        picture("6_settings", dialog)
        press(page.report_button)
        return {"answer": answer, "report": QApplication.clipboard().text()}

    return on_page(look)


play([opened, clicked, found, judged, again, *([killed] if INPUTS.get("kill") else []), matched, settings])
