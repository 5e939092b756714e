"""How a field of a request is written: as an option of a command, in JSON, and what values it may have."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from geoloc.system.text import parse_numbers
from tiling.area import Area


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value.

    Attributes:
        name: what the command line shows for the value, such as `LON,LAT`.
        from_text: makes a value of what a user types, or raises ValueError; None where it is never typed.
        from_json: makes a value of a JSON value, or raises TypeError or ValueError.
        to_json: the reverse.
    """

    name: str
    from_text: Callable[[str], Any] | None
    from_json: Callable[[Any], Any]
    to_json: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True, slots=True)
class Option:
    """How one field of a request is written.

    Attributes:
        part: what to search, and by which network; where; or how.
        kind: of its value.
        help: one sentence for the command's help.
        flag: of the command line, such as `--top` or `--gps/--no-gps`; None where no command has it.
        key: its name in JSON.
        metavar: what the help shows for the value, where not the kind's own name.
        shown_default: what the help says it is otherwise, where that is no plain value.
        answers: whether answers depend on it, so that a batch may not go on with another value.
    """

    part: Literal["source", "where", "how"]
    kind: Kind
    help: str
    flag: str | None
    key: str
    metavar: str | None = None
    shown_default: str | None = None
    answers: bool = True


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _path(value: Any) -> Path:
    return Path(_text(value))


def _paths(value: Any) -> tuple[Path, ...]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list of paths")
    return tuple(_path(part) for part in value)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _positive(value: Any) -> float:
    number = _number(value)
    if not (number > 0 and math.isfinite(number)):
        raise ValueError(f"{value!r} is not above 0")
    return number


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{value!r} is no whole number")
    return value


def _count(value: Any) -> int:
    if _whole(value) < 1:
        raise ValueError(f"{value} is not 1 or more")
    return _whole(value)


def _numbers(count: int) -> Callable[[Any], tuple[float, ...]]:
    def parse(value: Any) -> tuple[float, ...]:
        if not isinstance(value, list) or len(value) != count:
            raise TypeError(f"{value!r} is no list of {count} numbers")
        return tuple(_number(part) for part in value)

    return parse


def _typed_bands(text: str) -> tuple[int, ...]:
    try:
        return _checked_bands(tuple(int(part) for part in text.split(",")))
    except ValueError:
        raise ValueError(f"{text!r} is not one band or three, counted from 1, such as 4,3,2") from None


def _bands(value: Any) -> tuple[int, ...]:
    return _checked_bands(tuple(_whole(band) for band in value))


def _checked_bands(bands: tuple[int, ...]) -> tuple[int, ...]:
    if len(bands) not in (1, 3) or min(bands) < 1:
        raise ValueError(f"{list(bands)} is not one band or three, counted from 1")
    return bands


def numbers(form: str) -> Kind:
    """As many numbers as `form` names, such as `W,S,E,N`."""
    return Kind(form, lambda text: parse_numbers(text, form), _numbers(form.count(",") + 1), list)


def choice(*values: str) -> Kind:
    """One of some words."""

    def parse(value: Any) -> str:
        if _text(value) not in values:
            raise ValueError(f"{value!r} is neither {' nor '.join(values)}")
        return _text(value)

    return Kind("|".join(values), parse, parse)


PATH = Kind("PATH", Path, _path, str)
PATHS = Kind("PATH", Path, _paths, lambda paths: [str(path) for path in paths])
TEXT = Kind("TEXT", str, _text)
FLAG = Kind("", None, _truth)
POSITIVE = Kind("METRES", float, _positive)
SHARE = Kind("FLOAT RANGE", float, _number)
WHOLE = Kind("INTEGER", int, _whole)
COUNT = Kind("INTEGER RANGE", int, _count)
BANDS = Kind("B or R,G,B", _typed_bands, _bands, list)
AREA = Kind("GEOJSON", None, Area.from_geojson, lambda area: area.to_geojson())


def absolute(value: Any) -> Any:
    """A value as a process in another folder must have it: paths from the root, all else as it is."""
    if isinstance(value, Path):
        return value.absolute()
    return tuple(map(absolute, value)) if isinstance(value, tuple) else value
