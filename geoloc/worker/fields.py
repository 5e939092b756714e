"""What a request to the worker says, checked and typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from geoloc.errors import GeolocError
from geoloc.photo.target import Click, Target
from geoloc.pipeline import options
from geoloc.pipeline.request import SearchRequest, options_of
from tiling.box import PixelBox

_T = TypeVar("_T")


class RequestError(GeolocError, ValueError):
    """A request is not as the protocol says; the text names the field."""


class Fields:
    """The fields of one request by name."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    def get(self, name: str, kind: Callable[[Any], _T], default: _T) -> _T:
        """Return a value, or the default where there is none.

        Args:
            name: of the field.
            kind: makes the value of what is told, or raises TypeError or ValueError.
            default: for a field that is missing or null.

        Raises:
            RequestError: the value is of another kind.
            GeolocError: the kind says itself what is wrong.
        """
        return default if self._fields.get(name) is None else self._made(name, kind)

    def _made(self, name: str, kind: Callable[[Any], _T]) -> _T:
        try:
            return kind(self._fields[name])
        except (TypeError, ValueError, KeyError) as error:
            if isinstance(error, GeolocError):
                raise
            raise RequestError(f"field {name!r}: {error}") from None

    def need(self, name: str, kind: Callable[[Any], _T]) -> _T:
        """Return a value that must be given; see `get`."""
        if self._fields.get(name) is None:
            raise RequestError(f"field {name!r} is missing")
        return self._made(name, kind)

    def search(self) -> SearchRequest:
        """Return what to search, where and how: every option of a request by its key.

        Raises:
            RequestError: a field is of another kind, nothing is searched, or an index is to be read otherwise than it
                was made.
            AreaError: the area is no polygon on Earth.
        """
        found = {}
        for name, option in options_of().items():
            if self._fields.get(option.key) is not None:
                found[name] = self.need(option.key, option.kind.from_json)
        request = SearchRequest(**found)
        if request.searches_nothing:
            raise RequestError("fields 'mosaics' and 'index': give one of them")
        if request.contradicts_index:
            raise RequestError("fields 'bands' and 'gsd': an index has its own")
        return request

    def target(self) -> Target:
        """Return what was clicked, by a click or a box."""
        box = self.get("box", lambda value: PixelBox(*options.numbers("X0,Y0,X1,Y1").from_json(value)), None)
        if box is not None and self._fields.get("click") is None:
            return Target.from_box(box)
        x, y = self.need("click", options.numbers("X,Y").from_json)
        return Target(Click(x, y), box)

    def path(self, name: str) -> Path:
        """Return a path that must be given."""
        return self.need(name, options.PATH.from_json)

    def truth(self, name: str) -> bool:
        """Return what is false unless given."""
        return self.get(name, options.FLAG.from_json, False)

    def whole(self, name: str) -> int:
        """Return a whole number, 0 unless given."""
        return self.get(name, options.WHOLE.from_json, 0)
