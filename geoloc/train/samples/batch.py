"""Examples as tensors."""

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
    """B records. query, reference: B x 3 x H x W in [0, 255], uint8 or float, or what a frozen backbone made of them.
    present: B bool, whether there is a box; box is meaningless where there is none. around: cells of stride 16 that a
    reference, as long as it is an image, shows beyond its window on all sides; features, boxes and matches are of the
    window alone. The rest as in `Example`.
    """

    query: Tensor | Features
    click: Tensor
    reference: Tensor | Features
    box: Tensor
    present: Tensor
    sized: Tensor
    gsd_m: Tensor
    matches: Tensor
    around: int = 0

    def __len__(self) -> int:
        return len(self.click)

    @property
    def reference_px(self) -> tuple[int, int]:
        """(width, height) of the windows, encoded or not."""
        known = self.reference
        if isinstance(known, Tensor):
            height, width = (n - 2 * STRIDE * self.around for n in known.shape[-2:])
        else:
            height, width = (STRIDE * n for n in known.coarse.shape[-2:])
        return width, height

    def reference_features(self, net: CrossViewNet) -> Features:
        """What the backbone makes of the windows, with what lies round them seen, as a search sees it."""
        if isinstance(self.reference, Features):
            return self.reference
        wide = net.encode_reference(self.reference.float())
        rows, columns = wide.coarse.shape[-2:]
        return wide.cells(self.around, self.around, columns - self.around, rows - self.around)

    def to(self, device: torch.device | str) -> Batch:
        """The same on another device."""

        def moved(value: Tensor | Features | int) -> Any:
            if isinstance(value, Features):
                return Features(*(v.to(device) for v in value))
            return value.to(device) if isinstance(value, Tensor) else value

        return Batch(**{f.name: moved(getattr(self, f.name)) for f in fields(self)})

    def turned(self, quarters: int) -> Batch:
        """The same records with their references, square and not yet encoded, turned anticlockwise."""
        if isinstance(self.reference, Features):
            raise TypeError("these records are encoded already")
        side = float(self.reference_px[0])
        box, matches = self.box, self.matches
        for _ in range(quarters % 4):
            # (x, y) goes to (y, side - x); of a box the left edge becomes the lower one.
            box = torch.stack([box[:, 1], side - box[:, 2], box[:, 3], side - box[:, 0]], dim=1)
            matches = torch.stack([matches[..., 1], side - matches[..., 0]], dim=-1)
        return replace(self, reference=self.reference.rot90(quarters, (2, 3)), box=box, matches=matches)


def collate(records: Sequence[Example]) -> Batch:
    """Stack records of one shape; images stay uint8."""

    def images(arrays: list[np.ndarray]) -> Tensor:
        return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).contiguous()

    def stack(arrays: list[np.ndarray]) -> Tensor:
        return torch.from_numpy(np.stack(arrays).astype(np.float32))

    nowhere = np.zeros(4)
    return Batch(
        query=images([r.query for r in records]),
        click=stack([r.click for r in records]),
        reference=images([r.reference for r in records]),
        box=stack([nowhere if r.box is None else r.box for r in records]),
        present=torch.tensor([r.box is not None for r in records]),
        sized=torch.tensor([r.sized for r in records]),
        gsd_m=torch.tensor([r.gsd_m for r in records], dtype=torch.float32),
        matches=stack([r.matches for r in records]),
    )
