"""Run by QGIS's Python: how QGIS opens the files named in `FOLDER/inputs.json`; written to `FOLDER/report.json`."""

import json
import sys
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeature,
    QgsFields,
    QgsProject,
    QgsVectorLayer,
    QgsWkbTypes,
)

FOLDER = Path(sys.argv[1])
KINDS = {
    QgsWkbTypes.PolygonGeometry: "polygons",
    QgsWkbTypes.LineGeometry: "lines",
    QgsWkbTypes.PointGeometry: "points",
}


def layers_of(path: str) -> list:
    """The layers that QGIS makes of a file, one for each kind of shape."""
    first = QgsVectorLayer(path, "found", "ogr")
    parts = [text.split("!!::!!") for text in first.dataProvider().subLayers()] if first.isValid() else []
    if len(parts) < 2 or path.endswith(".gpkg"):
        return [first]
    return [QgsVectorLayer(f"{path}|layername={part[1]}|geometrytype={part[3]}", "part", "ogr") for part in parts]


def looks_of(layer: QgsVectorLayer, features: list, fields: QgsFields) -> list:
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFields(fields)
    looks = []
    for feature in features:
        context.setFeature(feature)
        rules = layer.renderer().rootRule().children()
        looks.append([rule.label() for rule in rules if QgsExpression(rule.filterExpression()).evaluate(context)])
    return looks


def judged(layer: QgsVectorLayer) -> list:
    """What features look like that a report's decisions, or QGIS, have judged."""
    fields = QgsVectorLayer(
        "NoGeometry?field=rank:integer&field=score:double&field=status:string&field=decision:string", "", "memory"
    ).fields()
    features = []
    # An empty decision takes back what `status` says; without one it stands.
    decided = [("found", "accepted"), ("accepted", "rejected"), ("accepted", None), ("accepted", "")]
    for rank, values in enumerate(decided, start=1):
        feature = QgsFeature(fields)
        feature.setAttributes([rank, 0.9, *values])
        features.append(feature)
    return looks_of(layer, features, fields)


def labels_of(layer: QgsVectorLayer) -> list:
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    label, texts = QgsExpression(layer.labeling().settings().fieldName), []
    for feature in layer.getFeatures():
        context.setFeature(feature)
        context.setFields(layer.fields())
        texts.append(label.evaluate(context))
    return texts


def opened(path: str) -> dict:
    layers = layers_of(path)
    layer = layers[0]
    told = {
        "valid": all(one.isValid() for one in layers),
        "count": sum(len(list(one.getFeatures())) for one in layers),
        "shapes": " and ".join(sorted({KINDS.get(one.geometryType(), "none") for one in layers})),
        "looks": [],
    }
    own = layer.crs() if layer.crs().isValid() else QgsCoordinateReferenceSystem("EPSG:4326")
    target = QgsCoordinateReferenceSystem("EPSG:32615")
    # A DXF has no CRS; its numbers are those of the mosaic.
    own = target if path.endswith(".dxf") else own
    extent = QgsCoordinateTransform(own, target, QgsProject.instance()).transformBoundingBox(layer.extent())
    told["corner"] = [extent.xMinimum(), extent.yMinimum()]
    if layer.renderer() is not None and layer.renderer().type() == "RuleRenderer":
        told["looks"] = looks_of(layer, list(layer.getFeatures()), layer.fields())
        told["labels"] = labels_of(layer) if layer.labelsEnabled() else None
        told["judged"] = judged(layer)
    return told


def main() -> None:
    inputs = json.loads((FOLDER / "inputs.json").read_text(encoding="utf-8"))
    application = QgsApplication([], False)
    application.initQgis()
    report = {path: opened(path) for path in inputs["files"]}
    (FOLDER / "report.json").write_text(json.dumps(report), encoding="utf-8")
    application.exitQgis()


main()
