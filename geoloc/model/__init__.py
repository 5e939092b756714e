"""The network that finds in a reference what was clicked in a query: its presets, its weights, and its use in a search.

Importing this package, `presets` or `packaged` loads no torch, so that a wrong preset or weights file is told at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geoloc.model.localizer import Localizer


def load(preset: str = "base", weights: Path | None = None, device: str = "cpu") -> Localizer:
    """Load the localizer of a preset, with the fastest engine that is installed.

    Args:
        preset: name of the network's shape.
        weights: their file; None for those that come with the package.
        device: where torch computes, such as "cpu" or "cuda".

    Raises:
        WeightsError: no such preset, weights or device; weights that are damaged or made for another network.
    """
    from geoloc.model.localizer import Localizer
    from geoloc.model.sight.head import load_sight_head
    from geoloc.model.weights import load_network

    net, calibration = load_network(preset, weights, device)
    return Localizer(net, calibration, load_sight_head(net)).compiled()
