"""Kinds of values: read from JSON and from text, checked, written again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box, mapping

from geoloc.pipeline import options
from geoloc.pipeline.options import Kind, Option, absolute
from tiling.area import Area
from tiling.errors import AreaError

BOUNDS = options.numbers("W,S,E,N")
REFINE = options.choice("auto", "off")


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        (options.PATH, "a/b.tif", Path("a/b.tif")),
        (options.PATHS, ["a.tif", "b"], (Path("a.tif"), Path("b"))),
        (options.PATHS, [], ()),
        (options.TEXT, "cuda:1", "cuda:1"),
        (options.FLAG, False, False),
        (options.POSITIVE, 0.25, 0.25),
        (options.POSITIVE, 3, 3.0),
        (options.SHARE, 0, 0.0),
        (options.WHOLE, -2, -2),
        (options.COUNT, 1, 1),
        (options.BANDS, [1], (1,)),
        (options.BANDS, [4, 3, 2], (4, 3, 2)),
        (BOUNDS, [1, 2.5, 3, 4], (1.0, 2.5, 3.0, 4.0)),
        (REFINE, "off", "off"),
    ],
)
def test_json_is_read_and_written_again(kind: Kind, written: Any, value: Any) -> None:
    found = kind.from_json(written)
    assert found == value
    assert type(found) is type(value)
    assert kind.to_json(found) == written


def test_an_area_is_a_polygon_of_geojson() -> None:
    area = options.AREA.from_json(mapping(box(1, 2, 3, 4)))
    assert area == Area.from_bounds(1, 2, 3, 4)
    assert options.AREA.from_json(options.AREA.to_json(area)).polygon.equals(area.polygon)
    with pytest.raises(AreaError, match="Point"):
        options.AREA.from_json({"type": "Point", "coordinates": [1, 2]})


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (options.PATH, 5, "5 is no text"),
        (options.PATHS, "a.tif", "'a.tif' is no list of paths"),
        (options.PATHS, ["a.tif", 5], "5 is no text"),
        (options.TEXT, True, "True is no text"),
        (options.FLAG, "yes", "'yes' is neither true nor false"),
        (options.FLAG, 1, "1 is neither true nor false"),
        (options.POSITIVE, "0.3", "'0.3' is no number"),
        (options.POSITIVE, True, "True is no number"),
        (options.POSITIVE, 0, "0 is not above 0"),
        (options.POSITIVE, -1, "-1 is not above 0"),
        (options.POSITIVE, float("nan"), "nan is not above 0"),
        (options.POSITIVE, float("inf"), "inf is not above 0"),
        (options.SHARE, "high", "'high' is no number"),
        (options.WHOLE, 2.0, "2.0 is no whole number"),
        (options.WHOLE, True, "True is no whole number"),
        (options.COUNT, 0, "0 is not 1 or more"),
        (options.COUNT, 1.5, "1.5 is no whole number"),
        (options.BANDS, [1, 2], r"\[1, 2\] is not one band or three, counted from 1"),
        (options.BANDS, [], r"\[\] is not one band or three, counted from 1"),
        (options.BANDS, [0], r"\[0\] is not one band or three, counted from 1"),
        (options.BANDS, "123", "'1' is no whole number"),
        (options.BANDS, 1, "int"),
        (BOUNDS, [1, 2, 3], r"\[1, 2, 3\] is no list of 4 numbers"),
        (BOUNDS, "1,2,3,4", "'1,2,3,4' is no list of 4 numbers"),
        (BOUNDS, [1, 2, 3, "4"], "'4' is no number"),
        (REFINE, "on", "'on' is neither auto nor off"),
        (REFINE, None, "None is no text"),
    ],
)
def test_what_is_wrong_is_told(kind: Kind, value: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{message}" if message != "int" else message):
        kind.from_json(value)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (options.BANDS, "4,3,2", (4, 3, 2)),
        (options.BANDS, "1", (1,)),
        (BOUNDS, "1,2.5,3,4", (1.0, 2.5, 3.0, 4.0)),
        (BOUNDS, "[1 2 3 4]", (1.0, 2.0, 3.0, 4.0)),
    ],
)
def test_text_is_read(kind: Kind, text: str, value: Any) -> None:
    assert kind.from_text is not None
    assert kind.from_text(text) == value


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (options.BANDS, "1,2", "'1,2' is not one band or three, counted from 1, such as 4,3,2"),
        (options.BANDS, "red", "'red' is not one band or three, counted from 1, such as 4,3,2"),
        (BOUNDS, "1,2,3", "'1,2,3' is not of the form W,S,E,N"),
    ],
)
def test_what_is_wrong_with_a_text_is_told(kind: Kind, text: str, message: str) -> None:
    assert kind.from_text is not None
    with pytest.raises(ValueError, match=message):
        kind.from_text(text)


def test_a_user_knows_an_option_by_its_flag_or_its_key() -> None:
    names = [Option("limits", options.TEXT, "", flag, "key").name for flag in ("--top", "--gps/--no-gps", None)]
    assert names == ["--top", "--gps", "key"]


def test_paths_hold_in_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    value = (Path("a"), ("b", Path("/c")), 5, None)
    assert absolute(value) == (tmp_path / "a", ("b", Path("/c")), 5, None)
