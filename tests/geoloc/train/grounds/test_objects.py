"""Segments and trees where nobody has drawn any objects."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from geoloc.train.grounds.objects import crowns, segments


def drawn(gsd_m: float) -> tuple[np.ndarray, list[tuple[int, int, int, int]]]:
    """60 x 60 m of grass with cars and a roof, lightly add_noise."""
    rng = np.random.default_rng(0)
    side = int(60 / gsd_m)
    picture = np.full((side, side, 3), (96, 118, 84), np.uint8)
    boxes = []
    for x, y, w, h, colour in [
        (8, 10, 4.4, 1.9, (150, 20, 20)), (20, 30, 1.9, 4.4, (240, 240, 240)), (35, 12, 4.4, 1.9, (30, 40, 120)),
        (30, 40, 12, 9, (190, 140, 130)),
    ]:  # fmt: skip
        x0, y0, x1, y1 = (round(v / gsd_m) for v in (x, y, x + w, y + h))
        cv2.rectangle(picture, (x0, y0), (x1 - 1, y1 - 1), colour, -1)
        boxes.append((x0, y0, x1, y1))
    # Lenses blur, and nothing is of one colour only.
    rough = cv2.resize(rng.normal(0, 6, (200, 200)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    picture = cv2.GaussianBlur(picture, (0, 0), 0.15 / gsd_m).astype(np.float32) + rough[..., None]
    return np.clip(picture + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8), boxes


def overlaps(found: np.ndarray, box: tuple[float, ...]) -> np.ndarray:
    shared = (np.minimum(found[:, 2:], box[2:]) - np.maximum(found[:, :2], box[:2])).clip(0).prod(1)
    return shared / ((found[:, 2:] - found[:, :2]).prod(1) + (box[2] - box[0]) * (box[3] - box[1]) - shared)


@pytest.mark.parametrize("gsd_m", [0.1, 0.2, 0.3])
def test_most_of_what_stands_out_is_found_and_nothing_else(gsd_m: float) -> None:
    picture, boxes = drawn(gsd_m)
    found = segments(picture, gsd_m)
    matched = np.stack([overlaps(found, box) for box in boxes])
    assert (matched.max(1) > 0.6).sum() >= 2
    assert (matched.max(0) > 0.3).all()
    for i, box in enumerate(found):
        assert overlaps(np.delete(found, i, 0), tuple(box)).max() < 0.5


def test_nothing_is_found_where_nothing_is() -> None:
    assert segments(np.full((200, 200, 3), 90, np.uint8), 0.2).shape == (0, 4)
    assert crowns(np.full((200, 200, 3), 90, np.uint8), 0.2).shape == (0, 3)


@pytest.mark.parametrize("gsd_m", [0.1, 0.2, 0.4])
def test_trees_are_found_and_lawns_are_not(gsd_m: float) -> None:
    rng = np.random.default_rng(1)
    side = int(80 / gsd_m)
    picture = np.full((side, side, 3), (110, 112, 108), np.float32)
    # A lawn of the same green, as smooth as lawns are.
    picture[: side // 3] = (70, 110, 50)
    trees = [(20.0, 50.0, 4.0), (50, 60, 5), (65, 40, 3.5)]
    y, x = (np.mgrid[:side, :side] + 0.5) * gsd_m
    for tx, ty, radius in trees:
        crown = (x - tx) ** 2 + (y - ty) ** 2 < radius**2
        rough = cv2.resize(
            rng.normal(0, 45, (160, 160)).astype(np.float32), (side, side), interpolation=cv2.INTER_LINEAR
        )
        picture[crown] = np.array([60, 105, 40], np.float32) + rough[crown][:, None]
    found = crowns(np.clip(picture, 0, 255).astype(np.uint8), gsd_m) * gsd_m
    for tx, ty, radius in trees:
        near = np.hypot(found[:, 0] - tx, found[:, 1] - ty) < radius
        assert near.any()
    assert not (found[:, 1] < 80 / 3 - 3).any()
