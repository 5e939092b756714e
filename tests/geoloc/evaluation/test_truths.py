"""True outlines read from vector files."""

from __future__ import annotations

from pathlib import Path

import geopandas
import pandas
import pytest
from shapely.geometry import MultiPolygon, Point, Polygon, box

from geoloc.errors import QueriesError
from geoloc.evaluation.truths import read_truths
from tiling.grid import project

BARN = box(500_000, 5_400_000, 500_040, 5_400_012)


def write(path: Path, names: list[object], shapes: list[object], crs: int | None = 32633) -> Path:
    geopandas.GeoDataFrame({"object": names}, geometry=shapes, crs=crs).to_file(path)
    return path


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".fgb"])
def test_outlines_by_name_in_the_crs_that_is_asked(tmp_path: Path, suffix: str) -> None:
    pair = MultiPolygon([BARN, box(500_050, 5_400_000, 500_060, 5_400_010)])
    truths = read_truths(write(tmp_path / f"t{suffix}", ["barn", 7], [BARN, pair]))
    found = truths.of("barn", 32632)
    assert project(found, 32632, 32633).symmetric_difference(BARN).area < 0.1
    assert truths.of("7", 32633).area == pytest.approx(pair.area, rel=1e-3)
    with pytest.raises(QueriesError, match="no object 'shed' in"):
        truths.of("shed", 32633)


def test_one_that_crosses_itself_is_made_valid(tmp_path: Path) -> None:
    bow = Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])
    found = read_truths(write(tmp_path / "t.gpkg", ["bow"], [bow])).of("bow", 32633)
    assert found.is_valid
    assert found.area == pytest.approx(8)


@pytest.mark.parametrize(
    ("names", "shapes", "message"),
    [
        (["a", "a"], [BARN, BARN], "the object 'a' is there twice"),
        (["a"], [Point(1, 2)], "the object 'a' is no polygon"),
        (["a"], [Polygon([(0, 0), (1, 1), (2, 2)])], "the object 'a' has no area"),
    ],
)
def test_what_is_no_truth(tmp_path: Path, names: list[object], shapes: list[object], message: str) -> None:
    with pytest.raises(QueriesError, match=message):
        read_truths(write(tmp_path / "t.gpkg", names, shapes))


def test_files_that_hold_none(tmp_path: Path) -> None:
    geopandas.GeoDataFrame({"name": ["a"]}, geometry=[BARN], crs=32633).to_file(tmp_path / "other.gpkg")
    pandas.DataFrame({"object": ["a"]}).to_csv(tmp_path / "table.csv")
    (tmp_path / "told.gpkg").write_text("<OGRVRTDataSource></OGRVRTDataSource>")
    for name, message in (
        ("none.gpkg", "not a vector file"),
        ("told.gpkg", "describes layers of other files"),
        ("other.gpkg", "the column object"),
        ("table.csv", "polygons with a CRS"),
    ):
        with pytest.raises(QueriesError, match=message):
            read_truths(tmp_path / name)
