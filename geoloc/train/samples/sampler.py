"""Batches from a collection: simulated views and photographs, each with a window that shows the object or does not."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from geoloc.errors import TrainingError
from geoloc.model.network.config import FILL
from geoloc.model.network.features import STRIDE
from geoloc.plane import homography
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.ground import Ground, Texture
from geoloc.train.samples.appearance import restyle
from geoloc.train.samples.batch import Batch
from geoloc.train.samples.perspective import pixel_centres
from geoloc.train.samples.photo_views import sample_photo
from geoloc.train.samples.sample import Sample, log_uniform
from geoloc.train.samples.simulated_views import ViewRanges, simulate_samples

SHARE_ABSENT = 1 / 3
SHARE_SAME_GROUND = 0.6
"""Of the windows without the object, those of another place on the same ground: the hardest to tell apart."""
LEAST_FOOTPRINT_PX = 75
"""Reference pixels that a query covers at the least."""
KEPT = 8
"""Batches that wait to be shown again."""
NEWCOMERS = 0.5
"""Share of queries of what was added on the way, at most: however many towns are built, real ground stays half."""
ASK_S = 15.0
"""Seconds after which it is looked for more to draw from."""
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


class Sampler:
    """Draws batches of a collection on a device."""

    def __init__(
        self, collection: Collection, settings: SamplerSettings, device: torch.device | str, seed: int
    ) -> None:
        """Put the collection's pictures on the device.

        Args:
            collection: what is drawn from.
            settings: what examples vary over.
            device: where pictures are kept and batches made.
            seed: of all draws.

        Raises:
            TrainingError: the collection has no ground.
        """
        if not collection.grounds:
            raise TrainingError("nothing to train on: no orthophoto and no posed site was given")
        self.collection = collection
        self.settings = settings
        self.device = torch.device(device)
        self.rng = np.random.default_rng(seed)
        self.generator = torch.Generator(self.device).manual_seed(seed)
        self._begun_with = len(collection.grounds)
        self._ground_textures: list[Texture] = []
        self._photo_textures: list[Texture] = []
        self._take_in()

    def add(self, more: Collection) -> None:
        """Draw from another collection too."""
        known, first = self.collection, len(self.collection.grounds)
        photos = tuple(replace(photo, ground=photo.ground + first) for photo in more.photos)
        self.collection = Collection(known.grounds + more.grounds, known.photos + photos, known.weights + more.weights)
        self._take_in()

    def _take_in(self) -> None:
        """Put on the device what is not yet there, and count anew what can be drawn."""
        collection = self.collection
        for ground in collection.grounds[len(self._ground_textures) :]:
            self._ground_textures.append(Texture(ground.pixels, self.device, ground.valid))
        for photo in collection.photos[len(self._photo_textures) :]:
            self._photo_textures.append(Texture(photo.pixels, self.device))
        photos = collection.photos
        self._panoramas = [i for i, photo in enumerate(photos) if photo.panorama]
        self._squares = [i for i, photo in enumerate(photos) if not photo.panorama or photo.stand is not None]
        new = np.arange(len(collection.grounds)) >= self._begun_with
        self._weights = _held_down(np.array(collection.weights), new)

    def batch(self, count: int) -> Batch:
        """Draw `count` examples of one shape."""
        rng, settings = self.rng, self.settings
        samples: list[Sample] = []
        if self._panoramas and rng.random() < settings.panorama_share:
            samples = self._photo_samples(self._panoramas, count, strip=True)
        else:
            if self._squares:
                wanted = int(rng.binomial(count, settings.photo_share))
                samples = self._photo_samples(self._squares, wanted, strip=False)
            while len(samples) < count:
                picks = rng.choice(len(self._weights), count - len(samples), p=self._weights)
                samples += simulate_samples(
                    self.collection.grounds,
                    self._ground_textures,
                    picks.tolist(),
                    settings.simulated,
                    rng,
                    side=settings.query_px,
                    device=self.device,
                )
        return self._with_windows(samples)

    def _photo_samples(self, numbers: list[int], count: int, *, strip: bool) -> list[Sample]:
        """Draw queries of the photographs of these numbers; `strip` as in `sample_photo`."""
        samples: list[Sample] = []
        new = np.array([self.collection.photos[number].ground >= self._begun_with for number in numbers])
        shares = _held_down(np.ones(len(numbers)), new)
        while len(samples) < count:
            number = numbers[self.rng.choice(len(numbers), p=shares)]
            photo = self.collection.photos[number]
            ground = self.collection.grounds[photo.ground]
            texture, side = self._photo_textures[number], self.settings.query_px
            sample = sample_photo(photo, ground, texture, self.rng, side=side, device=self.device, strip=strip)
            if sample is not None:
                samples.append(sample)
        return samples

    def _with_windows(self, samples: list[Sample]) -> Batch:
        rng, device = self.rng, self.device
        side = self.settings.window_px + 32 * int(rng.integers(-1, 2))
        windows = [self._window(sample, side) for sample in samples]
        query = restyle(torch.stack([sample.image for sample in samples]), self.generator)
        reference = restyle(torch.stack([w.image for w in windows]), self.generator)
        has_data = torch.stack([w.has_data for w in windows])[:, None]

        def tensor(values: list[np.ndarray]) -> Tensor:
            return torch.from_numpy(np.stack(values).astype(np.float32)).to(device)

        return Batch(
            query=query,
            click=tensor([sample.click for sample in samples]),
            reference=torch.where(has_data, reference, FILL),
            box=tensor([w.box for w in windows]),
            present=torch.tensor([w.present for w in windows], device=device),
            sized=torch.tensor([s.sized and w.present for s, w in zip(samples, windows, strict=True)], device=device),
            gsd_m=torch.tensor([w.gsd_m for w in windows], dtype=torch.float32, device=device),
            matches=tensor([w.matches for w in windows]),
            view=tensor([sample.view for sample in samples]),
            around=self.settings.around,
        )

    def _window(self, sample: Sample, side: int) -> _Window:
        """Draw a window for a query: round its object, or where that is not."""
        rng = self.rng
        ground = self.collection.grounds[sample.ground]
        centre = (sample.box[:2] + sample.box[2:]) / 2
        number, gsd = sample.ground, self._gsd(ground, sample)
        at = rng.uniform(0.06, 0.94, 2) * side
        if rng.random() < self.settings.absent_share:
            others = rng.random() > SHARE_SAME_GROUND and len(self.collection.grounds) > 1
            if others:
                number = int(rng.choice(len(self._weights), p=self._weights))
            elsewhere = self.collection.grounds[number]
            gsd = self._gsd(elsewhere, None)
            centre, at = rng.uniform(0.1, 0.9, 2) * elsewhere.size, np.array([side / 2, side / 2])
        return self._cut(sample, number, gsd, centre=centre, at=at, side=side)

    def _gsd(self, ground: Ground, sample: Sample | None) -> float:
        low, high = self.settings.gsd_m
        # A window is not to be mostly empty.
        high = min(high, MOST_EMPTY * ground.size_m / self.settings.window_px)
        low = min(max(low, 0.55 * ground.gsd_m), high)
        if sample is not None:
            high = min(high, max(low, _across_m(sample, ground) / LEAST_FOOTPRINT_PX))
        return log_uniform(rng=self.rng, low=low, high=high)

    def _cut(
        self, sample: Sample, number: int, gsd: float, *, centre: np.ndarray, at: np.ndarray, side: int
    ) -> _Window:
        """Cut the window of ground `number` that shows its pixel `centre` `at`, and find what of the query is in it."""
        ground = self.collection.grounds[number]
        scale = gsd / ground.gsd_m
        to_ground = homography.similarity(scale, sample.turn_deg, tuple(centre), tuple(at))
        margin = STRIDE * self.settings.around
        pixels = pixel_centres(side + 2 * margin, side + 2 * margin, 1, self.device) - margin
        matrix = torch.tensor(to_ground, dtype=torch.float32, device=self.device)
        # Metres far from the corner of a large image need more than 32 bits; the difference to the centre does not.
        xy = (pixels - pixels.new_tensor(at)) @ matrix[:2, :2].T + pixels.new_tensor(centre)
        texture = self._ground_textures[number]
        image = texture.sample(xy, xy.new_full(xy.shape[:2], scale))
        has_data = texture.has_data(xy)
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
        return _Window(image, has_data, gsd, box, matches, present)


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """One reference, 3 x h x w with what lies round it, and what is true of it in the pixels of its window."""

    image: Tensor
    has_data: Tensor
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


def _across_m(sample: Sample, ground: Ground) -> float:
    """Return about how many metres the query shows across: the span of what its cells see."""
    known = sample.cells[np.isfinite(sample.cells).all(-1)]
    if len(known) < 2:
        return 0.0
    return float(np.sqrt(np.prod(np.ptp(known, axis=0))) * ground.gsd_m)


class SampleStream(IterableDataset[Batch]):
    """Endless batches drawn on `device`, each worker with its own draws.

    Every other batch is one of the last `KEPT`, turned: drawing a batch takes half as long as learning from
    it on the same cores, and a core draws a hundred examples a second on an accelerator that learns from a thousand.
    What workers draw on an accelerator goes through this machine's memory, in 8 bits: each of them feeds it by itself.
    """

    def __init__(
        self,
        collection: Collection | Callable[[], Collection],
        settings: SamplerSettings,
        batch: int,
        seed: int,
        device: str = "cpu",
        *,
        newcomers: Callable[[int, int], Iterator[Collection]] | None = None,
    ) -> None:
        """Draw from a collection, `batch` examples at a time.

        Args:
            collection: what is drawn from, or what returns it: then each worker makes its own, and nothing large is
                handed to them.
            settings: what examples vary over.
            batch: examples a batch.
            seed: of all draws; each worker makes its own of it.
            device: where pictures are kept and batches made.
            newcomers: given the number of a worker and how many there are, yields what has come since it was last asked
                that this worker is to draw from as well; pickled where there are workers.
        """
        self.collection, self.settings, self.batch, self.seed, self.device = collection, settings, batch, seed, device
        self.newcomers = newcomers

    def __iter__(self) -> Iterator[Batch]:
        """Yield batches for ever."""
        info = torch.utils.data.get_worker_info()
        number, count = (info.id, info.num_workers) if info else (0, 1)
        if info and self.device != "cpu":
            # What is left to this process is little; more threads would only wait for each other.
            torch.set_num_threads(1)
        collection = self.collection() if callable(self.collection) else self.collection
        sampler = Sampler(collection, self.settings, self.device, self.seed * 1000 + number)
        kept: deque[Batch] = deque(maxlen=KEPT)
        asked = time.monotonic()
        while True:
            if self.newcomers is not None and time.monotonic() - asked > ASK_S:
                for more in self.newcomers(number, count):
                    sampler.add(more)
                asked = time.monotonic()
            batch = sampler.batch(self.batch)
            if info and sampler.device.type != "cpu":
                batch = batch.in_bytes().to("cpu")
            kept.append(batch)
            yield batch
            again, quarters = kept[sampler.rng.integers(len(kept))], int(sampler.rng.integers(1, 4))
            square = isinstance(again.query, Tensor) and again.query.shape[-1] == again.query.shape[-2]
            # Nothing tells which way a panorama as taken looks, so its windows may be turned by themselves.
            yield again.turned_whole(quarters) if square else again.turned(quarters)


def loader(stream: IterableDataset[Batch], workers: int) -> DataLoader[Batch]:
    """Load batches as `stream` makes them, in `workers` processes."""
    if not workers:
        return DataLoader(stream, batch_size=None)
    # A forked worker hangs where OpenCV or torch already run threads.
    return DataLoader(stream, batch_size=None, num_workers=workers, prefetch_factor=4, multiprocessing_context="spawn")
