"""The sight head: where along the line of sight a thing that was clicked stands on the mosaic, if it does at all.

It looks at the backbone's features of two upright views of the click, a narrow and a wide one, and of the strip of the
mosaic before the camera. Each part of either knows in which direction from the camera it lies: a cell of a view by its
column and row, a cell of the strip by how far off it is and how high the camera was. So that what the photo shows there
is what the strip's cells ask the views for, by cross-attention. Beside it each cell is told what the views show where
it would be seen on level ground (`geoloc.model.sight.seen_cells`), which attention learns far slower.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from geoloc.model.network.features import Features
from geoloc.model.sight.cells import COARSE, COLUMNS, CUT, DROPPED, FINE, ROWS, Views, mixing
from geoloc.model.sight.seen_cells import TELLING, TOLD, SeenCellsNet
from geoloc.photo.click_view import SIDE_PX, VIEWS_DEG
from geoloc.photo.sight import STRIP_LONG_M, STRIP_WIDE_M

_DIM, _THIN, _HEADS, _LAYERS = 64, 32, 4, 2
_CELLS = SIDE_PX // 16
_LEAST_DEG = 0.3
"""Below level: what is seen higher up is as far away as ground can be told."""
_WAVES = (5, 6, 6, 5)
"""Of azimuth, angle below level, distance, and angle below the click."""
_KNOWN = 6 + 2 * sum(_WAVES)


class SightNet(nn.Module):
    """From features of views and strips to the log odds of the strips' cells, and of "nowhere in it"."""

    def __init__(self) -> None:
        """Draw the network's weights."""
        super().__init__()
        self.views, self.strip = _Joined(), _Joined()
        self.in_view, self.in_strip = _directions_layer(_DIM), _directions_layer(_DIM)
        self.which = nn.Parameter(torch.zeros(2, _DIM))
        self.layers = nn.ModuleList(_Layer() for _ in range(_LAYERS))
        self.finer = nn.Linear(_DIM, 4 * _THIN)
        self.fine = nn.Conv2d(FINE, _THIN, 1)
        self.in_cell = nn.Linear(_KNOWN, _THIN)
        self.cells = nn.Sequential(
            nn.BatchNorm2d(_THIN),
            nn.GELU(),
            nn.Dropout(DROPPED),
            nn.Conv2d(_THIN, _THIN, 3, padding=1),
            nn.BatchNorm2d(_THIN),
            nn.GELU(),
            nn.Conv2d(_THIN, 1, 3, padding=1),
        )
        self.nowhere = nn.Sequential(nn.LayerNorm(2 * _DIM), nn.Linear(2 * _DIM, _DIM), nn.GELU(), nn.Linear(_DIM, 1))
        self.seen, self.to_cells = SeenCellsNet(ROWS), nn.Sequential(nn.BatchNorm2d(TOLD), nn.Conv2d(TOLD, _THIN, 1))
        self.telling = nn.Conv2d(TOLD, TELLING, 1)
        parts = TOLD * (1 + TELLING)
        self.unlike = nn.Sequential(
            nn.LayerNorm(parts), nn.Linear(parts, _DIM), nn.GELU(), nn.Dropout(DROPPED), nn.Linear(_DIM, 1)
        )

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return self.which.device

    def forward(self, views: Views, strip: Features, height_m: Tensor, clicked_deg: Tensor) -> Tensor:
        """Return log odds, B x (`ROWS` * `COLUMNS` + 1): rows from far to near, columns from left to right, nowhere.

        Args:
            views: of the clicks.
            strip: features of the strips, B.
            height_m: B, of the camera over the ground.
            clicked_deg: B, how far below level was clicked, in the middle of the views.
        """
        seen = [self.views(view).flatten(2) + self.which[n][:, None] for n, view in enumerate(views)]
        known = self.in_view(_of_views(height_m, clicked_deg))
        shown = torch.cat(seen, dim=2).transpose(1, 2) + known
        ground = self.strip(strip)
        shape = int(ground.shape[2]), int(ground.shape[3])
        cells = ground.flatten(2).transpose(1, 2)
        cells = cells + self.in_strip(_of_strip(height_m, clicked_deg, shape)).flatten(1, 2)
        for layer in self.layers:
            cells = layer(cells, shown, shape)
        fine = F.pixel_shuffle(self.finer(cells).transpose(1, 2).unflatten(2, shape), 2) + self.fine(strip.fine)
        fine = fine + self.in_cell(_of_strip(height_m, clicked_deg, (ROWS, COLUMNS))).permute(0, 3, 1, 2)
        seen_there = self.seen(views, strip, height_m, clicked_deg)
        log_odds = self.cells(fine + self.to_cells(seen_there.told))
        # Whether it is there at all shows where it would be, and where most is told of the ground.
        share = log_odds.flatten(1).softmax(1)
        likely = 4 * F.avg_pool2d(share.view_as(log_odds), 2).flatten(2)
        pooled = torch.cat([(likely @ cells)[:, 0], cells.mean(1)], dim=1)
        weights = torch.cat([share[:, None], seen_there.weights(self.telling)], dim=1)
        summed = (weights @ seen_there.told.flatten(2).transpose(1, 2)).flatten(1)
        return torch.cat([log_odds.flatten(1), self.nowhere(pooled) + self.unlike(summed)], dim=1)


