"""What is known of matched photos, and which see a place best."""

from typing import Any

import pytest

from qgis_plugin.worker.photo_match import CAMERA, FOOTPRINT, PhotoMatch, photos_that_see
from tests.qgis_plugin.worker.test_mapping import told

PLACE = (-93.99, 46.84)
NORTH_M = 111_195.0
"""Metres a degree of latitude, on the sphere of the earth's mean radius."""


def result(away_m: float = 0.0, height_m: float = 50.0, **mapping: Any) -> dict[str, Any]:
    """Of a photo taken from so far north of the place; its mapping puts every place at x = y = 400 or beside it."""
    camera = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [PLACE[0], PLACE[1] + away_m / NORTH_M]},
        "properties": {"kind": "camera", "height_m": height_m},
    }
    nowhere = {"type": "Feature", "geometry": None, "properties": {"kind": "footprint"}}
    return {
        "status": "found",
        "inliers": 120,
        "pose": {"type": "FeatureCollection", "features": [camera, nowhere]},
        "mapping": told(to_map=[1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0], origin=[0, 0], **mapping),
    }


def seen(*matches: PhotoMatch, pixel: tuple[float, float] = (400.0, 400.0)) -> list[str]:
    return [sight.match.path for sight in photos_that_see(matches, PLACE, lambda crs: pixel)]


def test_a_result_is_read() -> None:
    match = PhotoMatch.of("a.jpg", result(), {})
    assert (match.path, match.inliers, match.error) == ("a.jpg", 120, "")
    assert match.mapping.to_map(3, 4) == (3, 4)
    assert match.feature(CAMERA)["properties"]["height_m"] == 50
    assert match.feature(FOOTPRINT) is None


def test_a_photo_that_is_not_here_has_no_way_to_the_map() -> None:
    match = PhotoMatch.of("a.jpg", {"status": "not here"}, {})
    assert match.mapping is None
    assert seen(match) == []


def test_near_and_from_above_comes_first() -> None:
    above = PhotoMatch.of("above", result(0, 60), {})
    near_but_oblique = PhotoMatch.of("oblique", result(40, 30), {})
    far = PhotoMatch.of("far", result(0, 90), {})
    # 60 m; 50 m seen at 53 degrees, as if from 83 m; 90 m.
    assert seen(far, near_but_oblique, above) == ["above", "oblique", "far"]
    (sight,) = photos_that_see([near_but_oblique], PLACE, lambda crs: (400.0, 400.0))
    assert sight.distance_m == pytest.approx(50, abs=0.1)
    assert sight.from_above_deg == pytest.approx(53.13, abs=0.05)
    assert sight.pixel == (400, 400)


def test_only_photos_that_show_the_place_are_named() -> None:
    match = PhotoMatch.of("a.jpg", result(), {})
    assert seen(match, pixel=(400, 99)) == []
    assert seen(match, pixel=(400, 101)) == ["a.jpg"]
    assert photos_that_see([match], PLACE, lambda crs: None) == []
