"""Named configurations of the network.

What the paper (arXiv 2510.27139) leaves open is a field here; docs/model.md says which values were chosen and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from geoloc.errors import WeightsError


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that fixes the network's shape and the scale it works at.

    Sizes are pixels, `gsd_m` is metres a pixel on the ground. `query_shape` is (height, width); a panorama is twice as
    wide. All presets have one backbone, EfficientNet-Lite0, whose stem and first `frozen_stages` stages keep ImageNet's
    weights. `descriptor`: length of the descriptors that a search tells likely windows by; 0 for none.
    """

    name: str
    fusion: Literal["cvcam", "sum", "pooled"]
    head: Literal["cell", "anchor"] = "anchor"
    click_map: Literal["gaussian", "distance"] = "distance"
    mhsam: bool = False
    dim: int = 192
    attention_heads: int = 4
    rounds: int = 2
    query_self_attention: bool = False
    ffn: int = 4
    post_norm: bool = True
    share_rounds: bool = False
    kernels: tuple[int, ...] = (1, 3, 5)
    mhsam_groups: int = 1
    matching_start: bool = False
    local_mixing: bool = False
    descriptor: int = 0
    frozen_stages: int = 3
    query_shape: tuple[int, int] = (256, 256)
    window_px: int = 384
    gsd_m: float = 0.2


PRESETS: dict[str, Config] = {
    config.name: config
    for config in (
        Config(
            name="base",
            fusion="cvcam",
            head="cell",
            click_map="gaussian",
            mhsam=True,
            query_self_attention=True,
            ffn=2,
            post_norm=False,
            mhsam_groups=8,
            matching_start=True,
            local_mixing=True,
            descriptor=32,
        ),
        Config(name="attengeo", fusion="cvcam", mhsam=True),
        Config(name="summation+cvcam", fusion="cvcam"),
        Config(name="summation+mhsam", fusion="sum", mhsam=True),
        Config(name="summation", fusion="sum"),
        Config(name="detgeo", fusion="pooled"),
    )
}


def preset(name: str) -> Config:
    """The configuration called `name`; raises `WeightsError` naming the known ones."""
    try:
        return PRESETS[name]
    except KeyError:
        raise WeightsError(f"no model preset {name!r}; known are {', '.join(PRESETS)}") from None
