"""`geoloc map`: features from a photo to the map and back."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
from PIL import ExifTags, Image
from shapely.geometry import LineString, MultiPoint, Point, Polygon, box, shape
from shapely.geometry.base import BaseGeometry

from geoloc.batch.features import DrawnFeatures, look_like_places
from tests.helpers.command_line import invoke
from tests.helpers.hilly_ground import FOCAL_PX, write_hilly
from tests.helpers.made_video import grey_video
from tests.helpers.rough_ground import clicked

ROOF = Polygon([(300, 250), (420, 260), (400, 360)])
SHAPES: list[tuple[Any, str]] = [
    (ROOF, "roof"),
    (box(700, 500, 900, 700), "half outside"),
    (Point(1000, 300), "outside"),
    (MultiPoint([(100, 100), (200, 500)]), "two"),
]


@pytest.fixture(scope="module")
def matrix(flown_folder: Path, flown_matrix: np.ndarray) -> np.ndarray:
    """The same, with what is drawn in the photo as files."""
    shapes, names = zip(*SHAPES, strict=True)
    table = geopandas.GeoDataFrame({"name": names, "note": range(len(names))}, geometry=list(shapes))
    table.to_file(flown_folder / "drawn.gpkg")
    upwards = table.copy()
    upwards.geometry = table.geometry.scale(1, -1, origin=(0, 0))
    upwards.to_file(flown_folder / "upwards.gpkg")
    return flown_matrix


def run(flown_folder: Path, *args: object) -> list[dict[str, Any]]:
    result = invoke("map", flown_folder / "flown.jpg", "--mosaic", flown_folder / "m.tif", *args)
    assert result.exit_code == 0, result.stderr
    found: list[dict[str, Any]] = json.loads(result.stdout)["features"]
    return found


def test_every_vertex_has_its_place_and_error(flown_folder: Path, matrix: np.ndarray) -> None:
    result = invoke(
        "map", flown_folder / "flown.jpg", "--features", flown_folder / "drawn.gpkg",
        "--mosaic", flown_folder / "m.tif", "-o", flown_folder / "found.gpkg",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert "feature 2: cut: 4 of 5 vertices lie outside the photo" in result.stderr
    assert "feature 3: left out: it lies outside the photo" in result.stderr
    table = geopandas.read_file(flown_folder / "found.gpkg")
    assert table.crs.to_epsg() == 32615
    assert list(table["status"]) == ["found", "found", "not here", "found"]
    assert list(table["name"]) == [name for _, name in SHAPES]
    assert list(table["query_note"]) == [0, 1, 2, 3]
    roof = table.iloc[0]
    errors = json.loads(roof["vertices_accuracy_m"])
    for vertex, pixel, error in zip(roof.geometry.exterior.coords, ROOF.exterior.coords, errors, strict=True):
        assert Point(vertex).distance(Point(clicked(matrix, pixel))) < min(error, 0.5)
    assert roof["accuracy_m"] == max(errors)
    assert table.geometry.iloc[1].geom_type == "Polygon"
    assert table.geometry.iloc[2] is None


def test_a_picture_of_a_video_is_a_photo(flown_folder: Path, matrix: np.ndarray, tmp_path: Path) -> None:
    clip, more = tmp_path / "clip.MP4", ("--features", flown_folder / "drawn.gpkg", "--mosaic", flown_folder / "m.tif")
    grey_video(clip)
    for words, name in ((("--time", "1.5"), "clip.MP4#t=1.5"), (("--frame", "3"), "clip.MP4#frame=3")):
        result = invoke("map", clip, *words, *more)
        assert result.exit_code == 0, result.stderr
        assert {row["properties"]["photo"] for row in json.loads(result.stdout)["features"]} == {str(tmp_path / name)}
    for words, message in (
        ((clip,), "clip.MP4 is a video: say which picture of it"),
        ((clip, "--time", "1", "--frame", "2"), "give the time or the frame, not both"),
        ((flown_folder / "flown.jpg", "--time", "1"), "a time or frame is that of a video"),
    ):
        result = invoke("map", *words, *more)
        assert result.exit_code == 2, words
        assert message in " ".join(result.stderr.split())


def mapping(features: Path) -> tuple[str | Path, ...]:
    """The command that carries features, which lie beside the photo, over to its mosaic."""
    folder = features.parent
    return "map", folder / "flown.jpg", "--mosaic", folder / "m.tif", "--features", features


def test_features_of_a_map_without_to_photo_are_told(flown_folder: Path, matrix: np.ndarray) -> None:
    on_map = geopandas.GeoDataFrame(geometry=[box(431000, 4581000, 431020, 4581020)], crs=32615)
    for name, table in (("utm.gpkg", on_map), ("degrees.geojson", on_map.to_crs(4326))):
        table.to_file(flown_folder / name)
        command = mapping(flown_folder / name)
        result = invoke(*command)
        assert result.exit_code == 0, result.stderr
        assert f"{flown_folder / name}: taken as pixels of the photo, and yet outside it" in result.stderr
        assert "taken as pixels" not in invoke(*command, "--to-photo").stderr


def test_features_in_the_photo_do_not_look_like_places() -> None:
    def looks(*shapes: BaseGeometry) -> bool:
        return look_like_places(DrawnFeatures(np.array(shapes, object), {}, [], None), (640, 480))

    assert not looks(box(10, 10, 20, 20), box(5000, 0, 5001, 1))
    assert not looks(Point(3, 4))
    assert looks(box(15.30, 51.86, 15.31, 51.87))
    assert looks(box(5000, 0, 5001, 1))
    assert not looks()


def test_places_off_the_mosaic_are_told(flown_folder: Path, matrix: np.ndarray) -> None:
    # Seen between the mosaic's edge, which is near the photo's upper one, and the far line.
    ahead, beyond = (400.0, 300.0), (400.0, 2.0)
    shapes = [Point(ahead), Point(beyond), LineString([ahead, beyond]), LineString([(1000.0, 2.0), beyond, ahead])]
    geopandas.GeoDataFrame(geometry=shapes).to_file(flown_folder / "beyond.gpkg")
    command = mapping(flown_folder / "beyond.gpkg")
    result = invoke(*command)
    assert result.exit_code == 0, result.stderr
    rows = [feature["properties"] for feature in json.loads(result.stdout)["features"]]
    assert [row["status"] for row in rows] == ["found"] * 4
    assert [row["note"] for row in rows] == [
        None,
        "it lies outside the mosaic",
        "1 of 2 vertices lie outside the mosaic",
        "cut: 1 of 3 vertices lie outside the photo; 2 of 3 vertices lie outside the mosaic",
    ]
    assert "feature 2: it lies outside the mosaic" in result.stderr
    assert "feature 1" not in result.stderr


def test_y_upwards_is_turned_round(flown_folder: Path, matrix: np.ndarray) -> None:
    down, up = (run(flown_folder, "--features", flown_folder / name) for name in ("drawn.gpkg", "upwards.gpkg"))
    assert [feature["geometry"] for feature in up[::3]] == [feature["geometry"] for feature in down[::3]]
    assert isinstance(up[0]["properties"]["vertices_accuracy_m"], list)


def test_the_way_back_ends_where_it_began(flown_folder: Path, matrix: np.ndarray) -> None:
    on_map = run(flown_folder, "--features", flown_folder / "drawn.gpkg")
    (flown_folder / "on_map.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": on_map}))
    back = run(flown_folder, "--features", flown_folder / "on_map.geojson", "--to-photo")
    roof = shape(back[0]["geometry"])
    assert roof.hausdorff_distance(ROOF) < 0.5
    assert back[0]["properties"]["name"] == "roof"
    assert back[2]["geometry"] is None
    assert shape(back[3]["geometry"]).geom_type == "MultiPoint"


def test_lines_of_sight_end_on_the_ground_of_a_dsm(tmp_path: Path) -> None:
    hilly = write_hilly(tmp_path)
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FocalLengthIn35mmFilm] = round(FOCAL_PX / 1000 * math.hypot(36, 24))
    Image.fromarray(hilly.photo.pixels).save(tmp_path / "flown.jpg", quality=95, exif=exif)
    # On the hill.
    pixels = np.array([(450.0, 150.0), (500.0, 200.0)])
    table = geopandas.GeoDataFrame({"name": ["a", "b"]}, geometry=[Point(pixel) for pixel in pixels])
    table.to_file(tmp_path / "drawn.geojson")
    off = []
    for more in ((), ("--dsm", hilly.dsm)):
        result = invoke(
            "map", tmp_path / "flown.jpg", "--features", tmp_path / "drawn.geojson", "--mosaic", hilly.mosaic,
            "-o", tmp_path / "found.gpkg", "--overwrite", *more,
        )  # fmt: skip
        assert result.exit_code == 0, result.stderr
        found = geopandas.read_file(tmp_path / "found.gpkg").get_coordinates().to_numpy()
        off.append(np.linalg.norm(found - hilly.places(pixels), axis=1).max())
    assert off[0] > 2.0
    assert off[1] < 0.5


def test_a_photo_that_is_not_verified_has_rows_without_shapes(flown_folder: Path, matrix: np.ndarray) -> None:
    result = invoke(
        "map", flown_folder / "noise.jpg", "--features", flown_folder / "drawn.gpkg", "--mosaic", flown_folder / "m.tif"
    )
    assert result.exit_code == 0
    assert "not here: " in result.stderr
    features = json.loads(result.stdout)["features"]
    assert [feature["geometry"] for feature in features] == [None] * len(SHAPES)
    assert {feature["properties"]["status"] for feature in features} == {"not here"}


def test_pixels_in_a_file_of_places_are_told_before_anything_is_matched(
    flown_folder: Path, matrix: np.ndarray, tmp_path: Path
) -> None:
    result = invoke(
        "map", flown_folder / "no.jpg", "--features", flown_folder / "drawn.gpkg",
        "--mosaic", flown_folder / "m.tif", "--to-photo", "-o", tmp_path / "in_photo.kml",
    )  # fmt: skip
    assert result.exit_code == 1
    assert "pixels of a photo have no place on the map" in result.stderr.splitlines()[-1]


def test_what_is_no_features_is_one_line(flown_folder: Path, matrix: np.ndarray) -> None:
    (flown_folder / "none.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    (flown_folder / "text.geojson").write_text("text")
    for name, message in (("none.geojson", ""), ("text.geojson", "not a vector file"), ("m.tif", "not a vector file")):
        result = invoke(
            "map", flown_folder / "flown.jpg", "--features", flown_folder / name, "--mosaic", flown_folder / "m.tif"
        )
        assert result.exit_code == 1
        assert message in result.stderr.splitlines()[-1]
        assert "unexpected" not in result.stderr
