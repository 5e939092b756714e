"""What fixes a network's shape and the scale it works at, known without torch."""

from __future__ import annotations

from dataclasses import dataclass

FILL = 127
"""Grey level of reference pixels where the mosaic has no data, in training as in a search."""

CHIP_PX = 192
"""Side of what the mask head is shown, pixels."""
MASK_STRIDE = 2
"""Pixels of a chip along a pixel of the mask that it gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that fixes the network's shape and the scale it works at.

    What the paper (arXiv 2510.27139) leaves open is a field here; docs/model.md says which values were chosen and why.
    The sizes of MHSAM's kernels stand in `mhsam`.

    Attributes:
        name: name of the preset.
        dim: channels of tokens.
        attention_heads: heads of each cross-attention.
        rounds: how often CVCAM is applied.
        ffn: width of the feed-forward networks over `dim`.
        query_self_attention: whether query tokens attend to each other before each round.
        local_mixing: whether tokens hear what their neighbours found after each round.
        mhsam: whether MHSAM stands before the head.
        mhsam_groups: heads that MHSAM splits the channels into.
        descriptor: length of the descriptors that a search tells likely windows by; 0 for none.
        frozen_stages: stages of the backbone, EfficientNet-Lite0, that keep ImageNet's weights, with the stem.
        query_shape: height and width of a query, pixels; a panorama is twice as wide.
        window_px: side of a window, pixels.
        gsd_m: ground sample distance of a window, metres.
    """

    name: str
    dim: int = 192
    attention_heads: int = 4
    rounds: int = 2
    ffn: int = 4
    query_self_attention: bool = False
    local_mixing: bool = False
    mhsam: bool = False
    mhsam_groups: int = 1
    descriptor: int = 0
    frozen_stages: int = 3
    query_shape: tuple[int, int] = (256, 256)
    window_px: int = 384
    gsd_m: float = 0.2
