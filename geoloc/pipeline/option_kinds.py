"""How a field of a request is written, as an option of a command and in JSON, and what values it may have."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from geoloc.system.text import parse_numbers
from tiling import names

if TYPE_CHECKING:
    from tiling.area import Area

_LONGEST_PATH, _LONGEST_NAME = 4096, 255
"""Bytes, on the systems that geoloc runs on."""
_Value = TypeVar("_Value")
Part = Literal["source", "limits", "camera", "answers", "network"]
"""What a field is about: what to search; where in it; what is known of camera and ground; which answers, and how they
are found; by which network."""


@dataclass(frozen=True, slots=True)
class NumberRange:
    """Numbers that a value may be; never infinite, and never nan.

    Attributes:
        whole: whether whole numbers only.
        least: the least one; None for any.
        most: the greatest one; None for any.
        above: whether `least` itself is none of them.
    """

    whole: bool = False
    least: float | None = None
    most: float | None = None
    above: bool = False

    def check(self, value: Any) -> None:
        """Refuse what is none of these numbers.

        Raises:
            ValueError: it is none of them, or no number.
        """
        number = _integer(value) if self.whole else _real(value)
        low, high = -math.inf if self.least is None else self.least, math.inf if self.most is None else self.most
        inside = low < number <= high if self.above else low <= number <= high
        if not inside or abs(number) == math.inf:
            raise ValueError(f"{number if self.whole else format(number, 'g')} is not {self._words}")

    @property
    def _words(self) -> str:
        if self.least is None:
            return "a finite number"
        if self.most is not None:
            return f"between {self.least:g} and {self.most:g}"
        return f"above {self.least:g}" if self.above else f"{self.least:g} or more"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value: what such a value may be, and how it is read and written.

    Attributes:
        check: refuses a value of Python, whoever made it, by a ValueError of one sentence.
        read_json: makes a value of a JSON value, or raises ValueError; `check` comes after it.
        to_json: makes a JSON value of a value.
        form: what the command line shows for a value of which it knows no type, such as `LON,LAT`.
        from_text: makes such a value of what a user types, or raises ValueError.
        choices: all that a text may be, where it may not be anything.
        range: all that a number may be, where it is one.
    """

    check: Callable[[Any], object]
    read_json: Callable[[Any], Any] = lambda value: value
    to_json: Callable[[Any], Any] = lambda value: value
    form: str = ""
    from_text: Callable[[str], Any] | None = None
    choices: tuple[str, ...] = ()
    range: NumberRange | None = None

    def from_json(self, value: Any) -> Any:
        """Make a value of a JSON value.

        Raises:
            ValueError: it is of another kind, or not allowed; an `AreaError` where it is no place on Earth.
        """
        read = self.read_json(value)
        self.check(read)
        return read


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
        raise ValueError(f"{value!r} is no text")
    return value


def _path(value: Any) -> None:
    if not isinstance(value, Path):
        raise ValueError(f"{value!r} is no Path")


def _paths(value: Any) -> None:
    if not isinstance(value, tuple):
        raise ValueError(f"{value!r} is no tuple of Paths")
    for path in value:
        _path(path)


def _read_path(value: Any) -> Path:
    path = Path(_text(value))
    # Not by asking the disk, which answers each of these with an error of its own.
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise ValueError("a path holds no zeros")
    if len(encoded) > _LONGEST_PATH or max(map(len, encoded.split(os.sep.encode()))) > _LONGEST_NAME:
        raise ValueError(f"a path of {len(encoded)} bytes: it or a name in it is longer than any disk allows")
    return path


