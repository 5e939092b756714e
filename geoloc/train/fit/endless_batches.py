"""Endless batches for a training: planned in processes of their own or here, painted where the training is."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import cv2
import numpy as np
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from geoloc.train.grounds.collection import Collection
from geoloc.train.samples.batch import Batch
from geoloc.train.samples.painter import BatchPlan, Painter
from geoloc.train.samples.sampler import Planner, SamplerSettings

KEPT = 8
"""Batches that wait to be shown again."""
ASK_S = 15.0
"""Seconds after which it is looked for more to draw from."""

Item = TypeVar("Item")


class Newcomers(Protocol):
    """What comes to be drawn from while a training runs; pickled where there are planners."""

    def new(self, number: int, count: int) -> Iterator[Path]:
        """Yield where what has come since the last call lies that planner `number` of `count` is to draw from."""

    def load(self, path: Path) -> Collection:
        """Return what lies there."""


class SampleStream(IterableDataset[Batch]):
    """Endless batches painted on `device`.

    Only the process that iterates over it uses the device; where there are planners, they plan on cores of their own
    and hand over no images. On a CPU every other batch is one of the last `KEPT`, turned: drawing a batch takes half as
    long as learning from it on the same cores. On an accelerator each is shown once.
    """

    def __init__(
        self,
        collection: Collection | Callable[[], Collection],
        settings: SamplerSettings,
        batch: int,
        seed: int,
        device: str = "cpu",
        *,
        planners: int = 0,
        newcomers: Newcomers | None = None,
    ) -> None:
        """Draw from a collection, `batch` examples at a time.

        Args:
            collection: what is drawn from, or what returns it: then each process makes its own, and nothing large is
                handed to them.
            settings: what examples vary over.
            batch: examples a batch.
            seed: of all draws; each process that draws makes its own of it.
            device: where pictures are kept and batches painted.
            planners: processes that plan; 0 to plan in the one that paints.
            newcomers: what comes later.
        """
        self.collection, self.settings, self.batch, self.seed, self.device = collection, settings, batch, seed, device
        self.planners, self.newcomers = planners, newcomers

    def __iter__(self) -> Iterator[Batch]:
        """Yield batches for ever.

        Raises:
            TrainingError: there is nothing to draw from.
        """
        known = self.collection() if callable(self.collection) else self.collection
        drawn_from = self.collection if self.planners else known
        plans = _PlanStream(drawn_from, self.settings, self.batch, self.seed, self.newcomers)
        # Planners begin while pictures are put on the device.
        planned = iter(loader(plans, self.planners))
        painter = Painter(known, self.device, None if self.newcomers is None else self.newcomers.load)
        del known, drawn_from
        kept: deque[Batch] = deque(maxlen=KEPT)
        for plan in planned:
            batch = painter.paint(plan)
            yield batch
            if painter.device.type == "cpu":
                kept.append(batch)
                rng = np.random.default_rng(plan.seed)
                again, quarters = kept[rng.integers(len(kept))], int(rng.integers(1, 4))
                square = isinstance(again.query, Tensor) and again.query.shape[-1] == again.query.shape[-2]
                # Nothing tells which way a panorama as taken looks, so its windows may be turned by themselves.
                yield again.turned_whole(quarters) if square else again.turned(quarters)


class _PlanStream(IterableDataset[BatchPlan]):
    """Endless plans, each process with its own draws; arguments as those of `SampleStream`."""

    def __init__(
        self,
        collection: Collection | Callable[[], Collection],
        settings: SamplerSettings,
        batch: int,
        seed: int,
        newcomers: Newcomers | None,
    ) -> None:
        self._collection, self._settings, self._batch, self._seed = collection, settings, batch, seed
        self._newcomers = newcomers

    def __iter__(self) -> Iterator[BatchPlan]:
        info = get_worker_info()
        number, count = (info.id, info.num_workers) if info else (0, 1)
        if info:
            # More threads than this process's would only wait for each other.
            cv2.setNumThreads(1)
        collection = self._collection() if callable(self._collection) else self._collection
        planner = Planner(collection, self._settings, self._seed * 1000 + number)
        del collection
        asked = time.monotonic()
        while True:
            if self._newcomers is not None and time.monotonic() - asked > ASK_S:
                for path in self._newcomers.new(number, count):
                    planner.add(path, self._newcomers.load(path))
                asked = time.monotonic()
            yield planner.batch(self._batch)


def sample_batches(
    collection: Collection | Callable[[], Collection],
    settings: SamplerSettings,
    batch: int,
    seed: int,
    device: str,
    *,
    workers: int,
    newcomers: Newcomers | None = None,
) -> DataLoader[Batch]:
    """Load batches of a `SampleStream`, whose arguments these are, with `workers` processes.

    On a CPU they plan and paint. An accelerator is used by the process that trains alone, since kernels of several
    processes take turns on it: there they only plan.
    """
    on_cpu = device == "cpu"
    planners = 0 if on_cpu else workers
    stream = SampleStream(collection, settings, batch, seed, device, planners=planners, newcomers=newcomers)
    return loader(stream, workers if on_cpu else 0)


def loader(stream: IterableDataset[Item], workers: int) -> DataLoader[Item]:
    """Load what `stream` makes, in `workers` processes."""
    if not workers:
        return DataLoader(stream, batch_size=None)
    # A forked worker hangs where OpenCV or torch already run threads.
    return DataLoader(stream, batch_size=None, num_workers=workers, prefetch_factor=4, multiprocessing_context="spawn")
