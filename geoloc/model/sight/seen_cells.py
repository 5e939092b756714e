"""What the ground before a camera looks like from above, and what the camera sees where each part of it would be.

Ground is about level, so that each cell of a strip of the mosaic is seen, if at all, in one direction from the camera,
and what stands there above it. The photo's features are taken from these places of its two views and compared with the
cell's own.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from geoloc.model.network.features import Features
from geoloc.model.sight.cells import COARSE, COLUMNS, CUT, DROPPED, FINE, Views, cell_middles, mixing
from geoloc.photo.click_view import SIDE_PX, VIEWS_DEG

HEIGHTS_M = (0.0, 1.5, 4.0)
"""Over the ground, at which a cell is looked for in the views: itself, a car or hedge, the wall of a house."""
TOLD = 64
"""Channels of a cell."""
TELLING = 4
"""Sums over cells, each of those that tell most of something."""
_DIM = 32
_PLACES = len(VIEWS_DEG) * len(HEIGHTS_M)
_KNOWN = 4
_CUT_OF = SIDE_PX // 32
"""Columns of the coarse features of half a view."""
_NEVER = -1e4


class Looked(NamedTuple):
    """What views show where the N cells of the nearest rows of a strip would be seen, whatever the strip shows.

    Attributes:
        found: B x N x places x channels, by which view and how high over the cell; all that are seen of one length.
        known: B x N x `TOLD`, what this alone adds to what is told of a cell.
        unseen: B x N, cells that neither view shows.
    """

    found: Tensor
    known: Tensor
    unseen: Tensor


class SeenCells(NamedTuple):
    """The nearest rows of cells of B strips.

    Attributes:
        told: B x `TOLD` x rows x `COLUMNS`.
        unseen: B x rows * `COLUMNS`, those that neither view shows; or 1 x as many, where it is the same of all strips.
    """

    told: Tensor
    unseen: Tensor

    def weights(self, telling: nn.Conv2d) -> Tensor:
        """Return how much each cell counts, B x channels of `telling` x rows * `COLUMNS`, together 1.

        What neither view shows tells nothing.

        Args:
            telling: layer that tells the weights' logarithms.
        """
        log_weights: Tensor = telling(self.told)
        return log_weights.flatten(2).masked_fill(self.unseen[:, None], _NEVER).softmax(2)


class SeenCellsNet(nn.Module):
    """From features of views and strips to what is told of each cell of the strips."""

    def __init__(self, rows: int) -> None:
        """Draw the network's weights.

        Args:
            rows: of the strips, so many, the nearest ones, are looked at.
        """
        super().__init__()
        self._rows = rows
        self.view, self.strip = _Joined(), _Joined()
        self.asked = nn.Linear(_DIM, _PLACES * _DIM)
        self.shown = nn.ModuleList(nn.Linear(_DIM, _DIM) for _ in range(_PLACES))
        self.cell = nn.Sequential(
            nn.Linear(_DIM + 2 * _PLACES * _DIM + _PLACES + _KNOWN, TOLD), nn.GELU(), nn.Dropout(DROPPED)
        )
        self.beside = nn.Sequential(
            nn.Conv2d(TOLD, TOLD, 3, padding=1, groups=4), nn.GELU(), nn.Conv2d(TOLD, TOLD, 1), nn.GELU()
        )

    def forward(self, views: Views, strip: Features, height_m: Tensor, below_deg: Tensor) -> SeenCells:
        """Tell of the cells.

        Args:
            views: of B directions.
            strip: features of the whole strips that way, B.
            height_m: B, of the camera over the ground.
            below_deg: B, how far below level the middles of the views are.
        """
        ground = self.ground(strip)[:, :, -self._rows :].flatten(2).transpose(1, 2)
        return self.cells(ground, self.looked(views, height_m, below_deg))

    def ground(self, features: Features) -> Tensor:
        """Return what is seen of the mosaic's cells, B x channels x h x w of the fine features."""
        ground: Tensor = self.strip(features)
        return ground

    def looked(self, views: Views, height_m: Tensor, below_deg: Tensor) -> Looked:
        """Return what the views of B directions show of a strip's cells; see `forward`."""
        along, across = (side[-self._rows * COLUMNS :] for side in cell_middles(height_m.device))
        shown, masks = list[Tensor](), list[Tensor]()
        for features, view in zip(views, zip(VIEWS_DEG, CUT, strict=True), strict=True):
            seen = self.view(features)
            for at_m in HEIGHTS_M:
                places, inside = _places(along, across, height_m - at_m, below_deg, view)
                there = F.grid_sample(seen, places[:, None], align_corners=False)[:, :, 0].transpose(1, 2)
                shown.append(self.shown[len(masks)](there) * inside[..., None])
                masks.append(inside)
        found, inside = torch.stack(shown, dim=2), torch.stack(masks, dim=2)
        known = torch.stack([torch.hypot(along, across).log() / 3 - 1, torch.atan2(across, along)], dim=1)
        known = torch.cat([known, along[:, None] / 50, across[:, None] / 16], dim=1).expand(len(height_m), -1, -1)
        _, of_found, _, of_known = self._cell_weights()
        told = found.flatten(2) @ of_found.T + torch.cat([inside, known], dim=2) @ of_known.T + self._cell_layer.bias
        return Looked(F.normalize(found, dim=3) * math.sqrt(_DIM), told, inside.amax(2) == 0)

    def cells(self, ground: Tensor, looked: Looked) -> SeenCells:
        """Tell of the cells of strips.

        Args:
            ground: B x N x channels, the nearest rows of what `ground` returns, row by row.
            looked: of B directions, or of one that all strips are looked at in.
        """
        asked = self.asked(ground).unflatten(2, (_PLACES, _DIM))
        alike = (F.normalize(asked, dim=3) * looked.found).flatten(2)
        of_ground, _, of_alike, _ = self._cell_weights()
        cells = ground @ of_ground.T + alike @ of_alike.T + looked.known
        cells = self.cell[1:](cells).transpose(1, 2).unflatten(2, (self._rows, COLUMNS))
        return SeenCells(cells + self.beside(cells), looked.unseen)

    @property
    def _cell_layer(self) -> nn.Linear:
        layer = self.cell[0]
        assert isinstance(layer, nn.Linear), "made so"
        return layer

    def _cell_weights(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the weights of a cell's layer: of the ground, of what was found, of how alike both are, and the rest.

        They are one layer, so that what was found need not go through it anew for every strip that is looked at.
        """
        ground, seen, rest = self._cell_layer.weight.split([_DIM, 2 * _PLACES * _DIM, _PLACES + _KNOWN], dim=1)
        found, alike = seen.unflatten(1, (_PLACES, 2, _DIM)).unbind(2)
        return ground, found.flatten(1), alike.flatten(1), rest


class _Joined(nn.Module):
    """Coarse and fine features joined, B x `_DIM` x h x w of the fine ones, and mixed with those beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.coarse, self.fine = nn.Conv2d(COARSE, _DIM, 1), nn.Conv2d(FINE, _DIM, 1)
        self.mix = mixing(_DIM)

    def forward(self, features: Features) -> Tensor:
        coarse = F.interpolate(self.coarse(features.coarse), scale_factor=2.0, mode="bilinear", align_corners=False)
        joined: Tensor = coarse + self.fine(features.fine)
        return joined + self.mix(joined)


def _places(
    along: Tensor, across: Tensor, lower_m: Tensor, below_deg: Tensor, view: tuple[float, tuple[int, int]]
) -> tuple[Tensor, Tensor]:
    """Return where a view has what lies so far along and across a strip.

    Args:
        along: N, metres.
        across: N, to the right.
        lower_m: B, how far below the camera.
        below_deg: B, of the view's middle below level.
        view: how wide the whole view is, degrees, and which columns of its coarse features are there.

    Returns:
        B x N x 2, (x, y) from -1 to 1 over what is there of the view, as `grid_sample` has them; and B x N, 1 where it
        is there, else 0.
    """
    (view_deg, cut), below = view, torch.deg2rad(below_deg)[:, None]
    # As `geoloc.photo.click_view.directions`, of an azimuth of 0.
    deep = along * below.cos() + lower_m[:, None] * below.sin()
    low = lower_m[:, None] * below.cos() - along * below.sin()
    wide = deep.clamp(min=1e-3) * math.tan(math.radians(view_deg) / 2)
    first, last = (column / _CUT_OF - 1 for column in cut)
    x = (across / wide - (first + last) / 2) * 2 / (last - first)
    y = low / wide
    inside = (deep > 0) & (x.abs() < 1) & (y.abs() < 1)
    return torch.stack([x, y], dim=2).clamp(-2, 2), inside.float()
