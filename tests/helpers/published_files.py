"""CVOGL as its authors distribute it, with a few records."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch


def write_published(root: Path) -> Path:
    """Write CVOGL with a few records a split: coloured noise, the object a red rectangle; returns its folder."""
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
