"""KML and KMZ: well-formed whatever names are, read back by GDAL, with pictures of what was clicked."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import geopandas
import numpy as np
import pyogrio
import pytest
from PIL import Image
from shapely.geometry import LineString, MultiPoint, Point, box

from geoloc.results.writers.kml import write_kml, write_kmz
from geoloc.results.writers.row import FileLayer, Row

KML = "{http://www.opengis.net/kml/2.2}"


def read(path: Path) -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame(pyogrio.read_dataframe(path, layer=0))


@pytest.mark.parametrize("suffix", [".kml", ".kmz"])
def test_gdal_reads_it_back(rows: list[Row], layer: FileLayer, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"found{suffix}"
    (write_kml if suffix == ".kml" else write_kmz)(rows, path, layer)
    table = read(path)
    assert table["photo"].tolist() == [row.properties["photo"] for row in rows]
    assert table["rank"][:2].tolist() == [1, 2]
    assert table["score"][0] == 0.93
    assert table["count"][1] == 2**40
    assert table.geometry[2] is None
    for found, row in zip(table.geometry.to_crs(32615)[:2], rows, strict=False):
        assert row.geometry is not None
        assert found.symmetric_difference(row.geometry).area < 0.3
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_not_here_is_listed_and_has_no_place(rows: list[Row], layer: FileLayer, tmp_path: Path) -> None:
    batch = replace(layer, columns={"status": "object", **layer.columns})
    told = [replace(row, properties={**row.properties, "status": "found"}) for row in rows[:2]]
    told += [Row(None, {"photo": f"a/{status}.jpg", "status": status}) for status in ("not here", "error", "found")]
    write_kml(told, tmp_path / "found.kml", batch)
    document = ElementTree.fromstring((tmp_path / "found.kml").read_bytes()).find(f"{KML}Document")
    assert document is not None
    assert document.find(f"{KML}description") is None
    names = [place.findtext(f"{KML}name") for place in document.iter(f"{KML}Placemark")]
    # A line of sight that ends nowhere is of a photo that was found.
    assert names[1:] == ["2: b.jpg", "not here: not here.jpg", "error: error.jpg", "found.jpg"]
    assert [len(place.findall(f"{KML}Polygon")) for place in document.iter(f"{KML}Placemark")] == [1, 1, 0, 0, 0]


@pytest.mark.parametrize("suffix", [".kml", ".kmz"])
def test_a_file_without_answers_says_so(layer: FileLayer, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"found{suffix}"
    (write_kml if suffix == ".kml" else write_kmz)([], path, layer)
    text = zipfile.ZipFile(path).read("doc.kml") if suffix == ".kmz" else path.read_bytes()
    document = ElementTree.fromstring(text).find(f"{KML}Document")
    assert document is not None
    assert (document.findtext(f"{KML}description") or "").startswith("Not here: ")
    assert [child.tag for child in document[:2]] == [f"{KML}name", f"{KML}description"]


def test_names_are_text_in_xml_and_in_the_balloon(rows: list[Row], layer: FileLayer, tmp_path: Path) -> None:
    write_kml(rows, tmp_path / "<found>.kml", layer)
    root = ElementTree.fromstring((tmp_path / "<found>.kml").read_bytes())
    assert root.findtext(f"{KML}Document/{KML}name") == "<found>"
    first = root.find(f".//{KML}Placemark")
    assert first is not None
    assert first.findtext(f"{KML}name") == "1: <süd>&\"']]>.jpg"
    balloon = first.findtext(f"{KML}description") or ""
    assert "<süd>" not in balloon
    assert "&lt;süd&gt;&amp;&quot;" in balloon
    # XML knows no such character.
    assert "\ufffd" in balloon
    assert first.findtext(f"{KML}styleUrl") == "#best"


def test_a_balloon_shows_what_was_clicked(rows: list[Row], layer: FileLayer, tmp_path: Path) -> None:
    photo = np.full((200, 300, 3), 120, np.uint8)
    photo[90:110, 140:160] = (20, 20, 230)
    Image.fromarray(photo).save(tmp_path / "p.jpg", quality=95)
    seen = {"photo": str(tmp_path / "p.jpg"), "click_x": 150.0, "click_y": 100.0}
    two = [replace(row, properties={**row.properties, **seen}) for row in rows[:2]]
    write_kmz([*two, rows[2]], tmp_path / "found.kmz", layer)
    with zipfile.ZipFile(tmp_path / "found.kmz") as archive:
        # Both answers to one click share its picture.
        assert sorted(archive.namelist()) == ["doc.kml", "files/1.jpg"]
        text = archive.read("doc.kml").decode()
        with Image.open(io.BytesIO(archive.read("files/1.jpg"))) as image:
            blue = np.asarray(image.convert("RGB"))[..., 2] > 180
    assert text.count("files/1.jpg") == 2
    rows_at, columns_at = np.nonzero(blue)
    assert (columns_at.mean(), rows_at.mean()) == pytest.approx((159.5, 159.5), abs=6)


def test_a_balloon_of_a_joined_answer_shows_all_its_photos(rows: list[Row], layer: FileLayer, tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        Image.new("RGB", (300, 200), "grey").save(tmp_path / name)
    a, b = str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg")
    seen = {"photo": b, "click_x": 7.0, "click_y": 8.5, "photos": f"{a}; {b}", "clicks": "150,100; 7,8.5"}
    write_kmz([replace(rows[0], properties={**rows[0].properties, **seen})], tmp_path / "found.kmz", layer)
    with zipfile.ZipFile(tmp_path / "found.kmz") as archive:
        assert sorted(archive.namelist()) == ["doc.kml", "files/1.jpg", "files/2.jpg"]
        text = archive.read("doc.kml").decode()
    assert 0 < text.index("files/1.jpg") < text.index("files/2.jpg")


def test_a_photo_that_is_not_there_is_told_once(
    layer: FileLayer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = {"photo": "gone.jpg", "click_x": 1.0, "click_y": 2.0}
    write_kmz([Row(box(0, 0, 1, 1), gone)] * 3, tmp_path / "found.kmz", layer)
    assert caplog.text.count("gone.jpg") == 1
    assert len(read(tmp_path / "found.kmz")) == 3


def test_shapes_of_all_kinds(tmp_path: Path) -> None:
    shapes = [Point(1, 2), LineString([(0, 0), (1, 1)]), MultiPoint([(0, 0), (1, 1)]), box(0, 0, 1, 1)]
    layer = FileLayer({"n": "object"}, "EPSG:4326", geometry_type="Unknown")
    write_kml([Row(shape, {"n": "a"}) for shape in shapes], tmp_path / "a.kml", layer)
    table = read(tmp_path / "a.kml")
    assert [found.equals(shape) for found, shape in zip(table.geometry, shapes, strict=True)] == [True] * 4


def test_the_balloon_of_a_camera_has_its_photo_and_how_it_stood(tmp_path: Path) -> None:
    Image.new("RGB", (640, 320), "red").save(tmp_path / "a.jpg")
    columns = {"kind": "object", "photo": "object", "height_m": "float64", "heading_deg": "float64"}
    camera = {"kind": "camera", "photo": str(tmp_path / "a.jpg"), "height_m": 80.5, "heading_deg": 12.0}
    footprint = {"kind": "footprint", "photo": str(tmp_path / "a.jpg")}
    rows = [Row(Point(15, 51), camera), Row(box(15, 51, 16, 52), footprint)]
    write_kmz(rows, tmp_path / "pose.kmz", FileLayer(columns, 4326))
    with zipfile.ZipFile(tmp_path / "pose.kmz") as archive:
        assert [name for name in archive.namelist() if name.endswith(".jpg")] == ["files/1.jpg"]
        assert Image.open(io.BytesIO(archive.read("files/1.jpg"))).size == (320, 160)
        first, second = ElementTree.fromstring(archive.read("doc.kml")).iter(f"{KML}description")
    assert first.text is not None
    assert "files/1.jpg" in first.text
    assert "<td>height_m</td><td>80.5</td>" in first.text
    assert "<td>heading_deg</td><td>12.0</td>" in first.text
    assert second.text is not None
    assert '.jpg"' not in second.text
