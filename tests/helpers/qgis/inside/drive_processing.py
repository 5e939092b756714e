"""Run by QGIS's Python without a window: algorithms with a stand-in for geoloc, cancelled, failing, styled; a model."""

import json
import sys
from pathlib import Path

from qgis.analysis import QgsNativeAlgorithms
from qgis.core import (
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

from qgis_plugin.processing import names
from qgis_plugin.processing.provider import GeolocProvider
from qgis_plugin.worker import client

FOLDER = Path(sys.argv[1])
INPUTS = json.loads((FOLDER / "inputs.json").read_text(encoding="utf-8"))
application = QgsApplication([], False)
application.initQgis()
provider = GeolocProvider()
QgsApplication.processingRegistry().addProvider(provider)
QgsApplication.processingRegistry().addProvider(QgsNativeAlgorithms())
QgsSettings().setValue("geoloc/python", INPUTS["stub"])


class Feedback(QgsProcessingFeedback):
    """Keeps texts and percentages."""

    def __init__(self):
        super().__init__(False)
        self.texts, self.percent = [], []
        self.progressChanged.connect(self.percent.append)

    def setProgressText(self, text):
        self.texts.append(text)

    def pushWarning(self, text):
        self.texts.append(text)

    def reportError(self, text, fatal=False):
        self.texts.append(text)


def run(name: str, parameters: dict, feedback=None) -> dict:
    """Results of an algorithm, or the text that it raises."""
    feedback = feedback or Feedback()
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"{names.PROVIDER}:{name}")
    context = QgsProcessingContext()
    try:
        results, ok = algorithm.run(parameters, context, feedback, catchExceptions=False)
    except QgsProcessingException as error:
        results, ok = {"raised": str(error)}, False
    return {"results": results, "ok": ok, "texts": feedback.texts}


def locate(photo: str, feedback=None, **more) -> dict:
    given = {"PHOTO": INPUTS["photos"][photo], "CLICK_X": 10.0, "CLICK_Y": 20.0, "REFERENCE": [INPUTS["mosaic"]]}
    return run(names.LOCATE_OBJECT, {**given, "OUTPUT": f"{FOLDER}/{photo}.gpkg", **more}, feedback)


def last_request() -> dict:
    return json.loads((Path(INPUTS["stub"]).parent / "called.json").read_text(encoding="utf-8"))["request"]


def marked(**more) -> dict:
    """Marked otherwise than by a click, or by too much or too little."""
    without = {"CLICK_X": None, "CLICK_Y": None}
    state = locate("found", **{**without, **more})
    return {"ok": state["ok"], "texts": state["texts"], "request": last_request() if state["ok"] else None}


def drawn_batch() -> dict:
    """A table of drawn objects without the columns of clicks."""
    state = run(names.LOCATE_FROM_TABLE, {**INPUTS["batch"], "INPUT": INPUTS["drawn"], "OUTPUT": "memory:"})
    request = (Path(INPUTS["stub"]).parent / "batch.json").read_text(encoding="utf-8")
    return {"queries": json.loads(request)["queries"], "texts": state["texts"]}


def objects_batch() -> dict:
    """A table of which two rows are of one object, with heights."""
    given = {**INPUTS["batch"], "INPUT": INPUTS["objects"], "OBJECT_FIELD": "object", "DSM": INPUTS["mosaic"]}
    state = run(names.LOCATE_FROM_TABLE, {**given, "OUTPUT": f"{FOLDER}/objects.gpkg"})
    request = (Path(INPUTS["stub"]).parent / "batch.json").read_text(encoding="utf-8")
    return {"request": json.loads(request), **state}


def cancelled() -> dict:
    """While it runs, which it does until it is cancelled."""
    feedback = Feedback()
    feedback.progressChanged.connect(lambda percent: feedback.cancel() if percent >= 50 else None)
    return {**locate("slow", feedback), "percent": feedback.percent}


def styled() -> list:
    """The layer that Processing loads into a project."""
    project, context = QgsProject.instance(), QgsProcessingContext()
    context.setProject(project)
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"{names.PROVIDER}:{names.LOCATE_OBJECT}")
    parameters = {
        **{"PHOTO": INPUTS["photos"]["found"], "CLICK_X": 10.0, "CLICK_Y": 20.0, "REFERENCE": [INPUTS["mosaic"]]},
        "OUTPUT": QgsProcessingOutputLayerDefinition("memory:", project),
    }
    feedback = Feedback()
    algorithm.run(parameters, context, feedback, catchExceptions=False)
    layers = []
    for identifier, details in context.layersToLoadOnCompletion().items():
        layer = QgsProcessingUtils.mapLayerFromString(identifier, context)
        details.postProcessor().postProcessLayer(layer, context, feedback)
        layers.append([layer.crs().authid(), layer.featureCount(), layer.renderer().type(), layer.labelsEnabled()])
    return layers


