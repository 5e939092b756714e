"""A mosaic that is too small is refused before its pixels are read, and what would be large enough is said."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from geoloc.errors import TrainingError
from geoloc.train.grounds.own.extent import LEAST_SEARCHED_M, check_extent
from tests.helpers.command_line import python


def write(path: Path, across_m: float, up_m: float, turn_deg: float = 0.0) -> Path:
    """A mosaic of one colour at 1 m a pixel."""
    shape = {"height": round(up_m), "width": round(across_m), "count": 3, "dtype": "uint8"}
    transform = Affine(1, 0, 5e5, 0, -1, 5e6) * Affine.rotation(turn_deg)
    with rasterio.open(path, "w", driver="GTiff", crs="EPSG:32633", transform=transform, **shape) as file:
        file.write(np.full((3, round(up_m), round(across_m)), 90, np.uint8))
    return path


@pytest.mark.parametrize(
    ("across", "up", "searched", "fits"),
    [
        (100, 250, True, True),
        (100, 200, True, False),
        (100, 200, False, True),
        (50, 300, True, False),
        (50, 60, False, False),
        (250, 100, True, True),
        (250, 50, True, False),
        (210, 40, False, True),
    ],
)
def test_sides_that_are_too_short_are_refused(tmp_path: Path, across: int, up: int, searched: bool, fits: bool) -> None:
    path = write(tmp_path / "m.tif", across, up)
    if fits:
        check_extent([path], searched=searched)
        return
    with pytest.raises(
        TrainingError, match=f"too small: its {'eastern' if across > 2 * up else 'northern'} quarter"
    ) as caught:
        check_extent([path], searched=searched)
    assert ("--trials 0" in str(caught.value)) == searched
    # What it asks for is enough.
    wide, high = map(int, re.findall(r"so (\d+) m x (\d+) m", str(caught.value))[0])
    check_extent([write(tmp_path / "larger.tif", wide + 4, high + 4)], searched=searched)


def test_a_turned_mosaic_has_its_quarter_where_its_area_is(tmp_path: Path) -> None:
    # A square on its corner: the northern quarter of its area is a triangle as high as half a side.
    side = 2 * LEAST_SEARCHED_M + 5
    check_extent([write(tmp_path / "m.tif", side, side, 45)], searched=True)
    with pytest.raises(TrainingError):
        check_extent([write(tmp_path / "m.tif", side, side)], searched=True)


def test_it_takes_no_torch_to_tell(tmp_path: Path) -> None:
    write(tmp_path / "mine.tif", 100, 100)
    code = """
import sys
from click.testing import CliRunner
from geoloc.commands.main import main
result = CliRunner().invoke(main, ["train", "--mosaic", "mine.tif", "--minutes", "1", "-o", "run"])
print(result.exit_code, "torch" in sys.modules, "too small" in result.stderr)
"""
    assert python(code, tmp_path).stdout.split() == ["1", "False", "True"]
    assert not (tmp_path / "run").exists()
