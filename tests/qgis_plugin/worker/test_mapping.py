"""The way between pixels and places that the plugin walks by itself."""

import pytest

from qgis_plugin.worker.mapping import PhotoMapping, PixelLattice

SIZE = (800, 600)
ORIGIN = (576_700.0, 5_188_100.0)
# Looks up the photo to a horizon at y = -100: the depth there is 0.
TILTED = [0.1, 0.0, -40.0, 0.0, -0.1, 60.0, 0.0, 1e-3, 0.1]


def told(**other) -> dict:
    """As the worker tells it."""
    even = {"columns": 3, "rows": 2, "dx": [0.0] * 6, "dy": [0.0] * 6}
    errors = {"columns": 3, "rows": 2, "metres": [1.0, 1.0, 2.0, 0.5, 0.5, 1.0]}
    return {
        "size": list(SIZE),
        "crs": "EPSG:32615",
        "origin": list(ORIGIN),
        "to_map": TILTED,
        "corrections": even,
        "error_m": errors,
        "reliable": [[0, 100], [800, 100], [800, 600], [0, 600], [0, 100]],
        **other,
    }


def test_a_pixel_goes_to_its_place() -> None:
    x, y = PhotoMapping.of(told()).to_map(500.0, 400.0)
    assert x == pytest.approx(ORIGIN[0] + (50 - 40) / 0.5)
    assert y == pytest.approx(ORIGIN[1] + (60 - 40) / 0.5)


def test_a_lattice_is_bilinear_and_goes_on_as_at_its_edge() -> None:
    lattice = PixelLattice(3, 2, SIZE, (0.0, 1.0, 2.0, 10.0, 11.0, 12.0))
    assert lattice.at(400, 0) == 1
    assert lattice.at(200, 300) == pytest.approx(5.5)
    assert lattice.at(800, 600) == 12
    assert lattice.at(-50, 9999) == 10


def test_what_is_added_is_taken_off_on_the_way_back() -> None:
    moves = {"columns": 3, "rows": 2, "dx": [0.0, 3.0, -2.0, 1.0, -4.0, 5.0], "dy": [2.0, 0.0, 1.0, -1.0, 3.0, 0.0]}
    mapping, plain = PhotoMapping.of(told(corrections=moves)), PhotoMapping.of(told())
    x, y = mapping.to_map(400.0, 0.0)
    even_x, even_y = plain.to_map(400.0, 0.0)
    assert (x - even_x, y - even_y) == pytest.approx((3.0, 0.0))
    for pixel in ((10.0, 590.0), (400.0, 300.0), (799.0, 101.0), (-30.0, 620.0)):
        assert mapping.to_photo(*mapping.to_map(*pixel)) == pytest.approx(pixel, abs=0.02)


def test_nothing_lies_beyond_the_horizon_or_behind_the_camera() -> None:
    mapping = PhotoMapping.of(told())
    assert mapping.to_map(400, -101) is None
    assert mapping.to_map(400, -99) is not None
    # Where the plane goes on behind the camera; the same homography puts it above the horizon.
    behind = [(TILTED[0] * 400 - 40) / -0.4, (60 + 50) / -0.4]
    assert mapping.to_photo(ORIGIN[0] + behind[0], ORIGIN[1] + behind[1]) is None


def test_a_pixel_is_told_of_where_it_is_reliable() -> None:
    mapping = PhotoMapping.of(told())
    assert [mapping.holds(400, y) for y in (50, 99.9, 100.1, 599, 601)] == [False, False, True, True, False]
    assert not PhotoMapping.of(told(reliable=[])).holds(400, 300)
    assert mapping.error_m(800, 0) == 2
    assert mapping.error_m(600, 300) == pytest.approx((1.5 + 0.75) / 2)


@pytest.mark.parametrize(
    "broken",
    [
        {"to_map": [1.0] * 9},
        {"to_map": [1.0] * 8},
        {"corrections": {"columns": 3, "rows": 3, "dx": [0.0] * 6, "dy": [0.0] * 6}},
        {"size": None},
    ],
)
def test_what_is_no_mapping_is_refused(broken: dict) -> None:
    with pytest.raises((TypeError, ValueError)):
        PhotoMapping.of(told(**broken))
