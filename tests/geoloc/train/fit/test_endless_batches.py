"""Endless batches: every process draws its own, planned here or elsewhere; what comes later is drawn from too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from geoloc.train.fit.endless_batches import SampleStream, loader, sample_batches
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


def test_a_sitting_draws_what_none_before_it_drew(collection: Collection) -> None:
    settings = replace(SMALL, query_px=32, window_px=64)
    sittings = [SampleStream(collection, settings, 2, seed=5, begun=steps) for steps in (0, 0, 40)]
    first, same, later = (next(iter(stream)).query for stream in sittings)
    assert torch.equal(first, same)
    assert not torch.equal(first, later)


def test_on_a_cpu_every_other_batch_is_a_turned_one(collection: Collection) -> None:
    stream = iter(SampleStream(collection, replace(SMALL, query_px=32, window_px=64), 2, seed=5))
    batches = [next(stream) for _ in range(6)]
    drawn, again = batches[::2], batches[1::2]
    assert not torch.equal(drawn[0].query, drawn[1].query)
    for i, batch in enumerate(again):
        turned = [source.turned_whole(q) for source in drawn[: i + 1] for q in (1, 2, 3)]
        same = [one for one in turned if torch.equal(one.query, batch.query)]
        assert len(same) == 1
        assert torch.equal(same[0].reference, batch.reference)


def test_planners_hand_over_plans_that_are_painted_as_if_planned_here(collection: Collection) -> None:
    settings = replace(SMALL, query_px=32, window_px=64)
    here = iter(SampleStream(collection, settings, 2, seed=5))
    planned = iter(SampleStream(collection, settings, 2, seed=5, planners=1))
    for _ in range(4):
        one, other = next(here), next(planned)
        assert torch.equal(one.query, other.query)
        assert torch.equal(one.reference, other.reference)
        assert torch.equal(one.matches.nan_to_num(), other.matches.nan_to_num())


def test_without_an_accelerator_workers_paint_too(collection: Collection) -> None:
    on_cpu = sample_batches(collection, SMALL, 2, 5, "cpu", workers=2)
    beside = sample_batches(collection, SMALL, 2, 5, "cuda", workers=2)
    assert (on_cpu.num_workers, on_cpu.dataset.planners) == (2, 0)
    assert (beside.num_workers, beside.dataset.planners) == (0, 2)


class Arriving:
    """One ground that is there from the first time it is asked for."""

    def __init__(self, later: Collection) -> None:
        self._later = later
        self._told = False

    def new(self, number: int, count: int) -> Iterator[Path]:
        if not self._told and number == 0:
            self._told = True
            yield Path("later")

    def load(self, path: Path) -> Collection:
        assert path == Path("later")
        return self._later


@pytest.mark.usefixtures("_no_restyling")
def test_what_comes_later_is_planned_and_painted(collection: Collection) -> None:
    first = Collection(collection.grounds[:1], (), (1.0,))
    # Blue like nothing else.
    odd = collection.grounds[1]
    pixels = odd.pixels.copy()
    pixels[..., 2] = 255
    later = Collection((replace(odd, pixels=pixels),), (), (1.0,))
    settings = replace(SMALL, query_px=32, window_px=64, photo_share=0.0, absent_share=0.0)
    stream = SampleStream(first, settings, 8, seed=1, newcomers=Arriving(later))
    shown = iter(stream)
    blue = torch.cat([next(shown).reference[:, 2].mean((1, 2)) for _ in range(6)]) > 240
    # As often as the ground that it began with.
    assert 0.2 < float(blue.float().mean()) < 0.8