def _read_paths(value: Any) -> tuple[Path, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{value!r} is no list of paths")
    return tuple(map(_read_path, value))


def _truth(value: Any) -> None:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")


def _real(value: Any) -> float:
    # numpy's numbers are Real too.
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError(f"{value!r} is no number")
    try:
        return float(value)
    except OverflowError:
        raise ValueError("a whole number of so many digits is too large") from None


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ValueError(f"{value!r} is no whole number")
    return int(value)


def _list(value: Any) -> list[Any]:
    try:
        return list(value)
    except TypeError:
        raise ValueError(f"{value!r} is no list") from None


def _bands(value: Any) -> tuple[int, ...]:
    bands = tuple(map(_integer, _list(value)))
    if len(bands) not in (1, 3) or min(bands) < 1:
        raise ValueError(f"{list(bands)} is not one band or three, counted from 1")
    return bands


def _typed_bands(text: str) -> tuple[int, ...]:
    try:
        return _bands(int(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"{text!r} is not one band or three, counted from 1, such as 4,3,2") from None


def _area(value: Any) -> None:
    # The library of areas takes longer to load than a command to show its help.
    from tiling.area import Area

    if not isinstance(value, Area):
        raise ValueError(f"{value!r} is no Area")


def _read_area(value: Any) -> Area:
    from tiling.area import Area

    return Area.from_geojson(value)


def numbers(form: str) -> Kind:
    """Return the kind of as many finite numbers as `form` names, such as `W,S,E,N`; a list of them in JSON."""
    count, any_number = form.count(",") + 1, NumberRange()

    def check(value: Any) -> None:
        parts = _list(value)
        if len(parts) != count:
            raise ValueError(f"{value!r} is no list of {count} numbers")
        for part in parts:
            any_number.check(part)

    def read_json(value: Any) -> tuple[float, ...]:
        if not isinstance(value, list) or len(value) != count:
            raise ValueError(f"{value!r} is no list of {count} numbers")
        return tuple(map(_real, value))

    return Kind(check, read_json, list, form, lambda text: parse_numbers(text, form))


def _typed_bounds(text: str) -> tuple[float, ...]:
    from tiling.area import Area

    west, south, east, north = bounds = parse_numbers(text, "W,S,E,N")
    Area.from_bounds(west, south, east, north)
    return bounds


def _typed_position(text: str) -> tuple[float, ...]:
    from tiling.area import Area

    lon, lat = position = parse_numbers(text, "LON,LAT")
    Area.near(lon, lat, 1.0)
    return position


def _typed_preset(text: str) -> str:
    from geoloc.model.presets import preset_config

    preset_config(text)
    return text


def _typed_device(text: str) -> str:
    if not re.fullmatch(r"cpu|mps|(cuda|xpu)(:\d+)?", text):
        raise ValueError(f"{text!r} is no device; give cpu, cuda, cuda:1 or mps")
    return text


def choice(*choices: str) -> Kind:
    """Return the kind of one of some words."""

    def check(value: Any) -> None:
        if _text(value) not in choices:
            raise ValueError(f"{value!r} is neither {' nor '.join(choices)}")

    return Kind(check, choices=choices)


def number(*, whole: bool = False, least: float | None = None, most: float | None = None, above: bool = False) -> Kind:
    """Return the kind of one number; see `NumberRange`."""
    allowed = NumberRange(whole, least, most, above)
    return Kind(allowed.check, _integer if whole else _real, range=allowed)


PATH = Kind(_path, _read_path, str)
PATHS = Kind(_paths, _read_paths, lambda paths: [str(path) for path in paths])
FLAG = Kind(_truth)
POSITIVE = number(least=0, above=True)
SHARE = number(least=0, most=1)
WHOLE = number(whole=True)
COUNT = number(whole=True, least=1)
BANDS = Kind(_bands, _bands, list, "B or R,G,B", _typed_bands)
BOUNDS = replace(numbers("W,S,E,N"), from_text=_typed_bounds)
POSITION = replace(numbers("LON,LAT"), from_text=_typed_position)
PRESET = Kind(_text, from_text=_typed_preset)
DEVICE = Kind(_text, form="TEXT", from_text=_typed_device)
"""Bounds and positions on Earth, networks and devices: what is none is wrong usage on a command line already."""
AREA = Kind(_area, _read_area, lambda area: area.to_geojson())
"""Polygons; a user cannot type them."""


def absolute(value: _Value) -> _Value:
    """Return a value as a process in another folder must have it: paths from the root, all else as it is."""
    if isinstance(value, Path):
        return names.absolute(value)  # type: ignore[return-value]
    return tuple(map(absolute, value)) if isinstance(value, tuple) else value  # type: ignore[return-value]


def paths_in(value: Any) -> tuple[Path, ...]:
    """Return the paths that a value holds: itself, parts of it, or none."""
    if isinstance(value, Path):
        return (value,)
    return tuple(path for part in value for path in paths_in(part)) if isinstance(value, tuple) else ()
