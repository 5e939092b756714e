"""Examples in docstrings of the Python API do what they say; those of `tiling` are run by its own tests."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

MODULES = (
    "geoloc",
    "geoloc.api",
    "geoloc.photo.photo",
    "geoloc.photo.target",
    "geoloc.plane.homography",
    "geoloc.plane.gaussian",
    "geoloc.results.detection",
    "geoloc.plane.bilinear",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    found = doctest.testmod(import_module(name))
    assert found.attempted, f"{name} has no examples"
    assert not found.failed
