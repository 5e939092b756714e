"""Names that are loaded when they are first used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import geoloc
import tiling


def test_names_are_loaded_once_they_are_used() -> None:
    text = "import tiling, sys; a = 'tiling.box' in sys.modules; tiling.PixelBox; print(a, 'tiling.box' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.parametrize("package", [geoloc, tiling])
def test_names_are_listed_and_others_refused(package: object) -> None:
    assert set(package.__all__) <= set(dir(package))  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match=r"module '(geoloc|tiling)' has no attribute 'nothing'"):
        _ = package.nothing  # type: ignore[attr-defined]
