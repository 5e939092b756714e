"""A run that trains the mask head: from grounds to weights, and how well it outlines what was held out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch

from geoloc.model.network.outline_net import OutlineNet
from geoloc.model.outline_weights import save_outline_weights
from geoloc.train.grounds.masked import MaskedGround
from geoloc.train.outlines.chips import ChipSampler
from geoloc.train.outlines.fit import ChipBatch, fit, schedule_of, stacked, steps_done
from geoloc.train.outlines.held_out import held_out_lines

BATCH = 12


def train(
    training: Sequence[MaskedGround],
    held_out: Sequence[MaskedGround],
    checkpoint: Path,
    output: Path,
    *,
    steps: int,
    seconds: float,
    seed: int = 0,
    report: Callable[[str], None] = lambda line: None,
) -> list[str]:
    """Train on the CPU, or go on, and write weights.

    Args:
        training: grounds to train on.
        held_out: grounds to see by how good it is.
        checkpoint: of the run.
        output: the weights.
        steps: how many in all.
        seconds: how long at most now.
        seed: of what is drawn.
        report: called with a line now and then.

    Returns:
        Lines of how far it is, and those of `held_out_lines`.

    Raises:
        OutputError: the weights cannot be written.
    """
    torch.manual_seed(seed)
    net = OutlineNet()
    net.backbone.load_imagenet()
    sampler = ChipSampler(training, [seed, steps_done(checkpoint)])

    def batches() -> Iterator[ChipBatch]:
        while True:
            yield stacked([sampler.draw() for _ in range(BATCH)])

    schedule = schedule_of(steps=steps, batch=BATCH, seed=seed)
    done = fit(net, batches(), checkpoint, schedule, seconds=seconds, report=report)
    save_outline_weights(output, net)
    return [f"{done} of {steps} steps; wrote {output}", *held_out_lines(net, held_out, seed)]
