"""The backbone's features of one side, query or reference, and how they are cut and joined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray
from torch import Tensor

from geoloc.model.network.efficientnet_lite import REACH_PX

STRIDE = 16
"""Pixels along a cell of coarse features; fine ones have half of it."""
MARGIN = -(-REACH_PX // STRIDE)
"""Cells, eleven: features farther than this from the border of an image do not know that there is one."""


class Features(NamedTuple):
    """One side's backbone features.

    Attributes:
        coarse: B x C x H / 16 x W / 16.
        fine: B x C' x H / 8 x W / 8.
    """

    coarse: Tensor
    fine: Tensor

    @classmethod
    def from_arrays(cls, coarse: NDArray[Any], fine: NDArray[Any]) -> Features:
        """Wrap the arrays of one image, C x H / 16 x W / 16 and C' x H / 8 x W / 8, on the CPU; views."""
        return cls(torch.from_numpy(coarse)[None], torch.from_numpy(fine)[None])

    def float(self) -> Features:
        """Return the features in 32 bits, whatever they were kept in."""
        return Features(self.coarse.float(), self.fine.float())

    def cells(self, left: int, top: int, right: int, bottom: int) -> Features:
        """Cut the features of a half-open box of cells out of these; views.

        Args:
            left: first column, cells of stride 16.
            top: first row.
            right: one past the last column.
            bottom: one past the last row.
        """
        fine = self.fine[..., 2 * top : 2 * bottom, 2 * left : 2 * right]
        return Features(self.coarse[..., top:bottom, left:right], fine)

    @classmethod
    def together(cls, parts: Sequence[Features]) -> Features:
        """Put the images of several parts behind each other."""
        return cls(*(torch.cat(side) for side in zip(*parts, strict=True)))

    @classmethod
    def joined(cls, rows: Sequence[Sequence[Features]]) -> Features:
        """Put parts together to one image: rows from the top, each from the left."""
        wide = [cls(*(torch.cat(side, -1) for side in zip(*row, strict=True))) for row in rows]
        return cls(*(torch.cat(side, -2) for side in zip(*wide, strict=True)))

    def repeated(self, rows: int, columns: int) -> Features:
        """Repeat the features of a single cell in rows x columns cells; views."""
        fine = self.fine[..., :1, :1].expand(-1, -1, 2 * rows, 2 * columns)
        return Features(self.coarse.expand(-1, -1, rows, columns), fine)
