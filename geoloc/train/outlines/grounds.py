"""Masks of the objects of real images: guessed where boxes were drawn, segments where nothing was."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from geoloc.errors import TrainingError
from geoloc.train.grounds.masked import MaskedGround, MaskedObject

LEAST_SHARE = 0.3
"""Share of its box that an object fills where the mask was only guessed."""
CUT_ROUND = 0.25
"""How far round a box pixels are looked at to tell the object from the ground, as a share of its sides."""
CUT_STEPS = 4
SEGMENT = "segment"
"""Kind of what nobody named."""
LEAST_SOLID = 0.8
"""Share of its convex hull that a segment fills."""
LEAST_SEGMENT_M = 2.0
"""Shorter side of a segment, metres."""
DARK = 65
"""Mean grey level below which a segment is taken for a shadow."""
SEGMENTS_M = 0.12
"""Finer images are shrunk to about this before segments are looked for."""
SMALL_PX = 60
"""Boxes narrower than this are enlarged before masks are cut out of them."""


def boxed_ground(name: str, pixels: np.ndarray, gsd_m: float, boxes: Sequence[Sequence[float]]) -> MaskedGround:
    """Return a ground of which only boxes are known: masks are cut out inside of them (GrabCut, Rother 2004).

    Args:
        name: of the ground.
        pixels: H x W x 3, RGB.
        gsd_m: metres a pixel.
        boxes: xmin, ymin, xmax, ymax of the objects, pixels.
    """
    cut = [_cut_out(pixels, tuple(map(float, box))) for box in boxes]
    return MaskedGround(name, pixels, gsd_m, tuple(one for one in cut if one is not None))


def _cut_out(pixels: np.ndarray, box: tuple[float, ...]) -> MaskedObject | None:
    height, width = pixels.shape[:2]
    xmin, ymin, xmax, ymax = box
    if xmin < 2 or ymin < 2 or xmax > width - 2 or ymax > height - 2 or min(xmax - xmin, ymax - ymin) < 4:
        return None
    round_x, round_y = 4 + CUT_ROUND * (xmax - xmin), 4 + CUT_ROUND * (ymax - ymin)
    c0, r0 = max(0, int(xmin - round_x)), max(0, int(ymin - round_y))
    c1, r1 = min(width, int(xmax + round_x) + 1), min(height, int(ymax + round_y) + 1)
    # What is a few pixels wide has too few of them for a law of its colours.
    up = max(1, round(SMALL_PX / min(xmax - xmin, ymax - ymin)))
    part = cv2.resize(pixels[r0:r1, c0:c1, ::-1], None, fx=up, fy=up, interpolation=cv2.INTER_CUBIC)
    edges = (xmin - c0, ymin - r0, xmax - xmin, ymax - ymin)
    inside = tuple(round(up * edge) for edge in edges)
    labels = np.zeros(part.shape[:2], np.uint8)
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(part, labels, inside, *models, CUT_STEPS, cv2.GC_INIT_WITH_RECT)
    mask: np.ndarray = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    mask = (cv2.resize(mask * 255, (c1 - c0, r1 - r0), interpolation=cv2.INTER_AREA) > 127).astype(np.uint8)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return None
    best = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    x, y, w, h, area = stats[best]
    fills = area / ((xmax - xmin) * (ymax - ymin))
    spans = min(w / (xmax - xmin), h / (ymax - ymin))
    if fills < LEAST_SHARE or spans < 0.6 or fills > 0.97:
        return None
    found = parts[y : y + h, x : x + w] == best
    return MaskedObject("", (c0 + int(x), r0 + int(y)), found, (xmin, ymin, xmax, ymax), exact=False)


def segmented_ground(name: str, pixels: np.ndarray, gsd_m: float, inside: np.ndarray | None = None) -> MaskedGround:
    """Return a ground of which nothing is known: regions that stay what they are over many grey levels are its objects.

    They teach that an outline follows an edge, whatever the thing is; see `geoloc.train.grounds.objects.regions`.

    Args:
        name: of the ground.
        pixels: H x W x 3, RGB.
        gsd_m: metres a pixel.
        inside: H x W, where objects may be; None where they may be anywhere.
    """
    from geoloc.train.grounds.objects import regions

    found = []
    for points, (x0, y0, x1, y1) in regions(pixels, gsd_m):
        column, row = points.mean(0).astype(int)
        solid = len(points) >= LEAST_SOLID * cv2.contourArea(cv2.convexHull(points))
        large = min(x1 - x0, y1 - y0) * gsd_m >= LEAST_SEGMENT_M
        # Dark ones are mostly shadows, which nobody asks for.
        bright = pixels[points[:, 1], points[:, 0]].mean() >= DARK
        if not (solid and large and bright) or (inside is not None and not inside[row, column]):
            continue
        mask: np.ndarray = np.zeros((y1 - y0, x1 - x0), np.uint8)
        mask[points[:, 1] - y0, points[:, 0] - x0] = 1
        mask = cv2.morphologyEx(np.pad(mask, 2), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))[2:-2, 2:-2]
        found.append(MaskedObject(SEGMENT, (x0, y0), mask.astype(bool), (x0, y0, x1, y1), exact=True))
    return MaskedGround(name, pixels, gsd_m, tuple(found))


def coarser(
    pixels: np.ndarray, gsd_m: float, inside: np.ndarray | None
) -> tuple[np.ndarray, float, np.ndarray | None]:
    """Return an image as segments are looked for in it, no finer than about `SEGMENTS_M`.

    Args:
        pixels: H x W x 3, RGB.
        gsd_m: metres a pixel.
        inside: H x W, where objects may be; None where they may be anywhere.

    Returns:
        The image, its GSD and where objects may be.
    """
    shrink = min(1.0, gsd_m / SEGMENTS_M)
    if shrink == 1.0:
        return pixels, gsd_m, inside
    small = np.asarray(cv2.resize(pixels, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA))
    size = small.shape[1::-1]
    if inside is not None:
        inside = np.asarray(cv2.resize(inside.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)) > 0
    return small, gsd_m / shrink, inside


def estonian_grounds(root: Path, held_out: bool) -> dict[str, Callable[[], MaskedGround]]:
    """Return makers of the orthophotos of Tallinn with boxes, by name: those to train on or those held out.

    Raises:
        TrainingError: they cannot be read.
    """
    from geoloc.train.grounds.sources import HELD_OUT, read_image

    try:
        described = json.loads((root / "boxes.json").read_text())
    except (OSError, ValueError) as error:
        raise TrainingError(f"{root}/boxes.json: cannot be read: {error}") from None

    def make(name: str) -> MaskedGround:
        entry, pixels = described[name], read_image(root / name)
        # Some images are twice as fine as their boxes say.
        finer = pixels.shape[1] / entry["width"]
        boxes = [finer * np.array([x, y, x + w, y + h]) for x, y, w, h, _ in entry["boxes_xywh"]]
        return boxed_ground(name, pixels, float(entry["gsd_m"]) / finer, boxes)

    return {name: partial(make, name) for name in sorted(described) if name.startswith(HELD_OUT) == held_out}
