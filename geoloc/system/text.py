"""Numbers out of what users type, and paths as text."""

from __future__ import annotations

import math
import os
from pathlib import Path


def path_text(path: Path) -> str:
    """Return a path as any file can hold it: what of its name is not Unicode is replaced."""
    return os.fsencode(path).decode("utf-8", "replace")


def counted(count: int, thing: str, things: str = "") -> str:
    """Return a number of things in words.

    Args:
        count: how many.
        thing: what one is called.
        things: what several are called, where that is more than an s.

    >>> counted(1, "query", "queries"), counted(2, "click")
    ('1 query', '2 clicks')
    """
    return f"{count} {thing if count == 1 else things or f'{thing}s'}"


def parse_numbers(text: str, form: str) -> tuple[float, ...]:
    """Read as many finite numbers as `form` names, separated by commas or blanks, in brackets or not.

    Args:
        text: what a user typed, such as "15.2, 48.7".
        form: the names of the numbers, such as "LON,LAT"; stands in the error.

    Raises:
        ValueError: the text is anything else.
    """
    parts = text.strip().strip("[]").replace(",", " ").split()
    try:
        numbers = tuple(float(part) for part in parts)
    except ValueError:
        numbers = ()
    if len(numbers) != form.count(",") + 1 or not all(map(math.isfinite, numbers)):
        raise ValueError(f"{text!r} is not of the form {form}")
    return numbers
