"""`geoloc pose`: what it prints, writes and refuses."""

from __future__ import annotations

import json
import math
from pathlib import Path
from xml.etree import ElementTree

import cv2
import geopandas
import numpy as np
import pyproj
import pytest
import rasterio
from PIL import Image
from shapely.geometry import Point, shape

from geoloc.commands.pose import pose
from geoloc.errors import OutputError
from geoloc.photo.photo import load_photo
from geoloc.pose.files import drape, photo_copy
from geoloc.pose.rows import POSE_COLUMNS
from tests.helpers.command_line import invoke
from tests.helpers.flown_files import HEADING_DEG, TILT_DEG
from tests.helpers.made_video import grey_video
from tests.helpers.rough_ground import EAST, GSD_M, NORTH, SIDE, clicked

HIGH_M, BACK_M = (70 * turn(math.radians(TILT_DEG)) for turn in (math.cos, math.sin))
TRUE = (
    EAST + GSD_M * SIDE / 2 - BACK_M * math.sin(math.radians(HEADING_DEG)),
    NORTH - GSD_M * SIDE / 2 - BACK_M * math.cos(math.radians(HEADING_DEG)),
)


@pytest.fixture(scope="module")
def written(flown_folder: Path, flown_matrix: np.ndarray) -> Path:
    """All that one run writes, of a photo that is found, one that is not and one that is none."""
    out = flown_folder / "out"
    # A folder that is there and empty is as good as none.
    (out / "colmap").mkdir(parents=True)
    (flown_folder / "broken.jpg").write_bytes(b"no picture")
    photos = [flown_folder / name for name in ("flown.jpg", "noise.jpg")]
    others = ("--colmap", out / "colmap", "--geo", out / "geo.txt", "--write-copy", out / "copies")
    others += ("--drape", out / "drapes")
    result = invoke(
        "pose", *photos, "--click", "400,300", "--click", "900,300", "--mosaic", flown_folder / "m.tif",
        "-o", out / "pose.gpkg", *others,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert "not here: " in result.stderr
    assert "sight: outside the photo: no place told" in result.stderr
    return out


def test_a_table_has_camera_footprint_and_sights(written: Path, flown_matrix: np.ndarray) -> None:
    table = geopandas.read_file(written / "pose.gpkg")
    assert table.crs.to_epsg() == 32615
    assert [name for name in table.columns if name != "geometry"] == list(POSE_COLUMNS)
    assert list(table["kind"]) == ["camera", "footprint", "sight", "sight", "camera"]
    assert list(table["status"]) == ["found"] * 4 + ["not here"]
    camera, footprint, sight, beyond, other = (table.iloc[number] for number in range(5))
    assert camera.geometry.distance(Point(TRUE)) < camera["accuracy_m"]
    assert camera["height_m"] == pytest.approx(HIGH_M, abs=camera["height_error_m"])
    assert camera["tilt_deg"] == pytest.approx(TILT_DEG, abs=camera["tilt_error_deg"])
    assert footprint.geometry.contains(Point(clicked(flown_matrix, (400.0, 300.0))))
    end = Point(sight.geometry.coords[-1])
    assert end.distance(Point(clicked(flown_matrix, (400.0, 300.0)))) < 0.5
    assert sight["distance_m"] == pytest.approx(BACK_M, rel=0.02)
    assert beyond.geometry is None
    assert other.geometry is None


def test_colmap_sees_its_points_where_they_were_matched(written: Path) -> None:
    lines = [
        [line for line in (written / "colmap" / name).read_text().splitlines() if not line.startswith("#")]
        for name in ("cameras.txt", "images.txt", "points3D.txt")
    ]
    (camera,), (image, tracks), points = lines
    _, model, width, height, f, cx, cy, k1 = camera.split()
    assert (model, width, height) == ("SIMPLE_RADIAL", "800", "600")
    _, qw, qx, qy, qz, *shift, _, name = image.split()
    assert name == "flown.jpg"
    w, vector = float(qw), np.array([qx, qy, qz], float)
    axis = vector / np.linalg.norm(vector) * 2 * math.atan2(np.linalg.norm(vector), w)
    seen = np.array(tracks.split(), float).reshape(-1, 3)
    places = np.array([point.split()[1:4] for point in points], float)
    optics = np.array([[float(f), 0, float(cx)], [0, float(f), float(cy)], [0, 0, 1]])
    found, _ = cv2.projectPoints(places, axis, np.array(shift, float), optics, np.array([float(k1), 0, 0, 0]))
    off = np.linalg.norm(found[:, 0] - seen[:, :2], axis=1)
    assert np.median(off) < 1.0
    assert np.allclose(off, [float(point.split()[7]) for point in points], atol=0.01)


def test_geo_txt_is_what_opendronemap_reads(written: Path) -> None:
    crs, line = (written / "geo.txt").read_text().splitlines()
    name, lon, lat, height, yaw, pitch, roll, across, up = line.split()
    assert (crs, name) == ("EPSG:4326", "flown.jpg")
    table = geopandas.read_file(written / "pose.gpkg").to_crs(4326)
    assert Point(float(lon), float(lat)).distance(table.geometry.iloc[0]) < 1e-7
    camera = table.iloc[0]
    assert float(height) == pytest.approx(camera["height_m"], abs=0.01)
    assert float(yaw) == pytest.approx(camera["heading_deg"], abs=1)
    assert float(pitch) == pytest.approx(TILT_DEG, abs=2)
    assert float(roll) == pytest.approx(0, abs=2)
    assert 0 < float(across) < camera["accuracy_m"]
    assert float(up) == pytest.approx(camera["height_error_m"] / 1.645, abs=0.01)


def test_a_copy_tells_the_pose_and_has_the_same_picture(written: Path, flown_folder: Path) -> None:
    copy, original = load_photo(written / "copies" / "flown.jpg"), load_photo(flown_folder / "flown.jpg")
    assert list((written / "copies").iterdir()) == [copy.path]
    assert np.array_equal(copy.pixels, original.pixels)
    camera = geopandas.read_file(written / "pose.gpkg").to_crs(4326).iloc[0]
    assert original.position is None
    assert copy.position is not None
    assert Point(copy.position).distance(camera.geometry) < 1e-7
    assert copy.heading_deg == pytest.approx(camera["heading_deg"], abs=1)
    assert copy.pitch_deg == pytest.approx(camera["tilt_deg"] - 90, abs=0.5)
    assert copy.relative_altitude_m == pytest.approx(camera["height_m"], abs=0.01)
    assert copy.focal_px == original.focal_px
    with Image.open(copy.path) as image:
        text = image.info["xmp"].decode()
    assert 'own:Kept="yes"' in text
    assert "170.0" not in text


def test_control_points_are_spread_and_where_the_photo_shows_them(
    flown_folder: Path, flown_matrix: np.ndarray, tmp_path: Path
) -> None:
    args = ("pose", flown_folder / "flown.jpg", "--mosaic", flown_folder / "m.tif", "-q", "--gcps")
    for name in ("gcp_list.txt", "photo.points"):
        assert invoke(*args, tmp_path / name).exit_code == 0
    crs, *listed = (tmp_path / "gcp_list.txt").read_text().splitlines()
    assert crs == "EPSG:32615"
    points = np.array([line.split()[:5] for line in listed], float)
    assert {line.split()[5] for line in listed} == {"flown.jpg"}
    assert 10 < len(points) <= 20
    for x, y, height, u, v in points:
        assert height == 0
        assert Point(x, y).distance(Point(clicked(flown_matrix, (u, v)))) < 0.5
    assert (np.ptp(points[:, 3:], axis=0) > (400, 200)).all()
    head, names, *lines = (tmp_path / "photo.points").read_text().splitlines()
    assert head.startswith("#CRS: PROJCRS")
    assert names == "mapX,mapY,sourceX,sourceY,enable,dX,dY,residual"
    assert np.allclose(
        np.array([line.split(",")[:4] for line in lines], float), points[:, [0, 1, 3, 4]] * [1, 1, 1, -1]
    )
    assert invoke(*args, tmp_path / "markers.xml").exit_code == 0
    chunk = ElementTree.parse(tmp_path / "markers.xml").getroot().find("chunk")
    assert chunk is not None
    assert pyproj.CRS(chunk.findtext("reference")).to_epsg() == 32615
    (camera,) = chunk.findall("cameras/camera")
    assert camera.get("label") == "flown"
    resolution = chunk.find(f"sensors/sensor[@id='{camera.get('sensor_id')}']/resolution")
    assert resolution is not None
    assert resolution.attrib == {"width": "800", "height": "600"}
    places = {marker.get("id"): marker.find("reference").attrib for marker in chunk.findall("markers/marker")}
    marked = [
        [float(places[marker.get("marker_id")][key]) for key in "xyz"] + [float(seen.get(key)) for key in "xy"]
        for marker in chunk.findall("frames/frame[@id='0']/markers/marker")
        for seen in marker.findall(f"location[@camera_id='{camera.get('id')}'][@pinned='true']")
    ]
    assert np.allclose(marked, points)
    several = invoke(*args[:2], flown_folder / "noise.jpg", *args[2:], tmp_path / "two.points")
    assert (several.exit_code, "those of one photo" in several.stderr) == (1, True)


def test_control_points_without_heights_are_said_to_be_so(
    flown_folder: Path, flown_matrix: np.ndarray, tmp_path: Path
) -> None:
    args = ("pose", flown_folder / "flown.jpg", "--mosaic", flown_folder / "m.tif", "--gcps")
    for name, warned in (("gcp_list.txt", True), ("markers.xml", True), ("photo.points", False)):
        assert ("give --dsm" in invoke(*args, tmp_path / name).stderr) is warned


def test_where_no_photo_is_found_no_other_file_is_written(
    flown_folder: Path, flown_matrix: np.ndarray, tmp_path: Path
) -> None:
    others = ("--gcps", tmp_path / "markers.xml", "--geo", tmp_path / "geo.txt")
    result = invoke(
        "pose", flown_folder / "none.jpg", flown_folder / "noise.jpg", "--mosaic", flown_folder / "m.tif", *others
    )
    assert result.exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_drape_is_written_of_what_is_found(written: Path, flown_matrix: np.ndarray) -> None:
    (path,) = (written / "drapes").iterdir()
    assert path.name == "flown.tif"
    with rasterio.open(path) as file:
        x, y = clicked(flown_matrix, (400.0, 300.0))
        assert [int(colours[3]) for colours in file.sample([(x, y), (x - 200, y)])] == [255, 0]


def test_geojson_goes_to_stdout(flown_folder: Path, flown_matrix: np.ndarray) -> None:
    result = invoke("pose", flown_folder / "flown.jpg", "--mosaic", flown_folder / "m.tif", "-q")
    assert result.exit_code == 0
    assert result.stderr == ""
    camera, footprint = json.loads(result.stdout)["features"]
    assert (camera["geometry"]["type"], footprint["geometry"]["type"]) == ("Point", "Polygon")
    assert shape(footprint["geometry"]).is_valid
    assert list(camera["properties"]) == list(POSE_COLUMNS)


def test_one_bad_photo_is_a_row_and_exit_code_1(flown_folder: Path, flown_matrix: np.ndarray) -> None:
    (flown_folder / "broken.jpg").write_bytes(b"no picture")
    result = invoke("pose", flown_folder / "broken.jpg", flown_folder / "noise.jpg", "--mosaic", flown_folder / "m.tif")
    assert result.exit_code == 1
    rows = [feature["properties"] for feature in json.loads(result.stdout)["features"]]
    assert [row["status"] for row in rows] == ["error", "not here"]
    assert "not an image" in rows[0]["error"]
    assert "1 of 2 photos failed" in result.stderr


@pytest.mark.parametrize("others", ["-o x.geojson", "--overwrite", "--click 1,2", ""])
def test_photos_may_stand_behind_the_mosaic(others: str) -> None:
    words = ["--mosaic", "m.tif", "a.jpg", "b.jpg", "c.jpg", *others.split()]
    assert pose.make_context("pose", words).params["photo_paths"] == (Path("a.jpg"), Path("b.jpg"), Path("c.jpg"))


def test_a_photo_whose_files_cannot_be_written_keeps_its_pose(
    flown_folder: Path, flown_matrix: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **more: object) -> None:
        raise OutputError("the disk is full")

    monkeypatch.setattr(drape, "write_drape", full)
    monkeypatch.setattr(photo_copy, "write_copy", full)
    result = invoke(
        "pose", flown_folder / "flown.jpg", "--mosaic", flown_folder / "m.tif", "--drape", tmp_path / "d.tif",
        "--write-copy", tmp_path / "copies", "--geo", tmp_path / "geo.txt",
    )  # fmt: skip
    assert result.exit_code == 1
    rows = [feature["properties"] for feature in json.loads(result.stdout)["features"]]
    assert [(row["kind"], row["status"]) for row in rows] == [("camera", "found"), ("footprint", "found")]
    assert [row["note"] for row in rows] == ["the disk is full; the disk is full", None]
    assert "1 of 1 photo failed: see the columns error and note" in result.stderr
    assert len((tmp_path / "geo.txt").read_text().splitlines()) == 2


def test_a_picture_of_a_video_is_a_photo(flown_folder: Path, flown_matrix: np.ndarray, tmp_path: Path) -> None:
    clip, mosaic = tmp_path / "clip.MP4", ("--mosaic", flown_folder / "m.tif")
    grey_video(clip)
    result = invoke("pose", clip, "--time", "0:01.5", flown_folder / "noise.jpg", clip, "--frame", "3", *mosaic)
    assert result.exit_code == 0, result.stderr
    rows = [feature["properties"] for feature in json.loads(result.stdout)["features"]]
    assert [row["photo"] for row in rows] == [f"{clip}#t=1.5", str(flown_folder / "noise.jpg"), f"{clip}#frame=3"]
    for words, message in (
        ((clip,), "clip.MP4 is a video: say which picture of it"),
        ((clip, "--time", "1", "--time", "2"), "clip.MP4 has two of --time"),
        ((flown_folder / "noise.jpg", "--frame", "2"), "a time or frame is that of a video"),
    ):
        result = invoke("pose", *words, *mosaic)
        assert result.exit_code == 2, words
        assert message in " ".join(result.stderr.split())


def test_heights_that_are_none_end_the_command_before_anything_is_matched(
    flown_folder: Path, flown_matrix: np.ndarray, tmp_path: Path
) -> None:
    for dsm, message in (
        (tmp_path / "none.tif", "not a raster"),
        (flown_folder / "m.tif", "a raster of heights has one"),
    ):
        result = invoke("pose", flown_folder / "flown.jpg", "--mosaic", flown_folder / "m.tif", "--dsm", dsm)
        assert (result.exit_code, result.stdout) == (1, "")
        assert message in result.stderr.splitlines()[-1]


def test_nothing_is_replaced_and_the_photo_never(flown_folder: Path, flown_matrix: np.ndarray, tmp_path: Path) -> None:
    before = (flown_folder / "flown.jpg").read_bytes()
    args = ("pose", flown_folder / "flown.jpg", "--mosaic", flown_folder / "m.tif")
    (tmp_path / "geo.txt").write_text("mine")
    for more, message, code in (
        (("--write-copy", flown_folder, "--overwrite"), "is read by this very command", 1),
        (("--geo", tmp_path / "geo.txt"), "exists already", 1),
        (("--geo", tmp_path / "geo.csv"), "unknown kind of file", 2),
        (("--drape", tmp_path / "drape.png"), "unknown kind of file", 2),
        (("--drape", flown_folder / "m.tif", "--overwrite"), "is read by this very command", 1),
        (("--colmap", tmp_path / "geo.txt"), "is a file; give a folder", 1),
        (("--write-copy", tmp_path / "geo.txt" / "folder"), "cannot be made", 1),
    ):
        result = invoke(*args, *more)
        assert result.exit_code == code, more
        assert message in result.stderr
    assert (flown_folder / "flown.jpg").read_bytes() == before
    assert invoke("pose", "--mosaic", flown_folder / "m.tif").exit_code == 2
