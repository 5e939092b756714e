"""What a score means where a photograph's own position counts: searches from eye level in synthetic towns.

    python -m geoloc.train.calibration.from_ground --towns 960 961 962 963 --work runs/ground -o sight.safetensors

builds the towns, gives their photographs and panoramas a telephone's errors, searches each on its own mosaic and on
that of the next town, which lies at the same place, and fits the law of the scores on both. The prior that a position
makes weighs evidence otherwise than a search without one, so that it has a law of its own, in the sight head's file.
How good the law is on towns that it was not fitted on tells `python -m benchmarks.accuracy`.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geoloc.errors import GeolocError, WeightsError
from geoloc.system.threads import fit_threads

if TYPE_CHECKING:
    from geoloc.evaluation.labelled import LabelledQuery
    from geoloc.model.localizer import Localizer

PANORAMAS, WALKS = 4, 8
"""Of a town."""


@dataclass(frozen=True, slots=True)
class GroundAnswer:
    """The best answer to a click.

    Attributes:
        evidence: see `Calibration`.
        hit: whether its centre lies in the true box; never on another town's mosaic.
    """

    evidence: float
    hit: bool


def main() -> None:
    """Parse the arguments, build what is not there, search and fit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sight", type=Path, help="the sight head's file; that of the package where none is given")
    parser.add_argument("--towns", type=int, nargs="+", default=[960, 961, 962, 963], help="seeds, two or more")
    parser.add_argument("--work", type=Path, required=True, help="where the towns are kept")
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    if len(args.towns) < 2:
        parser.error("--towns: give two or more, each is searched on the next one's mosaic too")
    # Before torch is loaded.
    fit_threads()
    try:
        _calibrate(args)
    except GeolocError as error:
        sys.exit(f"error: {error}")


def _calibrate(args: argparse.Namespace) -> None:
    from geoloc.model.localizer import Localizer
    from geoloc.model.sight.head import PACKAGED_SIGHT, load_sight_head, save_sight_weights
    from geoloc.model.weights import load_network
    from geoloc.train.calibration.score_law import auroc, score_law

    net, calibration = load_network("base", None, "cpu")
    path = args.sight or PACKAGED_SIGHT
    head = load_sight_head(net, path)
    if head is None:
        raise WeightsError(f"{path}: not for the packaged weights of base")
    answers = search_towns(Localizer(net, calibration, head).compiled(), args.towns, args.work, _say)
    evidence, hit = np.array([a.evidence for a in answers]), np.array([a.hit for a in answers])
    scale, offset = score_law(evidence, hit)
    fitted = replace(head, score_scale=scale, score_offset=offset)
    score = np.array([fitted.score(one) for one in evidence])
    _say(
        f"{hit.sum()} hits of {len(hit) // 2} searches with the object; AUROC of the score {auroc(score, hit):.3f}; "
        f"told (0.5 and more): {(score[hit] >= 0.5).mean():.2f} of hits, "
        f"{(score[~hit] >= 0.5).mean():.2f} of the others; "
        f"scale {scale:.3f}, offset {offset:.3f}"
    )
    save_sight_weights(args.output, fitted, net)
    _say(f"wrote {args.output}")


def search_towns(
    localizer: Localizer, seeds: Sequence[int], work: Path, report: Callable[[str], None]
) -> list[GroundAnswer]:
    """Search for the clicks of towns on their own mosaics and, as many, on other ones.

    Args:
        localizer: the network with its sight head.
        seeds: of the towns.
        work: where they are kept.
        report: called with a line after each mosaic.

    Raises:
        GeolocError: the folder cannot be written.
    """
    from geoloc.evaluation.labelled import read_queries

    answers: list[GroundAnswer] = []
    folders = [_town(seed, work, report) for seed in seeds]
    for number, folder in enumerate(folders):
        queries = read_queries(folder / "queries.csv")
        told = [replace(query, photo=folder / "phone" / query.photo.name) for query in queries]
        answers += _searched(localizer, folder / "mosaic.tif", told)
        elsewhere = folders[(number + 1) % len(folders)] / "mosaic.tif"
        answers += [replace(answer, hit=False) for answer in _searched(localizer, elsewhere, told)]
        report(f"town {seeds[number]}: {sum(a.hit for a in answers)} hits of {len(answers) // 2}")
    return answers


def _searched(localizer: Localizer, path: Path, queries: Sequence[LabelledQuery]) -> list[GroundAnswer]:
    """Search a mosaic; the answers are in the order of the queries."""
    from geoloc.evaluation.labelled import is_hit, run
    from geoloc.pipeline.finder import Finder
    from geoloc.pipeline.request import SearchRequest
    from geoloc.pipeline.scope import Scope
    from geoloc.pipeline.source import MosaicSource
    from geoloc.search.first_pass import LEAST_SHARE
    from tiling.mosaic import open_mosaic

    request = SearchRequest(top=1, refine="off", preset=localizer.name)
    with open_mosaic([path]) as mosaic:
        source = MosaicSource(mosaic, localizer.name, localizer.gsd_m)
        finder, scope = Finder(source, lambda: localizer, request), Scope(source, request)
        outcomes = run(queries, lambda photo, targets: finder.find(photo, targets, scope).answers)
    evidence = [None if outcome.best is None else outcome.best.evidence for outcome in outcomes]
    return [
        GroundAnswer(math.log(LEAST_SHARE) if told is None else told, is_hit(outcome))
        for told, outcome in zip(evidence, outcomes, strict=True)
    ]


def _town(seed: int, work: Path, report: Callable[[str], None]) -> Path:
    """Return the folder of a town, built where it is not there, its photographs by telephone in `phone/`."""
    from geoloc import town
    from geoloc.town.phones import as_by_phone

    folder = work / f"town_{seed}"
    if not (folder / "queries.csv").exists():
        report(f"building town {seed} (a minute or two, once)")
        town.build(folder, seed=seed, photos=0, panoramas=PANORAMAS, walks=WALKS)
    for number, path in enumerate(sorted([*folder.glob("panoramas/*.jpg"), *folder.glob("walks/*.jpg")])):
        if not (folder / "phone" / path.name).exists():
            as_by_phone(path, folder / "phone" / path.name, np.random.default_rng([seed, 9, number]), compass=True)
    return folder


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
