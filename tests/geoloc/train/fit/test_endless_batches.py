"""Endless batches: every process draws its own, planned here or elsewhere; what comes later is drawn from too."""

from __future__ import annotations

from dataclasses import replace

import torch

from geoloc.train.fit.endless_batches import SampleStream, loader
from geoloc.train.grounds.collection import Collection
from geoloc.train.samples.sampler import SamplerSettings

SMALL = SamplerSettings(query_px=128, window_px=192)


def test_a_stream_goes_on_for_ever_and_every_worker_draws_its_own(collection: Collection) -> None:
    stream = SampleStream(collection, replace(SMALL, query_px=32, window_px=64), 2, seed=5)
    alone = iter(loader(stream, 0))
    first = [next(alone) for _ in range(3)]
    assert not torch.equal(first[0].query, first[2].query)
    working = iter(loader(stream, 2))
    got = [next(working) for _ in range(4)]
    assert torch.equal(got[0].query, first[0].query)
    assert not torch.equal(got[1].query, got[0].query)


def test_on_a_cpu_every_other_batch_is_a_turned_one(collection: Collection) -> None:
    stream = iter(SampleStream(collection, replace(SMALL, query_px=32, window_px=64), 2, seed=5))
    batches = [next(stream) for _ in range(6)]
    drawn, again = batches[::2], batches[1::2]
    assert not torch.equal(drawn[0].query, drawn[1].query)
    for i, batch in enumerate(again):
        source = next(b for b in drawn[: i + 1] if torch.equal(b.query, batch.query))
        assert any(torch.equal(source.turned(q).reference, batch.reference) for q in (1, 2, 3))
