"""Kinds of values: read from JSON and from text, checked, written again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely.geometry import box, mapping

from geoloc.pipeline import option_kinds as kinds
from geoloc.pipeline.option_kinds import Kind, Option, absolute, paths_in
from tiling.area import Area
from tiling.errors import AreaError

BOUNDS = kinds.numbers("W,S,E,N")
REFINE = kinds.choice("auto", "off")


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        (kinds.PATH, "a/b.tif", Path("a/b.tif")),
        (kinds.PATHS, ["a.tif", "b"], (Path("a.tif"), Path("b"))),
        (kinds.PATHS, [], ()),
        (kinds.DEVICE, "cuda:1", "cuda:1"),
        (kinds.FLAG, False, False),
        (kinds.POSITIVE, 0.25, 0.25),
        (kinds.POSITIVE, 3, 3.0),
        (kinds.SHARE, 0, 0.0),
        (kinds.WHOLE, -2, -2),
        (kinds.COUNT, 1, 1),
        (kinds.BANDS, [1], (1,)),
        (kinds.BANDS, [4, 3, 2], (4, 3, 2)),
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
    area = kinds.AREA.from_json(mapping(box(1, 2, 3, 4)))
    assert area == Area.from_bounds(1, 2, 3, 4)
    assert kinds.AREA.from_json(kinds.AREA.to_json(area)).polygon.equals(area.polygon)
    with pytest.raises(AreaError, match="Point"):
        kinds.AREA.from_json({"type": "Point", "coordinates": [1, 2]})


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (kinds.PATH, 5, "5 is no text"),
        (kinds.PATHS, "a.tif", "'a.tif' is no list of paths"),
        (kinds.PATHS, ["a.tif", 5], "5 is no text"),
        (kinds.DEVICE, True, "True is no text"),
        (kinds.FLAG, "yes", "'yes' is neither true nor false"),
        (kinds.FLAG, 1, "1 is neither true nor false"),
        (kinds.POSITIVE, "0.3", "'0.3' is no number"),
        (kinds.POSITIVE, True, "True is no number"),
        (kinds.POSITIVE, 0, "0 is not above 0"),
        (kinds.POSITIVE, -1, "-1 is not above 0"),
        (kinds.POSITIVE, float("nan"), "nan is not above 0"),
        (kinds.POSITIVE, float("inf"), "inf is not above 0"),
        (kinds.SHARE, "high", "'high' is no number"),
        (kinds.SHARE, 7, "7 is not between 0 and 1"),
        (kinds.SHARE, float("nan"), "nan is not between 0 and 1"),
        (kinds.WHOLE, 2.0, "2.0 is no whole number"),
        (kinds.WHOLE, True, "True is no whole number"),
        (kinds.COUNT, 0, "0 is not 1 or more"),
        (kinds.COUNT, 1.5, "1.5 is no whole number"),
        (kinds.BANDS, [1, 2], r"\[1, 2\] is not one band or three, counted from 1"),
        (kinds.BANDS, [], r"\[\] is not one band or three, counted from 1"),
        (kinds.BANDS, [0], r"\[0\] is not one band or three, counted from 1"),
        (kinds.BANDS, "123", "'1' is no whole number"),
        (kinds.BANDS, 1, "1 is no list"),
        (BOUNDS, [1, 2, 3], r"\[1, 2, 3\] is no list of 4 numbers"),
        (BOUNDS, "1,2,3,4", "'1,2,3,4' is no list of 4 numbers"),
        (BOUNDS, [1, 2, 3, "4"], "'4' is no number"),
        (BOUNDS, [1, 2, float("nan"), 4], "nan is not a finite number"),
        (BOUNDS, [1, 2, 3, float("-inf")], "-inf is not a finite number"),
        (REFINE, "on", "'on' is neither auto nor off"),
        (REFINE, None, "None is no text"),
    ],
)
def test_what_is_wrong_is_told(kind: Kind, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        kind.from_json(value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (kinds.PATH, Path("a")),
        (kinds.PATHS, (Path("a"), Path("b"))),
        (kinds.PATHS, ()),
        (kinds.DEVICE, ""),
        (kinds.FLAG, True),
        (kinds.POSITIVE, 1e-9),
        (kinds.POSITIVE, np.float32(0.3)),
        (kinds.SHARE, 0),
        (kinds.SHARE, 1.0),
        (kinds.WHOLE, -2),
        (kinds.COUNT, np.int64(1)),
        (kinds.BANDS, [4, 3, 2]),
        (kinds.BANDS, np.array([1])),
        (kinds.AREA, Area.from_bounds(1, 2, 3, 4)),
        (BOUNDS, (1, 2.5, 3, 4)),
        (BOUNDS, np.array([1.0, 2.0, 3.0, 4.0])),
        (REFINE, "auto"),
    ],
)
def test_values_of_python_may_be_of_any_type_that_means_the_same(kind: Kind, value: Any) -> None:
    kind.check(value)


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (kinds.PATH, "a", "'a' is no Path"),
        (kinds.PATHS, [Path("a")], r"\[PosixPath\('a'\)\] is no tuple of Paths"),
        (kinds.PATHS, (Path("a"), "b"), "'b' is no Path"),
        (kinds.DEVICE, 5, "5 is no text"),
        (kinds.FLAG, None, "None is neither true nor false"),
        (kinds.POSITIVE, None, "None is no number"),
        (kinds.POSITIVE, -5, "-5 is not above 0"),
        (kinds.SHARE, 7, "7 is not between 0 and 1"),
        (kinds.SHARE, -0.25, "-0.25 is not between 0 and 1"),
        (kinds.SHARE, float("nan"), "nan is not between 0 and 1"),
        (kinds.COUNT, 0, "0 is not 1 or more"),
        (kinds.COUNT, 5.0, "5.0 is no whole number"),
        (kinds.WHOLE, "5", "'5' is no whole number"),
        (kinds.BANDS, (1, 2), r"\[1, 2\] is not one band or three, counted from 1"),
        (kinds.BANDS, 1, "1 is no list"),
        (kinds.AREA, (1, 2, 3, 4), r"\(1, 2, 3, 4\) is no Area"),
        (BOUNDS, (1, 2, 3), r"\(1, 2, 3\) is no list of 4 numbers"),
        (BOUNDS, 5, "5 is no list"),
        (BOUNDS, (1, 2, 3, float("inf")), "inf is not a finite number"),
        (BOUNDS, (1, 2, 3, "4"), "'4' is no number"),
        (BOUNDS, (1, 2, 3, 10**400), "a whole number of so many digits is too large"),
        (REFINE, "on", "'on' is neither auto nor off"),
    ],
)
def test_what_is_wrong_with_a_value_of_python_is_told(kind: Kind, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        kind.check(value)


@pytest.mark.parametrize("kind", [BOUNDS, kinds.POSITIVE, kinds.SHARE])
@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "1" + 400 * "0"])
def test_no_number_of_json_is_endless(kind: Kind, text: str) -> None:
    # Python reads all of these from JSON.
    value = json.loads(text)
    with pytest.raises(ValueError):
        kind.from_json([1, 2, 3, value] if kind is BOUNDS else value)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (kinds.BANDS, "4,3,2", (4, 3, 2)),
        (kinds.BANDS, "1", (1,)),
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
        (kinds.BANDS, "1,2", "'1,2' is not one band or three, counted from 1, such as 4,3,2"),
        (kinds.BANDS, "red", "'red' is not one band or three, counted from 1, such as 4,3,2"),
        (BOUNDS, "1,2,3", "'1,2,3' is not of the form W,S,E,N"),
    ],
)
def test_what_is_wrong_with_a_text_is_told(kind: Kind, text: str, message: str) -> None:
    assert kind.from_text is not None
    with pytest.raises(ValueError, match=message):
        kind.from_text(text)


def test_a_user_knows_an_option_by_its_flag_or_its_key() -> None:
    names = [Option("limits", kinds.DEVICE, "", flag, "key").name for flag in ("--top", "--gps/--no-gps", None)]
    assert names == ["--top", "--gps", "key"]


def test_paths_hold_in_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    value = (Path("a"), ("b", Path("/c")), 5, None)
    assert absolute(value) == (tmp_path / "a", ("b", Path("/c")), 5, None)


def test_paths_are_found_in_a_value() -> None:
    assert paths_in(Path("a")) == (Path("a"),)
    assert paths_in((Path("a"), 5, ("b", Path("c")))) == (Path("a"), Path("c"))
    assert paths_in("a") == paths_in(None) == paths_in(()) == ()
