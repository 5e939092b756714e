"""Batches: both sides show the same ground, shares are as asked, draws repeat for a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from geoloc.errors import TrainingError
from geoloc.model.network.config import FILL
from geoloc.model.network.features import STRIDE
from geoloc.train.grounds.collection import Collection
from geoloc.train.samples.batch import Batch
from geoloc.train.samples.sampler import Sampler, SamplerSettings

SMALL = SamplerSettings(query_px=128, window_px=192)


def batches(collection: Collection, settings: SamplerSettings, count: int, size: int = 8, seed: int = 1) -> list[Batch]:
    sampler = Sampler(collection, settings, "cpu", seed)
    return [sampler.batch(size) for _ in range(count)]


def pictures(images: torch.Tensor) -> list[np.ndarray]:
    return [image.permute(1, 2, 0).numpy().round().astype(np.uint8) for image in images]


@pytest.mark.usefixtures("_no_restyling")
@pytest.mark.parametrize("photo_share", [0.0, 1.0], ids=["simulated", "photographs"])
def test_both_sides_show_the_same_ground(
    collection: Collection, difference: Callable[..., np.ndarray], photo_share: float
) -> None:
    settings = replace(SMALL, photo_share=photo_share, absent_share=0.0, gsd_m=(0.1, 0.3))
    clicks, cells = [], []
    for batch in batches(collection, settings, 4):
        assert batch.present.all()
        sides = zip(pictures(batch.query), pictures(batch.reference), strict=True)
        for i, (query, wide) in enumerate(sides):
            margin = STRIDE * batch.around
            reference = wide[margin:-margin, margin:-margin]
            matches = batch.matches[i].numpy()
            known = np.isfinite(matches).all(-1)
            shown = known.copy()
            column, row = matches[known].astype(int).T
            # Beyond what holds data the reference is grey.
            shown[known] = (reference[row, column] != FILL).any(-1)
            at = (np.argwhere(shown)[:, ::-1] + 0.5) * STRIDE
            if len(at):
                cells.append(difference(query, at, reference, matches[shown]))
            if not batch.sized[i]:
                box = batch.box[i].numpy()
                clicks.append(difference(query, batch.click[i].numpy(), reference, (box[:2] + box[2:]) / 2)[0])
    wrong = np.concatenate(cells)
    assert len(wrong) > 300
    assert np.median(wrong) < 6
    assert np.mean(wrong > 25) < 0.1
    assert np.median(clicks) < 8


@pytest.mark.usefixtures("_no_restyling")
def test_clicks_are_in_the_query_and_boxes_round_the_place(collection: Collection) -> None:
    for batch in batches(collection, replace(SMALL, absent_share=0.0), 3):
        assert (batch.click > 0).all()
        assert (batch.click < 128).all()
        side = batch.reference_px[0]
        centre = (batch.box[:, :2] + batch.box[:, 2:]) / 2
        assert (centre >= 0).all()
        assert (centre < side).all()
        assert (batch.box[:, 2:] > batch.box[:, :2]).all()


def test_a_third_of_the_windows_does_not_show_the_object(collection: Collection) -> None:
    settings = replace(SMALL, query_px=32, window_px=64)
    drawn = batches(collection, settings, 15)
    present = torch.cat([batch.present for batch in drawn]).float().mean()
    # 120 draws; of the absent ones on the same ground some show it after all, and are labelled so.
    assert 0.58 < float(present) < 0.85
    for batch in drawn:
        assert not (batch.sized & ~batch.present).any()
    alone = batches(collection, replace(settings, absent_share=1.0), 15)
    away = [batch.matches[~batch.present] for batch in alone]
    # Neighbouring ground has places in common though the object is not there; other ground has none.
    nowhere = torch.cat([torch.isnan(m).flatten(1).all(1) for m in away]).float().mean()
    assert 0.2 < float(nowhere) < 1


def test_windows_vary_in_size_and_scale_within_what_was_asked(collection: Collection) -> None:
    drawn = batches(collection, replace(SMALL, query_px=32, window_px=96, gsd_m=(0.15, 0.4)), 12)
    assert {batch.reference_px for batch in drawn} == {(64, 64), (96, 96), (128, 128)}
    assert {batch.reference.shape[-1] - batch.reference_px[0] for batch in drawn} == {2 * 16 * SMALL.around}
    gsd = torch.cat([batch.gsd_m for batch in drawn])
    assert float(gsd.min()) >= 0.15 - 1e-6
    assert float(gsd.max()) <= 0.4 + 1e-6
    assert float(gsd.max() / gsd.min()) > 1.5


def test_a_seed_repeats_its_draws_and_another_does_not(collection: Collection) -> None:
    settings = replace(SMALL, query_px=64, window_px=96)
    (a,), (b,), (c,) = (batches(collection, settings, 1, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(a.query, b.query)
    assert torch.equal(a.reference, b.reference)
    assert torch.equal(a.matches.nan_to_num(), b.matches.nan_to_num())
    assert a.query.shape != c.query.shape or not torch.equal(a.query, c.query)


def test_shapes_are_those_of_an_example(collection: Collection) -> None:
    (batch,) = batches(collection, replace(SMALL, query_px=64), 1, size=3)
    assert batch.query.shape == (3, 3, 64, 64)
    assert batch.matches.shape == (3, 64 // STRIDE, 64 // STRIDE, 2)
    assert batch.query.min() >= 0
    assert batch.reference.max() <= 255
    assert len(batch) == 3


def test_panoramas_come_in_batches_of_their_own(collection: Collection) -> None:
    flat = collection.photos[0]
    wide = replace(flat, panorama=True)
    settings = replace(SMALL, query_px=64, panorama_share=1.0)
    (batch,) = batches(replace(collection, photos=(flat, wide)), settings, 1, size=2)
    assert batch.query.shape == (2, 3, 64, 128)
    # As the search does it, the click is in the middle column.
    assert batch.click[:, 0].tolist() == pytest.approx([64, 64], abs=1e-3)
    (batch,) = batches(replace(collection, photos=(wide,)), replace(settings, panorama_share=0.0), 1, size=2)
    assert batch.query.shape == (2, 3, 64, 64)


def test_nothing_to_train_on_is_an_error() -> None:
    with pytest.raises(TrainingError, match="nothing to train on"):
        Sampler(Collection((), (), ()), SamplerSettings(), "cpu", 0)
