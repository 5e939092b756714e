"""Batches from a collection: simulated views and photographs, each with a window that shows the object or does not.

Each is planned first, on a core and without images, and then painted, all of it at once, where the training is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from geoloc.errors import TrainingError
from geoloc.plane import homography
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.ground import Ground
from geoloc.train.grounds.posed_photo import PosedPhoto
from geoloc.train.samples.batch import Batch
from geoloc.train.samples.painter import BatchPlan, Painter, WindowLabels, WindowPicture
from geoloc.train.samples.photo_views import PhotoPicture, sample_photo
from geoloc.train.samples.sample import Sample, log_uniform, stacked
from geoloc.train.samples.simulated_views import ViewPicture, ViewRanges, simulate_samples

SHARE_ABSENT = 1 / 3
SHARE_SAME_GROUND = 0.6
"""Of the windows without the object, those of another place on the same ground: the hardest to tell apart."""
LEAST_FOOTPRINT_PX = 75
"""Reference pixels that a query covers at the least."""
NEWCOMERS = 0.5
"""Share of queries of what was added on the way, at most: however many towns are built, real ground stays half."""
MOST_EMPTY = 1.4
"""Sides of windows over those of the ground they show, at the most."""


@dataclass(frozen=True, slots=True)
class SamplerSettings:
    """How batches are drawn.

    Attributes:
        query_px: side of a query.
        window_px: side of a window; they vary by a twelfth about it.
        around: cells shown beyond a window on all sides: in a search, too, features of its border know what lies there.
            What is farther off than 64 px changes those of the outermost cells by an eighth of their deviation, and
            padding with zeros by nine tenths.
        gsd_m: least and most of references.
        photo_share: of queries that are from photographs; 0 where the collection has none.
        panorama_share: of batches that are all panoramas as taken; 0 where the collection has none.
        absent_share: of windows that do not show the object.
        simulated: what simulated queries vary over.
    """

    query_px: int = 256
    window_px: int = 384
    around: int = 4
    gsd_m: tuple[float, float] = (0.05, 0.6)
    photo_share: float = 0.4
    panorama_share: float = 0.08
    absent_share: float = SHARE_ABSENT
    simulated: ViewRanges = field(default_factory=ViewRanges)


class Planner:
    """Plans batches of a collection: all that is drawn by chance, and no image."""

    def __init__(self, collection: Collection, settings: SamplerSettings, seed: int | Sequence[int]) -> None:
        """Begin to draw, the same plans for the same seed.

        Args:
            collection: what is drawn from.
            settings: what examples vary over.
            seed: of all draws.

        Raises:
            TrainingError: the collection has no ground.
        """
        if not collection.grounds:
            raise TrainingError("nothing to train on: no orthophoto and no posed site was given")
        self.settings = settings
        self.rng = np.random.default_rng(seed)
        self._begun_with = len(collection.grounds)
        self._collection = Collection((), (), ())
        self._sources: tuple[Path | None, ...] = ()
        self._keys: list[np.ndarray] = [np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64)]
        self.add(None, collection)

    def add(self, source: Path | None, more: Collection) -> None:
        """Draw from another collection too, which whoever paints finds at its source; the first one's is None."""
        known, first = self._collection, len(self._collection.grounds)
        photos = tuple(replace(_without_pixels(photo), ground=photo.ground + first) for photo in more.photos)
        self._collection = Collection(known.grounds + more.grounds, known.photos + photos, known.weights + more.weights)
        for kind, count in enumerate((len(more.grounds), len(more.photos))):
            keys = np.stack([np.full(count, len(self._sources)), np.arange(count)], axis=1)
            self._keys[kind] = np.concatenate([self._keys[kind], keys])
        self._sources += (source,)
        photos = self._collection.photos
        self._panoramas = [i for i, photo in enumerate(photos) if photo.panorama]
        self._squares = [i for i, photo in enumerate(photos) if not photo.panorama or photo.stand is not None]
        new = np.arange(len(self._collection.grounds)) >= self._begun_with
        self._weights = _held_down(np.array(self._collection.weights), new)

    def batch(self, count: int) -> BatchPlan:
        """Plan `count` examples of one shape."""
        rng, settings = self.rng, self.settings
        side = settings.query_px
        photos: list[Sample[PhotoPicture]] = []
        views: list[Sample[ViewPicture]] = []
        shape = side, side
        if self._panoramas and rng.random() < settings.panorama_share:
            photos, shape = self._photo_samples(self._panoramas, count, strip=True), (side, 2 * side)
        else:
            if self._squares:
                wanted = int(rng.binomial(count, settings.photo_share))
                photos = self._photo_samples(self._squares, wanted, strip=False)
            while len(photos) + len(views) < count:
                picks = rng.choice(len(self._weights), count - len(photos) - len(views), p=self._weights)
                views += simulate_samples(self._collection.grounds, picks.tolist(), settings.simulated, rng, side=side)
        samples: list[Sample[Any]] = [*photos, *views]
        side = settings.window_px + 32 * int(rng.integers(-1, 2))
        windows = [self._window(sample, side) for sample in samples]
        return BatchPlan(
            photos=stacked([sample.picture for sample in photos]) if photos else None,
            views=stacked([sample.picture for sample in views]) if views else None,
            windows=stacked([window.picture for window in windows]),
            labels=WindowLabels(
                click=np.stack([sample.click for sample in samples]),
                box=np.stack([window.box for window in windows]),
                present=np.array([window.present for window in windows]),
                sized=np.array([s.sized and w.present for s, w in zip(samples, windows, strict=True)]),
                gsd_m=np.array([window.gsd_m for window in windows]),
                matches=np.stack([window.matches for window in windows]),
                view=np.stack([sample.view for sample in samples]),
            ),
            shape=shape,
            side=side,
            around=settings.around,
            sources=self._sources,
            grounds=self._keys[0],
            images=self._keys[1],
            seed=int(rng.integers(2**31)),
        )

    def _photo_samples(self, numbers: list[int], count: int, *, strip: bool) -> list[Sample[PhotoPicture]]:
        """Draw queries of the photographs of these numbers; `strip` as in `sample_photo`."""
        samples: list[Sample[PhotoPicture]] = []
        new = np.array([self._collection.photos[number].ground >= self._begun_with for number in numbers])
        shares = _held_down(np.ones(len(numbers)), new)
        while len(samples) < count:
            number = numbers[self.rng.choice(len(numbers), p=shares)]
            photo = self._collection.photos[number]
            ground = self._collection.grounds[photo.ground]
            side = self.settings.query_px
            sample = sample_photo(photo, ground, self.rng, number=number, side=side, strip=strip)
            if sample is not None:
                samples.append(sample)
        return samples

    def _window(self, sample: Sample[Any], side: int) -> _Window:
        """Draw a window for a query: round its object, or where that is not."""
        rng = self.rng
        ground = self._collection.grounds[sample.ground]
        centre = (sample.box[:2] + sample.box[2:]) / 2
        number, gsd = sample.ground, self._gsd(ground, sample)
        at = rng.uniform(0.06, 0.94, 2) * side
        if rng.random() < self.settings.absent_share:
            others = rng.random() > SHARE_SAME_GROUND and len(self._collection.grounds) > 1
            if others:
                number = int(rng.choice(len(self._weights), p=self._weights))
            elsewhere = self._collection.grounds[number]
            gsd = self._gsd(elsewhere, None)
            centre, at = rng.uniform(0.1, 0.9, 2) * elsewhere.size, np.array([side / 2, side / 2])
        return self._cut(sample, number, gsd, centre=centre, at=at, side=side)

    def _gsd(self, ground: Ground, sample: Sample[Any] | None) -> float:
        low, high = self.settings.gsd_m
        # A window is not to be mostly empty.
        high = min(high, MOST_EMPTY * ground.size_m / self.settings.window_px)
        low = min(max(low, 0.55 * ground.gsd_m), high)
        if sample is not None:
            high = min(high, max(low, _across_m(sample, ground) / LEAST_FOOTPRINT_PX))
        return log_uniform(rng=self.rng, low=low, high=high)

    def _cut(
        self, sample: Sample[Any], number: int, gsd: float, *, centre: np.ndarray, at: np.ndarray, side: int
    ) -> _Window:
        """Place the window of ground `number` so that it shows the pixel `centre` `at`; find what it shows."""
        ground = self._collection.grounds[number]
        scale = gsd / ground.gsd_m
        to_ground = homography.similarity(scale, sample.turn_deg, tuple(centre), tuple(at))
        picture = WindowPicture(
            np.asarray(number), to_ground[:2, :2], np.asarray(at), np.asarray(centre, np.float64), np.asarray(scale)
        )
        box, matches, present = np.zeros(4), np.full_like(sample.cells, np.nan), False
        if number == sample.ground:
            to_window = np.linalg.inv(to_ground)
            corners = homography.map_points(to_window, sample.box[[[0, 1], [2, 1], [2, 3], [0, 3]]])
            box = np.concatenate([corners.min(0), corners.max(0)])
            middle = (box[:2] + box[2:]) / 2
            present = bool((middle >= 0).all() and (middle < side).all())
            matches = homography.map_points(to_window, sample.cells)
            inside = np.asarray((matches >= 0).all(-1) & (matches < side).all(-1))
            matches = np.where(inside[..., None], matches, np.nan)
        return _Window(picture, gsd, box, matches, present)


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """One reference, and what is true of it in the pixels of its window."""

    picture: WindowPicture
    gsd_m: float
    box: np.ndarray
    matches: np.ndarray
    present: bool


