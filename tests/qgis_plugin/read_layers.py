"""Run by QGIS's Python: what QGIS makes of the files named in `FOLDER/asked.json`; written to `FOLDER/said.json`."""

import json
import sys
from pathlib import Path

FOLDER = Path(sys.argv[1])
sys.path.insert(0, str(Path(__file__).parents[2]))

from qgis.core import (  # noqa: E402
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)

from qgis_plugin import layer as layers  # noqa: E402


def bounds(extent) -> list:
    return [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()]


def plain(path: str) -> dict:
    """A results file as QGIS opens it without the plugin."""
    layer = QgsVectorLayer(path, "found", "ogr")
    return {
        "valid": layer.isValid(),
        "crs": layer.crs().authid(),
        "extent": bounds(layer.extent()),
        "boxes": [bounds(feature.geometry().boundingBox()) for feature in layer.getFeatures()],
        "fields": {field.name(): field.typeName() for field in layer.fields()},
        "rows": [
            {name: feature[name] for name in layer.fields().names() if name != "fid"} for feature in layer.getFeatures()
        ],
    }


def styled(path: str, project_crs: str) -> dict:
    """The same file through the plugin, copied to memory, its original removed."""
    gone = FOLDER / f"gone{Path(path).suffix}"
    gone.write_bytes(Path(path).read_bytes())
    layer = layers.results_layer(gone, "a name", in_memory=True)
    gone.unlink()
    project = QgsProject.instance()
    project.setCrs(QgsCoordinateReferenceSystem(project_crs))
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    label = QgsExpression(layers.LABEL)
    shown = []
    for feature in layer.getFeatures():
        context.setFeature(feature)
        shown.append(label.evaluate(context))
    rules = layer.renderer().rootRule().children()
    return {
        "provider": layer.providerType(),
        "name": layer.name(),
        "count": layer.featureCount(),
        "crs": layer.crs().authid(),
        "best": bounds(layers.best_extent(layer, project)),
        "labels": shown if layer.labelsEnabled() else None,
        "legend": [rule.label() for rule in rules],
        "passes": [rule.symbol().symbolLayer(0).renderingPass() for rule in rules],
        "levels": layer.renderer().usingSymbolLevels(),
        "widths": [rule.symbol().symbolLayer(0).strokeWidth() for rule in rules],
        "filled": any(rule.symbol().symbolLayer(0).brushStyle() for rule in rules),
    }


def empty(path: str) -> dict:
    layer = layers.results_layer(Path(path), "nothing", in_memory=True)
    return {"count": layer.featureCount(), "best": bounds(layers.best_extent(layer, QgsProject.instance()))}


def raster(source: str, provider: str) -> str:
    """The file that the plugin finds behind a raster layer, or what it says."""
    layer = QgsRasterLayer(source, "a raster", provider)
    try:
        return str(layers.raster_file(layer))
    except layers.LayerError as error:
        return f"LayerError: {error}"


def shown_in(path: str) -> list:
    """Which layer of the project shows a file: before one does, and after."""
    project = QgsProject.instance()
    before = layers.shown_in(project, Path(path))
    project.addMapLayer(QgsVectorLayer(path, "the one", "ogr"))
    return [before, layers.shown_in(project, Path(path))]


def unreadable(path: str) -> str:
    try:
        layers.results_layer(Path(path), "x", in_memory=True)
    except layers.LayerError as error:
        return str(error)
    return ""


def main() -> None:
    asked = json.loads((FOLDER / "asked.json").read_text(encoding="utf-8"))
    application = QgsApplication([], False)
    application.initQgis()
    said = {
        "plain": {path: plain(path) for path in asked["results"]},
        "styled": {path: styled(path, asked["project_crs"]) for path in asked["results"]},
        "empty": empty(asked["empty"]),
        "rasters": {source: raster(source, provider) for source, provider in asked["rasters"]},
        "shown_in": shown_in(asked["shown"]),
        "unreadable": unreadable(asked["unreadable"]),
    }
    (FOLDER / "said.json").write_text(json.dumps(said), encoding="utf-8")
    QgsProject.instance().clear()
    application.exitQgis()


main()
