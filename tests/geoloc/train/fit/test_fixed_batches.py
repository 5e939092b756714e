"""Batches that are drawn once: encoded they give the same answer, repeated they come in other orders."""

from __future__ import annotations

import pytest
import torch

from geoloc.model.network.config import Config
from geoloc.model.network.features import Features
from geoloc.model.presets import preset_config
from geoloc.train.fit.fixed_batches import draw_batches, encode_batch, repeat_batches, show_once
from geoloc.train.fit.loop import Schedule, TrainingTask
from geoloc.train.grounds.collection import Collection
from geoloc.train.samples.batch import Batch
from geoloc.train.samples.sampler import SamplerSettings
from geoloc.train.workflows import starting_network

SETTINGS = SamplerSettings(query_px=64, window_px=128)


def test_encoded_batches_give_the_same_answer(collection: Collection, tiny: Config) -> None:
    (batch,) = draw_batches(collection, SETTINGS, 2, 1, seed=0)
    task = TrainingTask(tiny, Schedule(), lambda: 0.0).eval()
    with torch.no_grad():
        plain = task(batch).candidates.logits
        cached = task(encode_batch(task.net, batch)).candidates.logits
    assert torch.allclose(plain, cached, atol=0.02)
    assert not torch.allclose(plain, plain.flip(0), atol=0.02)


def test_where_the_click_joins_the_image_the_query_stays_an_image(collection: Collection) -> None:
    (batch,) = draw_batches(collection, SETTINGS, 2, 1, seed=0)
    net = starting_network(preset_config("summation"), None)
    encoded = encode_batch(net, batch)
    assert isinstance(encoded.reference, Features)
    assert encoded.reference.coarse.dtype == torch.float16
    assert encoded.query is batch.query


def test_a_seed_draws_the_same_batches_in_8_bits(collection: Collection) -> None:
    first, again, other = (draw_batches(collection, SETTINGS, 2, 2, seed=seed) for seed in (0, 0, 1))
    assert all(torch.equal(a.query, b.query) for a, b in zip(first, again, strict=True))
    assert first[0].query.dtype == first[0].reference.dtype == torch.uint8
    assert not torch.equal(first[0].query, other[0].query)
    assert not torch.equal(first[0].query, first[1].query)


def test_encoded_batches_cannot_become_bytes(collection: Collection, tiny: Config) -> None:
    (batch,) = draw_batches(collection, SETTINGS, 2, 1, seed=0)
    with pytest.raises(TypeError, match="encoded already"):
        encode_batch(TrainingTask(tiny, Schedule(), lambda: 0.0).eval().net, batch).in_bytes()


def _number(batches: list[Batch], batch: Batch) -> int:
    return next(i for i, one in enumerate(batches) if one is batch)


def test_repeated_batches_come_in_rounds_of_another_order_each(collection: Collection) -> None:
    batches = draw_batches(collection, SETTINGS, 2, 5, seed=0)
    repeated = iter(repeat_batches(batches, seed=3))
    rounds = [[_number(batches, next(repeated)) for _ in batches] for _ in range(4)]
    assert all(sorted(numbers) == [0, 1, 2, 3, 4] for numbers in rounds)
    assert len({tuple(numbers) for numbers in rounds}) > 1
    later = iter(repeat_batches(batches, seed=3, begun=7))
    assert [[_number(batches, next(later)) for _ in batches] for _ in range(4)] != rounds
    assert [_number(batches, batch) for batch in show_once(batches)] == [0, 1, 2, 3, 4]
