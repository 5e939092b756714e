"""An index as what is searched: limited to an area, and refused to what it does not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geoloc.errors import IndexFileError
from geoloc.features.blocks import BlockIndex
from geoloc.index.reader import OpenIndex
from geoloc.index.store import Store
from tests.helpers.plain_index import SIDE, WEIGHTS, built, plan_of, write_mosaic
from tiling.area import Area
from tiling.errors import AreaError
from tiling.grid import WGS84, project
from tiling.mosaic import open_mosaic
from tiling.plan import Plan, make_plan


def _part(plan: Plan, west: float, south: float, east: float, north: float) -> Area:
    """Shares of the plan's bounds."""
    left, bottom, right, top = plan.area.bounds
    across, up = right - left, top - bottom
    return Area.from_bounds(left + west * across, bottom + south * up, left + east * across, bottom + north * up)


def test_the_plan_of_an_area_is_that_of_the_mosaic(made: Path) -> None:
    index = OpenIndex(made / "i.zarr")
    assert index.plan(Area.everywhere()) == index.whole
    with open_mosaic([made / "m.tif"]) as mosaic:
        for share in ((0.1, 0.7, 0.3, 0.9), (0.5, 0.0, 1.0, 1.0), (0.2, 0.5, 0.9, 0.75)):
            area = _part(index.whole, *share)
            mine, theirs = index.plan(area), make_plan(mosaic, index.whole.gsd_m, index.whole.window_px, area)
            assert mine.area.equals_exact(theirs.area, 1e-9)
            assert mine.gsd_m == pytest.approx(theirs.gsd_m)
            # Validity is looked at pixel by pixel here, and in cells there.
            missing = [window for window in theirs.windows if window not in mine.windows]
            for window in missing:
                assert not (window.inside(area.polygon) & mosaic.read(window.grid).valid).any()
            assert len(mine.windows) < len(index.whole.windows)


def test_an_area_without_data_is_an_error(made: Path) -> None:
    index = OpenIndex(made / "i.zarr")
    with pytest.raises(AreaError, match="nothing of the mosaic"):
        index.plan(Area.from_bounds(1, 2, 3, 4))
    with pytest.raises(AreaError, match="no data"):
        index.plan(_part(index.whole, 0.7, 0.1, 0.8, 0.2))


def test_answers_come_back_in_the_turn_of_the_mosaic(made: Path) -> None:
    index = OpenIndex(made / "i.zarr")
    with open_mosaic([made / "m.tif"]) as mosaic:
        shape = project(plan_of(mosaic).windows[0].grid.footprint(WGS84), WGS84, mosaic.crs)
        reference = index.reference(index.whole, None, None)  # type: ignore[arg-type]
        assert reference.in_turn(shape).equals(mosaic.in_turn(shape))


def test_other_models_and_mosaics_are_refused(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geoloc.index.reader.network_checksum", lambda path: path.name)
    index, weights = OpenIndex(made / "i.zarr"), Path(WEIGHTS)
    index.check_model("plain", weights)
    with pytest.raises(IndexFileError, match="made with --model plain, not base"):
        index.check_model("base", weights)
    with pytest.raises(IndexFileError, match="with --weights, or build another index"):
        index.check_model("plain", Path("b" * 64))
    with pytest.raises(IndexFileError, match="geoloc index update"):
        index.check_mosaic([])


def test_descriptors_that_were_used_last_are_kept_and_memory_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, rng = tmp_path / "i.zarr", np.random.default_rng(6)
    built(write_mosaic(tmp_path / "m.tif", rng.integers(1, 255, (3, SIDE, SIDE), np.uint8)), path)
    read: list[BlockIndex] = []
    real = Store.read_squares
    monkeypatch.setattr(Store, "read_squares", lambda store, index: read.append(index) or real(store, index))
    every = OpenIndex(path)
    header = every.header
    half, layout = header.half, header.layout
    each = layout.side // half
    assert min(header.columns, header.rows) > 2, "there is something to forget"
    left, top = layout.left // half, layout.top // half
    columns = [left + each * column for column in range(header.columns)]
    whole = [every.descriptors(top + each * row, columns) for row in range(header.rows)]
    blocks = header.columns * header.rows
    assert len(read) == len(set(read)) == blocks, "by default all of so small an index is kept"
    assert all((again == first).all() for again, first in zip([every.descriptors(top, columns)], whole, strict=False))
    assert len(read) == blocks

    monkeypatch.setattr("geoloc.index.reader.DESCRIBED", 0)
    tight = OpenIndex(path)
    read.clear()
    for _ in range(3):
        assert (tight.descriptors(top, columns) == whole[0]).all()
    assert len(read) == header.columns, "a row is kept while it is used, whatever it takes"
    for row in range(header.rows):
        assert (tight.descriptors(top + each * row, columns) == whole[row]).all()
        assert len(tight._descriptors) <= header.columns + 1
    assert len(read) == blocks
    tight.descriptors(top, columns)
    assert len(read) == blocks + header.columns, "what was used longest ago has gone"
