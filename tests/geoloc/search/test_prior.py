"""The prior of a click's place: its mode with exact metadata, and what errors do to it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from geoloc.geometry.stand import METRES_A_DEGREE
from geoloc.model.sight.cells import CELL_M, COLUMNS, ROWS
from geoloc.model.sight.head import Ahead
from geoloc.photo.photo import Photo
from geoloc.photo.sight import Sight, sight_of
from geoloc.photo.target import Click, Target
from geoloc.search.prior import FIELD_M2, FLOOR, LEAST_WEIGHT, MOST_ODDS, SIZES_M, STANDS, TRUST, PlacePrior, priors_of
from tiling.grid import WGS84, Grid, transformer

LON, LAT = 15.0, 51.0
EXACT = Sight((LON, LAT), 0.5, 1.6, 0.05, 0.0, 0.0, 0.005, 0.0, 1.0)
"""Level, to the north; slope and azimuth are told by each test."""
SIDE_M = 160


def around(prior: PlacePrior, supposed_deg: float | None = None, size_m: float = 2.5) -> NDArray[np.float32]:
    """The weights of square metres round the camera, which is in the middle, for things of a size."""
    step = 1 / math.cos(math.radians(LAT))
    x, y = transformer(WGS84, "EPSG:3857").transform(LON, LAT)
    half = SIDE_M / 2 * step
    grid = Grid.north_up("EPSG:3857", x - half, y + half, step, width=SIDE_M, height=SIDE_M)
    return prior.weights(grid, supposed_deg, step=1).by_size[SIZES_M.index(size_m)]


def mode(weights: NDArray[np.float32]) -> tuple[float, float]:
    """Metres to the east and to the north of the camera."""
    row, column = np.unravel_index(int(weights.argmax()), weights.shape)
    return float(column + 0.5 - SIDE_M / 2), float(SIDE_M / 2 - row - 0.5)


def share(weights: NDArray[np.float32], inside: NDArray[np.bool_]) -> float:
    above = weights - FLOOR
    return float(above[inside].sum() / above.sum())


def places() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    at = np.arange(SIDE_M) + 0.5 - SIDE_M / 2
    east, north = np.meshgrid(at, -at)
    return east, north


@pytest.mark.parametrize("azimuth", [0.0, 75.0, 190.0, 300.0])
@pytest.mark.parametrize("away", [8.0, 15.0, 25.0])
@pytest.mark.parametrize("heading", [0.0, 120.0])
def test_with_exact_metadata_the_mode_is_the_true_place(azimuth: float, away: float, heading: float) -> None:
    sight = replace(EXACT, slope=1.6 / away, aside_deg=azimuth - heading, heading_deg=heading)
    east, north = mode(around(PlacePrior([(1.0, sight)])))
    # What is clicked stands up a little, so that it is nearer than where the line meets the ground.
    assert math.hypot(east, north) == pytest.approx(away, abs=0.2 * away + 1.5)
    off = math.degrees(math.atan2(east, north)) - azimuth
    assert abs((off + 180) % 360 - 180) * math.radians(1) * away < 1.5


def test_a_drones_click_is_where_its_line_meets_the_ground() -> None:
    sight = replace(EXACT, height_m=50.0, height_sd_m=2.0, slope=1.0, slope_sd=0.05)
    east, north = mode(around(PlacePrior([(1.0, sight)])))
    assert (east, north) == (pytest.approx(0.0, abs=1.5), pytest.approx(49.0, abs=4.0))


@pytest.mark.parametrize("sd", [3.0, 6.6, 12.0])
def test_errors_of_the_position_hold_the_mass_in_their_circle(sd: float) -> None:
    sight = replace(EXACT, slope=0.2, position_sd_m=sd)
    weights = around(PlacePrior([(1.0, sight)]))
    east, north = places()
    circle = np.hypot(east, north - 7.0) < 3 * sd + 6.0
    assert share(weights, circle) > 0.95


def test_without_a_heading_every_direction_is_alike_until_one_is_supposed() -> None:
    prior = PlacePrior([(1.0, replace(EXACT, slope=0.1, heading_deg=None))])
    east, north = places()
    for sign in (1, -1):
        assert share(around(prior), sign * east > 0) == pytest.approx(0.5, abs=0.02)
        assert share(around(prior), sign * north > 0) == pytest.approx(0.5, abs=0.02)
    assert share(around(prior, 90.0), east > 0) > 0.95


def test_what_is_clicked_above_the_horizon_is_somewhere_along_its_line() -> None:
    weights = around(PlacePrior([(1.0, replace(EXACT, slope=-0.1, heading_sd_deg=5.0))]))
    east, north = places()
    assert share(weights, (north > 0) & (np.abs(east) < 0.3 * north + 4)) > 0.9
    assert share(weights, (north > 5) & (north < 80)) > 0.8


def test_nothing_is_excluded() -> None:
    weights = around(PlacePrior([(1.0, replace(EXACT, slope=0.2))]))
    assert weights.min() == pytest.approx(FLOOR, rel=1e-3)


def test_poses_share_the_prior_by_their_weights() -> None:
    north, south = replace(EXACT, slope=0.1), replace(EXACT, slope=0.1, heading_deg=180.0)
    weights = around(PlacePrior([(0.8, north), (0.2, south)]))
    assert share(weights, places()[1] > 0) == pytest.approx(0.8, abs=0.03)


def test_the_middle_of_a_large_thing_lies_behind_the_side_that_is_clicked() -> None:
    prior = PlacePrior([(1.0, replace(EXACT, slope=0.08))])
    (_, car), (_, house) = (mode(around(prior, size_m=size)) for size in (2.5, 10.0))
    # What is higher is nearer, and half of it lies behind its side.
    assert car == pytest.approx(1.6 / 0.08, abs=4.0)
    assert house > car + 1.0


def test_straight_from_above_the_middle_is_under_the_click_whatever_the_size() -> None:
    drone = replace(EXACT, height_m=50.0, height_sd_m=2.0, slope=20.0, slope_sd=0.3)
    north = [mode(around(PlacePrior([(1.0, drone)]), size_m=size))[1] for size in SIZES_M]
    # Half of the largest is 8 m, half of the smallest 1.
    assert max(north) - min(north) < 2.0


def test_how_high_things_are_clicked_goes_with_their_size() -> None:
    level = PlacePrior([(1.0, replace(EXACT, slope=-0.05))])
    east, north = places()
    far = (north > 40) & (np.abs(east) < 0.3 * north)
    # 2 m over the camera at 40 m: that is no car.
    assert share(around(level, size_m=10.0), far) > 1.5 * share(around(level, size_m=2.5), far)


def test_sizes_are_told_in_pixels_of_the_window_and_the_prior_in_every_second() -> None:
    grid = Grid.north_up("EPSG:3857", 1.6e6, 6.6e6, 0.4, width=64, height=48)
    weights = PlacePrior([(1.0, replace(EXACT, slope=0.2))]).weights(grid)
    assert weights.by_size.shape == (len(SIZES_M), 24, 32)
    assert weights.step == 2
    assert weights.sizes_px == pytest.approx([size / grid.ground_gsd() for size in SIZES_M])


def test_a_pose_that_is_hardly_likely_is_left_out() -> None:
    north, unknown = replace(EXACT, slope=0.1), replace(EXACT, slope=0.1, heading_deg=None)
    assert PlacePrior([(0.999, north), (0.001, unknown)]).knows_heading
    assert not PlacePrior([(0.9, north), (0.1, unknown)]).knows_heading


@pytest.mark.parametrize("supposed", [0.0, 90.0])
def test_doubts_are_none_where_a_thing_of_its_size_is_likeliest(supposed: float) -> None:
    step = 0.5 / math.cos(math.radians(LAT))
    x, y = transformer(WGS84, "EPSG:3857").transform(LON, LAT)
    grid = Grid.north_up("EPSG:3857", x - 160 * step, y + 160 * step, step, width=320, height=320)
    north, any_way = replace(EXACT, slope=0.1), replace(EXACT, slope=0.1, heading_deg=None)
    prior = PlacePrior([(0.7, north), (0.3, any_way)])
    weights, doubts = prior.weights(grid, supposed), prior.again(grid, supposed)
    assert doubts.by_size.max(axis=(1, 2)) == pytest.approx(1.0, abs=0.1)
    assert doubts.by_size.max() <= 1.0
    below = doubts.by_size[0] < 1.0
    ratio = weights.by_size[0][below] / doubts.by_size[0][below]
    assert ratio == pytest.approx(float(ratio[0]), rel=1e-3)


def test_a_prior_knows_whether_the_camera_was_at_eye_level() -> None:
    assert PlacePrior([(1.0, EXACT)]).at_eye_level
    assert not PlacePrior([(1.0, replace(EXACT, height_m=50.0))]).at_eye_level


def ahead(sight: Sight, along_m: float, across_m: float, odds: float = 1.0) -> Ahead:
    """All of the share in the cell before the camera that has a place in it."""
    share = np.zeros((ROWS, COLUMNS), np.float32)
    share[int(ROWS - along_m / CELL_M), int(COLUMNS / 2 + across_m / CELL_M)] = 1.0
    return Ahead(sight.strip(CELL_M), share, odds)


@pytest.mark.parametrize("azimuth", [0.0, 75.0, 190.0, 300.0])
@pytest.mark.parametrize(("along_m", "across_m"), [(9.0, 1.0), (31.0, -5.0), (61.0, 7.0)])
@pytest.mark.parametrize("size_m", [2.5, 10.0])
def test_a_thing_is_where_it_was_told_to_be(azimuth: float, along_m: float, across_m: float, size_m: float) -> None:
    sight = replace(EXACT, aside_deg=azimuth - 20.0, heading_deg=20.0)
    weights = around(PlacePrior([(1.0, sight)], [ahead(sight, along_m, across_m)]), size_m=size_m)
    sin, cos = math.sin(math.radians(azimuth)), math.cos(math.radians(azimuth))
    expected = along_m * sin + across_m * cos, along_m * cos - across_m * sin
    assert mode(weights) == pytest.approx(expected, abs=1.5)
    assert weights.min() >= 0.9 * FLOOR
    # In square metres: all of the share is there.
    assert (weights - FLOOR).sum() == pytest.approx((1 - FLOOR) * FIELD_M2, rel=0.05)


def test_what_was_told_lies_alike_across_the_antimeridian() -> None:
    lon = 180.0 - 10.0 / (METRES_A_DEGREE * math.cos(math.radians(LAT)))
    sight = replace(EXACT, position=(lon, LAT), heading_deg=90.0)
    prior = PlacePrior([(1.0, sight)], [ahead(sight, 41.0, 1.0)])
    step = 1 / math.cos(math.radians(LAT))
    x, y = transformer(WGS84, "EPSG:3857").transform(-180.0, LAT)
    grid = Grid.north_up("EPSG:3857", x, y + 40 * step, step, width=80, height=80)
    row, column = np.unravel_index(int(prior.weights(grid, step=1).by_size[0].argmax()), (80, 80))
    assert (column + 0.5, 40 - row - 0.5) == pytest.approx((31.0, -1.0), abs=1.5)


def test_a_pose_counts_by_what_is_before_its_camera_up_to_a_limit() -> None:
    north, south = replace(EXACT, slope=0.1), replace(EXACT, slope=0.1, heading_deg=180.0)
    for odds, times in ((1e-9, 1 / MOST_ODDS), (0.1, 0.1), (3.0, 3.0), (1e9, MOST_ODDS)):
        prior = PlacePrior([(0.5, north), (0.5, south)], [ahead(north, 21.0, 1.0, odds), None])
        expected = times / (1 + times)
        assert share(around(prior), places()[1] > 0) == pytest.approx(expected, abs=0.03)


def test_what_was_told_counts_whole_in_a_second_look_and_attention_less() -> None:
    grid = Grid.north_up("EPSG:3857", *transformer(WGS84, "EPSG:3857").transform(LON, LAT), 0.5, width=64, height=64)
    told, metadata = PlacePrior([(1.0, EXACT)], [ahead(EXACT, 31.0, 1.0, 5.0)]), PlacePrior([(1.0, EXACT)])
    for weights in (told.weights(grid), told.again(grid)):
        assert weights.trust == TRUST < 1
    assert (told.again(grid).by_size == told.weights(grid).by_size).all()
    for weights in (metadata.weights(grid), metadata.again(grid)):
        assert weights.trust == 1.0


PHONE = Photo(Path("p.jpg"), np.zeros((60, 80, 3), np.uint8), position=(LON, LAT), focal_px=60.0, phone=True)
CLICKED = Target(Click(40, 30))


def test_likely_poses_alone_are_asked_where_a_thing_is() -> None:
    asked: list[float | None] = []

    def told(target: Target, photo: Photo) -> Ahead | None:
        asked.append(photo.heading_deg)
        return None

    poses = [(0.9, replace(PHONE, heading_deg=10.0)), (0.099, PHONE), (0.001, replace(PHONE, heading_deg=20.0))]
    assert None not in priors_of(poses, [CLICKED], told)
    assert asked == [10.0, None]
    assert priors_of([(1.0, replace(PHONE, position=None))], [CLICKED], told) == [None]
    assert priors_of([], [CLICKED], told) == [None]


TWO_WAYS = [(0.5, replace(PHONE, heading_deg=heading)) for heading in (0.0, 180.0)]


def northern(own: float, *others: float) -> float:
    """How many times likelier a thing is to the north than to the south by two poses that are alike but for that.

    own: odds that it is there, by the northern one; by the other they are even. others: of what else was clicked.
    """
    # No two within `SAME_SHARE` of the photo.
    targets = [Target(Click(40 + 2 * number, 30)) for number in range(1 + len(others))]

    def told(target: Target, photo: Photo) -> Ahead:
        sight = sight_of(photo, target.click)
        assert sight is not None
        north = photo.heading_deg == 0.0
        return ahead(sight, 31.0, 1.0, (own, *others)[targets.index(target)] if north else 1.0)

    together, alone = priors_of(TWO_WAYS, targets, told)[0], priors_of(TWO_WAYS, targets[:1], told, targets[1:])
    assert together is not None
    assert len(alone) == 1
    assert alone[0] is not None
    weights = around(together) - FLOOR
    # Whether they are asked for now, or were before.
    assert around(alone[0]) - FLOOR == pytest.approx(weights)
    return float(weights[places()[1] > 0].sum() / weights[places()[1] < 0].sum())


def speaks(odds: float) -> float:
    return STANDS * odds + 1 - STANDS


@pytest.mark.parametrize(
    ("own", "others", "expected"),
    [
        # What is told of the thing itself counts whole.
        (1.0, (), 1.0),
        (3.0, (), 3.0),
        (3.0, (1.0, 1.0), 3.0),
        (1.0, (3.0,), speaks(3.0)),
        (3.0, (5.0, 0.5), 3.0 * speaks(5.0) * speaks(0.5)),
        # Others may be gone, and a car from a place that is right otherwise.
        (1.0, (1e-9,), speaks(1 / MOST_ODDS)),
        (1.0, (1e9,), speaks(MOST_ODDS)),
        # Beyond what floats hold.
        (1.0, (1e9,) * 400, 1 / LEAST_WEIGHT),
        (1.0, (1e-9,) * 400, LEAST_WEIGHT),
    ],
)
def test_a_pose_counts_by_what_is_before_its_camera_of_all_that_was_clicked(
    own: float, others: tuple[float, ...], expected: float
) -> None:
    assert northern(own, *others) == pytest.approx(expected, rel=0.05)


def test_a_pose_that_others_speak_against_does_not_fall_out() -> None:
    """What was told of a pose weighs attention otherwise than metadata alone."""
    against = [Target(Click(50 + 2 * number, 30)) for number in range(9)]

    def told(target: Target, photo: Photo) -> Ahead | None:
        sight = sight_of(photo, target.click)
        assert sight is not None
        return None if photo.heading_deg is None else ahead(sight, 31.0, 1.0, 1e-9 if target in against else 8.0)

    poses = [(0.3, replace(PHONE, heading_deg=0.0)), (0.7, PHONE)]
    prior = priors_of(poses, [CLICKED, *against], told)[0]
    assert prior is not None
    grid = Grid.north_up("EPSG:3857", *transformer(WGS84, "EPSG:3857").transform(LON, LAT), 0.5, width=64, height=64)
    assert prior.weights(grid).trust == TRUST


def test_what_others_tell_of_poses_makes_no_thing_likelier_to_be_there() -> None:
    targets = [Target(Click(x, 30)) for x in (40, 60)]

    def told(target: Target, photo: Photo) -> Ahead | None:
        sight = sight_of(photo, target.click)
        assert sight is not None
        return ahead(sight, 31.0, 1.0, 1.0 if target == targets[0] else 9.0)

    poses = [(1.0, replace(PHONE, heading_deg=0.0))]
    alone, both = priors_of(poses, targets[:1], told)[0], priors_of(poses, targets, told)[0]
    assert alone is not None
    assert both is not None
    assert around(both) == pytest.approx(around(alone))


@pytest.mark.parametrize(
    ("xs", "expected"),
    [
        ((40, 60), speaks(3.0)),
        # The second thing clicked twice, in one call or in two.
        ((40, 60, 61), speaks(3.0)),
        ((40, 60, 59, 61, 60), speaks(3.0)),
        # The thing itself clicked again is nobody else.
        ((40, 41), 1.0),
        ((40, 60, 70), speaks(3.0) ** 2),
    ],
)
def test_a_thing_that_is_clicked_again_speaks_once(xs: tuple[int, ...], expected: float) -> None:
    def told(target: Target, photo: Photo) -> Ahead:
        sight = sight_of(photo, target.click)
        assert sight is not None
        return ahead(sight, 31.0, 1.0, 3.0 if photo.heading_deg == 0.0 and target.click.x != 40 else 1.0)

    targets = [Target(Click(x, 30)) for x in xs]
    for split in range(1, len(xs) + 1):
        prior = priors_of(TWO_WAYS, targets[:split], told, targets[split:])[0]
        assert prior is not None
        weights = around(prior) - FLOOR
        assert weights[places()[1] > 0].sum() / weights[places()[1] < 0].sum() == pytest.approx(expected, rel=0.05)
