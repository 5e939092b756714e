"""Batches: examples as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.network.features import STRIDE, Features
from geoloc.train.samples.example import Example


@dataclass(frozen=True, slots=True)
class Batch:
    """B examples as tensors.

    Attributes:
        query: B x 3 x H x W in [0, 255], uint8 or float, or what a frozen backbone made of them.
        click: B x 2, (x, y) in query pixels.
        reference: as `query`, the windows.
        box: B x 4 pixels of the windows; meaningless where there is none.
        present: B bool, whether there is a box.
        sized: B bool, whether the size of the box is that of a real object.
        gsd_m: B, metres on the ground a reference pixel.
        matches: B x h x w x 2, as in `Example`.
        view: B x 3, how the queries are seen, see `geoloc.plane.lean`.
        around: cells of stride 16 that a reference, as long as it is an image, shows beyond its window on all sides;
            features, boxes and matches are of the window alone.
    """

    query: Tensor | Features
    click: Tensor
    reference: Tensor | Features
    box: Tensor
    present: Tensor
    sized: Tensor
    gsd_m: Tensor
    matches: Tensor
    view: Tensor
    around: int = 0

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.click)

    @property
    def reference_px(self) -> tuple[int, int]:
        """Width and height of the windows, encoded or not."""
        known = self.reference
        if isinstance(known, Tensor):
            height, width = (n - 2 * STRIDE * self.around for n in known.shape[-2:])
        else:
            height, width = (STRIDE * n for n in known.coarse.shape[-2:])
        return width, height

    def reference_features(self, net: CrossViewNet) -> Features:
        """Encode the windows, what lies round them seen, as a search sees it."""
        if isinstance(self.reference, Features):
            return self.reference
        wide = net.encode_reference(self.reference.float())
        rows, columns = wide.coarse.shape[-2:]
        return wide.cells(self.around, self.around, columns - self.around, rows - self.around)

    def to(self, device: torch.device | str) -> Batch:
        """Return the batch on another device."""

        def moved(value: Tensor | Features | int) -> Any:
            if isinstance(value, Features):
                return Features(*(v.to(device) for v in value))
            return value.to(device) if isinstance(value, Tensor) else value

        return Batch(**{f.name: moved(getattr(self, f.name)) for f in fields(self)})

    def in_bytes(self) -> Batch:
        """Return the batch with its images, not yet encoded, in 8 bits."""
        query, reference = self.query, self.reference
        if isinstance(query, Features) or isinstance(reference, Features):
            raise TypeError("these examples are encoded already")
        return replace(self, query=query.round().to(torch.uint8), reference=reference.round().to(torch.uint8))

    def turned(self, quarters: int) -> Batch:
        """Turn the references, square and not yet encoded, anticlockwise by so many quarters; returns another batch."""
        if isinstance(self.reference, Features):
            raise TypeError("these examples are encoded already")
        side = float(self.reference_px[0])
        box, matches = self.box, self.matches
        for _ in range(quarters % 4):
            # (x, y) goes to (y, side - x); of a box the left edge becomes the lower one.
            box = torch.stack([box[:, 1], side - box[:, 2], box[:, 3], side - box[:, 0]], dim=1)
            matches = torch.stack([matches[..., 1], side - matches[..., 0]], dim=-1)
        return replace(self, reference=self.reference.rot90(quarters, (2, 3)), box=box, matches=matches)

    def turned_whole(self, quarters: int) -> Batch:
        """Turn queries and references, square and not yet encoded, as `turned` does references: north stays as told."""
        turned, query = self.turned(quarters), self.query
        if isinstance(query, Features):
            raise TypeError("these examples are encoded already")
        side, click, view = float(query.shape[-1]), self.click, self.view
        for _ in range(quarters % 4):
            click = torch.stack([click[:, 1], side - click[:, 0]], dim=1)
            view = torch.stack([view[:, 1], -view[:, 0], view[:, 2]], dim=1)
        matches = turned.matches.rot90(quarters, (1, 2))
        return replace(turned, query=query.rot90(quarters, (2, 3)), click=click, view=view, matches=matches)


def collate(examples: Sequence[Example]) -> Batch:
    """Stack examples of one shape; images stay uint8."""

    def images(arrays: list[np.ndarray]) -> Tensor:
        return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).contiguous()

    def stack(arrays: list[np.ndarray]) -> Tensor:
        return torch.from_numpy(np.stack(arrays).astype(np.float32))

    nowhere = np.zeros(4)
    return Batch(
        query=images([e.query for e in examples]),
        click=stack([e.click for e in examples]),
        reference=images([e.reference for e in examples]),
        box=stack([nowhere if e.box is None else e.box for e in examples]),
        present=torch.tensor([e.box is not None for e in examples]),
        sized=torch.tensor([e.sized for e in examples]),
        gsd_m=torch.tensor([e.gsd_m for e in examples], dtype=torch.float32),
        matches=stack([e.matches for e in examples]),
        view=torch.zeros(len(examples), 3),
    )
