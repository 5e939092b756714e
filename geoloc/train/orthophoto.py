"""Pairs made from an orthophoto alone: the query is a virtual tilted photograph of flat ground."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from geoloc.train import views
from geoloc.train.augment import dressed, recolour, shade
from geoloc.train.record import QUERY_CELLS, QUERY_PX, REFERENCE_PX, Record, cell_centres

HEADING_SPREAD_DEG = 50.0
MAX_TILT_DEG = 65.0
LEAST_FOOTPRINT_PX = 75  # reference pixels that a query covers at the least
LEAST_TEXTURE = 12  # grey levels, standard deviation


@dataclass(frozen=True)
class Orthophoto:
    """An image seen from above.

    pixels: H x W x 3 uint8; gsd_m: metres a pixel; boxes: N x 4 pixels, may be empty; valid: H x W bool, False where
    there is no data.
    """

    name: str
    pixels: np.ndarray
    gsd_m: float
    boxes: np.ndarray
    valid: np.ndarray | None = None

    @cached_property
    def pyramid(self) -> tuple[np.ndarray, ...]:
        """The image at 1, 1/2, 1/4 and 1/8, so that coarse views are not aliased."""
        levels = [self.pixels]
        for _ in range(3):
            levels.append(cv2.resize(levels[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
        return tuple(levels)

    @property
    def size_m(self) -> float:
        """The shorter side in metres."""
        return min(self.pixels.shape[:2]) * self.gsd_m

    def view(self, to_source: np.ndarray, side: int, scale: float, border: int) -> np.ndarray:
        """A side x side view; to_source: view pixel -> image pixel; scale: image pixels a view pixel, its least."""
        level = int(np.clip(np.floor(np.log2(max(scale, 1.0) * 1.2)), 0, 3))
        shrink = np.diag([0.5**level, 0.5**level, 1.0])
        return views.warp(self.pyramid[level], shrink @ to_source, side, side, border)

    def window(
        self, gsd_m: float, angle_deg: float, source: tuple[float, float], at: tuple[float, float]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A reference window in which image point `source` lies `at`, what of it holds data (H x W bool), and its
        homography to image pixels.
        """
        scale = gsd_m / self.gsd_m
        to_source = views.similarity(scale, angle_deg, source, at)
        x, y = np.moveaxis(views.apply(to_source, cell_centres(REFERENCE_PX, REFERENCE_PX, 1)), -1, 0)
        rows, columns = self.pixels.shape[:2]
        holds = (x >= 0) & (y >= 0) & (x < columns) & (y < rows)
        if self.valid is not None:
            holds[holds] = self.valid[y[holds].astype(int), x[holds].astype(int)]
        return self.view(to_source, REFERENCE_PX, scale, cv2.BORDER_CONSTANT), holds, to_source


