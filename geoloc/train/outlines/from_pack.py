"""Train the mask head from a pack and a folder of towns that grows, where there is no raster library.

    python -m geoloc.train.grow_towns TOWNS --processes 8 --first 1000 --minutes 9 --held-out &
    python -m geoloc.train.outlines.from_pack PACK RUN --towns TOWNS --minutes 9 --device cuda --workers 4

goes on where RUN holds a checkpoint, and leaves in RUN the checkpoint and `outline.safetensors`, both every two minutes
too. Masks are guessed inside the boxes of the pack's orthophotos of Tallinn and segments are taken of its other images;
they are made first, in as many processes as draw later, and kept in RUN. The minutes are those of all sittings, from
each command's start to the end of its training; how good the weights are on what was held out is told after them.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from geoloc.errors import GeolocError
from geoloc.system.threads import fit_threads

if TYPE_CHECKING:
    from geoloc.train.grounds.ground import Ground
    from geoloc.train.grounds.masked import MaskedGround

CHECKPOINT_FILE = "checkpoint.pt"
WEIGHTS_FILE = "outline.safetensors"
BOXED = "image_"
"""Names of grounds whose boxes are true begin so; the boxes of others are segments already."""


def main() -> None:
    """Parse the arguments, train, and tell how good it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--towns", type=Path, required=True, help="folder of `geoloc.train.grow_towns`")
    parser.add_argument("--weights", type=Path, help="begin with these of a mask head, not with ImageNet's backbone")
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--steps", type=float, default=math.inf)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--workers", type=int, default=4, help="processes that draw chips; 0: this one does")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if not (math.isfinite(args.minutes) or math.isfinite(args.steps)):
        parser.error("say how long to train: --minutes or --steps")
    began = time.monotonic()
    # Before torch is loaded.
    fit_threads()
    try:
        _train(args, began)
    except GeolocError as error:
        sys.exit(f"error: {error}")


def _train(args: argparse.Namespace, began: float) -> None:
    import torch

    from geoloc.errors import TrainingError
    from geoloc.model.network.outline_net import OutlineNet
    from geoloc.model.outline_weights import load_outline_net, save_outline_weights
    from geoloc.train.grounds.gather import training_and_held_out
    from geoloc.train.grounds.masked import load_ground
    from geoloc.train.grounds.pack import read_pack
    from geoloc.train.grounds.towns.store import load_town, town_folder, training_towns
    from geoloc.train.outlines.fit import fit, schedule_of, steps_done
    from geoloc.train.outlines.gather import HELD_OUT_TOWNS
    from geoloc.train.outlines.held_out import held_out_lines
    from geoloc.train.outlines.stream import ChipStream, kept_grounds, stream_loader

    on_gpu = args.device.startswith("cuda")
    if on_gpu and not torch.cuda.is_available():
        raise TrainingError(f"device {args.device!r} cannot be used: torch finds no CUDA here")
    torch.manual_seed(args.seed)
    if args.weights is not None:
        net = load_outline_net(args.weights)
    else:
        net = OutlineNet()
        net.backbone.load_imagenet()
    training, held_out = training_and_held_out(read_pack(args.pack))
    boxed = [ground for ground in held_out.grounds if ground.name.startswith(BOXED)]
    prepare({args.run / "grounds": training.grounds, args.run / "held_out": boxed}, args.workers)
    _say(f"{len(kept_grounds(args.run / 'grounds'))} grounds in {time.monotonic() - began:.0f} s")

    checkpoint = args.run / CHECKPOINT_FILE
    loader = stream_loader(
        ChipStream(args.run / "grounds", args.towns, args.batch, args.seed, steps_done(checkpoint)),
        args.workers,
        pinned=on_gpu,
    )
    weights = args.run / WEIGHTS_FILE
    done = fit(
        net,
        iter(loader),
        checkpoint,
        schedule_of(steps=args.steps, minutes=args.minutes, batch=args.batch, seed=args.seed),
        device=args.device,
        used_s=time.monotonic() - began,
        report=lambda line: _say(f"{line}, {len(training_towns(args.towns))} towns"),
        keep_weights=lambda mean: save_outline_weights(weights, mean),
    )
    _say(f"{done} steps in {(time.monotonic() - began) / 60:.1f} min; wrote {weights}")
    apart = [town_folder(args.towns, seed) for seed in HELD_OUT_TOWNS]
    grounds = [load_town(path).masked for path in apart if path.exists()]
    grounds += [load_ground(path) for path in kept_grounds(args.run / "held_out")]
    for line in held_out_lines(net.to(args.device), grounds, args.seed):
        _say(line)


def prepare(grounds: Mapping[Path, Sequence[Ground]], processes: int) -> None:
    """Keep the masks of a pack's grounds but its towns in folders; those that are there already are skipped.

    Args:
        grounds: of the pack, by the folder that is to hold them, which is made where it is not there.
        processes: how many make them; 0 for this one.

    Raises:
        OutputError: one cannot be written.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    tasks = []
    for folder, some in grounds.items():
        folder.mkdir(parents=True, exist_ok=True)
        named = [(folder / Path(ground.name).name, ground) for ground in some if not ground.name.startswith("town_")]
        tasks += [(path, ground) for path, ground in named if not path.exists()]
    if not processes or not tasks:
        _consume(map(_keep, tasks))
        return
    with ProcessPoolExecutor(min(processes, len(tasks)), multiprocessing.get_context("spawn")) as pool:
        _consume(pool.map(_keep, tasks, chunksize=4))


def _consume(made: Iterable[None]) -> None:
    for _ in made:
        pass


def _keep(task: tuple[Path, Ground]) -> None:
    import cv2

    from geoloc.train.grounds.masked import save_ground

    # The processes share the cores already.
    cv2.setNumThreads(1)
    path, ground = task
    save_ground(path, _masked(ground))


def _masked(ground: Ground) -> MaskedGround:
    from geoloc.train.outlines.grounds import boxed_ground, coarser, segmented_ground

    if ground.name.startswith(BOXED):
        return boxed_ground(ground.name, ground.pixels, ground.gsd_m, ground.boxes.tolist())
    inside = ground.click_in if ground.click_in is not None else ground.valid
    return segmented_ground(ground.name, *coarser(ground.pixels, ground.gsd_m, inside))


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
