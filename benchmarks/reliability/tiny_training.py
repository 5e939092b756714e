"""A training of seconds that can be killed and goes on: `python -m benchmarks.reliability.tiny_training RUN`.

A small network sees one batch again and again, so that what comes out does not depend on where it was cut off.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from benchmarks.reliability.tiny_network import TINY

STEPS, BATCH = 12, 2


def main(folder: Path) -> None:
    """Train; a checkpoint is kept after every step."""
    from geoloc.system.threads import fit_threads
    from geoloc.train.fit import loop
    from geoloc.train.fit.fixed_batches import draw_batches, repeat_batches
    from geoloc.train.grounds.collection import Collection
    from geoloc.train.grounds.ground import Ground
    from geoloc.train.samples.sampler import SamplerSettings

    fit_threads()
    loop.SAVE_MINUTES = 1e-6
    pixels = np.random.default_rng(0).integers(0, 255, (80, 80, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    boxes = np.array([[300.0, 300, 340, 330], [500, 200, 520, 215]])
    ground = Ground("blocks", pixels, 0.2, boxes, np.zeros((2, 2)), np.zeros((0, 3)))
    settings = SamplerSettings(query_px=TINY.query_shape[0], window_px=TINY.window_px)
    (batch,) = draw_batches(Collection((ground,), (), (1.0,)), settings, BATCH, 1, seed=0)
    schedule = loop.Schedule(steps=STEPS, batch=BATCH, validate_every=STEPS, warmup=2)
    loop.train_network(TINY, repeat_batches([batch], 0), [batch], folder, schedule)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
