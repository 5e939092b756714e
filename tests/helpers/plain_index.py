"""A network that costs nothing, a mosaic to show it, and how an index is made of them; also a program to be killed.

`python -m tests.helpers.plain_index MOSAIC INDEX` builds, says on stdout when it has encoded the `LAST` block, and goes
no further while its stdin is open.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import torch
from affine import Affine
from numpy.typing import NDArray
from torch.nn import functional as F

from geoloc.index.header import WITHOUT_KEYPOINTS, IndexRequest
from geoloc.index.writer import BlockCounts, build, update
from geoloc.model.network.descriptor import SQUARES
from geoloc.model.network.features import Features
from tiling.area import Area
from tiling.mosaic import Mosaic, open_mosaic
from tiling.plan import Plan, make_plan

WINDOW_PX, GSD_M = 128, 0.2
BLOCK = 8
SIDE = 500
LAST = 7
WEIGHTS = "a" * 64


class Plain:
    """Stands for the network: features are the mean colour of a cell, where it has data."""

    name = "plain"
    device = torch.device("cpu")
    descriptor = 3
    deviations: tuple[list[float], list[float]] = ([40.0, 50.0, 60.0], [40.0, 50.0, 60.0])

    def __init__(self, report: Callable[[int], None] = lambda count: None) -> None:
        self.encoded = 0
        self._report = report

    def encode_reference(self, rgb: NDArray[np.uint8], valid: NDArray[np.bool_]) -> Features:
        if valid.any():
            self.encoded += 1
            self._report(self.encoded)
        shown = np.where(valid[..., None], rgb, np.uint8(127))
        image = torch.from_numpy(shown).permute(2, 0, 1)[None].float()
        return Features(F.avg_pool2d(image, 16), F.avg_pool2d(image, 8))

    def describe_reference(self, features: Features, half: int) -> NDArray[np.int8]:
        shape = [SQUARES * side // half for side in features.coarse.shape[-2:]]
        return (F.adaptive_avg_pool2d(features.coarse, shape)[0] / 2).round().to(torch.int8).numpy()


def write_mosaic(path: Path, pixels: NDArray[np.uint8] | None = None) -> Path:
    """Noise in UTM zone 33, its south-eastern third without data; or other pixels, 3 x SIDE x SIDE."""
    if pixels is None:
        coarse = np.random.default_rng(0).integers(1, 255, (3, SIDE // 10, SIDE // 10), np.uint8)
        pixels = coarse.repeat(10, 1).repeat(10, 2)
        pixels[:, SIDE // 3 :, SIDE // 3 :] = 0
    profile: dict[str, Any] = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8"}
    place = {"crs": "EPSG:32633", "transform": Affine(GSD_M, 0, 500_000, 0, -GSD_M, 5_400_000)}
    with rasterio.open(path, "w", **profile, **place, nodata=0) as file:
        file.write(pixels)
    return path


def plan_of(mosaic: Mosaic) -> Plan:
    return make_plan(mosaic, GSD_M, WINDOW_PX, Area.everywhere())


def built(mosaic_path: Path, path: Path, model: Plain | None = None, **changes: Any) -> BlockCounts:
    """`build` with what these tests have in common."""
    with open_mosaic([mosaic_path]) as mosaic:
        request = IndexRequest(None, None, Area.everywhere().polygon)
        arguments: dict[str, Any] = {"weights": WEIGHTS, "request": request, "block": BLOCK} | changes
        return build(path, mosaic, plan_of(mosaic), model or Plain(), **arguments)  # type: ignore[arg-type]


def updated(mosaic_path: Path, path: Path, model: Plain | None = None, weights: str = WEIGHTS) -> BlockCounts:
    """`update`, likewise."""
    with open_mosaic([mosaic_path]) as mosaic:
        return update(path, mosaic, plan_of(mosaic), model or Plain(), weights=weights)  # type: ignore[arg-type]


def make_older(path: Path) -> None:
    """Make of an index one of the version before, without local features."""
    document = json.loads((path / "zarr.json").read_text())
    document["attributes"]["format"] = WITHOUT_KEYPOINTS
    del document["attributes"]["keypoints"], document["attributes"]["checksums"]
    (path / "zarr.json").write_text(json.dumps(document))
    for name in ("keypoints", "keypoint_records"):
        shutil.rmtree(path / name)


if __name__ == "__main__":

    def stop_at_last(count: int) -> None:
        if count == LAST:
            print(count, flush=True)  # noqa: T201
            sys.stdin.read()

    built(Path(sys.argv[1]), Path(sys.argv[2]), Plain(stop_at_last))
