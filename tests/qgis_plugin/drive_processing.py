"""Run by QGIS's Python without a window: algorithms with a stand-in for geoloc, cancelled, failing, styled; a model."""

import json
import sys
import threading
import time
from pathlib import Path

FOLDER = Path(sys.argv[1])
sys.path[:0] = [str(Path(__file__).parents[2]), "/usr/share/qgis/python/plugins"]

from qgis.analysis import QgsNativeAlgorithms  # noqa: E402
from qgis.core import (  # noqa: E402
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterFile,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingUtils,
    QgsProject,
    QgsSettings,
)

from qgis_plugin import client  # noqa: E402
from qgis_plugin.processing.provider import GeolocProvider  # noqa: E402

ASKED = json.loads((FOLDER / "asked.json").read_text(encoding="utf-8"))
application = QgsApplication([], False)
application.initQgis()
provider = GeolocProvider()
QgsApplication.processingRegistry().addProvider(provider)
QgsApplication.processingRegistry().addProvider(QgsNativeAlgorithms())
QgsSettings().setValue("geoloc/python", ASKED["stub"])


class Feedback(QgsProcessingFeedback):
    """Keeps what it is told."""

    def __init__(self):
        super().__init__(False)
        self.said, self.percent = [], []
        self.progressChanged.connect(self.percent.append)

    def setProgressText(self, text):
        self.said.append(text)

    def pushWarning(self, text):
        self.said.append(text)

    def reportError(self, text, fatal=False):
        self.said.append(text)


def run(name: str, parameters: dict, feedback=None) -> dict:
    """Results, or what it says."""
    feedback = feedback or Feedback()
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"geoloc:{name}")
    context = QgsProcessingContext()
    begin = time.monotonic()
    try:
        results, ok = algorithm.run(parameters, context, feedback, catchExceptions=False)
    except QgsProcessingException as error:
        results, ok = {"raised": str(error)}, False
    return {"results": results, "ok": ok, "said": feedback.said, "seconds": time.monotonic() - begin}


def locate(photo: str, feedback=None, **more) -> dict:
    given = {"PHOTO": ASKED["photos"][photo], "CLICK_X": 10.0, "CLICK_Y": 20.0, "REFERENCE": [ASKED["mosaic"]]}
    return run("locateobject", {**given, "OUTPUT": f"{FOLDER}/{photo}.gpkg", **more}, feedback)


def asked() -> dict:
    return json.loads((Path(ASKED["stub"]).parent / "called.json").read_text(encoding="utf-8"))["request"]


def cancelled() -> dict:
    feedback = Feedback()
    threading.Timer(1.0, feedback.cancel).start()
    return {**locate("slow", feedback), "percent": feedback.percent}


def styled() -> list:
    """The layer that Processing loads into a project."""
    project, context = QgsProject.instance(), QgsProcessingContext()
    context.setProject(project)
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("geoloc:locateobject")
    parameters = {
        **{"PHOTO": ASKED["photos"]["found"], "CLICK_X": 10.0, "CLICK_Y": 20.0, "REFERENCE": [ASKED["mosaic"]]},
        "OUTPUT": QgsProcessingOutputLayerDefinition("memory:", project),
    }
    feedback = Feedback()
    algorithm.run(parameters, context, feedback, catchExceptions=False)
    seen = []
    for identifier, details in context.layersToLoadOnCompletion().items():
        layer = QgsProcessingUtils.mapLayerFromString(identifier, context)
        details.postProcessor().postProcessLayer(layer, context, feedback)
        seen.append([layer.crs().authid(), layer.featureCount(), layer.renderer().type(), layer.labelsEnabled()])
    return seen


def model() -> list:
    """Locate object, then the bounds of its best answer; saved for qgis_process."""
    made = QgsProcessingModelAlgorithm("Located and squared", "geoloc", "")
    made.setName("squared")
    for parameter in (
        QgsProcessingParameterFile("photo", "Photo"),
        QgsProcessingParameterMultipleLayers("mosaic", "Mosaic", 3),
    ):
        made.addModelParameter(parameter, QgsProcessingModelParameter(parameter.name()))
    source = QgsProcessingModelChildParameterSource
    first = QgsProcessingModelChildAlgorithm("geoloc:locateobject")
    first.setChildId("locate")
    x, y = ASKED["click"]
    for name, value in (
        ("PHOTO", source.fromModelParameter("photo")),
        ("REFERENCE", source.fromModelParameter("mosaic")),
        *((name, source.fromStaticValue(given)) for name, given in (("CLICK_X", x), ("CLICK_Y", y), ("TOP", 1))),
        # The model's editor fills these in.
        *((name, source.fromStaticValue(given)) for name, given in (("WITHIN", 500), ("USE_GPS", True))),
        *((name, source.fromStaticValue(given)) for name, given in (("ALL", False), ("GEOMETRY", True))),
    ):
        first.addParameterSources(name, [value])
    made.addChildAlgorithm(first)
    second = QgsProcessingModelChildAlgorithm("native:boundingboxes")
    second.setChildId("square")
    second.addParameterSources("INPUT", [source.fromChildOutput("locate", "OUTPUT")])
    output = QgsProcessingModelOutput("bounds")
    output.setChildOutputName("OUTPUT")
    second.setModelOutputs({"bounds": output})
    made.addChildAlgorithm(second)
    return [made.toFile(ASKED["model"]), made.validate()]


def main() -> None:
    said = {
        "found": {**locate("found", EXTENT=ASKED["extent"], AREA=ASKED["area"], NEAR=ASKED["near"]), "asked": asked()},
        "empty": locate("empty"),
        "error": locate("error"),
        "crash": locate("crash"),
        "after": locate("found"),
        "cancelled": cancelled(),
        "no_photo": locate("found", PHOTO="/no/such.jpg"),
        "no_reference": locate("found", REFERENCE=[]),
        "apart": locate("found", EXTENT="0,1,0,1 [EPSG:4326]", AREA=ASKED["area"]),
        "batch": run("locateobjectsfromtable", {**ASKED["batch"], "OUTPUT": f"{FOLDER}/batch.gpkg"}),
        "no_rows": run("locateobjectsfromtable", {**ASKED["batch"], "X_FIELD": "photo", "OUTPUT": "memory:"}),
        "styled": styled(),
        "model": model(),
    }
    QgsSettings().setValue("geoloc/python", "/no/such/python")
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("geoloc:locateobject")
    said["missing"] = list(algorithm.canExecute())
    client.stop_shared()
    (FOLDER / "said.json").write_text(json.dumps(said), encoding="utf-8")
    QgsProject.instance().clear()
    QgsApplication.processingRegistry().removeProvider(provider)
    application.exitQgis()


main()
