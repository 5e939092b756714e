"""What geoloc is measured against: SIFT + RANSAC from the whole photo to the whole mosaic, and chance.

Prints one JSON object a method and GSD, with the keys of `geoloc evaluate`. Neither method answers with a box, so the
figures that need one are null: SIFT places the clicked point through a homography, and chance is the exact rate at
which a uniformly random place with data lies inside the true box.

    python benchmarks/brighton_baselines.py --gsd 0.15 --gsd 0.3
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry import Polygon, box

from geoloc.detection import Detection
from geoloc.evaluate import LabelledQuery, read_queries, run, summarise, to_json
from geoloc.photo import Photo
from geoloc.query import Target
from tiling.grid import Grid, project
from tiling.mosaic import Mosaic, open_mosaic

BRIGHTON = Path(__file__).parents[2] / "shared" / "data" / "brighton"
NEEDS_BOX = ("acc_025", "acc_050", "mean_iou")
KEYS = ("queries", "located", "hit_rate", *NEEDS_BOX, "median_error_m", "p90_error_m", "seconds_per_query")
RATIO = 0.8
"""Lowe's ratio test: nearest over second nearest descriptor."""
RANSAC_PX = 5.0
MIN_INLIERS = 8
POINT_M = 1e-3


class Sift:
    """The features of a whole mosaic at one GSD, to place photos on."""

    def __init__(self, mosaic: Mosaic, gsd_m: float) -> None:
        self._mosaic = mosaic
        self.grid = whole_grid(mosaic, gsd_m)
        pixels = mosaic.read(self.grid)
        self._sift = cv2.SIFT.create()
        mask = np.where(pixels.valid, np.uint8(255), np.uint8(0))
        self._points, self._descriptors = self._features(pixels.rgb, mask)

    def locate(self, photo: Photo, targets: Sequence[Target]) -> list[Detection]:
        """The clicked points on the mosaic; none where the photo cannot be placed."""
        homography = self._homography(photo)
        return [] if homography is None else list(self._placed(photo, targets, homography))

    def _features(
        self, rgb: NDArray[np.uint8], mask: NDArray[np.uint8] | None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        keypoints, descriptors = self._sift.detectAndCompute(grey, mask)
        # RootSIFT (Arandjelovic and Zisserman, 2012).
        roots = np.sqrt(descriptors / np.maximum(descriptors.sum(1, keepdims=True), 1e-6))
        return np.array([keypoint.pt for keypoint in keypoints], np.float32), roots

    def _homography(self, photo: Photo) -> NDArray[Any] | None:
        points, descriptors = self._features(photo.pixels, None)
        pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(descriptors, self._descriptors, k=2)
        good = [nearest for nearest, second in pairs if nearest.distance < RATIO * second.distance]
        if len(good) < MIN_INLIERS:
            return None
        source = points[[match.queryIdx for match in good]]
        target = self._points[[match.trainIdx for match in good]]
        homography, inliers = cv2.findHomography(
            source, target, cv2.RANSAC, RANSAC_PX, maxIters=10_000, confidence=0.999
        )
        return homography if homography is not None and inliers.sum() >= MIN_INLIERS else None

    def _placed(self, photo: Photo, targets: Sequence[Target], homography: NDArray[np.float64]) -> Iterator[Detection]:
        for target in targets:
            # OpenCV counts from pixel centres, clicks and grids from corners.
            x, y, w = homography @ (target.click.x - 0.5, target.click.y - 0.5, 1.0)
            east, north = self.grid.affine * (x / w + 0.5, y / w + 0.5)
            if math.isfinite(east) and math.isfinite(north):
                half = POINT_M / 2
                yield Detection(
                    rank=1,
                    score=1.0,
                    click=target.click,
                    photo=str(photo.path),
                    polygon=box(east - half, north - half, east + half, north + half),
                    crs=self._mosaic.crs,
                    gsd_m=self.grid.ground_gsd(),
                    accuracy_m=0.0,
                    accuracy_parts={},
                    model="sift",
                    window="whole",
                    method="SIFT + RANSAC",
                )


def whole_grid(mosaic: Mosaic, gsd_m: float) -> Grid:
    """The whole mosaic, north up in its own projected CRS."""
    if not mosaic.crs.is_projected:
        raise SystemExit("the mosaic must be in a projected CRS")
    xmin, ymin, xmax, ymax = mosaic.bounds
    metre = Grid(mosaic.crs, Affine(1, 0, (xmin + xmax) / 2, 0, -1, (ymin + ymax) / 2), 1, 1).ground_gsd()
    step = gsd_m / metre
    width, height = math.ceil((xmax - xmin) / step), math.ceil((ymax - ymin) / step)
    return Grid(mosaic.crs, Affine(step, 0, xmin, 0, -step, ymax), width, height)


def sift(queries: Sequence[LabelledQuery], mosaic: Mosaic, gsd_m: float) -> dict[str, Any]:
    """Figures of SIFT + RANSAC; the time to find the mosaic's features is not counted."""
    baseline = Sift(mosaic, gsd_m)
    return to_json(summarise(run(queries, baseline.locate))) | dict.fromkeys(NEEDS_BOX)


def chance(queries: Sequence[LabelledQuery], mosaic: Mosaic, gsd_m: float) -> dict[str, Any]:
    """Expected hit rate of a centre drawn evenly from all places with data: mean share that the true boxes have in
    their area.
    """
    grid = whole_grid(mosaic, gsd_m)
    area = float(mosaic.read_valid(grid).sum()) * abs(grid.affine.determinant)
    boxes: list[Polygon] = [project(query.box, query.epsg, mosaic.crs) for query in queries]
    rate = sum(truth.area for truth in boxes) / len(boxes) / area
    return dict.fromkeys(KEYS) | {"queries": len(queries), "located": len(queries), "hit_rate": rate}


def main() -> None:
    """Read the arguments and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mosaic", type=Path, default=BRIGHTON / "mosaic.tif")
    parser.add_argument("--queries", type=Path, default=BRIGHTON / "queries.csv")
    parser.add_argument("--gsd", type=float, action="append", help="metres a pixel; several may be given")
    given = parser.parse_args()
    queries = read_queries(given.queries)
    with open_mosaic([given.mosaic]) as mosaic:
        for gsd_m in given.gsd or (0.15, 0.3):
            for method in (sift, chance):
                figures = {"method": method.__name__, "gsd_m": gsd_m} | method(queries, mosaic, gsd_m)
                print(json.dumps(figures), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
