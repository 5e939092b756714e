"""An index as what is searched: limited to an area, and refused to what it does not fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import zarr

from geoloc.errors import IndexFileError
from geoloc.index.reader import OpenIndex
from tests.helpers.plain_index import WEIGHTS, plan_of
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


def test_what_is_no_index_is_refused(copied: Path) -> None:
    with pytest.raises(IndexFileError, match="no such index; make one with `geoloc index build`"):
        OpenIndex(copied / "none.zarr")
    (copied / "empty").mkdir()
    with pytest.raises(IndexFileError, match="not an index that can be read"):
        OpenIndex(copied / "empty")
    zarr.create_group(copied / "foreign.zarr", attributes={"format": "other"})
    with pytest.raises(IndexFileError, match="not an index of this version"):
        OpenIndex(copied / "foreign.zarr")
    told = json.loads((copied / "i.zarr" / "zarr.json").read_text())
    del told["attributes"]["layout"]
    (copied / "i.zarr" / "zarr.json").write_text(json.dumps(told))
    with pytest.raises(IndexFileError, match="damaged; build it anew"):
        OpenIndex(copied / "i.zarr")
