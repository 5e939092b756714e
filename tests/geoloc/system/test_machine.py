"""The machine is named as a reader would."""

from __future__ import annotations

import os
import re

from geoloc.system.machine import machine


def test_it_tells_processor_and_cores() -> None:
    found = re.fullmatch(r"(.+), (\d+) cores(, \d+ GB)?", machine())
    assert found
    assert int(found[2]) <= (os.cpu_count() or 1)
