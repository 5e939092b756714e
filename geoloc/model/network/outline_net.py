"""The mask head: which pixels of a chip belong to the object that a place and the photograph speak of.

A chip is a square of the mosaic round the object, at a scale that fits it; the photograph is laid over it where its
plane is known. Both go through one backbone; a decoder joins them from stride 16 to stride 2, with the hints (where
the click lies, what was drawn) at every step.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from geoloc.model.network.efficientnet_lite import EfficientNetLite0

HINTS = 5
"""Channels of hints, see `hints`."""
NEAR_PX = (5.0, 20.0)
"""Standard deviations of the two bumps that stand for the click, chip pixels."""
_CHANNELS = (16, 24, 40, 112)
"""Of the backbone at strides 2, 4, 8 and 16."""
_WIDTHS = (24, 40, 64, 96)
_GROUPS = 8


class _Mix(nn.Module):
    """Looks round each place and mixes channels: 5 x 5 depthwise, then two 1 x 1, beside what came in."""

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.spread = nn.Conv2d(channels, channels, 5, 1, 2 * dilation, dilation, groups=channels)
        self.norm = nn.GroupNorm(_GROUPS, channels)
        self.wide = nn.Conv2d(channels, 2 * channels, 1)
        self.narrow = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.narrow(F.relu(self.wide(self.norm(self.spread(x)))))


class OutlineNet(nn.Module):
    """From a chip, the photograph laid over it and hints to the log odds that a pixel belongs to the object."""

    def __init__(self) -> None:
        """Draw the network's weights."""
        super().__init__()
        self.backbone = EfficientNetLite0()
        self.joins = nn.ModuleList(
            nn.Conv2d(2 * channels + HINTS + above, width, 1)
            for channels, width, above in zip(_CHANNELS, _WIDTHS, (*_WIDTHS[1:], 0), strict=True)
        )
        self.mixes = nn.ModuleList(
            nn.Sequential(*(_Mix(width, dilation) for dilation in ((1, 2, 1) if width == _WIDTHS[-1] else (1,))))
            for width in _WIDTHS
        )
        self.whole = nn.Linear(_WIDTHS[-1], _WIDTHS[-1])
        self.last = nn.Conv2d(_WIDTHS[0], 1, 3, 1, 1)

    def forward(self, mosaic: Tensor, photo: Tensor, hints: Tensor) -> Tensor:
        """Return log odds, B x H / 2 x W / 2.

        Args:
            mosaic: chips, B x 3 x H x W in [0, 255].
            photo: the photographs laid over them, likewise; anything where the hints say that there is none.
            hints: B x `HINTS` x H x W, see `hints`.
        """
        count = len(mosaic)
        levels = self.backbone.pyramid(torch.cat([mosaic, photo]))
        x: Tensor | None = None
        for level in reversed(range(len(levels))):
            told = F.avg_pool2d(hints, 2 ** (level + 1))
            reference, query = levels[level][:count], levels[level][count:] * told[:, -1:]
            parts = [reference, query, told]
            if x is not None:
                parts.append(F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False))
            x = self.mixes[level](F.relu(self.joins[level](torch.cat(parts, 1))))
            if level == len(levels) - 1:
                x = x + self.whole(x.mean((2, 3)))[:, :, None, None]
        assert x is not None
        return self.last(x)[:, 0]


def hints(click: Tensor, drawn: Tensor, shown: Tensor) -> Tensor:
    """Return the hints to a batch of chips, B x `HINTS` x H x W in [0, 1].

    Two bumps at the click, what was drawn, whether anything was drawn, and where the photograph shows anything.

    Args:
        click: (x, y) of the click in chip pixels, B x 2.
        drawn: 1 inside of what was drawn, B x H x W; 0 all over where nothing was.
        shown: 1 where the photograph shows the place, B x H x W.
    """
    height, width = drawn.shape[1:]
    rows = torch.arange(height, device=drawn.device) + 0.5 - click[:, 1, None]
    columns = torch.arange(width, device=drawn.device) + 0.5 - click[:, 0, None]
    squared = rows[:, :, None] ** 2 + columns[:, None, :] ** 2
    bumps = [torch.exp(-squared / (2 * sigma**2)) for sigma in NEAR_PX]
    any_drawn = drawn.amax((1, 2), keepdim=True).expand_as(drawn)
    return torch.stack([*bumps, drawn, any_drawn, shown], 1)
