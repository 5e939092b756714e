"""Queries of photographs show what their cells say, and the click what its box is round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from geoloc.model.network.features import STRIDE
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.ground import Ground, Textures
from geoloc.train.grounds.posed_photo import PosedPhoto, Stand
from geoloc.train.samples import photo_views
from geoloc.train.samples.photo_views import PhotoPicture, paint_photos, sample_photo
from geoloc.train.samples.sample import Sample, stacked

SIDE = 96


def draw(collection: Collection, photo: PosedPhoto, count: int, seed: int = 0) -> list[Sample[PhotoPicture]]:
    ground, rng = collection.grounds[photo.ground], np.random.default_rng(seed)
    drawn = [sample_photo(photo, ground, rng, number=0, side=SIDE, strip=photo.panorama) for _ in range(count)]
    return [sample for sample in drawn if sample is not None]


def paint(samples: list[Sample[PhotoPicture]], photo: PosedPhoto, columns: int = SIDE) -> list[np.ndarray]:
    textures = Textures("cpu")
    numbers = torch.full((len(samples),), textures.add(photo.pixels))
    images = paint_photos(stacked([sample.picture for sample in samples]), textures, numbers, (SIDE, columns))
    assert images.shape == (len(samples), 3, SIDE, columns)
    return list(images.permute(0, 2, 3, 1).numpy().round().astype(np.uint8))


@pytest.mark.parametrize("number", [0, 1], ids=["straight down", "tilted"])
def test_cells_lie_where_the_ground_looks_the_same(
    collection: Collection, difference: Callable[..., np.ndarray], number: int
) -> None:
    photo = collection.photos[number]
    ground = collection.grounds[photo.ground]
    samples = draw(collection, photo, 12)
    assert len(samples) > 5
    wrong = []
    for sample, picture in zip(samples, paint(samples, photo), strict=True):
        assert sample.ground == photo.ground
        assert sample.cells.shape == (SIDE // STRIDE, SIDE // STRIDE, 2)
        assert ((sample.click > 0) & (sample.click < SIDE)).all()
        known = np.isfinite(sample.cells).all(-1)
        at = (np.argwhere(known)[:, ::-1] + 0.5) * STRIDE
        wrong.append(difference(picture, at, ground.pixels, sample.cells[known]))
        middle = (sample.box[:2] + sample.box[2:]) / 2
        if not sample.sized:
            assert difference(picture, sample.click, ground.pixels, middle)[0] < 25
    assert np.median(np.concatenate(wrong)) < 6


def test_a_panorama_is_taken_whole_with_its_click_in_the_middle(collection: Collection) -> None:
    photo = replace(collection.photos[0], panorama=True)
    samples = draw(collection, photo, 5)
    assert samples
    paint(samples, photo, 2 * SIDE)
    for sample in samples:
        assert sample.click[0] == pytest.approx(SIDE, abs=1e-3)


def test_a_photo_of_nothing_known_gives_no_query(collection: Collection) -> None:
    photo = collection.photos[0]
    lost = replace(photo, places=np.full_like(photo.places, np.nan))
    assert draw(collection, lost, 5) == draw(collection, replace(lost, panorama=True), 5) == []


def test_a_panorama_is_unrolled_to_the_ground_about_its_camera(
    collection: Collection, difference: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_views, "HEIGHT_SPREAD", 0.0)
    number = next(i for i, ground in enumerate(collection.grounds) if ground.size_m > 100)
    photo, ground = standing_on(collection.grounds[number], number), collection.grounds[number]
    rng = np.random.default_rng(2)
    drawn = [sample_photo(photo, ground, rng, number=0, side=SIDE) for _ in range(30)]
    samples = [sample for sample in drawn if sample is not None]
    assert len(samples) > 5
    wrong = []
    for sample, picture in zip(samples, paint(samples, photo), strict=True):
        known = np.isfinite(sample.cells).all(-1)
        near = known & (np.linalg.norm(sample.cells - STANDS, axis=-1) * ground.gsd_m < 12)
        at = (np.argwhere(near)[:, ::-1] + 0.5) * STRIDE
        if near.any():
            wrong.append(difference(picture, at, ground.pixels, sample.cells[near]))
        # What stands up leans away from the camera, by as much as the ray to the click is level.
        to_ground, _, _, _ = np.linalg.lstsq(
            np.c_[(np.argwhere(known)[:, ::-1] + 0.5) * STRIDE, np.ones(known.sum())], sample.cells[known], rcond=None
        )
        clicked = np.array([*sample.click, 1.0]) @ to_ground
        away = np.array([*sample.view[:2], 0.0]) @ to_ground
        cosine = away @ (clicked - STANDS) / np.linalg.norm(away) / np.linalg.norm(clicked - STANDS)
        assert cosine > 0.99
        tangent = np.linalg.norm(clicked - STANDS) * ground.gsd_m / HEIGHT_M
        assert np.linalg.norm(sample.view[:2]) == pytest.approx(tangent / np.hypot(tangent, 1), abs=0.02)
        assert sample.view[2] == 1
    assert np.median(np.concatenate(wrong)) < 12


STANDS, HEIGHT_M, HEADING_DEG, ROUND = np.array([400.0, 300.0]), 6.0, 70.0, 1024


def standing_on(ground: Ground, number: int) -> PosedPhoto:
    """A panorama of flat ground, by the formulas of the equirectangular projection."""
    columns, rows = np.meshgrid(np.arange(ROUND) + 0.5, np.arange(ROUND // 2) + 0.5)
    azimuth = np.radians(HEADING_DEG) + (columns / ROUND - 0.5) * 2 * np.pi
    down = (rows / (ROUND // 2) - 0.5) * np.pi
    flat = np.where(down > np.radians(4), HEIGHT_M / np.tan(np.maximum(down, 0.01)), np.nan) / ground.gsd_m
    places = STANDS + flat[..., None] * np.stack([np.sin(azimuth), -np.cos(azimuth)], axis=-1)
    places = np.where(((places >= 0) & (places < ground.size)).all(-1)[..., None], places, np.nan).astype(np.float32)
    at = np.nan_to_num(places, nan=0.0).astype(int)
    pixels = np.where(np.isfinite(places[..., :1]), ground.pixels[at[..., 1], at[..., 0]], 200).astype(np.uint8)
    stand = Stand(*STANDS, HEIGHT_M, HEADING_DEG)
    return PosedPhoto("round", number, pixels, places[4::8, 4::8], 8.0, True, stand)
