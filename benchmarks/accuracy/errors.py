"""Errors of the benchmark."""

from __future__ import annotations

from geoloc.errors import GeolocError


class AbsentError(GeolocError):
    """A set of queries or a method cannot be had; the text is what the table says in place of figures."""