def _held_down(shares: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return shares, N, that sum to 1; what is new, N bool, has `NEWCOMERS` of it at most, where there is more."""
    begun = shares[~new].sum()
    if begun and new.any():
        shares = np.where(new, shares * min(1.0, NEWCOMERS / (1 - NEWCOMERS) * begun / shares[new].sum()), shares)
    return np.asarray(shares / shares.sum())


def _across_m(sample: Sample[Any], ground: Ground) -> float:
    """Return about how many metres the query shows across: the span of what its cells see."""
    known = sample.cells[np.isfinite(sample.cells).all(-1)]
    if len(known) < 2:
        return 0.0
    return float(np.sqrt(np.prod(np.ptp(known, axis=0))) * ground.gsd_m)


def _without_pixels(photo: PosedPhoto) -> PosedPhoto:
    """Return a photograph of the same size that takes no memory: its pixels are for whoever paints."""
    return replace(photo, pixels=np.broadcast_to(np.zeros((), np.uint8), photo.pixels.shape))


class Sampler:
    """Plans batches of a collection and paints them on a device."""

    def __init__(
        self, collection: Collection, settings: SamplerSettings, device: torch.device | str, seed: int
    ) -> None:
        """Put the collection's pictures on the device.

        Args:
            collection: what is drawn from.
            settings: what examples vary over.
            device: where pictures are kept and batches painted.
            seed: of all draws.

        Raises:
            TrainingError: the collection has no ground.
        """
        self._planner = Planner(collection, settings, seed)
        self._painter = Painter(collection, device)

    def batch(self, count: int) -> Batch:
        """Draw `count` examples of one shape."""
        return self._painter.paint(self._planner.batch(count))
