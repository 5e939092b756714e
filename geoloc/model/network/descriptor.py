"""Descriptors, short vectors of small squares of ground and of photograph, by which a search chooses windows early.

Only windows that they speak for are worth the network's whole attention. A query has one for each of its parts, a
window one for each square of a few metres. How well a window may hold what was clicked follows from late interaction
(as ColBERT, arXiv 2004.12832): every part of the query is compared with every square of the window and keeps its best,
and the parts nearest the click count most. So neither heading nor scale has to be known exactly, and squares are shared
by all windows that show them.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from geoloc.model.network.position import gaussian_cells

PARTS = 8
"""Parts of a query along its height."""
SQUARES = 6
"""Squares along half the side of a window: 6.4 m at 0.2 m a pixel."""
HIDDEN = 192
"""Channels between features and descriptors."""
CLICK_SIGMA = 0.35
"""How far from the click parts count: standard deviation over the query's height."""


class Describer(nn.Module):
    """The way from standardised features of one side to descriptors, each of its own cells alone."""

    def __init__(self, channels: int, size: int) -> None:
        """Draw the describer's weights.

        Args:
            channels: of the features.
            size: length of a descriptor.
        """
        super().__init__()
        self.hidden = nn.Conv2d(channels, HIDDEN, 1)
        self.out = nn.Conv2d(HIDDEN, size, 1)

    def forward(self, x: Tensor, rows: int, columns: int) -> Tensor:
        """Describe rows x columns parts of maps, B x channels x h x w: B x size x rows x columns, unit vectors."""
        pooled = F.adaptive_avg_pool2d(F.gelu(self.hidden(x)), (rows, columns))
        return F.normalize(self.out(pooled), dim=1)


def part_weights(click: Tensor, rows: int, columns: int) -> Tensor:
    """Return how much each part of a query counts, B x rows * columns, summing to 1.

    Args:
        click: B x 2, (x, y) in parts.
        rows: of parts.
        columns: of parts.
    """
    weight, _ = gaussian_cells(click, rows, columns, CLICK_SIGMA * rows, 1)
    return weight / weight.sum(1, keepdim=True)
