"""The default mix of training data: made views of orthophotos and real views of a posed site."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from geoloc.errors import TrainingError
from geoloc.train import orthophoto, posed
from geoloc.train.orthophoto import Orthophoto, Ranges
from geoloc.train.record import Record
from geoloc.train.posed import PosedSite

UCMERCED_GSD_M = 0.3
SHARE_POSED = 0.4
SHARE_UCMERCED = 0.12
SHARE_ABSENT = 1 / 3
# Orthophotos whose name starts so are kept for validation.
HELD_OUT = ("image_2_", "image_15_05")


@dataclass(frozen=True)
class Sources:
    """What pairs are made from. boxed: large orthophotos, most with boxes; small: 256-px crops without."""

    boxed: tuple[Orthophoto, ...]
    small: tuple[Orthophoto, ...]
    sites: tuple[PosedSite, ...]


def load_sources(root: Path, *, held_out: bool) -> Sources:
    """Read the training data under `root` (`orthos/estonia`, `orthos/ucmerced`, `caliterra`).

    held_out: the part kept for validation instead of the part to train on.
    """
    if not (root / "orthos").is_dir():
        raise TrainingError(f"{root}: no training data here (expected orthos/estonia, orthos/ucmerced, caliterra)")
    try:
        described = json.loads((root / "orthos/estonia/boxes.json").read_text())
    except (OSError, ValueError) as error:
        raise TrainingError(f"{root}/orthos/estonia/boxes.json: cannot be read: {error}") from None
    boxed = []
    paths = sorted((root / "orthos/estonia").glob("*.jpg"))
    # Some crops are there twice under two names: what is held out is not trained on under the other.
    kept = {_digest(path) for path in paths if path.name.startswith(HELD_OUT)}
    for path in paths:
        if path.name.startswith(HELD_OUT) != held_out or (not held_out and _digest(path) in kept):
            continue
        pixels = _read(path)
        entry = described.get(path.name)
        # Crops of 1000 px are at 20 cm and of 2000 px at 10 cm, whether they have boxes or not.
        gsd = entry["gsd_m"] if entry else 200.0 / max(pixels.shape[:2])
        xywh = np.array([b[:4] for b in entry["boxes_xywh"]] if entry else [], float).reshape(-1, 4)
        boxes = np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)
        boxed.append(Orthophoto(path.stem, pixels, gsd, _whole(boxes, pixels.shape)))
    small = [
        Orthophoto(path.stem, _read(path), UCMERCED_GSD_M, np.zeros((0, 4)))
        for i, path in enumerate(sorted((root / "orthos/ucmerced").glob("*.jpg")))
        if (i % 20 == 7) == held_out
    ]
    if not boxed or not small:
        raise TrainingError(f"{root}: no orthophotos of this part in orthos/estonia or orthos/ucmerced")
    site = posed.load_site(root / "caliterra", held_out=held_out)
    return Sources(tuple(boxed), tuple(small), (site,))


def _digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def _read(path: Path) -> np.ndarray:
    image = cv2.imread(str(path))
    if image is None:
        raise TrainingError(f"{path}: cannot be read as an image")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _whole(boxes: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Boxes that the image's edge does not cut."""
    height, width = shape[:2]
    keep = (boxes[:, :2] > 2).all(1) & (boxes[:, 2] < width - 2) & (boxes[:, 3] < height - 2)
    return boxes[keep]


def draw(sources: Sources, rng: np.random.Generator, ranges: Ranges, *, share_absent: float = SHARE_ABSENT) -> Record:
    """One pair of the mix.

    A share of them, `share_absent` at the most, have a reference of another place, which does not show the object.
    """
    pair: Record | None = None
    while pair is None:
        u = rng.random()
        if u < SHARE_POSED:
            site = sources.sites[rng.integers(len(sources.sites))]
            ortho = site.ortho
            pair = posed.make_pair(site, rng, ranges)
        else:
            pool = sources.small if u < SHARE_POSED + SHARE_UCMERCED else sources.boxed
            ortho = pool[rng.integers(len(pool))]
            pair = orthophoto.make_pair(ortho, rng, ranges)
    if rng.random() < share_absent:
        other = sources.boxed[rng.integers(len(sources.boxed))]
        if rng.random() < 0.3:
            other = sources.small[rng.integers(len(sources.small))]
        elif rng.random() < 0.3:
            other = sources.sites[0].ortho
        if other is not ortho:
            pair = pair.without_object(orthophoto.other_window(other, rng, ranges))
    return pair


@dataclass(frozen=True, slots=True)
class Batch:
    """B pairs as tensors. Images B x 3 x H x W uint8; the rest as in `Record`."""

    query: Tensor
    click: Tensor
    reference: Tensor
    box: Tensor
    present: Tensor
    sized: Tensor
    matches: Tensor


def collate(pairs: list[Record]) -> Batch:
    """Stack pairs; images stay uint8 until they are on the device."""

    def images(name: str) -> Tensor:
        return torch.from_numpy(np.stack([getattr(p, name) for p in pairs])).permute(0, 3, 1, 2)

    def stack(name: str) -> Tensor:
        return torch.from_numpy(np.stack([getattr(p, name) for p in pairs]))

    return Batch(
        query=images("query"),
        click=stack("click"),
        reference=images("reference"),
        box=stack("box"),
        present=stack("present"),
        sized=stack("sized"),
        matches=stack("matches"),
    )


class PairStream(IterableDataset[Batch]):
    """Endless batches; each worker draws with its own seed."""

    def __init__(self, sources: Sources, batch: int, seed: int, ranges: Ranges) -> None:
        self.sources = sources
        self.batch = batch
        self.seed = seed
        self.ranges = ranges

    def __iter__(self) -> Iterator[Batch]:
        info = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, info.id if info else 0])
        cv2.setNumThreads(1)
        while True:
            yield collate([draw(self.sources, rng, self.ranges) for _ in range(self.batch)])


def loader(stream: PairStream, workers: int) -> DataLoader[Batch]:
    """Batches as `stream` makes them, in `workers` processes."""
    if not workers:
        return DataLoader(stream, batch_size=None)
    # A forked worker hangs where OpenCV or torch already run threads.
    return DataLoader(stream, batch_size=None, num_workers=workers, prefetch_factor=4, multiprocessing_context="spawn")
