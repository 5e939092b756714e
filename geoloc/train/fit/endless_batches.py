"""Endless batches for a training: planned in processes of their own or here, painted where the training is."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import cv2
import numpy as np
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from geoloc.train.fit.freed_memory import keep_freed_memory
from geoloc.train.grounds.collection import Collection
from geoloc.train.samples.batch import Batch
from geoloc.train.samples.painter import BatchPlan, Painter
from geoloc.train.samples.sampler import Planner, SamplerSettings

KEPT = 8
"""Batches that wait to be shown again."""

Item = TypeVar("Item")


class Newcomers(Protocol):
    """What comes to be drawn from while a training runs; pickled where there are planners."""

    def new(self, number: int, count: int) -> Iterator[Path]:
        """Yield where what has come lies that planner `number` of `count` is to draw from; asked before each batch."""

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
        begun: int = 0,
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
            begun: steps done by sittings before, whose draws are not made again.
            planners: processes that plan; 0 to plan in the one that paints.
            newcomers: what comes later.
        """
        self.collection, self.settings, self.batch, self.device = collection, settings, batch, device
        self.seed = seed, begun
        self.planners, self.newcomers = planners, newcomers

    def __iter__(self) -> Iterator[Batch]:
        """Yield batches for ever.

        Raises:
            TrainingError: there is nothing to draw from.
        """
        kept: deque[Batch] = deque(maxlen=KEPT)
        rng = np.random.default_rng([*self.seed, _worker()[0]])
        for batch in draw_anew(
            self.collection,
            self.settings,
            self.batch,
            self.seed,
            self.device,
            planners=self.planners,
            newcomers=self.newcomers,
        ):
            yield batch
            if self.device == "cpu":
                kept.append(batch)
                again, quarters = kept[rng.integers(len(kept))], int(rng.integers(1, 4))
                square = isinstance(again.query, Tensor) and again.query.shape[-1] == again.query.shape[-2]
                # Nothing tells which way a panorama as taken looks, so its windows may be turned by themselves.
                yield again.turned_whole(quarters) if square else again.turned(quarters)


def draw_anew(
    collection: Collection | Callable[[], Collection],
    settings: SamplerSettings,
    batch: int,
    seed: Sequence[int],
    device: str,
    *,
    planners: int = 0,
    newcomers: Newcomers | None = None,
) -> Generator[Batch]:
    """Yield batches for ever, none of them twice; arguments as those of `SampleStream`, `seed` any numbers.

    Raises:
        TrainingError: there is nothing to draw from.
    """
    if device == "cpu":
        keep_freed_memory()
    known = collection() if callable(collection) else collection
    drawn_from = collection if planners else known
    # Planners begin while pictures are put on the device.
    planned = iter(loader(_PlanStream(drawn_from, settings, batch, seed, newcomers), planners))
    painter = Painter(known, device, None if newcomers is None else newcomers.load)
    del known, drawn_from
    for plan in planned:
        yield painter.paint(plan)


def _worker() -> tuple[int, int]:
    """Return the number of this process among those that draw, and how many they are."""
    info = get_worker_info()
    return (info.id, info.num_workers) if info else (0, 1)


class _PlanStream(IterableDataset[BatchPlan]):
    """Endless plans, each process with its own draws; arguments as those of `SampleStream`."""

    def __init__(
        self,
        collection: Collection | Callable[[], Collection],
        settings: SamplerSettings,
        batch: int,
        seed: Sequence[int],
        newcomers: Newcomers | None,
    ) -> None:
        self._collection, self._settings, self._batch, self._seed = collection, settings, batch, seed
        self._newcomers = newcomers

    def __iter__(self) -> Iterator[BatchPlan]:
        number, count = _worker()
        if get_worker_info():
            # More threads than this process's would only wait for each other.
            cv2.setNumThreads(1)
        collection = self._collection() if callable(self._collection) else self._collection
        planner = Planner(collection, self._settings, [*self._seed, number])
        del collection
        while True:
            if self._newcomers is not None:
                for path in self._newcomers.new(number, count):
                    planner.add(path, self._newcomers.load(path))
            yield planner.batch(self._batch)


def sample_batches(
    collection: Collection | Callable[[], Collection],
    settings: SamplerSettings,
    batch: int,
    seed: int,
    device: str,
    *,
    workers: int,
    begun: int = 0,
    newcomers: Newcomers | None = None,
) -> DataLoader[Batch]:
    """Load batches of a `SampleStream`, whose arguments these are, with `workers` processes.

    On a CPU they plan and paint. An accelerator is used by the process that trains alone, since kernels of several
    processes take turns on it: there they only plan.
    """
    on_cpu = device == "cpu"
    planners = 0 if on_cpu else workers
    stream = SampleStream(
        collection, settings, batch, seed, device, begun=begun, planners=planners, newcomers=newcomers
    )
    return loader(stream, workers if on_cpu else 0)


def loader(stream: IterableDataset[Item], workers: int) -> DataLoader[Item]:
    """Load what `stream` makes, in `workers` processes."""
    if not workers:
        return DataLoader(stream, batch_size=None)
    # A forked worker hangs where OpenCV or torch already run threads.
    return DataLoader(stream, batch_size=None, num_workers=workers, prefetch_factor=4, multiprocessing_context="spawn")
