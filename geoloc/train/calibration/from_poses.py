"""How sure poses of cameras at eye level are: searches for them in synthetic towns.

    python -m geoloc.train.calibration.from_poses --towns 14004 14005 14008 14009 --work runs/poses

builds the towns, gives their photographs and panoramas a telephone's errors, every other one no compass, looks for the
poses of each on its own mosaic and on those of the two towns before it, which lie at the same place, and tells by what
factor the logs of the poses' odds are to be multiplied, so that the weights of `find_stands` say how often poses are
right: `SURE` is to be as many times what it is.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geoloc.errors import GeolocError
from geoloc.system.threads import fit_threads

if TYPE_CHECKING:
    from geoloc.geometry.stand import FoundPose
    from geoloc.model.localizer import Localizer
    from geoloc.photo.photo import Photo

PANORAMAS, WALKS = 2, 8
"""Of a town."""
OTHERS = 2
"""Towns before it on whose mosaics each photograph is looked for besides."""
RIGHT_M, RIGHT_DEG = 3.0, 6.0
"""How far right poses are off at the most."""
WRONG_M, WRONG_DEG = 5.0, 12.0
"""By how much either is off of wrong ones at the least; those between count as neither."""
FACTORS = np.arange(0.02, 3.0, 0.02)
"""That are tried."""
_NEVER = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class PosedSearch:
    """What a search for the poses of a photograph came to.

    Attributes:
        log_odds: P, of each pose against none of them.
        right: P, whether it is the photograph's.
    """

    log_odds: NDArray[np.float64]
    right: NDArray[np.bool_]

    def told(self, factor: float = 1.0) -> tuple[float, float]:
        """Return what the right poses have of the weight, and the wrong ones, the logs of odds being multiplied."""
        odds = np.exp(factor * self.log_odds)
        right, wrong = (float(odds[which].sum() / (1.0 + odds.sum())) for which in (self.right, ~self.right))
        return right, wrong

    def loss(self, factor: float) -> float:
        """Return -log of what the right poses have, or none of them where none is right."""
        right, wrong = self.told(factor)
        return -float(np.log(max(right if self.right.any() else 1.0 - wrong, _NEVER)))


def main() -> None:
    """Parse the arguments, build what is not there, search and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--towns", type=int, nargs="+", required=True, help="seeds, two or more; of four one is a farm")
    parser.add_argument("--work", type=Path, required=True, help="where the towns are kept")
    args = parser.parse_args()
    if len(args.towns) < 2:
        parser.error("--towns: give two or more, each is searched on others' mosaics too")
    # Before torch is loaded.
    fit_threads()
    try:
        from geoloc import model

        searches = search_towns(model.load("base"), args.towns, args.work, _say)
        _say(sure_line(searches))
    except GeolocError as error:
        sys.exit(f"error: {error}")


def search_towns(
    localizer: Localizer, seeds: Sequence[int], work: Path, report: Callable[[str], None]
) -> list[PosedSearch]:
    """Look for the poses of the photographs of towns on their own mosaics and on other ones.

    Args:
        localizer: the network with its sight head.
        seeds: of the towns.
        work: where they are kept.
        report: called with a line after each town.

    Raises:
        GeolocError: the folder cannot be written.
    """
    from geoloc.geometry.stand import find_stands
    from geoloc.photo.photo import load_photo
    from geoloc.town.phones import town_by_phone
    from tiling.mosaic import open_mosaic

    folders = [work / f"town_{seed}" for seed in seeds]
    pairs = [
        town_by_phone(
            folder,
            seed=seed,
            panoramas=PANORAMAS,
            walks=WALKS,
            style="farm" if seed % 4 == 3 else "village",
            compass=lambda number: number % 2 == 0,
            report=report,
        )
        for seed, folder in zip(seeds, folders, strict=True)
    ]
    searches: list[PosedSearch] = []
    for number, seed in enumerate(seeds):
        # Before the first are the last; of two towns the other one is there once.
        others = dict.fromkeys((number - back) % len(seeds) for back in range(OTHERS + 1))
        with ExitStack() as files:
            mosaics = [files.enter_context(open_mosaic([folders[other] / "mosaic.tif"])) for other in others]
            for path, copy in pairs[number]:
                photo, true = load_photo(copy), load_photo(path)
                for place, mosaic in enumerate(mosaics):
                    stands = find_stands(photo, mosaic, localizer.likeness(photo, mosaic.read))
                    searches.append(_told(stands, None if place else true))
        report(f"town {seed}: {len(searches)} searches")
    return searches


def sure_line(searches: Sequence[PosedSearch]) -> str:
    """Say how good the weights of poses are, and by which factor they were best."""
    losses = [float(np.mean([search.loss(factor) for search in searches])) for factor in FACTORS]
    best = int(np.argmin(losses))
    now = np.mean([search.loss(1.0) for search in searches])
    shown = [search.told()[0] for search in searches if search.right.any()]
    absent = [search.told()[1] for search in searches if not search.right.any()]
    return (
        f"right poses have half of the weight in {sum(weight > 0.5 for weight in shown)} of {len(shown)} searches that "
        f"found one, wrong ones in {sum(weight > 0.5 for weight in absent)} of {len(absent)} others; mean log loss "
        f"{now:.3f}, {losses[best]:.3f} with {FACTORS[best]:.2f} times the log odds"
    )


def _told(stands: Sequence[FoundPose], true: Photo | None) -> PosedSearch:
    """Return what a search came to; `true` is None on another town's mosaic."""
    from geoloc.geometry.stand import DOUBT

    kinds = [False if true is None else _is_right(stand.photo, true) for stand in stands]
    # Without what always stays with the metadata.
    shares = np.array([stand.weight for stand in stands]) / (1.0 - DOUBT)
    log_odds = np.log(np.maximum(shares, _NEVER)) - np.log(max(1.0 - shares.sum(), _NEVER))
    known = np.array([kind is not None for kind in kinds], bool)
    return PosedSearch(log_odds[known], np.array([kind is True for kind in kinds], bool)[known])


def _is_right(posed: Photo, true: Photo) -> bool | None:
    """Return whether a pose is right or wrong; None where it is neither quite."""
    from tiling.grid import WGS84, ground_distance_m

    assert posed.position is not None, "a pose has one"
    assert posed.heading_deg is not None, "a pose has one"
    assert true.position is not None, "towns tell it"
    assert true.heading_deg is not None, "towns tell it"
    off_m = ground_distance_m(*posed.position, *true.position, WGS84)
    turn_deg = abs((posed.heading_deg - true.heading_deg + 180.0) % 360.0 - 180.0)
    if off_m <= RIGHT_M and turn_deg <= RIGHT_DEG:
        return True
    return False if off_m > WRONG_M or turn_deg > WRONG_DEG else None


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
