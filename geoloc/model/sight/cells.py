"""What the networks of sights are shown: features of the two views of a direction, and of the strip before a camera."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from geoloc.model.network.features import Features
from geoloc.photo.sight import STRIP_LONG_M, STRIP_WIDE_M

CELL_M = 2.0
"""Side of a cell of the strip that is told apart: one of fine features."""
ROWS, COLUMNS = int(STRIP_LONG_M / CELL_M), int(STRIP_WIDE_M / CELL_M)
CUT = ((4, 12), (3, 13))
"""Columns of the coarse features of either view that are looked at, twice as many of the fine ones."""
COARSE, FINE = 112, 40
"""Channels of the backbone's features."""
DROPPED = 0.1
"""Share of channels that training drops."""


class Views(NamedTuple):
    """Features of the two views of each of B directions, cut to what is looked at."""

    narrow: Features
    wide: Features

    @classmethod
    def cut(cls, both: Features) -> Views:
        """Cut them out of features of whole views, 2 x C x h x w: the narrow one, then the wide one."""
        parts = (
            Features(both.coarse[n : n + 1, ..., low:high], both.fine[n : n + 1, ..., 2 * low : 2 * high])
            for n, (low, high) in enumerate(CUT)
        )
        return cls(*parts)


def mixing(channels: int) -> nn.Sequential:
    """Return layers that mix a map, B x `channels` x h x w, with what lies beside each of its cells."""
    return nn.Sequential(
        nn.BatchNorm2d(channels),
        nn.GELU(),
        nn.Conv2d(channels, channels, 3, padding=1),
        nn.BatchNorm2d(channels),
        nn.GELU(),
        nn.Dropout(DROPPED),
        nn.Conv2d(channels, channels, 3, padding=1),
    )


def cell_middles(device: torch.device | None = None) -> tuple[Tensor, Tensor]:
    """Return how far along and across a strip the middles of its cells are, metres, each `ROWS` * `COLUMNS`."""
    along = STRIP_LONG_M - (torch.arange(ROWS, device=device) + 0.5) * CELL_M
    across = (torch.arange(COLUMNS, device=device) + 0.5) * CELL_M - STRIP_WIDE_M / 2
    rows, columns = torch.meshgrid(along, across, indexing="ij")
    return rows.flatten(), columns.flatten()
