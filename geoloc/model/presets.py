"""Named configurations of the network.

What the paper (arXiv 2510.27139) leaves open is a field here; docs/model.md says which values were chosen and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from geoloc.errors import WeightsError

Backbone = Literal["efficientnet_lite0", "convnextv2_tiny", "detgeo"]


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that fixes the network's shape and the scale it works at.

    Sizes are pixels, `gsd_m` is metres a pixel on the ground. `query_shape` is (height, width); a panorama is twice as
    wide.
    """

    name: str
    backbone: Backbone
    fusion: Literal["cvcam", "sum", "pooled"]
    head: Literal["cell", "anchor"]
    click_map: Literal["gaussian", "distance"]
    mhsam: bool = True
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
    frozen_stages: int = 0
    query_shape: tuple[int, int] = (256, 256)
    window_px: int = 1024
    gsd_m: float = 0.2


PRESETS: dict[str, Config] = {
    config.name: config
    for config in (
        Config(
            name="base",
            backbone="efficientnet_lite0",
            fusion="cvcam",
            head="cell",
            click_map="gaussian",
            query_self_attention=True,
            ffn=2,
            post_norm=False,
            mhsam_groups=8,
            matching_start=True,
            local_mixing=True,
            frozen_stages=3,
            window_px=384,
        ),
        Config(
            name="attengeo",
            backbone="convnextv2_tiny",
            fusion="cvcam",
            head="anchor",
            click_map="distance",
            dim=256,
            attention_heads=8,
        ),
        Config(
            name="summation",
            backbone="convnextv2_tiny",
            fusion="sum",
            mhsam=False,
            head="anchor",
            click_map="distance",
            dim=256,
        ),
        Config(
            name="detgeo",
            backbone="detgeo",
            fusion="pooled",
            mhsam=False,
            head="anchor",
            click_map="distance",
            dim=512,
        ),
    )
}


def preset(name: str) -> Config:
    """The configuration called `name`; raises `WeightsError` naming the known ones."""
    try:
        return PRESETS[name]
    except KeyError:
        raise WeightsError(f"no model preset {name!r}; known are {', '.join(PRESETS)}") from None
