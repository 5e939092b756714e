"""The backbone's features of one side, query or reference, and how they are cut and joined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray
from torch import Tensor

from geoloc.model.network.efficientnet_lite import REACH_PX

STRIDE = 16
"""Pixels a cell of coarse features; fine ones have half of it."""
MARGIN = -(-REACH_PX // STRIDE)
"""Cells, eleven: features further than this from the border of an image do not know that there is one."""


class Features(NamedTuple):
    """One side's backbone features. coarse: B x C x H/16 x W/16; fine: B x C' x H/8 x W/8."""

    coarse: Tensor
    fine: Tensor

    @classmethod
    def from_arrays(cls, coarse: NDArray[Any], fine: NDArray[Any]) -> Features:
        """Of one image: C x H/16 x W/16 and C' x H/8 x W/8, on the CPU. Views."""
        return cls(torch.from_numpy(coarse)[None], torch.from_numpy(fine)[None])

    def float(self) -> Features:
        """In 32 bits, whatever it was kept in."""
        return Features(self.coarse.float(), self.fine.float())

    def cells(self, left: int, top: int, right: int, bottom: int) -> Features:
        """Those of a half-open box of cells of stride 16. A view."""
        fine = self.fine[..., 2 * top : 2 * bottom, 2 * left : 2 * right]
        return Features(self.coarse[..., top:bottom, left:right], fine)

    @classmethod
    def joined(cls, rows: Sequence[Sequence[Features]]) -> Features:
        """Parts put together to one image: rows from the top, each from the left."""
        wide = [cls(*(torch.cat(side, -1) for side in zip(*row, strict=True))) for row in rows]
        return cls(*(torch.cat(side, -2) for side in zip(*wide, strict=True)))

    def spread(self, rows: int, columns: int) -> Features:
        """Those of a single cell, the same in all of rows x columns cells. A view."""
        fine = self.fine[..., :1, :1].expand(-1, -1, 2 * rows, 2 * columns)
        return Features(self.coarse.expand(-1, -1, rows, columns), fine)
