"""Named configurations of networks: ours, and those that it is compared with; known without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoloc.errors import WeightsError
from geoloc.model.baselines.config import BASELINES, BaselineConfig
from geoloc.model.network.config import Config

if TYPE_CHECKING:
    from geoloc.model.network.cross_view import CrossViewNet

BASE = Config(
    name="base",
    ffn=2,
    query_self_attention=True,
    local_mixing=True,
    mhsam=True,
    mhsam_groups=8,
    descriptor=32,
)
"""Our network, whose weights come with the package."""
PRESETS: dict[str, Config] = {config.name: config for config in (BASE, *BASELINES)}


def preset_config(name: str) -> Config:
    """Return the configuration called `name`.

    Raises:
        WeightsError: there is none; the text names those that there are.
    """
    try:
        return PRESETS[name]
    except KeyError:
        raise WeightsError(f"no model preset {name!r}; known are {', '.join(PRESETS)}") from None


def new_network(config: Config) -> CrossViewNet:
    """Return a network of this shape, its weights drawn anew."""
    if isinstance(config, BaselineConfig):
        from geoloc.model.baselines.network import BaselineNet

        return BaselineNet(config)
    from geoloc.model.network.dual_attention import DualAttentionNet

    return DualAttentionNet(config)
