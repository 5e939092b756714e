"""Fields of a request, checked one by one."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box, mapping

from geoloc.photo.target import Click, Target
from geoloc.pipeline.request import SearchRequest
from geoloc.worker.fields import Fields, RequestError
from tiling.area import Area
from tiling.box import PixelBox
from tiling.errors import AreaError

SOURCE = {"mosaics": ["/m.tif"]}


def test_every_option_has_its_key() -> None:
    fields = {
        **{"mosaics": ["/m.tif", "/maps"], "bands": [4, 3, 2], "gsd": 0.25, "model": "detgeo", "weights": "/w"},
        **{"device": "cuda", "bounds": [1, 2, 3, 4], "aoi": "/a.gpkg", "area": mapping(box(1, 2, 3, 4))},
        **{"near": [2, 3], "within": 30, "gps": False, "top": 2, "min_score": 0, "refine": "off", "exhaustive": True},
    }
    assert Fields(fields).search() == SearchRequest(
        mosaics=(Path("/m.tif"), Path("/maps")),
        bands=(4, 3, 2),
        gsd_m=0.25,
        bounds=(1.0, 2.0, 3.0, 4.0),
        aoi=Path("/a.gpkg"),
        area=Area.from_bounds(1, 2, 3, 4),
        near=(2.0, 3.0),
        within_m=30.0,
        gps=False,
        top=2,
        min_score=0.0,
        refine="off",
        exhaustive=True,
        preset="detgeo",
        weights=Path("/w"),
        device="cuda",
    )
    assert Fields({"index": "/i.zarr"}).search() == SearchRequest(index=Path("/i.zarr"))


def test_null_is_as_missing_and_what_is_unknown_is_passed_over() -> None:
    fields = {**SOURCE, "near": None, "top": None, "gps": None, "photo": "/p.jpg", "colour": "red"}
    assert Fields(fields).search() == SearchRequest(mosaics=(Path("/m.tif"),))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "fields 'mosaics' and 'index': give one of them"),
        ({"mosaics": []}, "fields 'mosaics' and 'index': give one of them"),
        ({"index": "/i", "bands": [1]}, "fields 'bands' and 'gsd': an index has its own"),
        ({"index": "/i", "mosaics": ["/m"], "gsd": 0.3}, "fields 'bands' and 'gsd': an index has its own"),
        ({"mosaics": "/m.tif"}, "field 'mosaics': '/m.tif' is no list of paths"),
        ({"index": 5}, "field 'index': 5 is no text"),
        (SOURCE | {"bands": [1, 2]}, r"field 'bands': \[1, 2\] is not one band or three, counted from 1"),
        (SOURCE | {"bands": []}, r"field 'bands': \[\] is not one band or three, counted from 1"),
        (SOURCE | {"bands": 1}, "field 'bands': "),
        (SOURCE | {"gsd": 0}, "field 'gsd': 0 is not above 0"),
        (SOURCE | {"near": "1,2"}, "field 'near': '1,2' is no list of 2 numbers"),
        (SOURCE | {"within": -1}, "field 'within': -1 is not above 0"),
        (SOURCE | {"gps": "yes"}, "field 'gps': 'yes' is neither true nor false"),
        (SOURCE | {"top": 0}, "field 'top': 0 is not 1 or more"),
        (SOURCE | {"top": 1.5}, "field 'top': 1.5 is no whole number"),
        (SOURCE | {"min_score": "high"}, "field 'min_score': 'high' is no number"),
        (SOURCE | {"min_score": 7}, "field 'min_score': 7 is not between 0 and 1"),
        (SOURCE | {"min_score": float("nan")}, "field 'min_score': nan is not between 0 and 1"),
        (SOURCE | {"near": [float("nan"), 2]}, "field 'near': nan is not a finite number"),
        (SOURCE | {"bounds": [1, 2, 3, float("inf")]}, "field 'bounds': inf is not a finite number"),
        (SOURCE | {"within": float("inf")}, "field 'within': inf is not above 0"),
        (SOURCE | {"refine": "perhaps"}, "field 'refine': 'perhaps' is neither auto nor off"),
        (SOURCE | {"model": 5}, "field 'model': 5 is no text"),
    ],
)
def test_what_is_wrong_is_told_with_the_field(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=f"^{message}"):
        Fields(fields).search()


def test_what_is_wrong_with_an_area_is_told_by_the_area() -> None:
    with pytest.raises(AreaError, match="GeoJSON"):
        Fields(SOURCE | {"area": 5}).search()


def test_a_target_is_a_click_or_a_box() -> None:
    corners = PixelBox(1, 2, 3, 6)
    assert Fields({"click": [1, 2.5]}).target() == Target(Click(1, 2.5))
    assert Fields({"box": [1, 2, 3, 6]}).target() == Target.from_box(corners)
    assert Fields({"box": [1, 2, 3, 6], "click": [2, 3]}).target() == Target(Click(2, 3), corners)
    # Two opposite corners in any order.
    assert Fields({"box": [3, 6, 1, 2]}).target() == Target.from_box(corners)
    assert Fields({"box": [3, 2, 1, 6], "click": [2, 3]}).target() == Target(Click(2, 3), corners)
    for fields, message in (
        ({}, "field 'click' is missing"),
        ({"click": [1]}, r"field 'click': \[1\] is no list of 2 numbers"),
        ({"click": [1, float("nan")]}, "field 'click': nan is not a finite number"),
        ({"box": [1, 2, 3]}, r"field 'box': \[1, 2, 3\] is no list of 4 numbers"),
        ({"box": [1, 2, 3, float("nan")]}, "field 'box': nan is not a finite number"),
        ({"box": [5, 5, 5, 5]}, "field 'box': 5,5,5,5 has no width or no height"),
        ({"box": [1, 5, 2, 5], "click": [2, 3]}, "field 'box': 1,5,2,5 has no width or no height"),
    ):
        with pytest.raises(RequestError, match=message):
            Fields(fields).target()


def test_other_fields() -> None:
    fields = Fields({"photo": "/p.jpg", "update": True, "thumbnails": 64, "number": "7"})
    assert (fields.path("photo"), fields.truth("update"), fields.thumbnail_px()) == (Path("/p.jpg"), True, 64)
    assert (fields.truth("overwrite"), Fields({}).thumbnail_px()) == (False, 0)
    assert fields.need("number", int) == 7
    with pytest.raises(RequestError, match="field 'output' is missing"):
        fields.path("output")
    with pytest.raises(RequestError, match=r"field 'photo': '/p\.jpg' is neither true nor false"):
        fields.truth("photo")


def test_a_target_is_a_polygon() -> None:
    ring = [[0, 0], [40, 0], [0, 40]]
    triangle = Target.from_polygon([(0, 0), (40, 0), (0, 40)])
    assert Fields({"polygon": ring}).target() == triangle
    assert Fields({"polygon": [*ring, [0, 0]], "box": [1, 2, 3, 4]}).target() == triangle
    clicked = Fields({"polygon": ring, "click": [5, 6]}).target()
    assert clicked == Target(Click(5, 6), triangle.box, triangle.polygon)
    for value, message in (
        (5, "5 is no list of points"),
        ([1, 2, 3], "1 is no list of 2 numbers"),
        ([[0, 0], [1, 1]], "a polygon has three corners or more"),
        ([[0, 0], [1, 1], [2, 2]], "a polygon whose corners lie on one line has no area"),
    ):
        with pytest.raises(RequestError, match=f"field 'polygon': {message}"):
            Fields({"polygon": value}).target()


@pytest.mark.parametrize("value", [-5, 2049, 10**30, 1.5, True, "64"])
def test_thumbnails_are_as_large_as_screens(value: object) -> None:
    with pytest.raises(RequestError, match="field 'thumbnails': "):
        Fields({"thumbnails": value}).thumbnail_px()


@pytest.mark.parametrize("path", ["/a\0b", "/" + "a" * 300, "/a" * 3000, "\ud800"])
@pytest.mark.parametrize("name", ["photo", "index", "weights", "aoi"])
def test_paths_that_no_disk_has(path: str, name: str) -> None:
    fields = Fields({"mosaics": ["/m.tif"], name: path})
    with pytest.raises(RequestError, match=f"field '{name}': "):
        fields.path(name) if name == "photo" else fields.search()
    with pytest.raises(RequestError, match="field 'mosaics': "):
        Fields({"mosaics": [path]}).search()


def test_numbers_that_no_computer_has() -> None:
    huge = 10**400
    ring = [[huge, 0], [1, 0], [1, 1], [huge, 0]]
    with pytest.raises(AreaError, match="is no GeoJSON geometry"):
        Fields({"mosaics": ["/m.tif"], "area": {"type": "Polygon", "coordinates": [ring]}}).search()
    for fields in ({"near": [huge, 1]}, {"gsd": math.nan}):
        with pytest.raises(RequestError, match=f"field '{next(iter(fields))}': "):
            Fields({"mosaics": ["/m.tif"], **fields}).search()
    with pytest.raises(RequestError, match="field 'number': "):
        Fields({"number": math.inf}).need("number", int)
