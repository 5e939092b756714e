"""Planned batches, and who paints them: plans are made where there are cores, and painted where the training is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from geoloc.model.network.config import FILL
from geoloc.model.network.features import STRIDE
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.ground import Textures
from geoloc.train.samples.appearance import restyle
from geoloc.train.samples.batch import Batch
from geoloc.train.samples.perspective import pixel_centres
from geoloc.train.samples.photo_views import PhotoPicture, paint_photos
from geoloc.train.samples.sample import Picture, on_device
from geoloc.train.samples.simulated_views import ViewPicture, paint_views

AT_ONCE = {"cpu": 1, "cuda": 128}
"""Pictures that are painted at once: few stay in a core's caches, and many keep an accelerator busy."""


class WindowPicture(NamedTuple):
    """How a window is painted; with a first axis more, how B are.

    Attributes:
        ground: the number of its ground.
        turn: 2 x 2, pixels of the window to pixels of the ground, but for where they begin.
        at: 2, the pixel of the window that shows `centre`.
        centre: 2, pixels of the ground.
        scale: pixels of the ground a pixel of the window.
    """

    ground: np.ndarray
    turn: np.ndarray
    at: np.ndarray
    centre: np.ndarray
    scale: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class WindowLabels:
    """What is true of B examples, as arrays; each as in `Batch`."""

    click: np.ndarray
    box: np.ndarray
    present: np.ndarray
    sized: np.ndarray
    gsd_m: np.ndarray
    matches: np.ndarray
    view: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class BatchPlan:
    """B examples as whoever paints them has to know them: some hundred kilobytes an example at most, no images.

    Attributes:
        photos: of the first queries, those of photographs; None where there are none.
        views: of the others, the simulated ones; None where there are none.
        windows: of all references.
        labels: what is true of the examples.
        shape: rows and columns of the queries.
        side: of the windows, pixels.
        around: as in `Batch`.
        sources: what was drawn from: None is the collection that it began with, a path what was added from there.
        grounds: N x 2, the source of each ground, a place in `sources`, and its number there.
        images: the same of each photograph.
        seed: of how pictures are restyled.
    """

    photos: PhotoPicture | None
    views: ViewPicture | None
    windows: WindowPicture
    labels: WindowLabels
    shape: tuple[int, int]
    side: int
    around: int
    sources: tuple[Path | None, ...]
    grounds: np.ndarray
    images: np.ndarray
    seed: int


class Painter:
    """Paints planned batches on a device, where it keeps all pictures."""

    def __init__(
        self,
        collection: Collection,
        device: torch.device | str,
        load: Callable[[Path], Collection] | None = None,
    ) -> None:
        """Put a collection's pictures on a device.

        Args:
            collection: what planning began with.
            device: where batches are painted.
            load: returns what planners took from a path; None where they take nothing.
        """
        self.device = torch.device(device)
        self._generator = torch.Generator(self.device)
        self._textures = Textures(self.device)
        self._load = load
        # Of each source the numbers of its grounds and of its photographs among the textures.
        self._numbers: dict[Path | None, tuple[np.ndarray, np.ndarray]] = {}
        self._take_in(None, collection)

    def _take_in(self, source: Path | None, collection: Collection) -> None:
        grounds = [self._textures.add(ground.pixels, ground.valid) for ground in collection.grounds]
        photos = [self._textures.add(photo.pixels) for photo in collection.photos]
        self._numbers[source] = np.array(grounds, np.int64), np.array(photos, np.int64)

    def paint(self, plan: BatchPlan) -> Batch:
        """Paint a batch.

        Raises:
            TrainingError: what planners took from a path cannot be loaded.
        """
        for source in plan.sources:
            if source not in self._numbers:
                if self._load is None or source is None:
                    raise ValueError(f"planned from {source}, which cannot be loaded")
                self._take_in(source, self._load(source))
        self._generator.manual_seed(plan.seed)
        query = restyle(self._queries(plan), self._generator)
        reference, has_data = self._windows(plan)
        reference = torch.where(has_data, restyle(reference, self._generator), FILL)
        labels = plan.labels

        def tensor(values: np.ndarray) -> Tensor:
            return on_device(values, self.device)

        return Batch(
            query=query,
            click=tensor(labels.click),
            reference=reference,
            box=tensor(labels.box),
            present=tensor(labels.present),
            sized=tensor(labels.sized),
            gsd_m=tensor(labels.gsd_m),
            matches=tensor(labels.matches),
            view=tensor(labels.view),
            around=plan.around,
        )

    def _of_ground(self, plan: BatchPlan, which: np.ndarray) -> Tensor:
        return self._found(plan, plan.grounds[which], 0)

    def _found(self, plan: BatchPlan, keys: np.ndarray, kind: int) -> Tensor:
        """Return the numbers of pictures among the textures; kind: 0 for grounds, 1 for photographs."""
        numbers = [self._numbers[plan.sources[source]][kind][number] for source, number in keys]
        return on_device(np.array(numbers, np.int64), self.device)

    def _queries(self, plan: BatchPlan) -> Tensor:
        parts = []
        if plan.photos is not None:
            numbers = self._found(plan, plan.images[plan.photos.photo], 1)
            for photos, some in zip(self._pieces(plan.photos), numbers.split(self._at_once), strict=True):
                parts.append(paint_photos(photos, self._textures, some, plan.shape))
        if plan.views is not None:
            numbers = self._of_ground(plan, plan.views.ground)
            for views, some in zip(self._pieces(plan.views), numbers.split(self._at_once), strict=True):
                parts.append(paint_views(views, self._textures, some, plan.shape[0]))
        return torch.cat(parts)

    def _windows(self, plan: BatchPlan) -> tuple[Tensor, Tensor]:
        """Paint windows, B x 3 x h x w, with what lies round them; tell where they hold data, B x 1 x h x w."""
        margin = STRIDE * plan.around
        pixels = pixel_centres(plan.side + 2 * margin, plan.side + 2 * margin, 1, self.device) - margin
        numbers = self._of_ground(plan, plan.windows.ground)
        images, data = [], []
        for windows, some in zip(self._pieces(plan.windows), numbers.split(self._at_once), strict=True):
            at, centre, turn = (on_device(v, self.device) for v in (windows.at, windows.centre, windows.turn))
            # Metres far from the corner of a large image need more than 32 bits; the difference to the centre does not.
            away = pixels - at[:, None, None]
            xy = torch.einsum("bij,bhwj->bhwi", turn, away) + centre[:, None, None]
            scale = on_device(windows.scale, self.device)[:, None, None]
            images.append(self._textures.sample(some, xy, scale))
            data.append(self._textures.has_data(some, xy)[:, None])
        return torch.cat(images), torch.cat(data)

    @property
    def _at_once(self) -> int:
        return AT_ONCE[self.device.type]

    def _pieces(self, pictures: Picture) -> list[Picture]:
        """Cut pictures into pieces that are painted at once."""
        make, step = type(pictures), self._at_once
        return [make(*(v[i : i + step] for v in pictures)) for i in range(0, len(pictures[0]), step)]
