"""How well the mask head outlines what was held out, by kind of mask and by kind of object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from geoloc.model.network.outline_net import OutlineNet
from geoloc.train.grounds.masked import MaskedGround
from geoloc.train.outlines.chips import ChipSampler
from geoloc.train.outlines.fit import ious

TESTED = 600
"""Chips with true masks that are drawn, and as many with masks guessed from boxes."""


def held_out_lines(net: OutlineNet, grounds: Sequence[MaskedGround], seed: int) -> list[str]:
    """Return a line for true masks and one for guessed ones, each where there are any, and one for kinds of object."""
    lines = []
    for name, exact in (("true masks", True), ("masks guessed from boxes", False)):
        chosen = [ground for ground in grounds if any(item.exact == exact for item in ground.objects)]
        if not chosen:
            continue
        sampler = ChipSampler(chosen, seed + 1)
        samples = [sampler.draw() for _ in range(TESTED)]
        values = np.array(ious(net, samples))
        shares = f"{(values > 0.5).mean():.2f} above 0.5, {(values > 0.75).mean():.2f} above 0.75"
        lines.append(f"held-out {name}: mean IoU {values.mean():.3f}, {shares}")
        by_kind: dict[str, list[float]] = defaultdict(list)
        for sample, value in zip(samples, values, strict=True):
            by_kind[sample.kind].append(value)
        if len(by_kind) > 1:
            means = sorted((float(np.mean(found)), kind, len(found)) for kind, found in by_kind.items())
            told = ", ".join(f"{kind} {mean:.2f} ({count})" for mean, kind, count in reversed(means))
            lines.append(f"held-out kinds of object: {told}")
    return lines
