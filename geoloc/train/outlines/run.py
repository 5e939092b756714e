"""A run that trains the mask head: from grounds to weights, and how well it outlines what was held out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from geoloc.model.network.outline_net import OutlineNet
from geoloc.model.outline_weights import save_outline_weights
from geoloc.train.grounds.masked import MaskedGround
from geoloc.train.outlines.chips import ChipSampler
from geoloc.train.outlines.fit import fit, ious

TESTED = 240
"""Chips of each kind that are drawn to see how good it is."""


def train(
    training: Sequence[MaskedGround],
    held_out: Sequence[MaskedGround],
    checkpoint: Path,
    output: Path,
    *,
    steps: int,
    seconds: float,
    seed: int = 0,
) -> list[str]:
    """Train, or go on, and write weights.

    Args:
        training: grounds to train on.
        held_out: grounds to see by how good it is.
        checkpoint: of the run.
        output: the weights.
        steps: how many in all.
        seconds: how long at most now.
        seed: of what is drawn.

    Returns:
        A line for true masks and one for those guessed from boxes: mean IoU, and shares above one half and three
        quarters.

    Raises:
        OutputError: the weights cannot be written.
    """
    torch.manual_seed(seed)
    net = OutlineNet()
    net.backbone.load_imagenet()
    done = fit(net, ChipSampler(training, seed), checkpoint, steps=steps, seconds=seconds, seed=seed)
    save_outline_weights(output, net)
    lines = [f"{done} of {steps} steps; wrote {output}"]
    for name, exact in (("true masks", True), ("masks guessed from boxes", False)):
        chosen = [ground for ground in held_out if any(item.exact == exact for item in ground.objects)]
        if chosen:
            sampler = ChipSampler(chosen, seed + 1)
            values = np.array(ious(net, [sampler.draw() for _ in range(TESTED)]))
            shares = f"{(values > 0.5).mean():.2f} above 0.5, {(values > 0.75).mean():.2f} above 0.75"
            lines.append(f"held-out {name}: mean IoU {values.mean():.3f}, {shares}")
    return lines
