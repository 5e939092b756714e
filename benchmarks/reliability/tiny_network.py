"""A network that looks at little, knows nothing: `python -m benchmarks.reliability.tiny_network` is a worker with it.

It takes half the time of the package's, so that more of what happens many times can be looked at.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from geoloc.model.presets import PRESETS, preset_config
from geoloc.system.threads import fit_threads

TINY = replace(preset_config("base"), name="tiny", dim=16, query_shape=(64, 64), window_px=128)


def know_tiny() -> None:
    """Have this process know it as a preset."""
    PRESETS[TINY.name] = TINY


def save_tiny(path: Path) -> None:
    """Write its weights, drawn anew."""
    import torch

    from geoloc.model.presets import new_network
    from geoloc.model.weights import Calibration, save_weights

    torch.manual_seed(0)
    save_weights(path, new_network(TINY), Calibration())


if __name__ == "__main__":
    # As in `geoloc.worker`: before anything that computes is loaded.
    fit_threads()

    know_tiny()
    from geoloc.worker.channel import Channel
    from geoloc.worker.loop import serve

    sys.exit(serve(Channel.of_process()))
