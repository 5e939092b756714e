"""Chips to train on: masks lie on the pixels that they are of, and the photograph where it belongs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from geoloc.model.network.config import CHIP_PX, MASK_STRIDE
from geoloc.train.grounds.masked import FlatPhoto, MaskedGround, load_ground, masked_objects, save_ground
from geoloc.train.outlines.chips import PHOTO_SHARE, ChipSampler, draw_chip
from geoloc.train.outlines.grounds import boxed_ground, segmented_ground

RED = (220, 30, 30)


def red_shed(*, photo: bool = False) -> MaskedGround:
    """A red shed, turned, on grey ground, with a photograph that sees it turned and larger."""
    pixels = np.full((400, 400, 3), 100, np.uint8)
    labels = np.zeros((400, 400), np.int32)
    corners = cv2.boxPoints(((200, 190), (80, 40), 30)).astype(np.int32)
    cv2.fillPoly(pixels, [corners], RED)
    cv2.fillPoly(labels, [corners], 7)
    photos: tuple[FlatPhoto, ...] = ()
    if photo:
        to_ground = np.array([[0.3, 0.4, 30], [-0.4, 0.3, 250], [0, 0, 1.0]])
        shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
        matrix = np.linalg.inv(shift) @ to_ground @ shift
        picture = cv2.warpPerspective(pixels, matrix, (720, 540), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        photos = (FlatPhoto(np.asarray(picture, np.uint8), to_ground),)
    return MaskedGround("red", pixels, 0.1, masked_objects(labels, [(7, "shed"), (9, "none")]), photos)


def is_red(picture: np.ndarray) -> np.ndarray:
    return np.asarray((picture[..., 0] > 160) & (picture[..., 1] < 70))


def test_masks_lie_on_their_pixels() -> None:
    ground = red_shed()
    (shed,) = ground.objects
    for seed in range(12):
        chip = draw_chip(np.random.default_rng(seed), ground, shed)
        red = is_red(chip.mosaic)
        mask = cv2.resize(chip.mask, (CHIP_PX, CHIP_PX)) > 0.5
        assert chip.mask.shape == (CHIP_PX // MASK_STRIDE,) * 2
        if red.sum() > 500:
            assert (red & mask).sum() / (red | mask).sum() > 0.8
        assert (chip.weight == 1).all()


def test_a_photograph_lies_over_its_chip() -> None:
    ground = red_shed(photo=True)
    (shed,) = ground.objects
    shown = 0
    for seed in range(40):
        chip = draw_chip(np.random.default_rng(seed), ground, shed)
        if chip.shown.any():
            shown += 1
            red, laid = is_red(chip.mosaic), is_red(chip.photo)
            away = np.argwhere(red).mean(0) - np.argwhere(laid).mean(0)
            # Off by what planes are off, not by more.
            assert np.abs(away).max() < 0.35 * CHIP_PX / 2
            assert 0.6 < laid.sum() / max(red.sum(), 1) < 1.7
    assert shown == pytest.approx(40 * PHOTO_SHARE, abs=10)


def test_guessed_masks_stay_in_their_boxes_and_count_less() -> None:
    ground = red_shed()
    (shed,) = ground.objects
    guessed = boxed_ground("guessed", ground.pixels, 0.1, [shed.box, (0, 0, 30, 30)])
    (found,) = guessed.objects
    true = np.zeros((400, 400), bool)
    true[shed.corner[1] :, shed.corner[0] :][: shed.mask.shape[0], : shed.mask.shape[1]] = shed.mask
    mine = np.zeros((400, 400), bool)
    mine[found.corner[1] :, found.corner[0] :][: found.mask.shape[0], : found.mask.shape[1]] = found.mask
    assert (true & mine).sum() / (true | mine).sum() > 0.8
    chip = draw_chip(np.random.default_rng(3), guessed, found)
    assert 0 < chip.weight.min() < 1
    assert chip.weight[chip.mask > 0.5].max() < 1


def test_segments_are_what_stands_out() -> None:
    rng = np.random.default_rng(0)
    pixels = np.clip(rng.normal(110, 4, (300, 300, 3)), 0, 255).astype(np.uint8)
    pixels[100:160, 120:200] = 210
    pixels[200:260, 40:100] = 20
    pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 3), np.uint8)
    found = segmented_ground("s", pixels, 0.1).objects
    assert len(found) == 1
    assert np.abs(np.array(found[0].box) - [120, 100, 200, 160]).max() < 12


def test_a_ground_that_was_kept(tmp_path) -> None:  # type: ignore[no-untyped-def]
    ground = red_shed(photo=True)
    save_ground(tmp_path / "g", ground)
    again = load_ground(tmp_path / "g")
    assert (again.name, again.gsd_m, len(again.photos)) == ("red", 0.1, 1)
    assert (again.pixels == ground.pixels).all()
    assert again.objects[0].box == ground.objects[0].box
    assert (again.objects[0].mask == ground.objects[0].mask).all()
    assert (again.photos[0].to_ground == ground.photos[0].to_ground).all()


def test_large_and_small_are_drawn_alike() -> None:
    labels = np.zeros((1200, 1200), np.int32)
    number = 0
    for i in range(60):
        number += 1
        labels[10 + 18 * (i // 30) : 22 + 18 * (i // 30), 10 + 30 * (i % 30) : 22 + 30 * (i % 30)] = number
    for i in range(60):
        number += 1
        labels[100 + 110 * (i // 10) : 200 + 110 * (i // 10), 10 + 110 * (i % 10) : 110 + 110 * (i % 10)] = number
    objects = masked_objects(labels, [(n, "x") for n in range(1, number + 1)])
    sampler = ChipSampler([MaskedGround("g", np.zeros((1200, 1200, 3), np.uint8), 0.1, objects)], 0)
    small = np.array([item.box[2] - item.box[0] < 50 for _, item in sampler._items])
    assert sampler._weights[small].sum() == pytest.approx(0.5, abs=0.01)
