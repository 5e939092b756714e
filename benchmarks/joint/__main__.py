"""Measure what photographs of one object tell together: `python -m benchmarks.joint`.

Every click is searched once, which takes some 25 CPU-minutes in all, and kept in the work folder; what is joined of
them, and the table, is made anew each time. Sets whose data are not there are left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.accuracy.errors import AbsentError
from benchmarks.accuracy.queries.sets import Library, MosaicQueries
from benchmarks.coverage.far import make_far
from benchmarks.joint.figures import HEADER, line, trials
from benchmarks.joint.searched import ObjectSet, SearchedObject, searched
from benchmarks.provenance import ROOT, commit, today
from geoloc.errors import GeolocError
from geoloc.system.output import replacing

MOST_PHOTOS = 3
FARM_OBJECTS, VILLAGE_OBJECTS, WRONG_OBJECTS, ALL = 24, 20, 12, 99


def main() -> None:
    """Search, join, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.joint", description=__doc__)
    parser.add_argument("--sets", nargs="+", metavar="SET", help="names of sets, as the table has them [all]")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder of real sites")
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "bench", help="towns and searches that are kept")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results", help="folder of the table")
    args = parser.parse_args()
    rows, cpu_s = [], 0.0
    try:
        for objects in _sets(args.data, args.work):
            if args.sets and objects.name not in args.sets:
                continue
            found, seconds = searched(objects, args.work / "joint", _report)
            cpu_s += seconds
            rows += _rows(objects, found)
            page = _PAGE.format(date=today(), commit=commit(), minutes=cpu_s / 60, table="\n".join([HEADER, *rows]))
            with replacing(args.output / "joint.md") as temporary:
                temporary.write_text(page, encoding="utf-8")
    except (GeolocError, OSError) as error:
        sys.exit(f"Error: {error}")


def _sets(data: Path, work: Path) -> Iterator[ObjectSet]:
    farm, village = (make_far(name, work / "far", _report).searches[0] for name in ("far_farm", "far_village"))
    brighton = _absent(lambda: Library(data, work, _report).make("brighton_0.50").searches[0])
    for refine, how in (("auto", ""), ("off", ", attention alone")):
        yield ObjectSet(f"farm{how}", farm, 0.2, refine, FARM_OBJECTS)
        yield ObjectSet(f"village{how}", village, 0.2, refine, VILLAGE_OBJECTS)
        if brighton is not None:
            yield ObjectSet(f"brighton at 0.5 m{how}", brighton, 0.5, refine, ALL)
    elsewhere = {"farm on village": (farm, village), "village on farm": (village, farm)}
    for name, (asked, ground) in elsewhere.items():
        wrong = MosaicQueries(ground.mosaic, asked.queries)
        yield ObjectSet(f"{name}, attention alone", wrong, 0.2, "off", WRONG_OBJECTS, present=False)


def _absent(make: Callable[[], MosaicQueries]) -> MosaicQueries | None:
    try:
        return make()
    except AbsentError as error:
        _report(f"left out: {error}")
        return None


def _rows(objects: ObjectSet, found: list[SearchedObject]) -> list[str]:
    """The rows of a set: objects that two photographs show and those that three do, each by fewer photographs too."""
    rows = []
    for seen_by in range(2, MOST_PHOTOS + 1):
        some = [item for item in found if len(item.photos) >= seen_by]
        for photos in range(1, seen_by + 1) if some else ():
            name = f"{objects.name}, seen {seen_by} times"
            rows.append(line(name, photos, trials(some, photos), present=objects.present))
    return rows


_PAGE = """# Several photographs of one object

Written by `python -m benchmarks.joint`; do not edit.

{date}, {commit}; all searches took {minutes:.0f} CPU-minutes.

Objects that at least so many photographs show, each photograph alone, and two or three of them joined: all
combinations of an object's photographs, twelve at most, which together count as one object. Mosaics are searched whole,
without the photographs' positions. Hits: the best answer's centre is in the true box, whatever its score. Told: the
best answer scores 0.5 or more, so that it is not "not here". Errors are those of all best answers. Covered: of what is
told, the share whose error is within its `accuracy_m`, meant for 0.9. Told median: the `accuracy_m` of hits. Farm and
village are synthetic towns with exact truth, photographed from straight above up to the horizon; "on" another's mosaic
nothing is there.

{table}
"""


def _report(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
