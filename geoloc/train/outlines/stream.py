"""Chips drawn by several processes from folders of grounds and towns, new ones as they come."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from geoloc.train.grounds.masked import load_ground
from geoloc.train.grounds.towns.store import GrowingTowns, load_town
from geoloc.train.outlines.chips import ChipSampler
from geoloc.train.outlines.fit import ChipBatch, stacked

WAIT_S = 0.5
"""How long is waited while there is nothing to draw from."""


class ChipStream(IterableDataset[ChipBatch]):
    """Draws batches without an end; each process that iterates over it draws others."""

    def __init__(self, grounds: Path, towns: Path, batch: int, seed: int, begun: int = 0) -> None:
        """Draw from folders.

        Args:
            grounds: holds folders of `save_ground`, all of them by now.
            towns: holds folders of `save_town`, more and more of them; need not be there yet.
            batch: chips of a batch.
            seed: of what is drawn.
            begun: steps done by sittings before, whose chips are not drawn again.
        """
        self._grounds, self._towns = grounds, towns
        self._batch, self._seed, self._begun = batch, seed, begun

    def __iter__(self) -> Iterator[ChipBatch]:
        """Begin; ends only when the reader goes away."""
        worker = get_worker_info()
        number = 0
        if worker is not None:
            number = worker.id
            cv2.setNumThreads(1)
            torch.set_num_threads(1)
        known = [load_ground(path) for path in kept_grounds(self._grounds)]
        sampler = None
        towns = GrowingTowns(self._towns)
        while True:
            new = [load_town(path).masked for path in towns.new()]
            known += new
            if new or (sampler is None and known):
                # Another seed than before: otherwise all that was drawn would be drawn again.
                sampler = ChipSampler(known, [self._seed, self._begun, number, len(known)])
            if sampler is None:
                time.sleep(WAIT_S)
                continue
            yield stacked([sampler.draw() for _ in range(self._batch)])


def kept_grounds(folder: Path) -> list[Path]:
    """Return the grounds that a folder holds; what is half written has a name that begins with a dot."""
    return sorted(path for path in folder.glob("*") if not path.name.startswith("."))


def stream_loader(stream: ChipStream, workers: int, *, pinned: bool) -> DataLoader[ChipBatch]:
    """Return batches made by processes, or in this one where there are none.

    Args:
        stream: of batches.
        workers: how many processes.
        pinned: whether they are put where an accelerator fetches them from quickly.
    """
    return DataLoader(
        stream,
        batch_size=None,
        num_workers=workers,
        multiprocessing_context="spawn" if workers else None,
        prefetch_factor=2 if workers else None,
        pin_memory=pinned,
    )
