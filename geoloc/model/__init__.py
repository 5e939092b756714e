"""The dual-attention network: presets, backbones, CVCAM, MHSAM, heads, decoding and weights.

Read in this order: `presets`, `network`, `cvcam`, `mhsam`, `heads`, `localizer`, `weights`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geoloc.model.localizer import Localizer


def load(preset: str = "base", weights: Path | None = None, device: str = "cpu") -> Localizer:
    """The localizer of a preset, with the weights that come with the package or with those of a file.

    Raises:
        WeightsError: no such preset, weights or device; weights that are damaged or made for another network.
    """
    from geoloc.model.localizer import Localizer
    from geoloc.model.weights import build

    return Localizer(*build(preset, weights, device))
