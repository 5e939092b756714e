"""How likely each place on the map is by the camera's own metadata, and by what is told of the ground before it.

The line from the camera to the click meets the ground at height over slope; the camera's position, heading, tilt and
height are each off by some error, and what was clicked may stand up. A prior only reweights what attention finds: what
it puts outside stays possible, since metadata lie.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
from affine import Affine
from numpy.typing import NDArray

from geoloc.model.place_weights import PlaceWeights
from geoloc.model.sight.cells import CELL_M
from geoloc.model.sight.head import Ahead
from geoloc.photo.photo import Photo
from geoloc.photo.sight import EYE_LEVEL_M, Sight, sight_of
from geoloc.photo.target import Target
from geoloc.plane.homography import affine_for_opencv
from tiling.grid import WGS84, Grid, transformer, turns_to, whole_turn
from tiling.plan import Plan

FLOOR = 0.02
"""Weight of places that metadata put outside, over that of a search without a prior."""
FIELD_M2 = 6700.0
"""Ground of one window of the network, over which it has learnt to weigh a place against "nowhere", square metres."""
SIZES_M = (2.5, 5.0, 10.0, 16.0)
"""Of things, the root of their boxes' area, for which the prior is drawn: a car is clicked half a metre over the ground
and its middle is near, a house is clicked as high as it is and its middle lies metres behind the wall that is seen."""
HEIGHT_SHARE = 0.4
"""Mean height over the ground at which things are clicked, as a share of their size."""
OFF_CENTRE_SHARE = 0.2
"""How far from the middle of what is seen of a thing people click, standard deviation as a share of its size."""
VISIBLE_M = 40.0
"""Things are seen and clicked the less the farther away they are: by a factor e in each so many metres, from a camera
at eye level."""
SUPPOSED_SD_DEG = 30.0
"""Error of headings that crops suppose a quarter turn apart."""
REACH_M = 150.0
"""To every side of an eye-level camera that a prior is drawn."""
LIKELY = 6
"""Windows that hold most of the prior and are looked at in any case."""
_STEP_PX, _COARSE_PX = 2, 16
"""Pixels of a window along a pixel of the prior: where a box is weighed, and where windows are."""
TRUST = 0.3
"""Share of attention's logits that counts beside what was told: that was told by photo and mosaic already."""
LEAST_WEIGHT = 0.005
"""Poses that are less likely are left out."""
SAME_SHARE = 0.02
"""Of a photo's longer side: clicks that are nearer to each other are of one thing."""
MOST_ODDS = 20.0
"""A pose counts so many times more or less at the most for what was told to be before the camera."""
STANDS = 0.8
"""Share of things that are on a mosaic of the right place: cars drive off, and surveys are of another year."""
_CELLS = 160
"""To every side of the camera."""


