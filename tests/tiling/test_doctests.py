"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import tiling

MODULES = ["tiling", *(f"tiling.{module.name}" for module in pkgutil.iter_modules(tiling.__path__))]
# `open_mosaic` shows what a mosaic does.
SHOWN = sorted(set(tiling.__all__) - {"Mosaic"})


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def _examples(module: str) -> dict[str, int]:
    """How many examples each docstring of a module has."""
    found = doctest.DocTestFinder().find(importlib.import_module(module))
    return {test.name: len(test.examples) for test in found}


@pytest.mark.parametrize("name", SHOWN)
def test_main_names_have_examples(name: str) -> None:
    named = getattr(tiling, name)
    assert _examples(named.__module__)[f"{named.__module__}.{name}"] > 0


@pytest.mark.parametrize(
    "name",
    [
        "tiling",
        "tiling.area.Area.from_bounds",
        "tiling.area.Area.from_geojson",
        "tiling.area.Area.near",
        "tiling.area.Area.to_geojson",
        "tiling.grid.Grid.box_polygon",
        "tiling.grid.Grid.ground_gsd",
        "tiling.grid.Grid.north_up",
        "tiling.grid.Grid.polygon_box",
        "tiling.grid.ground_distance_m",
        "tiling.grid.project",
    ],
)
def test_what_one_sentence_does_not_explain_has_examples(name: str) -> None:
    assert _examples(".".join(name.split(".")[:2]))[name] > 0
