"""MHSAM, multi-head spatial attention with several kernel sizes (arXiv 2510.27139)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

KERNELS = (1, 3, 5)
"""Sides of the kernels, in cells; one branch each."""


class MHSAM(nn.Module):
    """Spatial attention on a map F: F' = A * F, A = sigmoid(sum over k of Deconv_k(Conv_k(F))).

    Strides are 1. The convolution without padding shrinks the map by k - 1 and the transposed one restores it, so that
    borders are seen less, which is how the module suppresses edge noise. Open in the paper and chosen here: A is per
    channel, and nothing stands between the two convolutions.
    """

    def __init__(self, dim: int, groups: int) -> None:
        """Draw the branches' weights.

        Args:
            dim: channels.
            groups: heads that the channels are split into.
        """
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(dim, dim, k, groups=groups),
                nn.ConvTranspose2d(dim, dim, k, groups=groups),
            )
            for k in KERNELS
        )

    def forward(self, features: Tensor) -> Tensor:
        """Weigh maps, B x d x H x W; H and W are at least the largest kernel."""
        total = torch.stack([branch(features) for branch in self.branches]).sum(0)
        return torch.sigmoid(total) * features
