"""Measure outlines where the truth is known: `python -m benchmarks.outlines GROUNDS`.

GROUNDS are folders of `geoloc.train.grounds.masked`; `geoloc train-outlines --run RUN` leaves those that are held out
in `RUN/held_out/`: towns that nobody trained on, by kind of object (IoU with the true mask), and orthophotos of Tallinn
(IoU of the boxes, as only those are known). Figures of docs/outlines.md about them are in these tables, and limits are
chosen by them. Folders that `geoloc.train.grow_towns` leaves are taken as well: their photographs tell what a box round
all of an object, with its walls, is worth.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.outlines import measure, tables
from benchmarks.outlines.sheet import draw_sheet
from benchmarks.outlines.standing import slant, standing_trials
from benchmarks.outlines.trials import is_town, trials
from geoloc.errors import GeolocError
from geoloc.model.outline_weights import PACKAGED_OUTLINE, load_outline_net
from geoloc.outline.mask_model import MaskModel


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.outlines", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("grounds", type=Path, nargs="+", help="folders of grounds")
    parser.add_argument("--weights", type=Path, default=PACKAGED_OUTLINE, help="of the mask head")
    parser.add_argument("--most", type=int, default=60, help="objects of a ground")
    parser.add_argument("--sheet", type=Path, help="draw some of them here, a PNG")
    args = parser.parse_args()
    try:
        network = MaskModel(load_outline_net(args.weights))
        chosen = [trial for path in args.grounds for trial in trials(path, args.most)]
        found = [measure.clicked(trial, network) for trial in chosen]
        drawn = [one for trial in chosen if trial.drawn and (one := measure.drawn(trial, trial.drawn, network))]
        views = [view for path in args.grounds if is_town(path) for view in standing_trials(path, args.most)]
        standing = [one for view in views if view.drawn and (one := measure.drawn(view, view.drawn, network))]
        if args.sheet is not None:
            draw_sheet(found, args.sheet)
    except (GeolocError, OSError) as error:
        sys.exit(f"Error: {error}")
    for exact, title in ((True, "true outlines"), (False, "true boxes")):
        if part := [one for one in found if one.trial.exact == exact]:
            _print(f"Clicks, {title}", [*tables.by_kind(part), "", *tables.by_confidence(part)])
    if drawn:
        _print("Drawn boxes, true outlines", tables.of_drawn(drawn))
    if standing:
        slants = [slant(one.trial.drawn) for one in standing if one.trial.drawn]
        _print("Boxes drawn round all that stands up, true outlines", tables.of_standing(standing, slants))
    _print("Time", tables.of_time(found))


def _print(title: str, lines: list[str]) -> None:
    sys.stdout.write("\n".join([f"## {title}", "", *lines, "", ""]))


if __name__ == "__main__":
    main()
