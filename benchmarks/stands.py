"""How well cameras at eye level are placed by the ground round them: `python -m benchmarks.stands --seeds 811 812`.

Photographs of synthetic towns, whose poses are known, with a telephone's errors of position and compass; and how far
the ground of the next town, which lies at the same place, is taken for theirs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.provenance import ROOT
from geoloc import model, town
from geoloc.geometry.stand import find_stands
from geoloc.photo.photo import Photo, load_photo
from geoloc.town.phones import as_by_phone
from tiling.degrees import wrapped_deg
from tiling.grid import WGS84, ground_distance_m
from tiling.mosaic import open_mosaic

PANORAMAS, WALKS = 4, 6


def main() -> None:
    """Read the arguments, build what is not there, and print a line for each photograph."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stands", description=__doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=[811, 812], help="of the towns, two or more")
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "stands", help="where towns are kept")
    parser.add_argument("--photos", default="*", help="names of those to look at, such as 'walk*'")
    args = parser.parse_args()
    if len(args.seeds) < 2:
        parser.error("--seeds: give two or more, each is looked for on the next one's mosaic too")
    localizer = model.load("base")
    folders = [_town(seed, args.work) for seed in args.seeds]
    for seed, folder, other in zip(args.seeds, folders, [*folders[1:], folders[0]], strict=True):
        exact = sorted([*folder.glob("panoramas/*.jpg"), *folder.glob("walks/*.jpg")])
        with open_mosaic([folder / "mosaic.tif"]) as mosaic, open_mosaic([other / "mosaic.tif"]) as elsewhere:
            for compass in (True, False):
                rng = np.random.default_rng([seed, 9])
                for path in exact:
                    told = folder / ("phone" if compass else "bare") / path.name
                    as_by_phone(path, told, rng, compass=compass)
                    if path.match(args.photos):
                        photo, true = load_photo(told), load_photo(path)
                        stands, wrong = (
                            find_stands(photo, ground, localizer.likeness(photo, ground.read))
                            for ground in (mosaic, elsewhere)
                        )
                        found = _off(stands[0].photo, true) if stands else "nothing"
                        weight = sum(stand.weight for stand in stands if _metres(stand.photo, true) < 3.0)
                        told_off = _off(photo, true)
                        print(f"{seed} {told.parent.name} {path.stem}: told {told_off}, found {found}, {weight:.2f} of the weight within 3 m; {sum(stand.weight for stand in wrong):.2f} of it on the next town", flush=True)  # noqa: T201, E501  # fmt: skip


def _town(seed: int, work: Path) -> Path:
    folder = work / f"t{seed}"
    if not (folder / "queries.csv").exists():
        town.build(folder, seed=seed, photos=0, panoramas=PANORAMAS, walks=WALKS)
    return folder


def _metres(photo: Photo, true: Photo) -> float:
    assert photo.position is not None, "towns tell it"
    assert true.position is not None, "towns tell it"
    return ground_distance_m(*photo.position, *true.position, WGS84)


def _off(photo: Photo, true: Photo) -> str:
    turn = ""
    if photo.heading_deg is not None and true.heading_deg is not None:
        turn = f", {wrapped_deg(photo.heading_deg - true.heading_deg):+.0f} degrees"
    return f"{_metres(photo, true):.1f} m{turn}"


if __name__ == "__main__":
    main()
