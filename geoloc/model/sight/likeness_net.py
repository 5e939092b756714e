"""The network that compares what a camera at eye level sees with the ground before a pose that it may have.

A few of the cells of a strip, those that tell most, tell whether the strip is what is seen.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from geoloc.model.network.features import Features
from geoloc.model.sight.cells import ROWS, Views
from geoloc.model.sight.seen_cells import TELLING, TOLD, Looked, SeenCells, SeenCellsNet

NEAREST_ROWS = 3 * ROWS // 4
"""Of the strip: what is farther off is a pixel or two high."""


class LikenessNet(nn.Module):
    """From features of views and strips to the log odds that the strips are what the views show."""

    def __init__(self) -> None:
        """Draw the network's weights."""
        super().__init__()
        self.seen = SeenCellsNet(NEAREST_ROWS)
        self.telling, self.told = nn.Conv2d(TOLD, TELLING, 1), nn.Conv2d(TOLD, TELLING, 1)
        self.scale, self.offset = nn.Parameter(torch.ones(TELLING)), nn.Parameter(torch.zeros(1))

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return self.offset.device

    def forward(self, views: Views, strip: Features, height_m: Tensor, below_deg: Tensor) -> Tensor:
        """Return log odds, B, where every other strip is the one that is seen.

        Args:
            views: of B directions.
            strip: features of the strips that way, B.
            height_m: B, of the camera over the ground.
            below_deg: B, how far below level the middles of the views are.
        """
        return self._told(self.seen(views, strip, height_m, below_deg))

    def log_odds(self, ground: Tensor, looked: Looked) -> Tensor:
        """Return the same of strips whose ground and looks are known, B; see `SeenCellsNet.cells`."""
        return self._told(self.seen.cells(ground, looked))

    def _told(self, cells: SeenCells) -> Tensor:
        weights = cells.weights(self.telling)
        return ((weights * self.told(cells.told).flatten(2)).sum(2) * self.scale).sum(1) + self.offset
