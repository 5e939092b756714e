"""Train from a pack alone, where there are only torch, Lightning, numpy, OpenCV and safetensors.

    python -m geoloc.train.from_pack PACK RUN --minutes 9 --device cuda

goes on where RUN holds a checkpoint, whole or in parts, and leaves in RUN, every two minutes and at the end, the
weights and, in parts of at most 16 MiB, the checkpoint to go on from. The minutes are those of all sittings, from each
command's start to the end of its training; how fast it goes is told after seconds. `geoloc train --pack PACK -o RUN`
with the same length then only fits the scores.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from geoloc.errors import GeolocError
from geoloc.system.threads import fit_threads

if TYPE_CHECKING:
    from geoloc.train.grounds.collection import Collection

PART_BYTES = 16 * 2**20
VALIDATE_EVERY = 500


def main() -> None:
    """Parse the arguments and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--model", default="base")
    parser.add_argument("--weights", type=Path, help="begin with these, not with ImageNet's backbone")
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--steps", type=float, default=math.inf)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--devices", type=int, default=1)
    parser.add_argument(
        "--workers",
        type=int,
        default=0,
        help="processes that plan data for the device to paint; without one, do both",
    )
    parser.add_argument("--towns", type=Path, help="a folder that `geoloc.train.grow_towns` puts towns into meanwhile")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    began = time.monotonic()
    # Before torch is loaded.
    fit_threads()

    from geoloc.model.packaged import find_weights
    from geoloc.model.presets import preset_config
    from geoloc.train.fit.endless_batches import sample_batches
    from geoloc.train.fit.fixed_batches import draw_batches
    from geoloc.train.fit.loop import Schedule, steps_done, train_network
    from geoloc.train.grounds.gather import HELD_OUT, TRAIN
    from geoloc.train.samples.sampler import SamplerSettings
    from geoloc.train.workflows import HELD_OUT_BATCHES, HELD_OUT_SEED

    try:
        config = preset_config(args.model)
        start = None if args.weights is None else find_weights(args.model, args.weights)
        held_out = _read_part(args.pack, HELD_OUT)
        training = partial(_read_part, args.pack, TRAIN)
        settings = SamplerSettings(query_px=config.query_shape[0], window_px=config.window_px)
        checks = draw_batches(held_out, settings, args.batch, HELD_OUT_BATCHES, HELD_OUT_SEED, device=args.device)
        newcomers = None
        if args.towns is not None:
            # What builds towns is needed to read them.
            from geoloc.train.grounds.towns.store import GrowingTowns

            newcomers = GrowingTowns(args.towns)
        batches = sample_batches(
            training,
            settings,
            args.batch,
            args.seed,
            args.device,
            workers=args.workers,
            begun=steps_done(args.run),
            newcomers=newcomers,
        )
        schedule = Schedule(
            minutes=args.minutes,
            steps=args.steps,
            batch=args.batch,
            rate=args.rate,
            seed=args.seed,
            validate_every=VALIDATE_EVERY,
        )
        train_network(
            config,
            batches,
            checks,
            args.run,
            schedule,
            start=start,
            device=args.device,
            devices=args.devices,
            part_bytes=PART_BYTES,
            used_s=time.monotonic() - began,
            report=_print_line,
        )
    except GeolocError as error:
        sys.exit(f"error: {error}")


def _read_part(pack: Path, name: str) -> Collection:
    """Read in the process that draws: there is too much to be handed over."""
    from geoloc.train.grounds.gather import part_of
    from geoloc.train.grounds.pack import read_pack

    return part_of(read_pack(pack, (name,)), name)


def _print_line(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
