"""The way between a photo and the map as a few numbers: as good as the photo's own, and usable without geoloc."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from geoloc.pose.matched_photo import MatchedPhoto
from geoloc.pose.pixel_mapping import PhotoLattice, PixelMapping
from tests.helpers.rough_ground import GSD_M, clicked
from tiling.grid import WEB_MERCATOR, transformer

Oblique = tuple[MatchedPhoto, np.ndarray]
PIXELS = np.random.default_rng(1).uniform((0, 0), (800, 600), (500, 2))


@pytest.fixture(scope="session")
def mapping(oblique: Oblique) -> PixelMapping:
    return PixelMapping.of(oblique[0])


def test_a_lattice_is_bilinear_and_constant_outside() -> None:
    lattice = PhotoLattice(
        (40, 20), np.array([[0, 1, 2, 3, 4], [10, 11, 12, 13, 14], [20, 21, 22, 23, 24.0]])[..., None]
    )
    found = lattice.at(np.array([[0, 0], [40, 20], [15, 5], [-7, 10], [99, 99]]))
    assert found.ravel().tolist() == [0, 24, 1.5 + 5, 10, 24]
    told = lattice.to_json(("v",))
    assert (told["columns"], told["rows"], told["v"][5]) == (5, 3, 10)


def test_it_maps_as_the_photo_does(oblique: Oblique, mapping: PixelMapping) -> None:
    matched, matrix = oblique
    found, own = mapping.to_map(PIXELS), matched.to_map(PIXELS)
    assert np.linalg.norm(found - own.points, axis=1).max() < GSD_M / 2
    true = np.array([clicked(matrix, (float(x), float(y))) for x, y in PIXELS])
    assert np.linalg.norm(found - true, axis=1).max() < GSD_M / 2
    assert np.median(np.abs(mapping.errors.at(PIXELS)[:, 0] / own.error_m - 1)) < 0.05
    assert (mapping.is_reliable(PIXELS) == own.reliable).all()


def test_the_way_back_ends_where_it_began(mapping: PixelMapping) -> None:
    assert np.abs(mapping.to_photo(mapping.to_map(PIXELS)) - PIXELS).max() < 1e-6


def test_there_is_no_pixel_behind_the_camera_and_no_place_beyond_the_horizon(
    oblique: Oblique, mapping: PixelMapping
) -> None:
    assert np.isnan(mapping.to_map(np.array([[400.0, -800.0]]))).all()
    behind = 3 * np.array(oblique[0].pose.place) - 2 * mapping.to_map(np.array([[400.0, 300.0]]))
    assert np.isnan(mapping.to_photo(behind)).all()
    assert not mapping.is_reliable(np.array([[np.nan, np.nan]])).any()


def test_json_is_enough_to_map_without_geoloc(mapping: PixelMapping) -> None:
    told = json.loads(json.dumps(mapping.to_json(), allow_nan=False))
    assert told["crs"] == "EPSG:32615"
    assert told["size"] == [800, 600]
    places = np.array([_by_hand(told, float(x), float(y)) for x, y in PIXELS[:50]])
    assert np.abs(places - mapping.to_map(PIXELS[:50])).max() < 1e-3
    assert np.abs(np.array(told["reliable"])).max() == 800
    nodes = told["error_m"]["columns"] * told["error_m"]["rows"]
    assert len(told["error_m"]["metres"]) == len(told["corrections"]["dx"]) == nodes


def _by_hand(told: dict[str, Any], x: float, y: float) -> tuple[float, float]:
    """The formula of docs/worker.md, in plain Python."""
    a, b, c, d, e, f, g, h, i = told["to_map"]
    w = g * x + h * y + i
    lattice = told["corrections"]
    columns, rows = lattice["columns"], lattice["rows"]
    u, v = x / told["size"][0] * (columns - 1), y / told["size"][1] * (rows - 1)
    column, row = min(int(u), columns - 2), min(int(v), rows - 2)
    right, down = u - column, v - row
    moved = []
    for values in (lattice["dx"], lattice["dy"]):
        first = row * columns + column
        upper = (1 - right) * values[first] + right * values[first + 1]
        lower = (1 - right) * values[first + columns] + right * values[first + columns + 1]
        moved.append((1 - down) * upper + down * lower)
    return (
        told["origin"][0] + (a * x + b * y + c) / w + moved[0],
        told["origin"][1] + (d * x + e * y + f) / w + moved[1],
    )


def test_it_maps_to_another_map_as_well(oblique: Oblique, mapping: PixelMapping) -> None:
    other = PixelMapping.of(oblique[0], WEB_MERCATOR)
    assert other.to_json()["crs"] == "EPSG:3857"
    expected = transformer(mapping.crs, WEB_MERCATOR).transform(*mapping.to_map(PIXELS).T)
    # A metre there is longer than one on the ground, by a half at this latitude.
    assert np.abs(other.to_map(PIXELS) - np.column_stack(expected)).max() < GSD_M / 2
    assert np.abs(other.to_photo(other.to_map(PIXELS)) - PIXELS).max() < 1e-6
    assert np.abs(other.errors.at(PIXELS) - mapping.errors.at(PIXELS)).max() < 1e-9
