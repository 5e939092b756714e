"""Where a search looks: limits, and where a photo was taken."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
from shapely.geometry import box

import geoloc
from geoloc.photo.photo import Photo
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.scope import Scope
from geoloc.pipeline.source import MosaicSource
from tiling.area import Area
from tiling.errors import AreaError
from tiling.mosaic import Mosaic

HERE = (15.001, 48.752)
FAR = (20.0, 10.0)


def photo(position: tuple[float, float] | None) -> Photo:
    return Photo(Path("p.jpg"), np.zeros((2, 2, 3), np.uint8), position)


def scope(mosaic: Mosaic, **options: Any) -> Scope:
    return Scope(MosaicSource(mosaic, "base", None), SearchRequest(**{"within_m": 30.0, **options}))


def test_a_position_narrows_the_search(mosaic: Mosaic) -> None:
    by_photo = scope(mosaic)
    whole, near = by_photo.plan(), by_photo.plan(photo(HERE))
    assert near.gsd_m == pytest.approx(0.2, rel=0.03)
    assert len(near.windows) < len(whole.windows)
    assert by_photo.around(photo(HERE)) == "within 30 m of the photo's GPS position 15.001000,48.752000"
    picture = replace(photo(HERE), path=Path("clip.MP4#t=2"))
    assert by_photo.around(picture) == "within 30 m of the position in clip.SRT 15.001000,48.752000"
    # Without a position it is everything, and the same plan each time.
    assert by_photo.plan(photo(None)) is whole
    assert by_photo.around(photo(None)) == ""


def test_near_stands_for_every_position(mosaic: Mosaic) -> None:
    near = scope(mosaic, near=HERE)
    assert near.plan(photo((0, 0))) is near.plan()
    assert near.around(photo((0, 0))) == ""
    assert near.plan() == scope(mosaic).plan(photo(HERE))


def test_a_position_that_shall_not_count_does_not(mosaic: Mosaic) -> None:
    anywhere = scope(mosaic, gps=False)
    for position in (HERE, FAR):
        assert anywhere.plan(photo(position)) is anywhere.plan()
        assert anywhere.around(photo(position)) == ""


def test_what_is_wrong_with_the_plan_of_all_photos_is_told_early(mosaic: Mosaic) -> None:
    class Empty(MosaicSource):
        def plan(self, area: Area) -> Any:
            raise AreaError("no data there")

    source = Empty(mosaic, "base", None)
    with pytest.raises(AreaError, match="no data there"):
        Scope(source, SearchRequest(gps=False)).check()
    # Where photos say themselves where to look, there is no such plan.
    Scope(source, SearchRequest()).check()


def test_all_limits_hold_together(mosaic: Mosaic, tmp_path: Path) -> None:
    lon, lat = HERE
    east, north = box(lon, lat - 0.1, lon + 0.1, lat + 0.1), box(lon - 0.1, lat, lon + 0.1, lat + 0.1)
    aoi = tmp_path / "aoi.geojson"
    geopandas.GeoDataFrame(geometry=[north], crs=4326).to_file(aoi)
    limits: dict[str, Any] = {"area": Area(east), "aoi": aoi, "bounds": (lon, lat - 1, lon + 1, lat + 0.001)}
    both = scope(mosaic, **limits).area.polygon
    assert both.symmetric_difference(box(lon, lat, lon + 0.1, lat + 0.001)).area < 1e-12
    near = scope(mosaic, **limits, near=HERE).area.polygon
    assert both.buffer(1e-9).contains(near)
    # Of a circle a quarter is left, and the same round a photo's own position.
    assert near.area == pytest.approx(Area.near(*HERE, 30).polygon.area / 4, rel=0.01)
    assert scope(mosaic, **limits).plan(photo(HERE)) == scope(mosaic, **limits, near=HERE).plan()


def test_what_leaves_nothing(mosaic: Mosaic) -> None:
    with pytest.raises(AreaError, match="nothing of the mosaic"):
        scope(mosaic, bounds=(1, 2, 3, 4))
    # A position off the mosaic hides nothing: all is searched.
    astray = scope(mosaic)
    assert astray.near(photo(FAR)) is None
    assert astray.plan(photo(FAR)) is astray.plan()
    assert astray.doubt(photo(FAR)) == (
        "the photo's GPS position was not believed: nothing was found within 30 m of it"
    )
    assert astray.doubt(photo(None)) == scope(mosaic, gps=False).doubt(photo(FAR)) == ""


def test_the_rule_about_positions_stands_in_scope_alone() -> None:
    root = Path(geoloc.__file__).parent

    def readers(attribute: str) -> Iterator[str]:
        for path in root.rglob("*.py"):
            nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if any(isinstance(node, ast.Attribute) and node.attr == attribute for node in nodes):
                yield path.relative_to(root).as_posix()

    assert set(readers("gps")) == {"pipeline/scope.py"}
    # A photo knows its position; nobody but the scope limits a search by it. Reading it, cameras of synthetic towns and
    # what weighs evidence by it aside: heights over the ground, lines of sight, priors and poses.
    weighing = {"pipeline/finder.py", "photo/sight.py", "search/prior.py", "geometry/stand.py", "pose/doubts.py"}
    weighing |= {"model/sight/likeness.py"}
    at_photos = {path for path in readers("position") if not path.startswith("town/")} - {"photo/photo.py"}
    assert at_photos - weighing == {"pipeline/scope.py"}


def test_where_was_looked_is_said_in_words(mosaic: Mosaic) -> None:
    by_photo, here = scope(mosaic), photo(HERE)
    near, whole = by_photo.plan(here), by_photo.plan()
    assert by_photo.searched(here, near) == f"in {len(near.windows)} windows {by_photo.around(here)}"
    west, south, east, north = whole.area.bounds
    box_text = f"{west:.5f},{south:.5f} to {east:.5f},{north:.5f}"
    assert by_photo.searched(here, whole) == f"in {len(whole.windows)} windows of all that there is, {box_text}"
    told = scope(mosaic, near=HERE)
    assert told.searched(photo(None), told.plan()).endswith("windows within 30 m of 15.001000,48.752000")
    limited = scope(mosaic, bounds=(15.0, 48.7, 15.001, 48.8))
    assert "windows in the limits that were given, " in limited.searched(photo(None), limited.plan())
