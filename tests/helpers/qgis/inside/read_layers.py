"""Run by QGIS's Python: what QGIS makes of the files named in `FOLDER/inputs.json`; written to `FOLDER/report.json`."""

import json
import sys
from pathlib import Path

from qgis.core import (
    NULL,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)

from qgis_plugin.layers import results
from qgis_plugin.layers.errors import LayerError
from qgis_plugin.layers.rasters import raster_file
from qgis_plugin.layers.style import STYLE

FOLDER = Path(sys.argv[1])


def bounds(extent) -> list:
    return [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()]


def plain(path: str) -> dict:
    """A results file as QGIS opens it without the plugin."""
    layer = QgsVectorLayer(path, "found", "ogr")
    names = [name for name in layer.fields().names() if name != "fid"]
    # FlatGeobuf stores features by where they lie.
    features = sorted(layer.getFeatures(), key=lambda feature: feature["rank"])
    return {
        "valid": layer.isValid(),
        "crs": layer.crs().authid(),
        "extent": bounds(layer.extent()),
        "boxes": [bounds(feature.geometry().boundingBox()) for feature in features],
        "fields": {field.name(): field.typeName() for field in layer.fields()},
        "rows": [{name: feature[name] for name in names if feature[name] != NULL} for feature in features],
    }


def styled(crs: str, found: dict, project_crs: str) -> dict:
    """The same answers through the plugin, as its layer and as the files that it exports."""
    project = QgsProject.instance()
    project.setCrs(QgsCoordinateReferenceSystem(project_crs))
    layer = results.new_layer(QgsCoordinateReferenceSystem(crs))
    listed = results.add(layer, {"found": found}, "the mosaic")
    results.judge(listed[-1], "accepted")
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    label = QgsExpression(layer.labeling().settings().fieldName)
    rules = layer.renderer().rootRule().children()
    shown, looks = [], []
    for feature in layer.getFeatures():
        context.setFeature(feature)
        context.setFields(layer.fields())
        shown.append(label.evaluate(context))
        looks.append([rule.label() for rule in rules if QgsExpression(rule.filterExpression()).evaluate(context)])
    saved = {}
    for suffix in results.SUFFIXES:
        path = FOLDER / f"saved_{layer.id()}{suffix}"
        results.save(layer, path)
        saved[suffix] = {**plain(str(path)), "file": path.name}
    return {
        "provider": layer.providerType(),
        "name": layer.name(),
        "crs": layer.crs().authid(),
        "boxes": [bounds(feature.geometry().boundingBox()) for feature in layer.getFeatures()],
        "references": sorted({feature["reference"] for feature in layer.getFeatures()}),
        "surroundings": bounds(results.surroundings(listed[:1])),
        "nowhere": results.surroundings([]).isEmpty(),
        "labels": shown if layer.labelsEnabled() else None,
        "looks": looks,
        "legend": [rule.label() for rule in rules],
        "passes": [
            [rule.symbol().symbolLayer(part).renderingPass() for part in range(rule.symbol().symbolLayerCount())]
            for rule in rules
        ],
        "levels": layer.renderer().usingSymbolLevels(),
        "widths": [rule.symbol().symbolLayer(1).strokeWidth() for rule in rules],
        "filled": any(rule.symbol().symbolLayer(0).brushStyle() for rule in rules),
        "saved": saved,
    }


def by_hand(path: str) -> list:
    """A results file of the command line, given the plugin's style by hand: what each of its features looks like."""
    layer = QgsVectorLayer(path, "found", "ogr")
    layer.loadNamedStyle(str(STYLE))
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFields(layer.fields())
    looks = []
    for feature in layer.getFeatures():
        context.setFeature(feature)
        rules = layer.renderer().rootRule().children()
        looks.append([rule.label() for rule in rules if QgsExpression(rule.filterExpression()).evaluate(context)])
    return looks


def not_saved(found: dict) -> str:
    """What is said where a folder cannot be written to."""
    layer = results.new_layer(QgsCoordinateReferenceSystem("EPSG:4326"))
    results.add(layer, {"found": found}, "")
    try:
        results.save(layer, FOLDER / "no" / "such" / "folder.gpkg")
    except LayerError as error:
        return str(error)
    return ""


def raster(source: str, provider: str) -> str:
    """The file that the plugin finds behind a raster layer, or what it says."""
    layer = QgsRasterLayer(source, "a raster", provider)
    try:
        return str(raster_file(layer))
    except LayerError as error:
        return f"LayerError: {error}"


def main() -> None:
    inputs = json.loads((FOLDER / "inputs.json").read_text(encoding="utf-8"))
    application = QgsApplication([], False)
    application.initQgis()
    report = {
        "plain": {path: plain(path) for path in inputs["results"]},
        "styled": {crs: styled(crs, found, inputs["project_crs"]) for crs, found in inputs["found"].items()},
        "by_hand": by_hand(inputs["results"][0]),
        "rasters": {source: raster(source, provider) for source, provider in inputs["rasters"]},
        "not_saved": not_saved(next(iter(inputs["found"].values()))),
    }
    (FOLDER / "report.json").write_text(json.dumps(report), encoding="utf-8")
    QgsProject.instance().clear()
    application.exitQgis()


main()
