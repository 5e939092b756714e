"""Fuzz where files and requests enter, by coverage: `python -m benchmarks.reliability.fuzz table --minutes 10`.

It needs atheris, which is made for Linux and is in the extra `fuzz`. What fails ends the run and is written to the
folder of `--corpus`, where runs that follow begin from what earlier ones found.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main() -> None:
    """Fuzz one target until its time is up, or something fails."""
    # Atheris counts what is loaded while it looks on.
    import atheris

    with atheris.instrument_imports(include=["geoloc", "PIL.TiffImagePlugin", "PIL.Image", "csv"]):
        from benchmarks.reliability.targets import TARGETS, seeds

        parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
        parser.add_argument("target", choices=TARGETS)
        parser.add_argument("--minutes", type=float, default=10)
        parser.add_argument("--corpus", type=Path, default=Path("build/fuzz"))
        args = parser.parse_args()
        given = seeds(args.target)
        # A first call loads what the target needs, so that it is looked at too.
        TARGETS[args.target](given[0])
    folder = args.corpus / args.target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(given):
        (folder / f"seed{number}").write_bytes(seed)
    options = [f"-max_total_time={round(60 * args.minutes)}", f"-artifact_prefix={folder}-", "-rss_limit_mb=4096"]
    atheris.Setup([sys.argv[0], *options, "-max_len=4096", "-timeout=20", str(folder)], TARGETS[args.target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
