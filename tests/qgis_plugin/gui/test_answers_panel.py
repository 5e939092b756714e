"""Answers made smaller and larger in QGIS itself, with buttons, keys and undo; geoloc's worker is a stand-in."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
import shapely
from affine import Affine
from PIL import Image
from shapely.geometry import Polygon, mapping

from tests.helpers.qgis.run import install, put_stub, run_script

CRS = "EPSG:32615"
ANCHOR = (576700.0, 5188140.0)
SIDES = ((6.0, 3.0), (9.0, 4.0), (12.4, 8.1), (20.0, 9.0))
"""Lengths and widths of the best answer's outlines, metres on the map; the second one is the answer's own."""
OWN = 1
AZIMUTH = 30.0
"""Of their long sides, degrees clockwise from the map's north."""


def outline(length: float, width: float) -> Polygon:
    along = np.array([np.sin(np.radians(AZIMUTH)), np.cos(np.radians(AZIMUTH))])
    across = np.array([along[1], -along[0]])
    corners = [(a * length * along + b * width * across) / 2 for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1))]
    return Polygon(np.array(ANCHOR) + corners)


OUTLINES = [outline(*sides) for sides in SIDES]


def to_lonlat(shape: Polygon) -> dict[str, Any]:
    move = pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform
    return dict(mapping(shapely.transform(shape, move, interleaved=False)))


def measures_of(shape: Polygon) -> dict[str, float]:
    """Area, sides and azimuth on the ellipsoid, by pyproj."""
    geod = pyproj.Geod(ellps="WGS84")
    ring = to_lonlat(shape)["coordinates"][0]
    first, second, third = ring[:3]
    width = geod.inv(*first, *second)[2]
    azimuth, _, length = geod.inv(*second, *third)
    lons, lats = zip(*ring, strict=True)
    area = abs(geod.polygon_area_perimeter(lons, lats)[0])
    return {"area_m2": area, "length_m": length, "width_m": width, "azimuth_deg": azimuth % 180}


