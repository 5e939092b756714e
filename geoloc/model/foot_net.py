"""The foot head: how far below a click, in angle, the thing that was clicked meets the ground.

It looks at the backbone's features of two upright views of the click, a narrow and a wide one, along a band about their
middle, and tells one of `STEPS` angles, which grow by the same factor each.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from geoloc.model.network.features import Features

STEPS = 40
LEAST_DEG, MOST_DEG = 0.12, 40.0
"""Of the angles."""
BAND = 3
"""Cells of coarse features to either side of the middle that are looked at, twice as many of the fine ones."""
_COARSE, _FINE, _DIM, _HIDDEN, _DROPPED = 112, 40, 32, 192, 0.3
_ROWS = 32


def angles_deg() -> Tensor:
    """Return the angles that are told apart, degrees; `STEPS`."""
    grown = (torch.arange(STEPS) + 0.5) / STEPS * math.log(MOST_DEG / LEAST_DEG)
    return LEAST_DEG * grown.exp()


def band(features: Features) -> Features:
    """Cut the band that is looked at out of features of views, B x C x h x w."""
    middle = features.coarse.shape[-1] // 2
    coarse = features.coarse[..., middle - BAND : middle + BAND]
    return Features(coarse, features.fine[..., 2 * (middle - BAND) : 2 * (middle + BAND)])


class FootNet(nn.Module):
    """From features of two views of each click to the log odds of the angles."""

    def __init__(self) -> None:
        """Draw the network's weights."""
        super().__init__()
        self.coarse = nn.Conv2d(_COARSE, _DIM, 1)
        self.fine = nn.Conv2d(_FINE, _DIM, 1)
        self.mix = nn.Sequential(
            nn.BatchNorm2d(2 * _DIM),
            nn.GELU(),
            nn.Conv2d(2 * _DIM, _DIM, 3, padding=1),
            nn.BatchNorm2d(_DIM),
            nn.GELU(),
            nn.Conv2d(_DIM, _DIM, 3, padding=(1, 0)),
            nn.BatchNorm2d(_DIM),
            nn.GELU(),
        )
        self.out = nn.Sequential(
            nn.Dropout(_DROPPED),
            nn.Linear(2 * _DIM * _ROWS * (2 * BAND - 1) + 1, _HIDDEN),
            nn.GELU(),
            nn.Dropout(_DROPPED),
            nn.Linear(_HIDDEN, STEPS),
        )

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return self.fine.weight.device

    def forward(self, views: Features, below_deg: Tensor) -> Tensor:
        """Return the log odds of the angles, B x `STEPS`.

        Args:
            views: features of the views' bands, B * 2 of them, those of a click beside each other.
            below_deg: B, how far below level was clicked.
        """
        coarse = F.interpolate(self.coarse(views.coarse), scale_factor=2.0, mode="nearest")
        mixed = F.avg_pool2d(self.mix(torch.cat([coarse, self.fine(views.fine)], dim=1)), (1, 2))
        return self.out(torch.cat([mixed.reshape(len(below_deg), -1), below_deg[:, None] / 10.0], dim=1))
