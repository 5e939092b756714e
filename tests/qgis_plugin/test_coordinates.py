"""Where answers lie on QGIS's map, with geoloc itself: rasters of every shape, maps of other CRS, against the truth."""

import sys
from typing import Any

import pyproj
import pytest
from shapely.geometry import Point, box

from tests.helpers import city
from tests.helpers.qgis.rasters import make_shapes
from tests.helpers.qgis.run import install, run_script

MAPS = {
    "plain": "EPSG:3857",
    "degrees": "EPSG:32633",
    "web_mercator": "EPSG:32633",
    "turned": "EPSG:3857",
    "control_points": "EPSG:32632",
    "south_up": "EPSG:4326",
    "two_crs": "EPSG:32632",
}
"""Shape of the raster to the CRS of the map."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("coordinates")
    city.make_city(folder)
    to_map = {crs: pyproj.Transformer.from_crs(city.CRS, crs, always_xy=True) for crs in MAPS.values()}
    install(folder / "settings", sys.executable)
    inputs = {
        "shapes": make_shapes(folder),
        "maps": MAPS,
        "photo": str(folder / "p.jpg"),
        "click": city.CLICK,
        "true": {crs: move.transform(*city.TRUE) for crs, move in to_map.items()},
    }
    return run_script("drive_coordinates", folder, inputs)


def test_nothing_unexpected_was_raised(report) -> None:
    assert report["unexpected"] == []


@pytest.mark.parametrize("name", MAPS)
def test_the_new_feature_covers_the_object_on_the_screen(report, name: str) -> None:
    state = report[name]
    assert state.get("outline"), state["messages"]
    assert state["map"] == MAPS[name]
    # The answers are in the CRS of the first raster.
    assert state["layers"] == state["rasters"][:1]
    outline, roof = box(*state["outline"]), box(*state["object"])
    truth = Point(state["truth"])
    # QGIS draws the roof where pyproj says that it is; and the outline is round it.
    assert roof.centroid.distance(truth) < 0.15 * roof.length / 4
    assert outline.contains(truth)
    assert outline.contains(roof.centroid)
    overlap = outline.intersection(roof).area / outline.union(roof).area
    assert overlap > 0.35
