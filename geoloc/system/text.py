"""Numbers out of what users type, and paths as text."""

from __future__ import annotations

import math
import os
from pathlib import Path


def path_text(path: Path) -> str:
    """A path as any file can hold it: what of its name is not Unicode is replaced."""
    return os.fsencode(path).decode("utf-8", "replace")


def parse_numbers(text: str, form: str) -> tuple[float, ...]:
    """As many finite numbers as `form` ("LON,LAT") names, separated by commas or blanks, in brackets or not.

    Raises:
        ValueError: anything else.
    """
    parts = text.strip().strip("[]").replace(",", " ").split()
    try:
        numbers = tuple(float(part) for part in parts)
    except ValueError:
        numbers = ()
    if len(numbers) != form.count(",") + 1 or not all(map(math.isfinite, numbers)):
        raise ValueError(f"{text!r} is not of the form {form}")
    return numbers
