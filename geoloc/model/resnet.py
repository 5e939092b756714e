"""ResNet-18 (arXiv 1512.03385): DetGeo's query backbone.

DetGeo lets it end at stride 32 (8 x 8 cells of 256 px) and pools the query to a vector, which a stride does not change.
Here its last stage keeps stride 16, so that the query's cells are the same in all presets.
"""

from __future__ import annotations

from torch import Tensor, nn

from geoloc.model.backbone import Backbone, normalised

WIDTHS = (64, 128, 256, 512)
STRIDES = (1, 2, 2, 1)


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions and a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """B x C x H x W -> B x C' x H/stride x W/stride."""
        return nn.functional.relu(self.layers(x) + self.shortcut(x))


class ResNet18(Backbone):
    """Features at stride 8 (128 channels) and stride 16 (512 channels)."""

    fine_channels = WIDTHS[1]
    channels = WIDTHS[3]

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, WIDTHS[0], 7, 2, 3, bias=False),
            nn.BatchNorm2d(WIDTHS[0]),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, 1),
        )
        stages = []
        inputs = WIDTHS[0]
        for width, stride in zip(WIDTHS, STRIDES, strict=True):
            stages.append(nn.Sequential(BasicBlock(inputs, width, stride), BasicBlock(width, width, 1)))
            inputs = width
        self.stages = nn.ModuleList(stages)

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """B x 3 x H x W in [0, 255] -> (B x 128 x H/8 x W/8, B x 512 x H/16 x W/16)."""
        x = self.stages[0](self.stem(normalised(rgb)))
        fine = self.stages[1](x)
        return fine, self.stages[3](self.stages[2](fine))
