"""The search fields that QGIS sends, against the options that geoloc's request has."""

from pathlib import Path

import pytest

from geoloc.pipeline.request import SearchRequest, options_of
from geoloc.worker.fields import Fields
from qgis_plugin.worker.request import (
    DEFAULT_DOUBTFUL,
    DEFAULT_EXHAUSTIVE,
    DEFAULT_GEOMETRY,
    DEFAULT_GPS,
    DEFAULT_TOP,
    DEFAULT_WITHIN_M,
    NOT_OFFERED,
    SearchPlace,
    search_request,
    source_request,
)

AREA = {"type": "Polygon", "coordinates": [[[14.0, 48.0], [15.0, 48.0], [15.0, 49.0], [14.0, 48.0]]]}


def request(place: SearchPlace | None = None, **changes: object) -> dict:
    values = {
        "mosaics": ["/m.tif"],
        "index": None,
        "top": DEFAULT_TOP,
        "doubtful": DEFAULT_DOUBTFUL,
        "geometry": DEFAULT_GEOMETRY,
        "exhaustive": DEFAULT_EXHAUSTIVE,
    }
    place = place or SearchPlace(gps=DEFAULT_GPS, within_m=DEFAULT_WITHIN_M)
    return search_request(place=place, **{**values, **changes})  # type: ignore[arg-type]


def test_every_option_of_a_search_is_sent_or_not_offered() -> None:
    keys = [option.key for option in options_of().values()]
    assert sorted([*request(), *NOT_OFFERED]) == sorted(keys)


def test_what_nobody_has_changed_is_geolocs_own_default() -> None:
    assert Fields(request()).search() == SearchRequest(mosaics=(Path("/m.tif"),))
    # Without a distance the worker takes its own.
    assert Fields(request(SearchPlace(gps=DEFAULT_GPS))).search() == Fields(request()).search()


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"top": 3}, "top", 3),
        ({"doubtful": True}, "min_score", 0.0),
        ({"geometry": False}, "refine", "off"),
        ({"exhaustive": True}, "exhaustive", True),
        ({"place": SearchPlace()}, "gps", False),
        ({"place": SearchPlace(near=(14.5, 48.5), within_m=90.0)}, "near", (14.5, 48.5)),
        ({"place": SearchPlace(near=(14.5, 48.5), within_m=90.0)}, "within_m", 90.0),
    ],
)
def test_every_choice_reaches_geolocs_request(changes: dict, field: str, value: object) -> None:
    sent: SearchRequest = Fields(request(**changes)).search()
    assert getattr(sent, field) == value


def test_what_is_indexed_or_planned_reaches_geolocs_request() -> None:
    whole = source_request(mosaics=["/m.tif", "/n.tif"], gsd_m=None, area=None)
    assert whole.keys() <= {option.key for option in options_of().values()}
    assert Fields(whole).search() == SearchRequest(mosaics=(Path("/m.tif"), Path("/n.tif")))
    sent = Fields(source_request(mosaics=["/m.tif"], gsd_m=0.25, area=AREA)).search()
    assert sent.gsd_m == 0.25
    assert sent.area is not None
    assert sent.area.polygon.bounds == (14.0, 48.0, 15.0, 49.0)


def test_an_area_reaches_geolocs_request() -> None:
    sent = Fields(request(SearchPlace(area=AREA))).search()
    assert sent.area is not None
    assert sent.area.polygon.bounds == (14.0, 48.0, 15.0, 49.0)
