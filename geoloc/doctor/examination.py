"""All that is looked at, and how it is told."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import geoloc
from geoloc.doctor.check import Check
from geoloc.doctor.engines import engines, weights
from geoloc.doctor.geodata import geodata
from geoloc.doctor.packages import extras, needed
from geoloc.system.machine import machine
from geoloc.system.version import __version__


def examine() -> Iterator[Check]:
    """Look at everything, one after another; it takes seconds, since what computes is loaded."""
    yield Check("geoloc", f"{__version__}, in {Path(geoloc.__file__).parent}")
    yield Check("Python", f"{platform.python_version()}, {sys.executable}")
    yield Check("system", platform.platform())
    yield Check("machine", machine())
    yield from needed()
    yield from extras()
    yield from engines()
    yield from weights()
    yield from geodata()


def to_line(check: Check) -> str:
    """Return what is printed of a check."""
    return f"{check.name:24} {check.line}"


def to_json(checks: Sequence[Check]) -> dict[str, Any]:
    """Return all checks as JSON values: `ok`, and of each `name`, `found`, `wrong` and `mend`, null where nothing."""
    return {
        "ok": not any(check.wrong for check in checks),
        "checks": [
            {"name": check.name, "found": check.found, "wrong": check.wrong or None, "mend": check.mend or None}
            for check in checks
        ],
    }
