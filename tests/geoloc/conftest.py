"""Values that several tests need."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from shapely.geometry import box

from geoloc.photo.target import Click
from geoloc.results.detection import Detection

UTM_BOXES = (
    (576708.4, 5188134.98, 576713.13, 5188141.59),
    (576800.0, 5188100.0, 576804.0, 5188103.0),
)


@pytest.fixture(scope="session")
def make_detection() -> Callable[..., Detection]:
    """`make_detection(score, (xmin, ymin, xmax, ymax), **changes)`, in UTM zone 15."""

    def make(score: float, bounds: tuple[float, float, float, float], **changes: object) -> Detection:
        found = Detection(
            rank=0,
            score=score,
            click=Click(10.5, 20.25),
            photo="photos/a.jpg",
            polygon=box(*bounds),
            crs="EPSG:32615",
            gsd_m=0.2,
            accuracy_m=0.5,
            accuracy_parts={"box": 0.4, "pixel": 0.3},
            model="base",
            window="18/1/2",
            method="attention",
        )
        return replace(found, **changes)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def two_found(make_detection: Callable[..., Detection]) -> list[Detection]:
    """Two answers to two clicks in one photo, in a park in Minnesota."""
    first, second = UTM_BOXES
    return [
        make_detection(0.9123456, first, rank=1, photo="photos/süd.jpg"),
        make_detection(0.5, second, rank=2, photo="photos/süd.jpg", click=Click(3, 4)),
    ]


@pytest.fixture(scope="session")
def published_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CVOGL exactly as it is distributed, with a few records a split: coloured noise, the object a red rectangle."""
    root = tmp_path_factory.mktemp("CVOGL")
    rng = np.random.default_rng(0)
    for name, width in (("CVOGL_DroneAerial", 256), ("CVOGL_SVI", 512)):
        folder = root / name
        (folder / "query").mkdir(parents=True)
        (folder / "satellite").mkdir()
        number = 0
        for split, count in (("train", 5), ("val", 3), ("test", 3)):
            records = []
            for _ in range(count):
                x1, y1 = rng.integers(50, 800, 2).tolist()
                x2, y2 = x1 + int(rng.integers(40, 150)), y1 + int(rng.integers(40, 150))
                satellite = cv2.resize(rng.integers(60, 200, (64, 64, 3), np.uint8), (1024, 1024))
                satellite[y1:y2, x1:x2] = (30, 30, 220)
                place = f"{500000 + 400 * number}_{4649776.5 + number}_{204.8}_32618.jpg"
                cv2.imwrite(str(folder / "satellite" / place), satellite)
                query = cv2.resize(rng.integers(60, 200, (32, 32, 3), np.uint8), (width, 256))
                cx, cy = (int(v) for v in rng.integers(60, 190, 2))
                query[cy - 20 : cy + 20, cx - 20 : cx + 20] = (30, 30, 220)
                photo = f"{number:05}.jpg"
                cv2.imwrite(str(folder / "query" / photo), query)
                polygon = [float(v) for v in (x1, y1, x2, y1, x2, y2, x1, y2)]
                click = (2 * cx, 2 * cy)
                records.append((f"id{number}", photo, place, click, (cx, cy), [x1, y1, x2, y2], polygon, "car"))
                number += 1
            torch.save(records, folder / f"{name}_{split}.pth")
    return root
