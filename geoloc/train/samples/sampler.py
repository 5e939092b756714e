"""Batches from a collection: made views and photographs, each with a window that shows the object or does not."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from geoloc.errors import TrainingError
from geoloc.model.network.features import STRIDE
from geoloc.plane import homography
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.ground import Ground, Texture
from geoloc.train.samples import photo_views as seen
from geoloc.train.samples import simulated_views as made
from geoloc.train.samples.appearance import FILL, restyle
from geoloc.train.samples.batch import Batch
from geoloc.train.samples.perspective import pixel_centres
from geoloc.train.samples.sample import Sample, log_uniform

SHARE_ABSENT = 1 / 3
SHARE_SAME_GROUND = 0.6
"""Of the windows without the object, those of another place on the same ground: the hardest to tell."""
LEAST_FOOTPRINT_PX = 75
"""Reference pixels that a query covers at the least."""
KEPT = 8
"""Batches that wait to be shown again."""
MOST_EMPTY = 1.4
"""Sides of windows over those of the ground they show, at the most."""


@dataclass(frozen=True, slots=True)
class SamplerSettings:
    """How batches are drawn.

    query_px, window_px: sides; windows vary by a twelfth about theirs. around: cells shown beyond a window on all
    sides: in a search, too, features of its border know what lies there. What is farther off than 64 px changes those
    of the outermost cells by an eighth of their deviation, and padding with zeros by nine tenths. gsd_m: of
    references. views: share of queries from photographs, panoramas: share of batches that are all panoramas, both 0
    where the collection has none.
    """

    query_px: int = 256
    window_px: int = 384
    around: int = 4
    gsd_m: tuple[float, float] = (0.05, 0.6)
    views: float = 0.4
    panoramas: float = 0.08
    absent: float = SHARE_ABSENT
    made: made.Ranges = field(default_factory=made.Ranges)


class Sampler:
    """Draws batches of a collection on a device."""

    def __init__(self, collection: Collection, recipe: SamplerSettings, device: torch.device | str, seed: int) -> None:
        if not collection.grounds:
            raise TrainingError("nothing to train on: no orthophoto and no posed site was given")
        self.collection = collection
        self.recipe = recipe
        self.device = torch.device(device)
        self.rng = np.random.default_rng(seed)
        self.generator = torch.Generator(self.device).manual_seed(seed)
        self._textures = [Texture(g.pixels, self.device, g.valid) for g in collection.grounds]
        self._photos = [Texture(v.pixels, self.device) for v in collection.views]
        self._flat = [i for i, v in enumerate(collection.views) if not v.panorama]
        self._panoramas = [i for i, v in enumerate(collection.views) if v.panorama]
        weights = np.array(collection.weights)
        self._weights = weights / weights.sum()

    def batch(self, count: int) -> Batch:
        """`count` records; of one shape."""
        rng, recipe = self.rng, self.recipe
        shots: list[Sample] = []
        if self._panoramas and rng.random() < recipe.panoramas:
            shots = self._seen(self._panoramas, count)
        else:
            if self._flat:
                shots = self._seen(self._flat, int(rng.binomial(count, recipe.views)))
            while len(shots) < count:
                picks = rng.choice(len(self._weights), count - len(shots), p=self._weights)
                shots += made.simulate_samples(
                    self.collection.grounds,
                    self._textures,
                    picks.tolist(),
                    recipe.made,
                    rng,
                    side=recipe.query_px,
                    device=self.device,
                )
        return self._with_windows(shots)

    def _seen(self, numbers: list[int], count: int) -> list[Sample]:
        shots: list[Sample] = []
        while len(shots) < count:
            number = numbers[self.rng.integers(len(numbers))]
            view = self.collection.views[number]
            ground = self.collection.grounds[view.ground]
            found = seen.sample_photo(
                view, ground, self._photos[number], self.rng, side=self.recipe.query_px, device=self.device
            )
            if found is not None:
                shots.append(found)
        return shots

    def _with_windows(self, shots: list[Sample]) -> Batch:
        rng, device = self.rng, self.device
        side = self.recipe.window_px + 32 * int(rng.integers(-1, 2))
        windows = [self._window(shot, side) for shot in shots]
        query = restyle(torch.stack([shot.image for shot in shots]), self.generator)
        reference = restyle(torch.stack([w.image for w in windows]), self.generator)
        holds = torch.stack([w.holds for w in windows])[:, None]

        def tensor(values: list[np.ndarray]) -> Tensor:
            return torch.from_numpy(np.stack(values).astype(np.float32)).to(device)

        return Batch(
            query=query,
            click=tensor([shot.click for shot in shots]),
            reference=torch.where(holds, reference, FILL),
            box=tensor([w.box for w in windows]),
            present=torch.tensor([w.present for w in windows], device=device),
            sized=torch.tensor([s.sized and w.present for s, w in zip(shots, windows, strict=True)], device=device),
            gsd_m=torch.tensor([w.gsd_m for w in windows], dtype=torch.float32, device=device),
            matches=tensor([w.matches for w in windows]),
            around=self.recipe.around,
        )

    def _window(self, shot: Sample, side: int) -> _Window:
        rng = self.rng
        ground = self.collection.grounds[shot.ground]
        centre = (shot.box[:2] + shot.box[2:]) / 2
        number, gsd = shot.ground, self._gsd(ground, shot)
        at = rng.uniform(0.06, 0.94, 2) * side
        if rng.random() < self.recipe.absent:
            others = rng.random() > SHARE_SAME_GROUND and len(self.collection.grounds) > 1
            if others:
                number = int(rng.choice(len(self._weights), p=self._weights))
            elsewhere = self.collection.grounds[number]
            gsd = self._gsd(elsewhere, None)
            centre, at = rng.uniform(0.1, 0.9, 2) * elsewhere.size, np.array([side / 2, side / 2])
        return self._cut(shot, number, gsd, centre=centre, at=at, side=side)

    def _gsd(self, ground: Ground, shot: Sample | None) -> float:
        low, high = self.recipe.gsd_m
        # A window is not to be mostly empty.
        high = min(high, MOST_EMPTY * ground.size_m / self.recipe.window_px)
        low = min(max(low, 0.55 * ground.gsd_m), high)
        if shot is not None:
            high = min(high, max(low, _across_m(shot, ground) / LEAST_FOOTPRINT_PX))
        return log_uniform(rng=self.rng, low=low, high=high)

    def _cut(self, shot: Sample, number: int, gsd: float, *, centre: np.ndarray, at: np.ndarray, side: int) -> _Window:
        """The window of ground `number` that shows its pixel `centre` `at`, and what of the shot is in it."""
        ground = self.collection.grounds[number]
        scale = gsd / ground.gsd_m
        to_ground = homography.similarity(scale, shot.turn_deg, tuple(centre), tuple(at))
        margin = STRIDE * self.recipe.around
        pixels = pixel_centres(side + 2 * margin, side + 2 * margin, 1, self.device) - margin
        matrix = torch.tensor(to_ground, dtype=torch.float32, device=self.device)
        # Metres far from the corner of a large image need more than 32 bits; the difference to the centre does not.
        xy = (pixels - pixels.new_tensor(at)) @ matrix[:2, :2].T + pixels.new_tensor(centre)
        image = self._textures[number].sample(xy, xy.new_full(xy.shape[:2], scale))
        holds = self._textures[number].holds(xy)
        box, matches, present = np.zeros(4), np.full_like(shot.cells, np.nan), False
        if number == shot.ground:
            to_window = np.linalg.inv(to_ground)
            corners = homography.map_points(to_window, shot.box[[[0, 1], [2, 1], [2, 3], [0, 3]]])
            box = np.concatenate([corners.min(0), corners.max(0)])
            middle = (box[:2] + box[2:]) / 2
            present = bool((middle >= 0).all() and (middle < side).all())
            matches = homography.map_points(to_window, shot.cells)
            inside = np.asarray((matches >= 0).all(-1) & (matches < side).all(-1))
            matches = np.where(inside[..., None], matches, np.nan)
        return _Window(image, holds, gsd, box, matches, present)


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """One reference, 3 x h x w with what lies round it, and what is true of it in the pixels of its window."""

    image: Tensor
    holds: Tensor
    gsd_m: float
    box: np.ndarray
    matches: np.ndarray
    present: bool


def _across_m(shot: Sample, ground: Ground) -> float:
    """Metres that the query shows across, about: the span of what its cells see."""
    known = shot.cells[np.isfinite(shot.cells).all(-1)]
    if len(known) < 2:
        return 0.0
    return float(np.sqrt(np.prod(np.ptp(known, axis=0))) * ground.gsd_m)


class SampleStream(IterableDataset[Batch]):
    """Endless batches made on `device`, each worker with its own draws.

    On a CPU every other batch is one of the last `KEPT`, its windows turned: making a batch takes half as long as
    learning from it, on the same cores.
    """

    def __init__(
        self, collection: Collection, recipe: SamplerSettings, batch: int, seed: int, device: str = "cpu"
    ) -> None:
        self.collection, self.recipe, self.batch, self.seed, self.device = collection, recipe, batch, seed, device

    def __iter__(self) -> Iterator[Batch]:
        info = torch.utils.data.get_worker_info()
        mixer = Sampler(self.collection, self.recipe, self.device, self.seed * 1000 + (info.id if info else 0))
        kept: deque[Batch] = deque(maxlen=KEPT)
        while True:
            kept.append(mixer.batch(self.batch))
            yield kept[-1]
            if mixer.device.type == "cpu":
                yield kept[mixer.rng.integers(len(kept))].turned(int(mixer.rng.integers(1, 4)))


def loader(stream: IterableDataset[Batch], workers: int) -> DataLoader[Batch]:
    """Batches as `stream` makes them, in `workers` processes."""
    if not workers:
        return DataLoader(stream, batch_size=None)
    # A forked worker hangs where OpenCV or torch already run threads.
    return DataLoader(stream, batch_size=None, num_workers=workers, prefetch_factor=4, multiprocessing_context="spawn")
