"""Train the sight head on synthetic towns, whatever torch is at hand.

    python -m geoloc.train.sights --towns 80 --kept runs/sights -o sight.safetensors

draws clicks and looks of the towns of the seeds from --first on, by some processes, keeps those of each town in a
folder, so that it goes on where it was stopped, and fits the head on all but every tenth town, all of them in memory.
It goes with the network's weights that it was trained with and with no others. What scores mean with it is then fitted
by `python -m geoloc.train.calibration.from_ground`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from geoloc.errors import GeolocError, TrainingError
from geoloc.system.threads import fit_threads

HELD_OUT_EVERY = 10
BACKBONE, CLICKED, LOOKED = "backbone", "clicks", "looks"
"""Of a file of a town: the checksum of what saw it, and the clicks and the looks of each photograph."""


def main() -> None:
    """Parse the arguments, draw what is not kept yet, and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, help="of the network; those of the package where none are given")
    parser.add_argument("--first", type=int, nargs="+", default=[9000], help="seeds that towns follow each other from")
    parser.add_argument("--towns", type=int, default=110, help="from each of these on")
    parser.add_argument("--kept", type=Path, required=True, help="folder of what is drawn, 110 MB a town")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=6, help="of the clicks, for the head")
    parser.add_argument(
        "--steps",
        type=int,
        nargs=2,
        default=[2000, 600],
        metavar=("N", "M"),
        help="of what compares poses with the ground: N, then M with wrong ground that looks right",
    )
    parser.add_argument(
        "--onward",
        type=Path,
        help="a head's file: its head is trained further, and what compares poses stays as it is (--steps tell nothing "
        "then). Take seeds that it has not learnt from; what scores mean is to be fitted again",
    )
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    # Before torch is loaded.
    fit_threads()
    try:
        _train(args)
    except GeolocError as error:
        sys.exit(f"error: {error}")


def _train(args: argparse.Namespace) -> None:
    import torch

    from geoloc.model.sight.head import SightHead, backbone_checksum, load_sight_head, save_sight_weights
    from geoloc.model.weights import load_network
    from geoloc.train.sights.clicks import SightClicks
    from geoloc.train.sights.fit import Sights, fit_likeness, fit_sights
    from geoloc.train.sights.looks import SightLooks

    network, _ = load_network("base", args.weights, "cpu")
    onward = None if args.onward is None else load_sight_head(network, args.onward)
    if args.onward is not None and onward is None:
        raise TrainingError(f"{args.onward}: goes with another network's backbone")
    seeds = [first + number for first in args.first for number in range(args.towns)]
    paths = [args.kept / f"{seed}.pt" for seed in seeds]
    args.kept.mkdir(parents=True, exist_ok=True)
    missing = [(seed, path, args.weights) for seed, path in zip(seeds, paths, strict=True) if not path.exists()]
    with ProcessPoolExecutor(args.processes, multiprocessing.get_context("spawn")) as pool:
        for seed in pool.map(_draw, missing):
            _say(f"town {seed}")
    towns = []
    for path in paths:
        kept = torch.load(path, weights_only=True, mmap=True)
        if kept[BACKBONE] != backbone_checksum(network):
            raise TrainingError(f"{path}: drawn with other weights; give another folder as --kept, or remove it")
        if CLICKED not in kept or LOOKED not in kept:
            raise TrainingError(f"{path}: drawn by an earlier geoloc; give another folder as --kept, or remove it")
        towns.append(kept)

    def sights(some: list[dict[str, Any]]) -> Sights:
        clicks = [SightClicks.of(photo) for town in some for photo in town[CLICKED]]
        return Sights.of(clicks, [SightLooks.of(photo) for town in some for photo in town[LOOKED]])

    training = sights([town for number, town in enumerate(towns) if number % HELD_OUT_EVERY])
    held_out = sights(towns[::HELD_OUT_EVERY])
    if onward is None:
        steps, hard_steps = args.steps
        net, likeness = None, fit_likeness(training, held_out.looks, steps=steps, hard_steps=hard_steps, report=_say)
    else:
        net, likeness = onward.net, onward.likeness
    net = fit_sights(training.clicks, held_out.clicks, likeness, epochs=args.epochs, onward=net, report=_say)
    head = SightHead(net, likeness)
    _say(f"wrote {args.output}, sha256 {save_sight_weights(args.output, head, network)}")


def _draw(task: tuple[int, Path, Path | None]) -> int:
    import torch

    from geoloc.model.sight.head import backbone_checksum
    from geoloc.model.weights import load_network
    from geoloc.system.output import replacing
    from geoloc.train.sights.towns import town_sights

    seed, path, weights = task
    torch.set_num_threads(1)
    net, _ = load_network("base", weights, "cpu")
    clicks, looks = zip(*town_sights(seed, net), strict=True)
    drawn = {
        BACKBONE: backbone_checksum(net),
        CLICKED: [photo.tensors for photo in clicks if photo],
        LOOKED: [photo.tensors for photo in looks if photo],
    }
    with replacing(path) as temporary:
        torch.save(drawn, temporary)
    return seed


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