@dataclass(frozen=True, slots=True)
class Ranges:
    """What made views vary over: metres on the ground, metres a pixel."""

    footprint_m: tuple[float, float] = (12.0, 100.0)
    gsd_m: tuple[float, float] = (0.1, 0.5)


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number whose logarithm is uniform between those of low and high."""
    return float(np.exp(rng.uniform(np.log(low), np.log(max(high, low)))))


def make_pair(ortho: Orthophoto, rng: np.random.Generator, ranges: Ranges) -> Record | None:
    """A pair at a random object or place of `ortho`, heading within 50 degrees of the reference's north.

    None where the query has no texture (open water, say): nothing could tell where it is.
    """
    box, sized = _pick_box(ortho, rng)
    centre = (box[:2] + box[2:]) / 2
    turn = 90.0 * rng.integers(4) + rng.normal(0, 4) if sized else rng.uniform(0, 360)

    gsd = log_uniform(rng, max(ranges.gsd_m[0], 0.55 * ortho.gsd_m), ranges.gsd_m[1])
    at = rng.uniform(0.06, 0.94, 2) * REFERENCE_PX
    reference, holds, ref_to_source = ortho.window(gsd, turn, tuple(centre), tuple(at))

    size_m = float((box[2:] - box[:2]).max()) * ortho.gsd_m
    least = max(ranges.footprint_m[0], 1.5 * size_m, LEAST_FOOTPRINT_PX * gsd)
    footprint = log_uniform(rng, least, min(ranges.footprint_m[1], ortho.size_m))
    heading = turn + rng.uniform(-HEADING_SPREAD_DEG, HEADING_SPREAD_DEG)
    query, query_to_source = tilted_view(ortho, rng, centre, heading, footprint, side=QUERY_PX)
    if query.std(axis=(0, 1)).max() < LEAST_TEXTURE:
        return None

    source_to_query = np.linalg.inv(query_to_source)
    # Only an object can be clicked off its middle: a place is where it is clicked.
    jitter = rng.normal(0, 0.1 if sized else 0, 2) * (box[2:] - box[:2])
    click = views.apply(source_to_query, centre + np.clip(jitter, -4 / ortho.gsd_m, 4 / ortho.gsd_m))
    source_to_ref = np.linalg.inv(ref_to_source)
    corners = views.apply(source_to_ref, box[[[0, 1], [2, 1], [2, 3], [0, 3]]])
    return Record(
        query=recolour(shade(query, rng), rng),
        click=click.astype(np.float32),
        reference=dressed(reference, holds, rng),
        box=np.concatenate([corners.min(0), corners.max(0)]).astype(np.float32),
        present=True,
        sized=sized,
        matches=_matches(ortho, query_to_source, source_to_ref),
    )


def other_window(ortho: Orthophoto, rng: np.random.Generator, ranges: Ranges) -> np.ndarray:
    """A reference window anywhere in `ortho`, for pairs without the object."""
    height, width = ortho.pixels.shape[:2]
    source = rng.uniform(0.15, 0.85, 2) * [width, height]
    gsd = log_uniform(rng, max(ranges.gsd_m[0], 0.55 * ortho.gsd_m), ranges.gsd_m[1])
    middle = REFERENCE_PX / 2
    window, holds, _ = ortho.window(gsd, rng.uniform(0, 360), tuple(source), (middle, middle))
    return dressed(window, holds, rng)


def _pick_box(ortho: Orthophoto, rng: np.random.Generator) -> tuple[np.ndarray, bool]:
    height, width = ortho.pixels.shape[:2]
    if len(ortho.boxes) and rng.random() < 0.7:
        # As many small objects as large ones, whatever the image has more of.
        sizes = (ortho.boxes[:, 2:] - ortho.boxes[:, :2]).max(1)
        weight = 1 / np.histogram(sizes, bins=5)[0][np.digitize(sizes, np.histogram_bin_edges(sizes, 5)[1:-1])]
        return ortho.boxes[rng.choice(len(ortho.boxes), p=weight / weight.sum())], True
    size = np.array([log_uniform(rng, 2, 14) / ortho.gsd_m] * 2)
    centre = rng.uniform(0.1, 0.9, 2) * [width, height]
    return np.concatenate([centre - size / 2, centre + size / 2]), False


def tilted_view(
    ortho: Orthophoto, rng: np.random.Generator, centre: np.ndarray, heading: float, footprint: float, *, side: int
) -> tuple[np.ndarray, np.ndarray]:
    """A side x side photograph with `centre` somewhere in it, and its homography to image pixels.

    heading: degrees that the view is turned against the image; footprint: metres across in its middle.
    """
    scale = footprint / side / ortho.gsd_m
    tilt = MAX_TILT_DEG * rng.random() ** 1.6
    field = rng.uniform(20, min(65, 2 * (82 - tilt)))
    plane = views.tilted(tilt, side, field)
    # The crop is part of a photo: where the object lies in it, the tilt acts about the photo's own axis.
    at = np.clip(rng.normal(0.5, 0.2, 2), 0.08, 0.92) * side - side / 2
    ground_at = views.apply(plane, at[None])[0]
    place = views.similarity(scale, heading, tuple(centre), tuple(ground_at))
    to_source = place @ plane @ np.array([[1, 0, -side / 2], [0, 1, -side / 2], [0, 0, 1.0]])
    return ortho.view(to_source, side, scale, cv2.BORDER_REFLECT_101), to_source


def _matches(ortho: Orthophoto, query_to_source: np.ndarray, source_to_ref: np.ndarray) -> np.ndarray:
    height, width = ortho.pixels.shape[:2]
    source = views.apply(query_to_source, cell_centres(QUERY_CELLS, QUERY_CELLS))
    matches = views.apply(source_to_ref, source)
    inside = np.asarray((source >= 0).all(-1) & (source < [width, height]).all(-1))
    inside &= (matches >= 0).all(-1) & (matches < REFERENCE_PX).all(-1)
    return np.where(inside[..., None], matches, np.nan).astype(np.float32)
