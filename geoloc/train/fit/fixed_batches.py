"""Batches that are drawn once: the same ones for the same seed, encoded where the backbone is frozen, shown again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset

from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.network.features import Features
from geoloc.train.fit.endless_batches import draw_anew
from geoloc.train.fit.freed_memory import give_back_freed_memory
from geoloc.train.grounds.collection import Collection
from geoloc.train.samples.batch import Batch
from geoloc.train.samples.sampler import SamplerSettings

GIVE_BACK_EVERY = 16
"""Batches drawn and kept: it takes a third of a second, and drawing them half a minute on one core."""


def draw_batches(
    collection: Collection,
    settings: SamplerSettings,
    size: int,
    count: int,
    seed: int,
    *,
    device: str = "cpu",
    over: Callable[[], bool] = lambda: False,
) -> list[Batch]:
    """Draw `count` batches of `size` examples, the same ones for the same seed and device, their images in 8 bits.

    Args:
        collection: what they are drawn from.
        settings: what examples vary over.
        size: examples a batch.
        count: how many batches.
        seed: of all draws.
        device: where they are drawn.
        over: whether there is no time to draw more; one is always drawn.
    """
    drawn: list[Batch] = []
    for batch in islice(keep_in_bytes(draw_anew(collection, settings, size, [seed], device)), count):
        drawn.append(batch)
        if over():
            break
    return drawn


def keep_in_bytes(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Yield batches that are to be kept: with their images in 8 bits, on the device of each."""
    for number, batch in enumerate(batches):
        yield batch.in_bytes()
        if number % GIVE_BACK_EVERY == GIVE_BACK_EVERY - 1:
            give_back_freed_memory()


@torch.inference_mode()
def encode_batch(net: CrossViewNet, batch: Batch) -> Batch:
    """Put what the backbone makes of a batch's images, in 16 bits, in their place; returns another batch.

    Where the click joins the image of the query (as in the published method), that stays an image.
    """
    reference = _to_half(batch.reference_features(net))
    query = batch.query
    if not isinstance(query, Features) and not net.click_joins_image:
        query = _to_half(net.encode_query(query.float(), batch.click))
    return replace(batch, query=query, reference=reference)


def show_once(batches: Sequence[Batch]) -> DataLoader[Batch]:
    """Load the batches in their order."""
    return DataLoader(_BatchList(batches), batch_size=None)


def repeat_batches(batches: Sequence[Batch], seed: int, begun: int = 0) -> DataLoader[Batch]:
    """Load the same batches again and again, each time in another order.

    Args:
        batches: what is shown.
        seed: of the orders.
        begun: steps done by sittings before, whose orders do not come again.
    """
    return DataLoader(_RepeatedBatches(batches, (seed, begun)), batch_size=None)


class _BatchList(Dataset[Batch]):
    def __init__(self, batches: Sequence[Batch]) -> None:
        self._batches = batches

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> Batch:
        return self._batches[index]


class _RepeatedBatches(IterableDataset[Batch]):
    def __init__(self, batches: Sequence[Batch], seed: Sequence[int]) -> None:
        self._batches, self._seed = batches, seed

    def __iter__(self) -> Iterator[Batch]:
        rng = np.random.default_rng(self._seed)
        while True:
            for i in rng.permutation(len(self._batches)):
                yield self._batches[i]


def _to_half(features: Features) -> Features:
    return Features(features.coarse.half(), features.fine.half())
