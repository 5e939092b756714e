"""Grounds whose objects' masks are known: exactly in synthetic towns, nearly where only boxes were drawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from geoloc.errors import TrainingError
from geoloc.system.output import replacing
from geoloc.town.picture.camera import Pinhole
from geoloc.town.picture.frame import MosaicGrid
from geoloc.town.scene.scene import Style
from geoloc.train.grounds.towns import mosaic_pixels

LEAST_PX = 12
"""Pixels of a ground that an object has at least."""
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
SMALL_PX = 60
"""Boxes narrower than this are enlarged before masks are cut out of them."""


@dataclass(frozen=True, slots=True, eq=False)
class MaskedObject:
    """An object of a ground.

    Attributes:
        kind: such as "barn".
        corner: column and row of the mask's upper left pixel.
        mask: h x w, which pixels are the object's.
        box: xmin, ymin, xmax, ymax in pixels, the bounds of the true object.
        exact: whether the mask is true; else only the box is.
    """

    kind: str
    corner: tuple[int, int]
    mask: np.ndarray = field(repr=False)
    box: tuple[float, float, float, float]
    exact: bool


@dataclass(frozen=True, slots=True, eq=False)
class FlatPhoto:
    """A photograph of a ground.

    Attributes:
        pixels: H x W x 3, RGB.
        to_ground: 3 x 3, photo pixels to pixels of the ground, right for what lies on it.
    """

    pixels: np.ndarray = field(repr=False)
    to_ground: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class MaskedGround:
    """An image seen from above, with its objects' masks and perhaps photographs of it.

    Attributes:
        name: of the ground.
        pixels: H x W x 3, RGB.
        gsd_m: metres a pixel.
        objects: those whose masks are known.
        photos: photographs of the ground.
    """

    name: str
    pixels: np.ndarray = field(repr=False)
    gsd_m: float
    objects: tuple[MaskedObject, ...] = field(repr=False)
    photos: tuple[FlatPhoto, ...] = field(default=(), repr=False)


def masked_objects(labels: np.ndarray, kinds: Sequence[tuple[int, str]]) -> tuple[MaskedObject, ...]:
    """Return the objects of an image of labels that lie inside it.

    Args:
        labels: H x W, the number of the object that each pixel shows.
        kinds: number and kind of every object.
    """
    height, width = labels.shape
    rows, columns = np.nonzero(labels)
    numbers = labels[rows, columns]
    order = np.argsort(numbers, kind="stable")
    starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
    bounds = {
        int(numbers[order[first]]): (rows[part], columns[part])
        for first, last in zip(starts, [*starts[1:], len(order)], strict=True)
        if len(part := order[first:last]) >= LEAST_PX
    }
    found = []
    for number, kind in kinds:
        if number not in bounds:
            continue
        r, c = bounds[number]
        r0, r1, c0, c1 = int(r.min()), int(r.max()) + 1, int(c.min()), int(c.max()) + 1
        if r0 > 0 and c0 > 0 and r1 < height and c1 < width:
            mask = labels[r0:r1, c0:c1] == number
            found.append(MaskedObject(kind, (c0, r0), mask, (c0, r0, c1, r1), exact=True))
    return tuple(found)


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


def town_ground(
    seed: int, style: Style = "village", *, photos: int = 12, report: Callable[[str], None] = lambda line: None
) -> MaskedGround:
    """Return a synthetic town as its mosaic shows it, with photographs by drones.

    Args:
        seed: of the town; see `geoloc.train.grounds.towns` for which are for training.
        style: of the town.
        photos: how many.
        report: called with a line for each photograph.
    """
    from geoloc.town.labels import label_map
    from geoloc.town.picture.shade import PaintedGround, SceneRenderer, flight_day, survey_day
    from geoloc.town.scene.scene import build_scene
    from geoloc.train.grounds.towns import FRAME, GSD_M, SIZE_M, drone, surveyed

    rng = np.random.default_rng([seed, 17])
    grid = MosaicGrid.over(FRAME, SIZE_M, GSD_M, 0.0)
    scene = build_scene(seed, SIZE_M, style)
    painted, survey = PaintedGround(scene, seed), survey_day(rng, style)
    renderer = SceneRenderer(scene, scene.on_survey(), survey, painted)
    pixels, _ = surveyed(renderer, grid)
    labels = label_map(scene, grid)
    report(f"town {seed}: mosaic")
    objects = masked_objects(labels.ids, [(thing.id, thing.kind) for thing in labels.things])
    flown = SceneRenderer(scene, scene.on_flight(), flight_day(rng, survey), painted)
    taken = []
    for number in range(photos):
        camera = drone(rng, scene)
        taken.append(FlatPhoto(flown.render(camera, number).pixels, _to_ground(camera, grid)))
        report(f"town {seed}: photo {number}")
    return MaskedGround(f"town_{seed}", pixels, GSD_M, objects, tuple(taken))


def _to_ground(camera: Pinhole, grid: MosaicGrid) -> np.ndarray:
    """The homography from a camera's pixels to those of the mosaic, of the ground at height 0."""
    corners = np.array([[x, y] for x in (0.2, 0.8) for y in (0.8, 0.98)]) * [camera.width, camera.height]
    points = []
    for x, y in corners:
        origin, direction = camera.ray(x, y)
        points.append(origin - direction * (origin[2] / direction[2]))
    seen, _ = camera.project(np.array(points))
    matrix = cv2.getPerspectiveTransform(
        seen.astype(np.float32), mosaic_pixels(np.array(points), grid).astype(np.float32)
    ).astype(np.float64)
    # Positive before the camera, so that what lies beyond the horizon is told from the ground.
    return np.asarray(matrix * np.sign(matrix[2] @ [*seen[0], 1.0]))


def save_ground(path: Path, ground: MaskedGround) -> None:
    """Keep a ground in a file, for it may have taken minutes to make.

    Raises:
        OutputError: it cannot be written.
    """
    arrays = {"pixels": ground.pixels}
    for i, photo in enumerate(ground.photos):
        arrays |= {f"photo_{i}": photo.pixels, f"to_ground_{i}": photo.to_ground}
    for i, item in enumerate(ground.objects):
        arrays[f"mask_{i}"] = item.mask
    header = {
        "name": ground.name,
        "gsd_m": ground.gsd_m,
        "objects": [[item.kind, item.corner, item.box, item.exact] for item in ground.objects],
        "photos": len(ground.photos),
    }
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def load_ground(path: Path) -> MaskedGround:
    """Return a ground that was kept."""
    with np.load(path) as file:
        header = json.loads(file["header"].tobytes())
        objects = tuple(
            MaskedObject(kind, tuple(corner), file[f"mask_{i}"], tuple(box), exact)
            for i, (kind, corner, box, exact) in enumerate(header["objects"])
        )
        photos = tuple(FlatPhoto(file[f"photo_{i}"], file[f"to_ground_{i}"]) for i in range(header["photos"]))
        return MaskedGround(header["name"], file["pixels"], header["gsd_m"], objects, photos)
