"""Open datasets, and how they are closed."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.places import Write
from tiling.sources import Files, read_source


def test_the_least_recently_used_dataset_is_closed(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiling.sources._OPEN_FILES", 2)
    paths = [write(np.full((1, 64, 64), 9, np.uint8), f"{number}.tif") for number in range(3)]
    files = Files()
    first, second = (files.get(path, None) for path in paths[:2])
    assert files.get(paths[0], None) is first
    third = files.get(paths[2], None)
    assert (first.closed, second.closed, third.closed) == (False, True, False)
    again = files.get(paths[1], None)
    assert again is not second
    assert (first.closed, third.closed, again.closed) == (True, False, False)
    files.close()
    assert third.closed
    assert again.closed


def test_sixty_four_datasets_stay_open(write: Write) -> None:
    paths = [write(np.full((1, 16, 16), 9, np.uint8), f"{number}.tif") for number in range(66)]
    files = Files()
    datasets = [files.get(path, None) for path in paths]
    assert [dataset.closed for dataset in datasets] == [True] * 2 + [False] * 64
    files.close()
    assert all(dataset.closed for dataset in datasets)


def test_overviews_are_datasets_of_their_own(write: Write) -> None:
    path = write(np.full((1, 256, 256), 9, np.uint8), overviews=(2, 4))
    files = Files()
    whole, half, quarter = (files.get(path, level) for level in (None, 0, 1))
    assert [file.width for file in (whole, half, quarter)] == [256, 128, 64]
    files.close()
    assert all(file.closed for file in (whole, half, quarter))


def test_closed_files_are_opened_again_when_they_are_needed(write: Write) -> None:
    path = write(np.full((1, 64, 64), 9, np.uint8))
    files = Files()
    before = files.get(path, None)
    files.close()
    after = files.get(path, None)
    assert before.closed
    assert after.read(1)[0, 0] == 9
    files.close()


@pytest.mark.parametrize(("shrink", "cost"), [(1, 512 * 512), (2, 256 * 256), (3.9, 256 * 256), (4, 128 * 128)])
def test_the_cost_of_reading_is_that_of_the_overview(write: Write, shrink: float, cost: int) -> None:
    from affine import Affine

    from tests.helpers.places import NORTH_UP, UTM
    from tiling.grid import Grid

    source = read_source(write(np.full((1, 512, 512), 9, np.uint8), overviews=(2, 4)), None)
    # A little larger than the file, as the frame of a map is.
    affine = NORTH_UP * Affine.translation(-4, -4) * Affine.scale(shrink)
    side = round(520 / shrink)
    assert source.read_cost(Grid(UTM, affine, side, side)) == cost
    # Half of the width.
    part = source.read_cost(Grid(UTM, NORTH_UP * Affine.scale(shrink), round(256 / shrink), round(512 / shrink)))
    assert part == pytest.approx(cost / 2, rel=0.02)