class PlacePrior:
    """The prior of one click: what a place counts more or less than in a search without one.

    Attributes:
        knows_heading: whether it is the same whatever heading is supposed.
        at_eye_level: whether the camera was: there attention hardly tells places apart that look alike, and the prior
            counts in the second look too.
    """

    def __init__(self, sights: Sequence[tuple[float, Sight]], ahead: Sequence[Ahead | None] = ()) -> None:
        """Take lines to the click with their weights, and where on each the thing is; nothing where none is told.

        The weights have the sum 1; a pose counts the more the likelier the ground before it is for what was clicked.
        """
        told = ahead or (None,) * len(sights)
        likely = [(*pose, on_it) for pose, on_it in zip(sights, told, strict=True) if pose[0] >= LEAST_WEIGHT]
        self.knows_heading = all(sight.heading_deg is not None for _, sight, _ in likely)
        self.at_eye_level = all(sight.height_m <= EYE_LEVEL_M for _, sight, _ in likely)
        self._told = any(on_it is not None for _, _, on_it in likely)
        self._parts: list[tuple[float, _Spreads | _Told]] = []
        for weight, sight, on_it in likely:
            if on_it is None:
                self._parts.append((weight, _Spreads(sight)))
            else:
                self._parts.append((weight * _odds(on_it), _Told(on_it)))

    def weights(self, grid: Grid, supposed_deg: float | None = None, step: int = _STEP_PX) -> PlaceWeights:
        """Return by how much things count more or less than without a prior, by place and size.

        Args:
            grid: north up in EPSG:3857.
            supposed_deg: heading of the photo's up that is supposed, where a sight knows none; None for any.
            step: pixels of the grid along each side of a pixel of what is returned.
        """
        return self._weights(self._density(grid, supposed_deg, step), grid, step)

    def again(self, grid: Grid, supposed_deg: float | None = None) -> PlaceWeights:
        """Return what counts in a second look; see `weights`.

        What was told of the ground before the camera counts once more. What metadata say counts by how much less things
        are likely than where one of their size is likeliest, 1 at the most: that a place is likelier than others says
        nothing of whether the thing is there at all.
        """
        if self._told:
            return self.weights(grid, supposed_deg)
        most_likely = np.max([weight * part.most(supposed_deg) for weight, part in self._parts], axis=0)
        likeliest = most_likely[:, None, None]
        most = self._weights(likeliest, grid, _STEP_PX)
        weights = self.weights(grid, supposed_deg)
        return replace(weights, by_size=np.minimum(weights.by_size / most.by_size, 1.0))

    def _density(self, grid: Grid, supposed_deg: float | None, step: int) -> NDArray[np.float32]:
        """How likely a thing's middle is in a square metre, sizes x rows x columns."""
        parts = [weight * part.density(grid, supposed_deg, step) for weight, part in self._parts]
        return np.asarray(np.sum(parts, axis=0), np.float32)

    def _weights(self, density: NDArray[np.floating], grid: Grid, step: int) -> PlaceWeights:
        values = (1 - FLOOR) * FIELD_M2 * density + FLOOR
        gsd_m = grid.ground_gsd()
        sizes_px = tuple(size / gsd_m for size in SIZES_M)
        return PlaceWeights(np.asarray(values, np.float32), sizes_px, step, TRUST if self._told else 1.0)

    def likely_windows(self, plan: Plan) -> list[int]:
        """Return the numbers of the windows of a plan that hold most of the prior, `LIKELY` of them, best first."""
        shares = np.array([float(self.weights(window.grid, step=_COARSE_PX).by_size.mean()) for window in plan.windows])
        return [int(number) for number in np.argsort(-shares, kind="stable")[:LIKELY]]


class _Spreads:
    """How one line to the click is spread over the ground by its errors, for things of each of `SIZES_M`."""

    def __init__(self, sight: Sight) -> None:
        self._by_size = [_Spread(sight, size) for size in SIZES_M]

    def density(self, grid: Grid, supposed_deg: float | None, step: int) -> NDArray[np.float32]:
        """Return how likely a thing's middle is in a square metre, sizes x rows x columns; see `PlacePrior.weights`."""
        return np.stack([spread.density(grid, supposed_deg, step) for spread in self._by_size])

    def most(self, supposed_deg: float | None) -> NDArray[np.float64]:
        """Return the density where it is greatest, by size."""
        return np.array([spread.most(supposed_deg) for spread in self._by_size])


