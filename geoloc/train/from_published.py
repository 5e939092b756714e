"""Training on CVOGL and G2D as published: whole references, augmented on their side only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import torch
from affine import Affine
from torch import Tensor
from torch.utils.data import IterableDataset

from geoloc.evaluation.published import REFERENCE_PX, ImagePair, PublishedRecord, read_split
from geoloc.model.network.features import STRIDE
from geoloc.model.presets import new_network, preset_config
from geoloc.model.weights import load_weights, save_weights
from geoloc.plane.homography import affine_for_opencv
from geoloc.train.fit.endless_batches import loader
from geoloc.train.fit.loop import Schedule, train_network
from geoloc.train.samples.appearance import restyle
from geoloc.train.samples.batch import Batch, collate
from geoloc.train.samples.example import Example
from geoloc.train.samples.sampler import SHARE_ABSENT
from geoloc.train.workflows import starting_weights

HELD_OUT_RECORDS = 64
LEAST_CROP = 0.6
"""Side of a crop over the reference's, at the least."""
_SHARE_RECOLOURED = 0.1
"""References that become grey, and those of the others whose contrast is evened out."""


def train_on_published(
    name: str,
    dataset: tuple[str, Path],
    task: str,
    run: Path,
    schedule: Schedule,
    *,
    scratch: bool = False,
    weights: Path | None = None,
    device: str = "cpu",
    devices: int = 1,
    workers: int = 1,
    report: Callable[[str], None] = lambda line: None,
) -> Path:
    """Train the network of a preset on the training split of a data set, checked on its validation split.

    Goes on where `run` holds a checkpoint.

    Args:
        name: of the preset.
        dataset: name and folder, as in `read_split`.
        task: as in `read_split`.
        run: the folder for checkpoints and weights.
        schedule: how long and how fast.
        scratch: begin with ImageNet's backbone and not with the weights given or packaged.
        weights: to begin with; None for the packaged ones.
        device: "cpu" or "cuda".
        devices: how many of them.
        workers: processes that draw batches.
        report: called with lines about how it goes.

    Returns:
        The path of the weights.

    Raises:
        DatasetError: the data cannot be read.
        TrainingError: see `train_network`.
        WeightsError: no such preset or weights.
    """
    config = preset_config(name)
    start = starting_weights(name, weights, scratch, report)
    records = read_split(*dataset, task, "train")
    checks = held_out(read_split(*dataset, task, "val"), schedule.batch)
    report(f"{len(records)} records to train on")
    stream = PublishedStream(records, schedule.batch, schedule.seed)
    written = train_network(
        config,
        loader(stream, workers),
        checks,
        run,
        schedule,
        start=start,
        device=device,
        devices=devices,
        report=report,
    )
    if start is not None:
        # What a score means was fitted for those weights; it is no worse a guess than none.
        net = new_network(config)
        calibration = load_weights(start, net)
        load_weights(written, net)
        save_weights(written, net, calibration)
    return written


def held_out(records: Sequence[PublishedRecord], batch: int) -> list[Batch]:
    """Make batches of the first records as they are, a third of them in the reference of another."""
    drawer = _ExampleDrawer(records, np.random.default_rng(0))
    examples = [drawer.example(i, augment=False) for i in range(min(HELD_OUT_RECORDS, len(records)))]
    return [collate(examples[i : i + batch]) for i in range(0, len(examples), batch)]


class PublishedStream(IterableDataset[Batch]):
    """Endless batches of records, each worker with its own draws."""

    def __init__(self, records: Sequence[PublishedRecord], batch: int, seed: int) -> None:
        """Draw from these records, `batch` at a time."""
        self.records, self.batch, self.seed = records, batch, seed

    def __iter__(self) -> Iterator[Batch]:
        """Yield batches for ever."""
        info = torch.utils.data.get_worker_info()
        seed = self.seed * 1000 + (info.id if info else 0)
        drawer = _ExampleDrawer(self.records, np.random.default_rng(seed))
        generator = torch.Generator().manual_seed(seed)
        while True:
            picks = drawer.rng.integers(len(self.records), size=self.batch)
            batch = collate([drawer.example(int(i), augment=True) for i in picks])
            yield replace(batch, reference=restyle(cast(Tensor, batch.reference).float(), generator))


class _ExampleDrawer:
    def __init__(self, records: Sequence[PublishedRecord], rng: np.random.Generator) -> None:
        self.records, self.rng = records, rng

    def example(self, number: int, *, augment: bool) -> Example:
        """Make an example of a record; where it is to be absent, the reference is that of another place."""
        pair = self.records[number].load()
        rows, columns = (side // STRIDE for side in pair.query.shape[:2])
        nowhere = np.full((rows, columns, 2), np.nan)
        reference, box, gsd = pair.reference, pair.box, pair.gsd_m
        other = None if self.rng.random() > SHARE_ABSENT else self._elsewhere(number)
        shown = other is None
        if other is not None:
            reference, gsd = other.reference, other.gsd_m
        if augment:
            reference, box, gsd = _augmented(reference, box if shown else None, gsd, self.rng)
        return Example(
            pair.query, pair.click, np.ascontiguousarray(reference), box if shown else None, gsd, shown, nowhere
        )

    def _elsewhere(self, number: int) -> ImagePair | None:
        """Load another record's pair, one whose reference is not that of this one."""
        here = self.records[number].satellite
        for i in self.rng.permutation(len(self.records))[:8]:
            if self.records[i].satellite != here:
                return self.records[i].load()
        return None


def _augmented(
    reference: np.ndarray, box: np.ndarray | None, gsd_m: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, float]:
    """Cut a crop that keeps the box whole, scale it back, turn it by quarters; some in grey or of even contrast."""
    size = REFERENCE_PX
    known = np.array([size / 2, size / 2, size / 2, size / 2]) if box is None else box.clip(0, size)
    least = max(LEAST_CROP * size, float((known[2:] - known[:2]).max()) + 1)
    side = rng.uniform(least, size)
    low, high = np.maximum(known[2:] - side, 0), np.minimum(known[:2], size - side)
    corner = rng.uniform(low, np.maximum(high, low))
    scale = size / side
    matrix = affine_for_opencv(Affine(scale, 0, -scale * corner[0], 0, scale, -scale * corner[1]))
    picture = cv2.warpAffine(reference, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    moved = (known - np.tile(corner, 2)) * scale
    for _ in range(int(rng.integers(4))):
        # A quarter turn against the clock: x goes up, y goes right.
        picture = np.rot90(picture)
        moved = np.array([moved[1], size - moved[2], moved[3], size - moved[0]])
    if rng.random() < _SHARE_RECOLOURED:
        grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
        picture = np.repeat(grey[..., None], 3, axis=2)
    elif rng.random() < _SHARE_RECOLOURED:
        lab = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2LAB)
        lab[..., 0] = cv2.createCLAHE(2.0, (8, 8)).apply(lab[..., 0])
        picture = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    return picture, moved, gsd_m / scale
