"""ConvNeXt V2-Tiny (arXiv 2301.00808), cut at stride 16: the backbone that the paper most probably used.

The published network ends at stride 32; the reconstruction takes its first three stages (depths 3, 3, 9; widths 96,
192, 384), since the fused map of the paper is 64 x 64 for a reference of 1024.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from geoloc.model.backbone import Backbone, normalised

DEPTHS = (3, 3, 9)
WIDTHS = (96, 192, 384)


class ChannelNorm(nn.Module):
    """Layer norm over the channels of B x C x H x W."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """B x C x H x W -> the same."""
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class GlobalResponseNorm(nn.Module):
    """GRN: channels compete by their L2 norm over the picture. B x H x W x C."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(channels))
        self.beta = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """B x H x W x C -> the same."""
        strength = x.norm(dim=(1, 2), keepdim=True)
        relative = strength / (strength.mean(dim=-1, keepdim=True) + 1e-6)
        return x + self.gamma * (x * relative) + self.beta


class Block(nn.Module):
    """Depthwise 7 x 7, layer norm, 1 x 1 to four times the width, GELU, GRN, 1 x 1 back; residual."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.expand = nn.Linear(channels, 4 * channels)
        self.response = GlobalResponseNorm(4 * channels)
        self.project = nn.Linear(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """B x C x H x W -> the same."""
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.project(self.response(nn.functional.gelu(self.expand(y))))
        return x + y.permute(0, 3, 1, 2)


class ConvNeXtV2Tiny(Backbone):
    """Features at stride 8 (192 channels) and stride 16 (384 channels)."""

    fine_channels = WIDTHS[1]
    channels = WIDTHS[2]

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, WIDTHS[0], 4, 4), ChannelNorm(WIDTHS[0]))
        self.down = nn.ModuleList(nn.Sequential(ChannelNorm(a), nn.Conv2d(a, b, 2, 2)) for a, b in pairwise(WIDTHS))
        self.stages = nn.ModuleList(
            nn.Sequential(*(Block(width) for _ in range(depth))) for depth, width in zip(DEPTHS, WIDTHS, strict=True)
        )

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """B x 3 x H x W in [0, 255] -> (B x 192 x H/8 x W/8, B x 384 x H/16 x W/16)."""
        x = self.stages[0](self.stem(normalised(rgb)))
        fine = self.stages[1](self.down[0](x))
        return fine, self.stages[2](self.down[1](fine))
