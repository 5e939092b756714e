"""Measure outlines where the truth is known, from supposed places and sizes: `python -m benchmarks.outlines GROUNDS`.

Towns that nobody trained on, by kind of object (IoU with the true mask), and orthophotos of Tallinn held out of
training (IoU of the boxes, as only those are known). The mask head, colours alone, and the box that was supposed.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from shapely import affinity
from shapely.geometry import Polygon, box

from geoloc.model.outline_weights import PACKAGED_OUTLINE, load_outline_net
from geoloc.outline.chip import Known, Reader
from geoloc.outline.classical import ColourModel
from geoloc.outline.mask_model import MaskModel
from geoloc.outline.outliner import SIDE, Outliner
from geoloc.photo.photo import Photo
from geoloc.plane.shapes import largest_part
from geoloc.results.detection import iou
from geoloc.train.grounds.masked import MaskedGround, MaskedObject, load_ground
from tiling.grid import Grid, as_crs
from tiling.mosaic import WindowPixels

SIZE_SPREAD = 0.4
"""Standard deviation of the logarithm of the size that is supposed."""
PLACE_M = 0.5
"""How far off the place is along each axis, besides a tenth of the object."""
CRS = as_crs("EPSG:3857")
KEPT_M = 0.3
"""Grounds are read at this GSD where they are finer: as on the sites that users have."""


def reader(pixels: NDArray[np.uint8]) -> Reader:
    """Return a reader of an array whose map has x to the right and y upwards from its upper left corner, in pixels."""

    def read(grid: Grid) -> WindowPixels:
        a, _, x0, _, _, y0 = tuple(grid.affine)[:6]
        matrix = np.array([[a, 0, x0 + a / 2 - 0.5], [0, a, -y0 + a / 2 - 0.5]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        source = cv2.blur(pixels, (2 * int(a / 2) + 1,) * 2) if a > 1.5 else pixels
        size = (grid.width, grid.height)
        valid = cv2.warpAffine(np.full(pixels.shape[:2], 255, np.uint8), matrix, size, flags=flags) == 255
        return WindowPixels(cv2.warpAffine(source, matrix, size, flags=flags), valid)

    return read


def polygon_of(item: MaskedObject) -> Polygon:
    """Return the true mask's outline, y upwards."""
    padded = np.pad(item.mask.astype(np.uint8), 1)
    finer = cv2.resize(padded, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)
    rings, _ = cv2.findContours(finer, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(rings, key=cv2.contourArea)[:, 0]
    shape = largest_part(Polygon((largest + 0.5) / 4 - 1))
    assert shape is not None, "masks hold pixels"
    return affinity.affine_transform(shape, [1, 0, 0, -1, item.corner[0], -item.corner[1]])


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("grounds", type=Path, nargs="+", help="folders of `geoloc.train.grounds.masked`")
    parser.add_argument("--weights", type=Path, default=PACKAGED_OUTLINE)
    parser.add_argument("--most", type=int, default=60, help="objects of a ground")
    parser.add_argument("--sheet", type=Path, help="draw the first ones here")
    args = parser.parse_args()
    network = MaskModel(load_outline_net(args.weights))
    figures: dict[tuple[str, str], list[float]] = defaultdict(list)
    costs: dict[str, list[float]] = defaultdict(list)
    tiles = []
    for path in args.grounds:
        ground = load_ground(path)
        coarse = max(1.0, KEPT_M / ground.gsd_m)
        read = reader(_as_coarse(ground.pixels, coarse))
        rng = np.random.default_rng(7)
        for number in rng.permutation(len(ground.objects))[: args.most]:
            item = ground.objects[number]
            x0, y0, x1, y1 = item.box
            longest = max(x1 - x0, y1 - y0)
            off = rng.normal(0, PLACE_M / ground.gsd_m, 2) + rng.normal(0, 0.1 * longest, 2)
            size = longest * math.exp(rng.normal(0, SIZE_SPREAD))
            place = ((x0 + x1) / 2 + off[0], -(y0 + y1) / 2 + off[1])
            known, photo_known = _known(ground, item, place, size)
            truth = polygon_of(item) if item.exact else box(x0, -y1, x1, -y0)
            supposed = box(place[0] - size / 2, place[1] - size / 2, place[0] + size / 2, place[1] + size / 2)
            methods = {
                "network": (network, known),
                "network and photo": (network, photo_known),
                "colours": (ColourModel(SIDE), known),
            }
            for name, (model, told) in methods.items():
                begun = time.process_time()
                found = Outliner(read, model, coarse).outline(told, longest * 8)  # type: ignore[arg-type]
                costs[name].append(time.process_time() - begun)
                shape = supposed if found is None else found.polygon
                value = iou(shape, truth) if item.exact else iou(box(*shape.bounds), truth)
                for kind in (item.kind or "box", "all"):
                    figures[f"{path.stem.split('_')[0]} {kind}", name].append(value)
                if name == "network and photo" and args.sheet and len(tiles) < 48:
                    tiles.append(_tile(read, told, truth, shape, None if found is None else found.confidence))
            figures[f"{path.stem.split('_')[0]} all", "box"].append(iou(box(*supposed.bounds), box(*truth.bounds)))
    lines = []
    for (what, name), values in sorted(figures.items()):
        array = np.array(values)
        shares = "  ".join(f"> {least:g} {(array > least).mean():.2f}" for least in (0.25, 0.5, 0.75))
        lines.append(f"{what:<22} {name:<18} {len(array):4d}  mean {array.mean():.3f}  {shares}")
    lines += [f"{name}: {np.mean(seconds):.3f} CPU s an outline" for name, seconds in costs.items()]
    sys.stdout.write("\n".join(lines) + "\n")
    if args.sheet and tiles:
        rows = [np.hstack(tiles[i : i + 8]) for i in range(0, len(tiles) - 7, 8)]
        cv2.imwrite(str(args.sheet), np.vstack(rows)[..., ::-1])


def _known(ground: MaskedGround, item: MaskedObject, place: tuple[float, float], size: float) -> tuple[Known, Known]:
    """What is known without the photograph, and with one that shows the object."""
    flip = np.diag([1.0, -1.0, 1.0])
    for taken in ground.photos:
        to_photo = np.linalg.inv(taken.to_ground)
        corners = np.array([[*item.box[:2], 1], [*item.box[2:], 1]]) @ to_photo.T
        seen = corners[:, :2] / corners[:, 2:]
        inside = (seen > 5).all() and (seen < np.array(taken.pixels.shape[1::-1]) - 5).all()
        if inside and (corners[:, 2] > 0).all():
            photo = Photo(Path("x"), taken.pixels)
            without = Known(CRS, place, size, photo)
            return without, Known(CRS, place, size, photo, flip @ taken.to_ground)
    without = Known(CRS, place, size, Photo(Path("x"), ground.pixels[:8, :8]))
    return without, without


def _as_coarse(pixels: NDArray[np.uint8], step: float) -> NDArray[np.uint8]:
    """The same picture with no more detail than one read `step` times coarser has."""
    height, width = pixels.shape[:2]
    small = cv2.resize(pixels, (round(width / step), round(height / step)), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _tile(read: Reader, known: Known, truth: Polygon, found: Polygon, confidence: float | None) -> NDArray[np.uint8]:
    from geoloc.outline.chip import cut_chip

    x0, y0, x1, y1 = truth.bounds
    side = 2.2 * max(x1 - x0, y1 - y0, known.side)
    chip = cut_chip(read, Known(known.crs, known.place, side, known.photo, known.to_map), side)
    pictures = []
    for picture in (chip.mosaic, chip.photo):
        drawn = picture.copy()
        for shape, colour in ((truth, (0, 255, 0)), (found, (255, 0, 0) if confidence else (255, 255, 0))):
            ring = np.stack(~chip.grid.affine * np.array(shape.exterior.coords).T, axis=-1)
            cv2.polylines(drawn, [np.round(ring * 16).astype(np.int32)], True, colour, 1, cv2.LINE_AA, 4)
        pictures.append(drawn)
    return np.vstack(pictures)


if __name__ == "__main__":
    main()
