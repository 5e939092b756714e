"""Fields of a request to the worker, checked and typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from geoloc.errors import GeolocError
from geoloc.photo.target import Click, Target
from geoloc.pipeline import option_kinds as kinds
from geoloc.pipeline.request import SearchRequest, options_of

_Value = TypeVar("_Value")
_SIDE = kinds.number(whole=True, least=0, most=2048)
_CORNERS, _POINT = kinds.numbers("X0,Y0,X1,Y1"), kinds.numbers("X,Y")


class RequestError(GeolocError, ValueError):
    """A request to the worker is not as the protocol says; the text names the field."""


class Fields:
    """The fields of one request, by name."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        """Take fields as JSON gives them; nothing is checked yet."""
        self._fields = fields

    def get(self, name: str, parse: Callable[[Any], _Value], default: _Value) -> _Value:
        """Return a value, or the default where the field is missing or null.

        Args:
            name: name of the field.
            parse: makes the value of what JSON gives, or raises TypeError or ValueError.
            default: what to return where there is no value.

        Raises:
            RequestError: the value is of another kind.
            GeolocError: `parse` says itself what is wrong.
        """
        return default if self._fields.get(name) is None else self.need(name, parse)

    def need(self, name: str, parse: Callable[[Any], _Value]) -> _Value:
        """Return a value that must be given; see `get`.

        Raises:
            RequestError: it is missing or null, or of another kind.
            GeolocError: `parse` says itself what is wrong.
        """
        value = self._fields.get(name)
        if value is None:
            raise RequestError(f"field {name!r} is missing")
        try:
            return parse(value)
        except (TypeError, ValueError, KeyError, OverflowError, RecursionError) as error:
            if isinstance(error, GeolocError):
                raise
            raise RequestError(f"field {name!r}: {error}") from None

    def search(self, request_type: type[SearchRequest] = SearchRequest) -> SearchRequest:
        """Return what to search, where, how and by which network: every option of a request by its key.

        Args:
            request_type: the request to make.

        Raises:
            RequestError: a field is of another kind, nothing is searched, or an index is to be read otherwise than it
                was made.
            AreaError: the area is no polygon on Earth.
        """
        values = {
            name: self.need(option.key, option.kind.from_json)
            for name, option in options_of(request_type).items()
            if self._fields.get(option.key) is not None
        }
        request = request_type(**values)
        if request.searches_nothing:
            raise RequestError("fields 'mosaics' and 'index': give one of them")
        if request.contradicts_index:
            raise RequestError("fields 'bands' and 'gsd': an index has its own")
        return request

    def target(self) -> Target:
        """Return what was clicked: by a click, two corners of a box or a polygon's ring, pixels of the upright photo.

        Raises:
            RequestError: none of these is given, or one is senseless; a polygon counts before a box.
        """
        drawn = self.get("polygon", _outline, None)
        if drawn is None:
            drawn = self.get("box", lambda value: Target.from_corners(*_CORNERS.from_json(value)), None)
        if drawn is not None and self._fields.get("click") is None:
            return drawn
        click = Click(*self.need("click", _POINT.from_json))
        return Target(click) if drawn is None else replace(drawn, click=click)

    def others(self, name: str) -> list[Fields]:
        """Return the fields of each object of a list; none where it is missing.

        Raises:
            RequestError: it is no list of objects.
        """
        values: list[Any] = self.get(name, _list, [])
        if not all(isinstance(one, dict) for one in values):
            raise RequestError(f"field {name!r}: is no list of objects")
        return [Fields(one) for one in values]

    def path(self, name: str) -> Path:
        """Return a path that must be given."""
        return self.need(name, kinds.PATH.from_json)

    def truth(self, name: str) -> bool:
        """Return what is false unless given."""
        return self.get(name, kinds.FLAG.from_json, False)

    def thumbnail_px(self) -> int:
        """Return the side of the thumbnails that are asked for, pixels; 0 unless given.

        Raises:
            RequestError: no whole number, or more than any screen has.
        """
        return self.get("thumbnails", _SIDE.from_json, 0)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list of objects")
    return value


def _outline(value: Any) -> Target:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list of points")
    return Target.from_polygon([_POINT.from_json(point) for point in value])
