"""Numbers out of what users type."""

from __future__ import annotations

import math


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
