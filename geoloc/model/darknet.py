"""Darknet-53, the body of YOLOv3 (arXiv 1804.02767), up to stride 16: DetGeo's reference backbone."""

from __future__ import annotations

from torch import Tensor, nn

from geoloc.model.backbone import Backbone

# Residual units after each halving of the resolution: strides 2, 4, 8 and 16. The body's last stage has stride 32.
UNITS = (1, 2, 8, 8)


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Convolution, batch norm, leaky ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.LeakyReLU(0.1),
    )


class Residual(nn.Module):
    """1 x 1 to half the width, 3 x 3 back, added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(conv(channels, channels // 2, 1), conv(channels // 2, channels, 3))

    def forward(self, x: Tensor) -> Tensor:
        """B x C x H x W -> the same."""
        return x + self.layers(x)


class Darknet53(Backbone):
    """Features at stride 8 (256 channels) and stride 16 (512 channels)."""

    fine_channels = 256
    channels = 512

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(3, 32, 3)
        widths = [32 * 2**i for i in range(len(UNITS) + 1)]
        self.stages = nn.ModuleList(
            nn.Sequential(conv(a, b, 3, 2), *(Residual(b) for _ in range(units)))
            for a, b, units in zip(widths, widths[1:], UNITS, strict=False)
        )

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """B x 3 x H x W in [0, 255] -> (B x 256 x H/8 x W/8, B x 512 x H/16 x W/16)."""
        x = self.stages[1](self.stages[0](self.stem(rgb / 255.0)))
        fine = self.stages[2](x)
        return fine, self.stages[3](fine)