def model() -> list:
    """Locate object, then the bounds of its best answer; saved for qgis_process."""
    chain = QgsProcessingModelAlgorithm("Located and squared", "geoloc", "")
    chain.setName("squared")
    for parameter in (
        QgsProcessingParameterFile("photo", "Photo"),
        QgsProcessingParameterMultipleLayers("mosaic", "Mosaic", 3),
    ):
        chain.addModelParameter(parameter, QgsProcessingModelParameter(parameter.name()))
    source = QgsProcessingModelChildParameterSource
    first = QgsProcessingModelChildAlgorithm(f"{names.PROVIDER}:{names.LOCATE_OBJECT}")
    first.setChildId("locate")
    x, y = INPUTS["click"]
    for name, value in (
        ("PHOTO", source.fromModelParameter("photo")),
        ("REFERENCE", source.fromModelParameter("mosaic")),
        *((name, source.fromStaticValue(given)) for name, given in (("CLICK_X", x), ("CLICK_Y", y), ("TOP", 1))),
        # The model's editor fills these in; EXHAUSTIVE is missing, as in models from before it was there.
        *((name, source.fromStaticValue(given)) for name, given in (("WITHIN", 500), ("USE_GPS", True))),
        *((name, source.fromStaticValue(given)) for name, given in (("ALL", False), ("GEOMETRY", True))),
    ):
        first.addParameterSources(name, [value])
    chain.addChildAlgorithm(first)
    second = QgsProcessingModelChildAlgorithm("native:boundingboxes")
    second.setChildId("square")
    second.addParameterSources("INPUT", [source.fromChildOutput("locate", "OUTPUT")])
    output = QgsProcessingModelOutput("bounds")
    output.setChildOutputName("OUTPUT")
    second.setModelOutputs({"bounds": output})
    chain.addChildAlgorithm(second)
    return [chain.toFile(INPUTS["model"]), chain.validate()]


def main() -> None:
    report = {
        "found": {
            **locate("found", EXTENT=INPUTS["extent"], AREA=INPUTS["area"], NEAR=INPUTS["near"]),
            "request": last_request(),
        },
        "exhaustive": {**locate("found", EXHAUSTIVE=True), "request": last_request()},
        "empty": locate("empty"),
        "error": locate("error"),
        "crash": locate("crash"),
        "after": locate("found"),
        "cancelled": cancelled(),
        "no_photo": locate("found", PHOTO="/no/such.jpg"),
        "no_reference": locate("found", REFERENCE=[]),
        "apart": locate("found", EXTENT="0,1,0,1 [EPSG:4326]", AREA=INPUTS["area"]),
        "batch": run(names.LOCATE_FROM_TABLE, {**INPUTS["batch"], "OUTPUT": f"{FOLDER}/batch.gpkg"}),
        "no_rows": run(names.LOCATE_FROM_TABLE, {**INPUTS["batch"], "X_FIELD": "photo", "OUTPUT": "memory:"}),
        "box": marked(BOX="40.5, 52,12,20"),
        "polygon": marked(POLYGON=" 12,20 40,20.5  26,52"),
        "nothing": marked(),
        "both": marked(BOX="12,20,40,52", CLICK_X=3.0, CLICK_Y=4.0),
        "half": marked(CLICK_X=3.0),
        "corner": marked(CLICK_X=0.0, CLICK_Y=0.0),
        "no_box": marked(BOX="12,20,40"),
        "flat_box": marked(BOX="12,20,12,52"),
        "no_polygon": marked(POLYGON="12,20 40,20"),
        "drawn_batch": drawn_batch(),
        "objects_batch": objects_batch(),
        "styled": styled(),
        "model": model(),
    }
    QgsSettings().setValue("geoloc/python", "/no/such/python")
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"{names.PROVIDER}:{names.LOCATE_OBJECT}")
    report["missing"] = list(algorithm.canExecute())
    client.stop_shared()
    (FOLDER / "report.json").write_text(json.dumps(report), encoding="utf-8")
    QgsProject.instance().clear()
    QgsApplication.processingRegistry().removeProvider(provider)
    application.exitQgis()


main()
