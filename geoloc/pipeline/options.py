"""How a field of a request is written, as an option of a command and in JSON, and what values it may have."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from geoloc.system.text import parse_numbers

if TYPE_CHECKING:
    from tiling.area import Area

_Value = TypeVar("_Value")
Part = Literal["source", "limits", "answers", "network"]
"""What a field is about: what to search; where in it; which answers, and how they are found; by which network."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value, and how it is read and written.

    Attributes:
        from_json: makes a value of a JSON value, or raises TypeError or ValueError.
        to_json: the reverse.
        form: what the command line shows for a value of which it knows no type, such as `LON,LAT`.
        from_text: makes such a value of what a user types, or raises ValueError.
        choices: all that a text may be, where it may not be anything.
    """

    from_json: Callable[[Any], Any]
    to_json: Callable[[Any], Any] = lambda value: value
    form: str = ""
    from_text: Callable[[str], Any] | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """How one field of a request is written.

    Attributes:
        part: what it is about.
        kind: kind of its value.
        help: one sentence for the command's help.
        flag: name on the command line, such as `--top` or `--gps/--no-gps`; None where no command has it.
        key: name in JSON.
        metavar: what the help shows for the value, where not what click shows for its type.
        shown_default: what the help says it is otherwise, where that is no plain value.
        in_journal: whether a batch may not go on with another value. Not so where answers do not depend on it, or where
            the journal holds what it stands for: the states of files, the area that all limits amount to.
    """

    part: Part
    kind: Kind
    help: str
    flag: str | None
    key: str
    metavar: str | None = None
    shown_default: str | None = None
    in_journal: bool = True

    @property
    def name(self) -> str:
        """What a user knows it as: the flag, without its opposite, or the key where there is none."""
        return (self.flag or self.key).partition("/")[0]


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
    number = _whole(value)
    if number < 1:
        raise ValueError(f"{number} is not 1 or more")
    return number


def _bands(value: Any) -> tuple[int, ...]:
    bands = tuple(_whole(band) for band in value)
    if len(bands) not in (1, 3) or min(bands) < 1:
        raise ValueError(f"{list(bands)} is not one band or three, counted from 1")
    return bands


def _typed_bands(text: str) -> tuple[int, ...]:
    try:
        return _bands(int(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"{text!r} is not one band or three, counted from 1, such as 4,3,2") from None


def _area(value: Any) -> Area:
    # The library of areas takes longer to load than a command to show its help.
    from tiling.area import Area

    return Area.from_geojson(value)


def numbers(form: str) -> Kind:
    """Return the kind of as many numbers as `form` names, such as `W,S,E,N`; a list of them in JSON."""
    count = form.count(",") + 1

    def from_json(value: Any) -> tuple[float, ...]:
        if not isinstance(value, list) or len(value) != count:
            raise TypeError(f"{value!r} is no list of {count} numbers")
        return tuple(_number(part) for part in value)

    return Kind(from_json, list, form, lambda text: parse_numbers(text, form))


def choice(*choices: str) -> Kind:
    """Return the kind of one of some words."""

    def from_json(value: Any) -> str:
        if _text(value) not in choices:
            raise ValueError(f"{value!r} is neither {' nor '.join(choices)}")
        return _text(value)

    return Kind(from_json, choices=choices)


PATH = Kind(_path, str)
PATHS = Kind(_paths, lambda paths: [str(path) for path in paths])
TEXT = Kind(_text)
FLAG = Kind(_truth)
POSITIVE = Kind(_positive)
SHARE = Kind(_number)
WHOLE = Kind(_whole)
COUNT = Kind(_count)
BANDS = Kind(_bands, list, "B or R,G,B", _typed_bands)
AREA = Kind(_area, lambda area: area.to_geojson())


def absolute(value: _Value) -> _Value:
    """Return a value as a process in another folder must have it: paths from the root, all else as it is."""
    if isinstance(value, Path):
        return value.absolute()
    return tuple(map(absolute, value)) if isinstance(value, tuple) else value  # type: ignore[return-value]
