"""Train what compares poses from eye level further, on the poses that searches in synthetic towns come to.

    python -m geoloc.train.poses --towns 24 --work runs/poses -o sight.safetensors

builds the towns of the seeds from --first on by some processes, gives their photographs and panoramas a telephone's
errors, half of them no compass, searches for the poses of each on the town's own mosaic and on those of the two towns
before it, which lie at the same place, and keeps some of the poses that are compared there, wrong ones that look right
among them. All but every tenth town are learnt from. A folder goes with the network's weights that it was drawn with;
it goes on where it was stopped. What scores mean is then fitted by `python -m geoloc.train.calibration.from_ground`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from geoloc.errors import GeolocError, TrainingError, WeightsError
from geoloc.system.threads import fit_threads

if TYPE_CHECKING:
    from geoloc.train.poses.compared import ComparedPhoto

HELD_OUT_EVERY = 10
PANORAMAS, WALKS = 2, 8
"""Of a town."""
OTHERS = 2
"""Towns on whose mosaics each photograph is looked for besides."""
BACKBONE, PHOTOS = "backbone", "photos"
"""Of a file of a town: the checksum of what saw it, and what was kept of each search."""


@dataclass(frozen=True, slots=True)
class _Town:
    """A town whose photographs are looked for, and those on whose mosaics too."""

    seed: int
    others: tuple[int, ...]
    work: Path
    sight: Path

    @property
    def kept(self) -> Path:
        return self.work / f"{self.seed}.pt"

    def folder(self, seed: int) -> Path:
        return self.work / f"town_{seed}"


def main() -> None:
    """Parse the arguments, draw what is not kept yet, and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sight", type=Path, help="the sight head's file; that of the package where none is given")
    parser.add_argument("--first", type=int, default=14000, help="seed that towns follow each other from")
    parser.add_argument("--towns", type=int, default=24)
    parser.add_argument("--work", type=Path, required=True, help="folder of what is drawn, 300 MB a town")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--steps", type=int, default=400, help="of the training, 8 photographs each")
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    # Before torch is loaded.
    fit_threads()
    try:
        _train(args)
    except GeolocError as error:
        sys.exit(f"error: {error}")


def _train(args: argparse.Namespace) -> None:
    from geoloc.model.sight.head import PACKAGED_SIGHT, backbone_checksum, load_sight_head, save_sight_weights
    from geoloc.model.weights import load_network
    from geoloc.train.poses.choice import fit_choice

    sight = args.sight or PACKAGED_SIGHT
    network, _ = load_network("base", None, "cpu")
    head = load_sight_head(network, sight)
    if head is None:
        raise WeightsError(f"{sight}: not for the packaged weights of base")
    seeds = [args.first + number for number in range(args.towns)]
    # Before the first are the last.
    before = [dict.fromkeys(seeds[(n - back) % len(seeds)] for back in range(1, OTHERS + 1)) for n in range(args.towns)]
    towns = [
        _Town(seed, tuple(other for other in others if other != seed), args.work, sight)
        for seed, others in zip(seeds, before, strict=True)
    ]
    args.work.mkdir(parents=True, exist_ok=True)
    missing = [town for town in towns if not town.kept.exists()]
    built = {seed: town for town in missing for seed in (town.seed, *town.others)}
    with ProcessPoolExecutor(args.processes, multiprocessing.get_context("spawn")) as pool:
        for task, tasks in ((_build, [replace(town, seed=seed) for seed, town in built.items()]), (_draw, missing)):
            for line in pool.map(task, tasks):
                _say(line)
    photos = [_kept(town.kept, backbone_checksum(network)) for town in towns]
    training = [photo for n, some in enumerate(photos) if n % HELD_OUT_EVERY for photo in some]
    held_out = [photo for some in photos[::HELD_OUT_EVERY] for photo in some]
    likeness = fit_choice(head.likeness, training, held_out, steps=args.steps, report=_say)
    fitted = replace(head, likeness=likeness)
    _say(f"wrote {args.output}, sha256 {save_sight_weights(args.output, fitted, network)}")


def _pairs(town: _Town) -> list[tuple[Path, Path]]:
    from geoloc.town.phones import town_by_phone

    return town_by_phone(
        town.folder(town.seed),
        seed=town.seed,
        panoramas=PANORAMAS,
        walks=WALKS,
        style="farm" if town.seed % 4 == 3 else "village",
        compass=lambda number: number % 2 == 0,
    )


def _build(town: _Town) -> str:
    _pairs(town)
    return f"town {town.seed} is built"


def _draw(town: _Town) -> str:
    """Search for the photographs of a town, and keep what is compared."""
    from contextlib import ExitStack

    import numpy as np
    import torch

    from geoloc.model.localizer import Localizer
    from geoloc.model.sight.head import backbone_checksum, load_sight_head
    from geoloc.model.weights import load_network
    from geoloc.photo.photo import load_photo
    from geoloc.system.output import replacing
    from geoloc.train.poses.compared import compared_photo
    from tiling.mosaic import open_mosaic

    torch.set_num_threads(1)
    net, calibration = load_network("base", None, "cpu")
    head = load_sight_head(net, town.sight)
    assert head is not None, "checked before"
    localizer, rng, found = Localizer(net, calibration, head).compiled(), np.random.default_rng([town.seed, 5]), []
    with ExitStack() as open_files:
        seeds = (town.seed, *town.others)
        mosaics = [open_files.enter_context(open_mosaic([town.folder(seed) / "mosaic.tif"])) for seed in seeds]
        for path, copy in _pairs(town):
            photo = load_photo(copy)
            for number, mosaic in enumerate(mosaics):
                true = None if number else load_photo(path)
                found.append(compared_photo(photo, true, mosaic, localizer, rng))
    drawn = {BACKBONE: backbone_checksum(net), PHOTOS: [photo.tensors for photo in found if photo is not None]}
    with replacing(town.kept) as temporary:
        torch.save(drawn, temporary)
    return f"town {town.seed}: {len(drawn[PHOTOS])} searches"


def _kept(path: Path, backbone: str) -> list[ComparedPhoto]:
    import torch

    from geoloc.train.poses.compared import ComparedPhoto

    kept = torch.load(path, weights_only=True)
    if kept[BACKBONE] != backbone:
        raise TrainingError(f"{path}: drawn with other weights; give another folder as --work, or remove it")
    return [ComparedPhoto.of(tensors) for tensors in kept[PHOTOS]]


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
