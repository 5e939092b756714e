"""What a request says, checked and typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from geoloc.errors import GeolocError
from geoloc.query import Click, Target
from geoloc.scope import Limits
from tiling.area import Area
from tiling.box import PixelBox

WITHIN_M = 500.0
_T = TypeVar("_T")


class RequestError(GeolocError, ValueError):
    """A request that is not as the protocol says; the text names the field."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is searched, and by which network."""

    mosaics: tuple[Path, ...]
    index: Path | None
    bands: tuple[int, ...] | None
    gsd: float | None
    preset: str
    weights: Path | None
    device: str


@dataclass(frozen=True, slots=True)
class Search:
    """How and where it is searched."""

    source: Source
    limits: Limits
    gps: bool
    top: int
    min_score: float | None
    refined: bool
    exhaustive: bool


class Fields:
    """The fields of one request by name."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._told = told

    def get(self, name: str, kind: Callable[[Any], _T], default: Any = None) -> Any:
        """A value, or the default where there is none. kind: makes it, or raises TypeError or ValueError."""
        value = self._told.get(name)
        if value is None:
            return default
        try:
            return kind(value)
        except (TypeError, ValueError, KeyError) as error:
            if isinstance(error, GeolocError):
                raise
            raise RequestError(f"field {name!r}: {error}") from None

    def need(self, name: str, kind: Callable[[Any], _T]) -> _T:
        """The same, where it must be given."""
        if self._told.get(name) is None:
            raise RequestError(f"field {name!r} is missing")
        value: _T = self.get(name, kind)
        return value

    def source(self) -> Source:
        """What is searched."""
        found = Source(
            mosaics=tuple(self.get("mosaics", _paths, ())),
            index=self.get("index", _path),
            bands=self.get("bands", lambda value: tuple(_whole(band) for band in value)),
            gsd=self.get("gsd", _positive),
            preset=self.get("model", _text, "base"),
            weights=self.get("weights", _path),
            device=self.get("device", _text, "cpu"),
        )
        if not found.mosaics and found.index is None:
            raise RequestError("fields 'mosaics' and 'index': give one of them")
        if found.index is not None and (found.bands or found.gsd):
            raise RequestError("fields 'bands' and 'gsd': an index has its own")
        return found

    def limits(self) -> Limits:
        """Where it is searched."""
        return Limits(
            bounds=None,
            aoi=None,
            near=self.get("near", lambda value: _numbers(value, 2)),
            within=self.get("within", _positive, WITHIN_M),
            area=self.get("area", Area.from_geojson),
        )

    def search(self) -> Search:
        """All of it."""
        refine = self.get("refine", _text, "auto")
        if refine not in ("auto", "off"):
            raise RequestError(f"field 'refine': {refine!r} is neither auto nor off")
        top = self.get("top", _whole, 5)
        if top < 1:
            raise RequestError(f"field 'top': {top} is not 1 or more")
        return Search(
            source=self.source(),
            limits=self.limits(),
            gps=self.get("gps", _truth, True),
            top=top,
            min_score=self.get("min_score", _number),
            refined=refine == "auto",
            exhaustive=self.get("exhaustive", _truth, False),
        )

    def target(self) -> Target:
        """What was clicked, by a click or a box."""
        box = self.get("box", lambda value: PixelBox(*_numbers(value, 4)))
        if box is not None and self._told.get("click") is None:
            return Target.from_box(box)
        x, y = self.need("click", lambda value: _numbers(value, 2))
        return Target(Click(x, y), box)

    def path(self, name: str) -> Path:
        """A path that must be given."""
        return self.need(name, _path)

    def truth(self, name: str) -> bool:
        """False unless given."""
        return bool(self.get(name, _truth, False))

    def whole(self, name: str, default: int = 0) -> int:
        """A whole number."""
        return int(self.get(name, _whole, default))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _path(value: Any) -> Path:
    return Path(_text(value))


def _paths(value: Any) -> list[Path]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list of paths")
    return [_path(part) for part in value]


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
    if number <= 0:
        raise ValueError(f"{value!r} is not above 0")
    return number


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{value!r} is no whole number")
    return value


def _numbers(value: Any, count: int) -> tuple[float, ...]:
    if not isinstance(value, list) or len(value) != count:
        raise TypeError(f"{value!r} is no list of {count} numbers")
    return tuple(_number(part) for part in value)