class _Joined(nn.Module):
    """Coarse and fine features joined, B x `_DIM` x h x w, and mixed with those beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.coarse, self.fine = nn.Conv2d(COARSE, _DIM, 1), nn.Conv2d(FINE, _DIM, 2, stride=2)
        self.mix = mixing(_DIM)

    def forward(self, features: Features) -> Tensor:
        joined: Tensor = self.coarse(features.coarse) + self.fine(features.fine)
        return joined + self.mix(joined)


class _Layer(nn.Module):
    """Cells of the strip look beside themselves, then at the views."""

    def __init__(self) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(_DIM) for _ in range(4))
        self.beside = nn.Sequential(nn.Conv2d(_DIM, _DIM, 3, padding=1), nn.GELU(), nn.Conv2d(_DIM, _DIM, 1))
        self.ask, self.told, self.out = nn.Linear(_DIM, _DIM), nn.Linear(_DIM, 2 * _DIM), nn.Linear(_DIM, _DIM)
        self.think = nn.Sequential(nn.Linear(_DIM, 2 * _DIM), nn.GELU(), nn.Linear(2 * _DIM, _DIM))
        self.drop = nn.Dropout(DROPPED)

    def forward(self, cells: Tensor, views: Tensor, shape: tuple[int, int]) -> Tensor:
        beside, asking, shown, thinking = self.norms
        image = beside(cells).transpose(1, 2).unflatten(2, shape)
        cells = cells + self.drop(self.beside(image).flatten(2).transpose(1, 2))
        key, value = (_by_head(side) for side in self.told(shown(views)).chunk(2, dim=-1))
        found = F.scaled_dot_product_attention(_by_head(self.ask(asking(cells))), key, value)
        cells = cells + self.drop(self.out(found.transpose(1, 2).flatten(2)))
        return cells + self.drop(self.think(thinking(cells)))


def _by_head(tokens: Tensor) -> Tensor:
    return tokens.unflatten(2, (_HEADS, -1)).transpose(1, 2)


def _directions_layer(wide: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(_KNOWN, wide), nn.GELU(), nn.Linear(wide, wide))


def _of_views(height_m: Tensor, clicked_deg: Tensor) -> Tensor:
    """Describe in which directions the cells of the views look, B x cells x `_KNOWN`."""
    out = []
    below = torch.deg2rad(clicked_deg)[:, None, None]
    for view_deg, (low, high) in zip(VIEWS_DEG, CUT, strict=True):
        middles = (torch.arange(_CELLS, device=below.device) + 0.5) / (_CELLS / 2) - 1
        at = middles * math.tan(math.radians(view_deg) / 2)
        lower, across = at[:, None], at[None, low:high]
        # As `geoloc.photo.click_view.directions`, of an azimuth of 0.
        forward, down = below.cos() - lower * below.sin(), below.sin() + lower * below.cos()
        forward, down, across = torch.broadcast_tensors(forward, down, across)
        aside_deg = torch.rad2deg(torch.atan2(across, forward))
        below_deg = torch.rad2deg(torch.atan2(down, torch.hypot(forward, across)))
        out.append(_described(aside_deg, below_deg, height_m, clicked_deg).flatten(1, 2))
    return torch.cat(out, dim=1)


def _of_strip(height_m: Tensor, clicked_deg: Tensor, shape: tuple[int, int]) -> Tensor:
    """Describe in which directions the middles of a strip's cells lie, B x rows x columns x `_KNOWN`."""
    rows, columns = shape
    along = STRIP_LONG_M * (1 - (torch.arange(rows, device=height_m.device) + 0.5) / rows)
    across = STRIP_WIDE_M * ((torch.arange(columns, device=height_m.device) + 0.5) / columns - 0.5)
    away = torch.hypot(along[:, None], across[None])
    aside_deg = torch.rad2deg(torch.atan2(across[None], along[:, None])).expand(len(height_m), -1, -1)
    below_deg = torch.rad2deg(torch.atan2(height_m[:, None, None], away))
    return _described(aside_deg, below_deg, height_m, clicked_deg)


def _described(aside_deg: Tensor, below_deg: Tensor, height_m: Tensor, clicked_deg: Tensor) -> Tensor:
    """Describe directions, B x h x w, for layers: as they are, squashed about level, and as waves."""
    aside, below = _squashed(aside_deg), _squashed(below_deg)
    lower = _squashed(below_deg - clicked_deg[:, None, None])
    # Of level ground.
    away_m = height_m[:, None, None] / torch.tan(torch.deg2rad(below_deg.clamp(min=_LEAST_DEG)))
    away = away_m.log() / 5
    plain = torch.stack([aside_deg / 10, aside, below_deg / 10, below, lower, away], dim=-1)
    waves = [_waves(part, count) for part, count in zip((aside, below, away, lower), _WAVES, strict=True)]
    return torch.cat([plain, *waves], dim=-1)


def _squashed(degrees: Tensor) -> Tensor:
    """Half a degree near level counts as much as several farther off."""
    return torch.asinh(degrees / 0.5) / 5


def _waves(values: Tensor, count: int) -> Tensor:
    phases = values[..., None] * 2.0 ** torch.arange(count, device=values.device)
    return torch.cat([phases.sin(), phases.cos()], dim=-1)
