"""Rows that every writer is tried with."""

from __future__ import annotations

import pytest
from shapely.geometry import Polygon, box

from geoloc.results.columns import COLUMNS
from geoloc.results.writers.row import FileLayer, Row

OUTER = [(576720, 5188100), (576730, 5188100), (576730, 5188110), (576720, 5188110)]
HOLE = [(576722, 5188102), (576724, 5188102), (576724, 5188104), (576722, 5188104)]


@pytest.fixture
def rows() -> list[Row]:
    """A best answer with a name that wants to be markup, a second one with a hole, and a click that is not here."""
    hostile = {
        "rank": 1,
        "score": 0.93,
        "photo": "a/<süd>&\"']]>.jpg",
        "click_x": 10.5,
        "click_y": 20.25,
        "epsg": 32615,
    }
    return [
        Row(box(576708, 5188134, 576713, 5188141), {**hostile, "note": "=1+1,\n</kml>\x01", "sure": True}),
        Row(Polygon(OUTER, [HOLE]), {"rank": 2, "score": 0.4, "photo": "b.jpg", "count": 2**40}),
        Row(None, {"photo": "c.jpg", "note": "not here"}),
    ]


@pytest.fixture
def layer() -> FileLayer:
    return FileLayer({**COLUMNS, "rank": "Int32", "sure": "boolean", "count": "Int64"}, "EPSG:32615")