class _Spread:
    """How one line to the click is spread over the ground by its errors, drawn onto cells round the camera's position.

    It is drawn once for each heading that is supposed.
    """

    def __init__(self, sight: Sight, size_m: float) -> None:
        """Take the line to the click and how large what was clicked is; nothing is drawn yet."""
        self._sight, self._size_m = sight, size_m
        far_m = min(sight.height_m / max(sight.slope, 0.05), 6 * REACH_M)
        self._cell_m = max(REACH_M, 1.3 * far_m + 4 * sight.position_sd_m) / _CELLS
        self._drawn: dict[float | None, NDArray[np.float32]] = {}
        self._centre = transformer(WGS84, "EPSG:3857").transform(*sight.position)
        # Web Mercator is longer than the ground by this.
        self._stretch = 1 / math.cos(math.radians(sight.position[1]))

    def density(self, grid: Grid, supposed_deg: float | None, step: int) -> NDArray[np.float32]:
        """Return how likely a thing's middle is in a square metre, rows x columns; see `PlacePrior.weights`."""
        drawn = self._on_cells(supposed_deg)
        cell = self._cell_m * self._stretch
        x, y = self._centre
        return _drawn_on(grid, step, drawn, Affine(cell, 0, x - _CELLS * cell, 0, -cell, y + _CELLS * cell))

    def most(self, supposed_deg: float | None) -> float:
        """Return the density where it is greatest."""
        return float(self._on_cells(supposed_deg).max())

    def _on_cells(self, supposed_deg: float | None) -> NDArray[np.float32]:
        key = None if self._sight.heading_deg is not None else supposed_deg
        if key not in self._drawn:
            self._drawn[key] = self._draw(key)
        return self._drawn[key]

    def _draw(self, supposed_deg: float | None) -> NDArray[np.float32]:
        sight, cell = self._sight, self._cell_m
        at = (np.arange(2 * _CELLS) + 0.5 - _CELLS) * cell
        east, north = np.meshgrid(at, -at)
        away = np.hypot(east, north)
        # The side that is seen is clicked, before the middle; straight from above it is over the middle.
        side = np.maximum(away - self._size_m / 2 / math.hypot(1.0, sight.slope), 0.0)
        log_density = np.log(away) - away / max(VISIBLE_M, 3 * sight.height_m)
        log_density += _log_height(sight, side, cell, HEIGHT_SHARE * self._size_m)
        heading, sd_deg = sight.heading_deg, sight.heading_sd_deg
        if heading is None:
            heading, sd_deg = supposed_deg, SUPPOSED_SD_DEG
        if heading is not None:
            # Von Mises, the normal distribution of a direction.
            off = np.arctan2(east, north) - math.radians(heading + sight.aside_deg)
            log_density += (np.cos(off) - 1) / math.radians(sd_deg) ** 2
        density = np.exp(log_density - log_density.max())
        # All else is alike to all sides: errors of the position, of what was clicked, of a camera that looks down.
        tilted = sight.height_m * sight.slope_sd / (1 + sight.slope**2)
        error_m = math.hypot(sight.position_sd_m, OFF_CENTRE_SHARE * self._size_m, min(tilted, sight.height_m / 4))
        blurred = cv2.GaussianBlur(density.astype(np.float32), (0, 0), error_m / cell, borderType=cv2.BORDER_CONSTANT)
        return np.asarray(blurred / (blurred.sum() * cell**2), np.float32)


class _Told:
    """Where on the ground before the camera a thing is, as it was told, of whatever size it is."""

    def __init__(self, ahead: Ahead) -> None:
        """Take what was told."""
        self._cells = ahead.cells.affine
        self._density = np.asarray(ahead.share / CELL_M**2, np.float32)

    def density(self, grid: Grid, supposed_deg: float | None, step: int) -> NDArray[np.float32]:
        """Return how likely a thing's middle is in a square metre, sizes x rows x columns; see `PlacePrior.weights`."""
        drawn = _drawn_on(grid, step, self._density, self._cells)
        return np.broadcast_to(drawn, (len(SIZES_M), *drawn.shape))

    def most(self, supposed_deg: float | None) -> NDArray[np.float64]:
        """Return the density where it is greatest, by size."""
        return np.full(len(SIZES_M), float(self._density.max()))


