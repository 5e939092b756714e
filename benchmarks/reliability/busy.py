"""All tests beside busy loops, to show that none depends on how fast the machine is.

Run: python -m benchmarks.reliability.busy [--loops N] [-- what pytest is told]. Exits as pytest does.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from contextlib import ExitStack

from benchmarks.provenance import ROOT
from benchmarks.speed.busy import busy_loop


def main() -> int:
    """Start the loops, run pytest, and end them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--loops", type=int, default=3, help="processes that compute without a pause")
    parser.add_argument("pytest", nargs="*", help="paths and options of pytest, after --; all tests by default")
    args = parser.parse_args()
    with ExitStack() as stack:
        for _ in range(args.loops):
            stack.enter_context(busy_loop())
        return subprocess.run([sys.executable, "-m", "pytest", *args.pytest], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
