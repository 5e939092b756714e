"""What files say of a detection."""

from __future__ import annotations

from collections.abc import Callable

import pyproj
import pytest

from geoloc.photo.target import Click
from geoloc.results.columns import COLUMNS, decimals_of, epsg_of, properties_of, views_of
from geoloc.results.detection import Detection


def test_every_column_has_a_value(make_detection: Callable[..., Detection]) -> None:
    found = make_detection(
        0.9123456, (576708.4004, 5188134.98, 576713.13, 5188141.5904), rank=2, window="19/1/2+6", note="elsewhere"
    )
    properties = properties_of(found)
    assert list(properties) == list(COLUMNS)
    assert properties == {
        "rank": 2,
        "score": 0.912,
        "photo": "photos/a.jpg",
        "click_x": 10.5,
        "click_y": 20.25,
        "accuracy_m": 0.5,
        "accuracy_note": "0.40 m box, 0.30 m pixel",
        "gsd_m": 0.2,
        "epsg": 32615,
        "xmin": 576708.4,
        "ymin": 5188134.98,
        "xmax": 576713.13,
        "ymax": 5188141.59,
        "outline": "box",
        "outline_score": 0.0,
        "area_m2": 31.29,
        "length_m": 6.61,
        "width_m": 4.73,
        "azimuth_deg": 0.7,
        "model": "base",
        "method": "attention",
        "window": "19/1/2+6",
        "note": "elsewhere",
    }


def test_a_row_tells_of_its_photos_what_was_clicked_in_each() -> None:
    own = {"photo": "b.jpg", "click_x": 7.0, "click_y": 8.25}
    joined = {**own, "photos": "a.jpg; b.jpg", "clicks": "12345.67,2; 7,8.25"}
    assert views_of(joined) == [("b.jpg", Click(7.0, 8.25)), ("a.jpg", Click(12345.67, 2.0))]
    # A name with what parts names, and a row of a single photo.
    assert views_of({**joined, "photos": "a; b.jpg; c.jpg"}) == views_of(own) == [("b.jpg", Click(7.0, 8.25))]
    assert views_of({"photo": "a.jpg", "click_x": None, "click_y": None}) == []


@pytest.mark.parametrize(
    ("crs", "decimals"), [("EPSG:32615", 3), ("EPSG:2263", 3), (4326, 8), ("+proj=utm +zone=33 +units=km +type=crs", 6)]
)
def test_coordinates_are_written_to_a_millimetre(crs: object, decimals: int) -> None:
    assert decimals_of(crs) == decimals


@pytest.mark.parametrize(
    ("crs", "code"),
    [
        (4326, 4326),
        (pyproj.CRS.from_epsg(32615), 32615),
        # Of one with heights that of its horizontal part.
        ("EPSG:32615+5773", 32615),
        ("+proj=tmerc +lat_0=1 +lon_0=15.3 +datum=WGS84", None),
        ("+proj=utm +zone=33 +datum=WGS84 +type=crs", 32633),
        # ESRI's names are others.
        (pyproj.CRS.from_epsg(28992).to_wkt("WKT1_ESRI"), 28992),
        # The projection of RD on its ellipsoid, without its datum: 114 m off.
        (
            "+proj=sterea +lat_0=52.1561605555556 +lon_0=5.38763888888889 +k=0.9999079 +x_0=155000 +y_0=463000"
            " +ellps=bessel +units=m +type=crs",
            None,
        ),
        # UTM on a bare ellipsoid, of which PROJ makes ED50 and ETRS89.
        ("+proj=utm +zone=33 +ellps=intl +units=m +type=crs", None),
        ("+proj=utm +zone=33 +ellps=GRS80 +units=m +type=crs", None),
        (pyproj.CRS.from_epsg(23033).to_wkt("WKT1_GDAL").replace("European_Datum_1950", "unknown"), None),
    ],
)
def test_the_code_of_a_crs(crs: object, code: int | None) -> None:
    assert epsg_of(crs) == code
