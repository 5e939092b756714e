"""What is drawn of photographs for the sight head, and how it is kept and joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Self

import torch

from geoloc.model.network.features import Features
from geoloc.model.sight.cells import Views


@dataclass(frozen=True, slots=True, eq=False)
class DrawnSights:
    """N directions of one photograph or of many; fields that others add are tensors.

    Attributes:
        views: features of the views of each, N, in 16 bits.
        strips: features of the strips of each, as many of every one, in 16 bits.
        height_m: N, of the camera over the ground.
        below_deg: N, how far below level the middles of the views are.
        town: N, the seed of the town.
    """

    views: Views = field(repr=False)
    strips: Features = field(repr=False)
    height_m: torch.Tensor
    below_deg: torch.Tensor
    town: torch.Tensor

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.height_m)

    @property
    def tensors(self) -> list[torch.Tensor]:
        """All that it holds, to be kept."""
        numbers = [getattr(self, told.name) for told in fields(self)[2:]]
        return [*self.views.narrow, *self.views.wide, *self.strips, *numbers]

    @classmethod
    def of(cls, tensors: Sequence[torch.Tensor]) -> Self:
        """Make it of what was kept."""
        narrow, wide, strips = (Features(*tensors[2 * n : 2 * n + 2]) for n in range(3))
        return cls(Views(narrow, wide), strips, *tensors[6:])

    @classmethod
    def joined(cls, photos: Sequence[Self]) -> Self:
        """Return what was drawn of many photographs in one."""
        return cls.of([torch.cat(side) for side in zip(*(photo.tensors for photo in photos), strict=True)])
