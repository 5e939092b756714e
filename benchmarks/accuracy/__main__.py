"""Measure every method on every set of queries and write the table: `python -m benchmarks.accuracy`."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from benchmarks.accuracy.bench import Choice, run
from benchmarks.accuracy.methods.catalogue import NAMES
from benchmarks.accuracy.methods.networks import NETWORKS
from benchmarks.accuracy.queries.sets import Library
from benchmarks.provenance import ROOT
from geoloc.errors import GeolocError


def main() -> None:
    """Read the arguments and run."""
    sets = Library(Path(), Path()).names
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder of the sites")
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "bench", help="what is made and stored")
    parser.add_argument("--output", type=Path, help="folder of the table [benchmarks/results; with --limit, in --work]")
    parser.add_argument("--sets", nargs="+", choices=sets, default=sets, metavar="SET", help=f"of {', '.join(sets)}")
    parser.add_argument(
        "--methods", nargs="+", choices=NAMES, default=NAMES, metavar="METHOD", help=f"of {', '.join(NAMES)}"
    )
    parser.add_argument(
        "--weights", action="append", type=_weights, default=[], metavar="PRESET=PATH", help="instead of the packaged"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="queries a set, for a quick look")
    parser.add_argument("--device", default="cpu", help="where the networks run")
    parser.add_argument("--fresh", action="store_true", help="make sets and results anew")
    args = parser.parse_args()
    if args.limit is not None and args.limit < 1:
        parser.error("--limit must be 1 or more")
    output = args.output or (ROOT / "benchmarks" / "results" if args.limit is None else args.work / "quick")
    choice = Choice(tuple(args.sets), tuple(args.methods), dict(args.weights), args.limit, args.device, args.fresh)
    command = shlex.join(["python", "-m", "benchmarks.accuracy", *sys.argv[1:]])
    try:
        run(args.data, args.work, choice, output=output, command=command, report_line=_print_line)
    except GeolocError as error:
        sys.exit(f"Error: {error}")


def _weights(text: str) -> tuple[str, Path]:
    name, _, path = text.partition("=")
    if name not in NETWORKS or not path:
        raise argparse.ArgumentTypeError(f"{text!r} is not PRESET=PATH with a preset of {', '.join(NETWORKS)}")
    return name, Path(path)


def _print_line(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
