"""Queries of photographs show what their cells say, and the click what its box is round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from geoloc.model.network.features import STRIDE
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.ground import Texture
from geoloc.train.grounds.posed_photo import PosedPhoto
from geoloc.train.samples.photo_views import sample_photo
from geoloc.train.samples.sample import Sample

SIDE = 96
CPU = torch.device("cpu")


def draw(collection: Collection, photo: PosedPhoto, count: int, seed: int = 0) -> list[Sample]:
    ground, texture, rng = collection.grounds[photo.ground], Texture(photo.pixels, CPU), np.random.default_rng(seed)
    drawn = [sample_photo(photo, ground, texture, rng, side=SIDE, device=CPU, strip=photo.panorama) for _ in range(count)]
    return [sample for sample in drawn if sample is not None]


@pytest.mark.parametrize("number", [0, 1], ids=["straight down", "tilted"])
def test_cells_lie_where_the_ground_looks_the_same(
    collection: Collection, difference: Callable[..., np.ndarray], number: int
) -> None:
    photo = collection.photos[number]
    ground = collection.grounds[photo.ground]
    samples = draw(collection, photo, 12)
    assert len(samples) > 5
    wrong = []
    for sample in samples:
        assert (sample.ground, sample.image.shape) == (photo.ground, (3, SIDE, SIDE))
        assert sample.cells.shape == (SIDE // STRIDE, SIDE // STRIDE, 2)
        assert ((sample.click > 0) & (sample.click < SIDE)).all()
        known = np.isfinite(sample.cells).all(-1)
        at = (np.argwhere(known)[:, ::-1] + 0.5) * STRIDE
        picture = sample.image.permute(1, 2, 0).numpy().round().astype(np.uint8)
        wrong.append(difference(picture, at, ground.pixels, sample.cells[known]))
        middle = (sample.box[:2] + sample.box[2:]) / 2
        if not sample.sized:
            assert difference(picture, sample.click, ground.pixels, middle)[0] < 25
    assert np.median(np.concatenate(wrong)) < 6


def test_a_panorama_is_taken_whole_with_its_click_in_the_middle(collection: Collection) -> None:
    samples = draw(collection, replace(collection.photos[0], panorama=True), 5)
    assert samples
    for sample in samples:
        assert sample.image.shape == (3, SIDE, 2 * SIDE)
        assert sample.click[0] == pytest.approx(SIDE, abs=1e-3)


def test_a_photo_of_nothing_known_gives_no_query(collection: Collection) -> None:
    photo = collection.photos[0]
    lost = replace(photo, places=np.full_like(photo.places, np.nan))
    assert draw(collection, lost, 5) == draw(collection, replace(lost, panorama=True), 5) == []
