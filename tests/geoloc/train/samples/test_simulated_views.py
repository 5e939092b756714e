"""Simulated queries show what their cells say, within the ranges that were asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from geoloc.model.network.features import STRIDE
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.ground import Ground, Textures
from geoloc.train.samples.sample import Sample, stacked
from geoloc.train.samples.simulated_views import ViewPicture, ViewRanges, paint_views, simulate_samples

SIDE = 96


def draw(collection: Collection, ranges: ViewRanges, count: int, seed: int = 0) -> list[Sample[ViewPicture]]:
    picks = [i % 2 for i in range(count)]
    return simulate_samples(collection.grounds[:2], picks, ranges, np.random.default_rng(seed), side=SIDE)


def paint(samples: list[Sample[ViewPicture]], collection: Collection) -> list[np.ndarray]:
    textures = Textures("cpu")
    added = [textures.add(ground.pixels, ground.valid) for ground in collection.grounds[:2]]
    numbers = torch.tensor([added[sample.ground] for sample in samples])
    images = paint_views(stacked([sample.picture for sample in samples]), textures, numbers, SIDE)
    assert images.shape == (len(samples), 3, SIDE, SIDE)
    return list(images.permute(0, 2, 3, 1).numpy().clip(0, 255).round().astype(np.uint8))


@pytest.mark.parametrize("tilt_deg", [(0.0, 0.0), (30.0, 60.0)], ids=["straight down", "tilted"])
def test_cells_lie_where_the_ground_looks_the_same(
    collection: Collection, difference: Callable[..., np.ndarray], tilt_deg: tuple[float, float]
) -> None:
    samples = draw(collection, ViewRanges((20.0, 40.0), tilt_deg), 16)
    assert len(samples) > 8
    assert {sample.ground for sample in samples} == {0, 1}
    wrong = []
    for sample, picture in zip(samples, paint(samples, collection), strict=True):
        assert sample.cells.shape == (SIDE // STRIDE, SIDE // STRIDE, 2)
        assert ((sample.click > 0) & (sample.click < SIDE)).all()
        known = np.isfinite(sample.cells).all(-1)
        at = (np.argwhere(known)[:, ::-1] + 0.5) * STRIDE
        wrong.append(difference(picture, at, collection.grounds[sample.ground].pixels, sample.cells[known]))
    assert np.median(np.concatenate(wrong)) < 8


def test_footprints_are_as_wide_as_asked(collection: Collection) -> None:
    for low, high in ((32.0, 38.0), (45.0, 52.0)):
        samples = draw(collection, ViewRanges((low, high), (0.0, 0.0)), 16)
        # Drawn from above by a tilt that is only supposed they cover another share of the ground.
        samples = [s for s in samples if not s.sized and not s.view[2]]
        assert samples
        for sample in samples:
            gsd_m = collection.grounds[sample.ground].gsd_m
            steps = np.linalg.norm(np.diff(sample.cells, axis=1), axis=-1) * gsd_m * SIDE / STRIDE
            # Blocks that stand up are nearer to the camera.
            assert low * 0.7 < np.nanmedian(steps) < high * 1.05


def test_what_shows_nothing_to_go_by_is_left_out(collection: Collection) -> None:
    plain = Collection(tuple(_painted(g, 90) for g in collection.grounds[:2]), (), (1.0, 1.0))
    assert draw(plain, ViewRanges(), 12) == []


def _painted(ground: Ground, grey: int) -> Ground:
    return replace(ground, pixels=np.full_like(ground.pixels, grey))