def _drawn_on(grid: Grid, step: int, density: NDArray[np.float32], cells: Affine) -> NDArray[np.float32]:
    """Draw a density on a grid, north up in EPSG:3857, of which `step` pixels are one.

    Args:
        grid: what is drawn on.
        step: pixels of the grid along each side of a pixel of what is returned.
        density: rows x columns.
        cells: from its columns and rows, corner origin, to EPSG:3857.
    """
    rows, columns = density.shape
    x, _ = cells * (columns / 2, rows / 2)
    middle, _ = grid.affine * (grid.width / 2, grid.height / 2)
    turned = Affine.translation(float(turns_to(x, middle, whole_turn(grid.crs))), 0.0) * cells
    size = (max(1, grid.width // step), max(1, grid.height // step))
    to_cells = affine_for_opencv(~turned * grid.affine * Affine.scale(step))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(density, to_cells, size, flags=flags), np.float32)


def _log_height(sight: Sight, away: NDArray[np.float64], cell_m: float, thing_m: float) -> NDArray[np.float64]:
    """Log density of the ray's height over the ground `away` metres off: that of what was clicked and of all errors.

    Heights at which things are clicked are taken as exponentially distributed, their mean being `thing_m`; with a
    normal error this is the exponentially modified Gaussian, its normal integral by Bowling et al. (2009), "A logistic
    approximation to the cumulative normal distribution".
    """
    height = sight.height_m - away * sight.slope
    # No finer than a cell tells.
    sd = np.maximum(np.hypot(sight.height_sd_m, away * sight.slope_sd), abs(sight.slope) * cell_m)
    z = height / sd - sd / thing_m
    # Beyond this the cubic outruns the tail, whose logarithm is a parabola.
    tail = np.where(z < -4.0, -(z**2 - 16.0) / 2, 0.0)
    inner = np.maximum(z, -4.0)
    return np.asarray(
        (sd / thing_m) ** 2 / 2 - height / thing_m - np.logaddexp(0, -(0.07056 * inner**3 + 1.5976 * inner)) + tail
    )


def priors_of(
    poses: Sequence[tuple[float, Photo]],
    targets: Sequence[Target],
    ahead: Callable[[Target, Photo], Ahead | None] = lambda target, photo: None,
    earlier: Sequence[Target] = (),
) -> list[PlacePrior | None]:
    """Return the prior of each target's place by the poses that their photo may have.

    A pose counts the more the likelier the ground before it is for all that was clicked: things of one photo are seen
    from one place.

    Args:
        poses: the photo in each of them, with weights whose sum is 1.
        targets: what was clicked.
        ahead: tells of a pose where before the camera a target is, where that is known.
        earlier: what else was clicked in the photo before, which speaks for its poses too.

    What is clicked nearer to another than `SAME_SHARE` of the photo is that thing, clicked again, and speaks once.

    Returns:
        The priors; None where the photo's metadata do not tell enough.
    """
    likely = [(weight, photo) for weight, photo in poses if weight >= LEAST_WEIGHT]
    told = [[ahead(target, photo) for _, photo in likely] for target in (*targets, *earlier)]
    # In logarithms: hundreds may be clicked.
    speaks = np.array([[0.0 if one is None else _speaks(one) for one in of_target] for of_target in told])
    by_poses = np.log([weight for weight, _ in likely])
    things = _Things((*targets, *earlier), SAME_SHARE * max(poses[0][1].size) if poses else 0.0)
    out: list[PlacePrior | None] = []
    for number, target in enumerate(targets):
        # Its own counts in the prior.
        by_others = by_poses + speaks[things.others(number)].sum(0)
        # No pose falls out: all that was clicked may be one thing, and what was told weighs attention in its own way.
        weights = np.maximum(np.exp(by_others - np.logaddexp.reduce(by_others)), LEAST_WEIGHT)
        sights = [sight_of(photo, target.click) for _, photo in likely]
        known = [
            (float(weight), sight, on_it)
            for weight, sight, on_it in zip(weights, sights, told[number], strict=True)
            if sight is not None
        ]
        out.append(PlacePrior([pose[:2] for pose in known], [pose[2] for pose in known]) if known else None)
    return out


class _Things:
    """What was clicked in a photo; what is clicked near another is the same thing again, of which the first counts."""

    def __init__(self, targets: Sequence[Target], near_px: float) -> None:
        self._at, self._near_px = np.array([(target.click.x, target.click.y) for target in targets]), near_px
        self._first = np.zeros(len(targets), bool)
        for number in range(len(targets)):
            self._first[number] = not (self._near(number) & self._first).any()

    def others(self, number: int) -> NDArray[np.bool_]:
        """Return which of all are other things than that of a number."""
        return np.asarray(self._first & ~self._near(number))

    def _near(self, number: int) -> NDArray[np.bool_]:
        return np.asarray(np.hypot(*(self._at - self._at[number]).T) <= self._near_px)


def _speaks(ahead: Ahead) -> float:
    """Return the log of how many times more a pose counts for other things of the photo; this one may be gone."""
    return math.log(STANDS * _odds(ahead) + 1 - STANDS)


def _odds(ahead: Ahead) -> float:
    """Return how many times more a pose counts for what was told to be before the camera."""
    return min(max(ahead.odds, 1 / MOST_ODDS), MOST_ODDS)
