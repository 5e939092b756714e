"""Train the sight head on synthetic towns, whatever torch is at hand.

    python -m geoloc.train.sights --towns 80 --kept runs/sights -o sight.safetensors

draws clicks of the towns of the seeds from --first on, by some processes, keeps those of each town in a folder, so that
it goes on where it was stopped, and fits the head on all but every tenth town, all of them in memory. It goes with the
network's weights that it was trained with and with no others. What scores mean with it is then fitted by
`python -m geoloc.train.calibration.from_ground`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from geoloc.errors import GeolocError, TrainingError
from geoloc.system.threads import fit_threads

HELD_OUT_EVERY = 10
BACKBONE, PHOTOS = "backbone", "photos"
"""Of a file of a town's clicks: the checksum of what saw them, and those of each photograph."""


def main() -> None:
    """Parse the arguments, draw what is not kept yet, and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, help="of the network; those of the package where none are given")
    parser.add_argument("--first", type=int, nargs="+", default=[9000], help="seeds that towns follow each other from")
    parser.add_argument("--towns", type=int, default=110, help="from each of these on")
    parser.add_argument("--kept", type=Path, required=True, help="folder of the towns' clicks, 60 MB each")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=6)
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

    from geoloc.model.sight.head import SightHead, backbone_checksum, save_sight_weights
    from geoloc.model.weights import load_network
    from geoloc.train.sights.clicks import SightClicks
    from geoloc.train.sights.fit import fit_sights

    net, _ = load_network("base", args.weights, "cpu")

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
        if kept[BACKBONE] != backbone_checksum(net):
            raise TrainingError(f"{path}: drawn with other weights; give another folder as --kept, or remove it")
        towns.append([SightClicks.of(tensors) for tensors in kept[PHOTOS]])
    training = [photo for number, town in enumerate(towns) if number % HELD_OUT_EVERY for photo in town]
    held_out = [photo for town in towns[::HELD_OUT_EVERY] for photo in town]
    head = SightHead(fit_sights(training, held_out, epochs=args.epochs, report=_say))
    _say(f"wrote {args.output}, sha256 {save_sight_weights(args.output, head, net)}")


def _draw(task: tuple[int, Path, Path | None]) -> int:
    import torch

    from geoloc.model.sight.head import backbone_checksum
    from geoloc.model.weights import load_network
    from geoloc.system.output import replacing
    from geoloc.train.sights.clicks import town_clicks

    seed, path, weights = task
    torch.set_num_threads(1)
    net, _ = load_network("base", weights, "cpu")
    drawn = {BACKBONE: backbone_checksum(net), PHOTOS: [clicks.tensors for clicks in town_clicks(seed, net)]}
    with replacing(path) as temporary:
        torch.save(drawn, temporary)
    return seed


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
