"""What the network asks of a backbone."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)


class Backbone(nn.Module):
    """RGB B x 3 x H x W in [0, 255] -> features at stride 8 (fine_channels) and at stride 16 (channels)."""

    channels: ClassVar[int]
    fine_channels: ClassVar[int]

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """B x 3 x H x W -> (B x fine_channels x H/8 x W/8, B x channels x H/16 x W/16)."""
        raise NotImplementedError


def normalised(rgb: Tensor) -> Tensor:
    """[0, 255] -> zero mean and unit variance over ImageNet."""
    mean = rgb.new_tensor(IMAGENET_MEAN)[:, None, None]
    std = rgb.new_tensor(IMAGENET_STD)[:, None, None]
    return (rgb - mean) / std