def feature(rank: int, shape: Polygon, **more: Any) -> dict[str, Any]:
    values = {"rank": rank, "score": 1 - rank / 10, "photo": "p.png", "click_x": 100.0, "click_y": 100.0}
    values |= {"accuracy_m": 0.5, "method": "attention", **more}
    return {"type": "Feature", "geometry": to_lonlat(shape), "properties": values}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of `drive_answers`: one answer has four outlines, one is a box alone, of one nothing is told."""
    folder: Path = tmp_path_factory.mktemp("answers")
    stub = put_stub(folder / "stub")
    own = {"outline": "drawn", "outline_score": 0.75, **measures_of(OUTLINES[OWN])}
    box = {"outline": "box", "outline_score": 0.2, "area_m2": 20.0, "length_m": 5.0, "width_m": 4.0, "azimuth_deg": 3.0}
    features = [feature(1, OUTLINES[OWN], **own), feature(2, OUTLINES[0], **box), feature(3, OUTLINES[0])]
    answer = {"type": "FeatureCollection", "features": features}
    stub.with_name("answer.geojson").write_text(json.dumps(answer), encoding="utf-8")
    outlines = [[to_lonlat(shape) for shape in OUTLINES], [to_lonlat(OUTLINES[0])]]
    stub.with_name("outlines.json").write_text(json.dumps(outlines), encoding="utf-8")
    install(folder / "settings", stub)
    Image.fromarray(np.full((200, 300, 3), 120, np.uint8)).save(folder / "p.png")
    profile = {"driver": "GTiff", "width": 90, "height": 90, "count": 3, "dtype": "uint8", "crs": CRS}
    transform = Affine(1, 0, ANCHOR[0] - 45, 0, -1, ANCHOR[1] + 45)
    with rasterio.open(folder / "town.tif", "w", transform=transform, **profile) as file:
        file.write(np.full((3, 90, 90), 160, np.uint8))
    inputs = {"stub": str(stub), "photo": str(folder / "p.png"), "raster": str(folder / "town.tif")}
    return run_script("drive_answers", folder, inputs)


def which(wkt: str) -> int | None:
    """Number of the outline that a geometry is; None where it is none of them."""
    shape = shapely.from_wkt(wkt)
    same = [n for n, one in enumerate(OUTLINES) if shape.symmetric_difference(one).area < 1e-3]
    return same[0] if same else None


def assert_measured(values: dict[str, Any], number: int) -> None:
    shape = OUTLINES[number]
    for name, value in measures_of(shape).items():
        assert values[name] == pytest.approx(value, rel=1e-5), name
    bounds = [values[name] for name in ("xmin", "ymin", "xmax", "ymax")]
    assert bounds == pytest.approx(shape.bounds, abs=1e-4)


def test_nothing_unexpected_was_raised(report) -> None:
    assert report["unexpected"] == []


def test_what_the_worker_tells_of_the_outline_is_in_the_layer(report) -> None:
    state = report["set_up"]
    assert which(state["wkt"]) == OWN
    assert (state["values"]["outline"], state["values"]["outline_score"]) == ("drawn", 0.75)
    assert_measured(state["values"], OWN)
    assert "9.0 x 4.0 m" in state["row"]
    assert "box only" not in state["row"]


def test_the_buttons_tell_their_keys(report) -> None:
    assert report["set_up"]["disabled"] == [False, False]
    assert report["set_up"]["tips"] == ["Smaller (-)", "Larger (+, =)"]


def test_the_next_outline_takes_the_place_with_its_measures(report) -> None:
    numbers = [which(state["wkt"]) for state in report["buttons"]]
    assert numbers == [2, 3, 2, 1, 0]
    for number, state in zip(numbers, report["buttons"], strict=True):
        assert state["multi"]
        assert_measured(state["values"], number)
        # What was drawn is that again, when it comes back.
        own = number == OWN
        kind = ("drawn", 0.75) if own else ("segment", None)
        assert (state["values"]["outline"], state["values"]["outline_score"]) == kind
        assert state["can"] == [number > 0, number < 3]
    assert "12.4 x 8.1 m" in report["buttons"][0]["row"]


def test_keys_do_the_same_and_end_at_the_smallest(report) -> None:
    assert [which(wkt) for wkt in report["keys"]] == [1, 2, 1, 0, 0]


def test_an_answer_without_other_outlines_stays(report) -> None:
    box, untold = report["others"]
    assert box["can"] == untold["can"] == [False, False]
    assert "5.0 x 4.0 m, box only" in box["row"]
    assert " m, box" not in untold["row"]
    assert " x " not in untold["row"]


def test_after_an_edit_by_hand_it_goes_on_from_the_nearest_area(report) -> None:
    state = report["by_hand"]
    edited = shapely.from_wkt(state["edited"]["wkt"])
    areas = [abs(edited.area - shape.area) for shape in OUTLINES]
    nearest = areas.index(min(areas))
    assert which(state["edited"]["wkt"]) is None
    assert 0 < nearest < 3
    assert which(state["nudged"]["wkt"]) == nearest + 1
    assert_measured(state["nudged"]["values"], nearest + 1)


def test_it_is_undone_in_one_step_and_the_list_follows(report) -> None:
    state = report["by_hand"]
    assert state["steps"] == 1
    assert state["undone"] == state["edited"]
    assert state["redone"] == state["nudged"]
    assert which(state["all_undone"]["wkt"]) == 0
    assert state["all_undone"]["can"] == [False, True]
    assert which(state["saved"]["wkt"]) == 1


def test_measures_follow_the_vertex_tool_and_what_is_undone(report) -> None:
    state = report["vertex_tool"]
    before, edited = state["before"]["values"], state["edited"]["values"]
    assert edited["area_m2"] == pytest.approx(before["area_m2"] / 4, rel=1e-3)
    for name in ("length_m", "width_m"):
        assert edited[name] == pytest.approx(before[name] / 2, rel=1e-3)
    assert edited["azimuth_deg"] == pytest.approx(before["azimuth_deg"], abs=0.1)
    assert (edited["xmin"], edited["ymin"]) == pytest.approx((before["xmin"], before["ymin"]))
    assert edited["xmax"] - edited["xmin"] == pytest.approx((before["xmax"] - before["xmin"]) / 2)
    # Nobody has scored this shape.
    assert edited["outline_score"] is None
    assert state["edited"]["row"] != state["before"]["row"]
    assert state["undone"] == state["before"]
    assert state["redone"] == state["edited"]


def test_measures_are_right_at_the_latest_when_edits_are_saved(report) -> None:
    state = report["vertex_tool"]
    assert state["by_program"]["values"] == state["before"]["values"]
    saved, edited = (
        {k: v for k, v in state[name]["values"].items() if k not in ("outline", "outline_score")}
        for name in ("saved", "edited")
    )
    assert saved == pytest.approx(edited, rel=1e-5)


def test_a_second_search_into_the_same_layer(report) -> None:
    state = report["again"]
    assert state["layers"] == 1
    assert state["listed"] == 3
    assert state["gone"] == [False, False]
