"""Queries of every kind of file, and what is said of those that are none."""

from pathlib import Path

import geopandas
import pandas
import pyogrio
import pytest
from shapely.geometry import Point

from geoloc.batch.queries import read_photo_queries
from geoloc.errors import PhotoError, QueriesError
from geoloc.photo.photo import load_photo
from geoloc.photo.target import Click, Target
from tiling.box import PixelBox

HEADER = "id,photo,click_x,click_y,photo_xmin,photo_ymin,photo_xmax,photo_ymax,\n"


def write(folder: Path, text: str, name: str = "q.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_csv_file(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "007,sub/a.jpg,3.5,4,1,2,5,6,\n,b.jpg,7,8,,,,,\n")
    queries = read_photo_queries(path)
    assert queries.file == path
    assert queries.columns == {"id": "object"}
    first, second = queries.items
    assert (first.number, first.photo, first.others) == (1, tmp_path / "sub" / "a.jpg", {"id": "007"})
    assert first.target == Target(Click(3.5, 4), PixelBox(1, 2, 5, 6))
    assert (second.number, second.target, second.others) == (2, Target(Click(7, 8)), {"id": ""})


def test_a_folder_holds_its_clicks(tmp_path: Path) -> None:
    write(tmp_path, "photo,click_x,click_y\na.jpg,1,2\n", "clicks.csv")
    queries = read_photo_queries(tmp_path)
    assert queries.file == tmp_path / "clicks.csv"
    assert queries.items[0].photo == tmp_path / "a.jpg"


def test_an_unfinished_box_is_a_column_like_others(tmp_path: Path) -> None:
    path = write(tmp_path, "photo,click_x,click_y,photo_xmin\na.jpg,1,2,0\n")
    (query,) = read_photo_queries(path).items
    assert (query.target.box, query.others) == (None, {"photo_xmin": "0"})


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".fgb"])
@pytest.mark.parametrize("geometry", [True, False])
def test_a_vector_file_keeps_its_types(tmp_path: Path, suffix: str, geometry: bool) -> None:
    path = tmp_path / f"q{suffix}"
    table = {
        "photo": ["a.jpg", "b.jpg"],
        "click_x": [1.5, 2.5],
        "click_y": [3, 4],
        "whole": pandas.array([7, None], "Int64"),
        "share": [0.5, None],
        "name": [None, "x"],
        "sure": [True, False],
        "seen": pandas.to_datetime(["2024-05-06T07:08:09", None]),
    }
    # An index has no place for what is nowhere.
    options = {"SPATIAL_INDEX": "NO"} if suffix == ".fgb" else {}
    if geometry:
        frame = geopandas.GeoDataFrame(table, geometry=[Point(1, 2), None], crs=4326)
        frame.to_file(path, engine="pyogrio", geometry_type="Point", **options)
    else:
        pyogrio.write_dataframe(pandas.DataFrame(table), path, **options)
    queries = read_photo_queries(path)
    first, second = queries.items
    assert first.target == Target(Click(1.5, 3))
    assert second.photo == tmp_path / "b.jpg"
    seen = first.others["seen"]
    assert isinstance(seen, str)
    assert seen.startswith("2024-05-06 07:08:09")
    assert first.others == {"whole": 7, "share": 0.5, "name": None, "sure": True, "seen": seen}
    assert second.others == {"whole": None, "share": None, "name": "x", "sure": False, "seen": None}
    assert queries.columns == {
        "whole": "Int64",
        "share": "float64",
        "name": "object",
        "sure": "boolean",
        "seen": "object",
    }


ROW = "1,a.jpg,1,2,,,,,\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("photo,click_x\na.jpg,1\n", r"q.csv: missing columns click_y"),
        (HEADER, "q.csv: holds no queries"),
        (HEADER + ROW + ROW.replace("a.jpg", ""), "q.csv, line 3: photo is empty"),
        (HEADER + ROW + ROW.replace(",2,", ",up,"), "q.csv, line 3: click_y is 'up', not a number"),
        (HEADER + ROW.replace(",,,,,", ",1,2,3,,"), "q.csv, line 2: photo_ymax is '', not a number"),
        ("photo,click_x,click_y\na.jpg,1\n", "q.csv, line 2: click_y is missing"),
        (HEADER + ROW.replace(",,,,,", ",5,2,3,4,"), "q.csv, line 2: photo_xmin must be below photo_xmax"),
        (HEADER + ROW.replace(",,,,,", ",1,4,3,4,"), "q.csv, line 2: photo_ymin must be below photo_ymax"),
    ],
)
def test_errors_name_line_and_column(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(QueriesError, match=message) as caught:
        read_photo_queries(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_errors_of_vector_files_name_row_and_column(tmp_path: Path) -> None:
    path = tmp_path / "q.gpkg"
    pyogrio.write_dataframe(pandas.DataFrame({"photo": ["a", "b"], "click_x": [1.0, 2], "click_y": [1.0, None]}), path)
    with pytest.raises(QueriesError, match=r"q.gpkg, row 2: click_y is missing"):
        read_photo_queries(path)
    pyogrio.write_dataframe(pandas.DataFrame({"photo": ["a"], "click_x": [1.0]}), path)
    with pytest.raises(QueriesError, match=r"q.gpkg: missing columns click_y in its first layer"):
        read_photo_queries(path)
    with pytest.raises(QueriesError, match=r"bad.gpkg: not a vector file"):
        read_photo_queries(write(tmp_path, "text", "bad.gpkg"))


def test_what_is_expected_is_said(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for path, message in (
        (tmp_path / "photos", "no clicks.csv in this folder; give a CSV file with the columns photo, click_x, click_y"),
        (tmp_path / "none.csv", "no such file; give a CSV file"),
        (write(tmp_path, "", "q.xlsx"), "unknown kind of file; give a CSV file"),
    ):
        with pytest.raises(QueriesError, match=message):
            read_photo_queries(path)


WKT = '"POLYGON ((0 0, 40 0, 0 40, 0 0))"'


def test_what_is_drawn_needs_no_click(tmp_path: Path) -> None:
    header = "photo,click_x,click_y,photo_polygon,photo_xmin,photo_ymin,photo_xmax,photo_ymax\n"
    rows = f"a.jpg,,,{WKT},,,,\na.jpg,5,6,{WKT},1,2,3,4\na.jpg,,,,1,2,5,6\na.jpg,7,8,,,,,\n"
    queries = read_photo_queries(write(tmp_path, header + rows))
    triangle = Target.from_polygon([(0, 0), (40, 0), (0, 40)])
    drawn, clicked, boxed, plain = (query.target for query in queries.items)
    assert drawn == triangle
    assert clicked == Target(Click(5, 6), triangle.box, triangle.polygon)
    assert boxed == Target.from_box(PixelBox(1, 2, 5, 6))
    assert plain == Target(Click(7, 8))
    assert queries.columns == {}
    for value, message in (
        ("POINT (1 2)", "line 2: photo_polygon is no polygon in WKT"),
        ("rubbish", "line 2: photo_polygon is no polygon in WKT"),
        ('"MULTIPOLYGON (((0 0, 9 0, 0 9, 0 0)), ((20 20, 29 20, 20 29, 20 20)))"', "several polygons"),
        ('"POLYGON ((0 0, 9 9, 5 5, 0 0))"', "line 2: photo_polygon: a polygon whose corners lie on one line"),
        ("", "line 2: click_x is '', not a number"),
    ):
        with pytest.raises(QueriesError, match=message) as caught:
            read_photo_queries(write(tmp_path, f"photo,click_x,click_y,photo_polygon\na.jpg,,,{value}\n"))
        assert "\n" not in str(caught.value)


def test_paths_as_windows_and_macs_write_them(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("sub/a.jpg", "sub/Bru\u0308cke.jpg", "back\\slash.jpg"):
        (tmp_path / name).touch()
    rows = ["sub\\a.jpg", "sub/Br\u00fccke.jpg", "back\\slash.jpg", "gone\\b.jpg"]
    table = "photo,click_x,click_y\n" + "".join(f"{row},1,2\n" for row in rows)
    (tmp_path / "q.csv").write_text(table, encoding="utf-8")
    found = [query.photo.relative_to(tmp_path) for query in read_photo_queries(tmp_path / "q.csv").items]
    assert found == [Path("sub/a.jpg"), Path("sub/Bru\u0308cke.jpg"), Path("back\\slash.jpg"), Path("gone/b.jpg")]


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson"])
def test_vector_files_have_capitals_and_empty_rows_too(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"q{suffix}"
    table = {"Photo": ["a.jpg", None], "Click_X": [1.0, None], "click_y": [2.0, None], "Remark": ["x", None]}
    pyogrio.write_dataframe(pandas.DataFrame(table), path)
    (query,) = read_photo_queries(path).items
    assert (query.photo, query.target, query.others) == (tmp_path / "a.jpg", Target(Click(1, 2)), {"Remark": "x"})


def test_a_spreadsheet_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(QueriesError, match=r"unknown kind of file; .*; save a spreadsheet as CSV"):
        read_photo_queries(write(tmp_path, "", "q.ods"))
    (query,) = read_photo_queries(write(tmp_path, "photo\tclick_x\tclick_y\na.jpg\t1\t2\n", "q.tsv")).items
    assert query.target == Target(Click(1, 2))


def test_a_description_of_layers_elsewhere_is_refused(tmp_path: Path) -> None:
    layer = "<OGRVRTLayer name='q'><SrcDataSource>q.gpkg</SrcDataSource></OGRVRTLayer>"
    with pytest.raises(QueriesError, match=r"describes layers of other files .* GEOLOC_ALLOW_VRT=1"):
        read_photo_queries(write(tmp_path, f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>", "q.geojson"))


def objects(folder: Path, *rows: str) -> list[str]:
    """What each row is asked together for."""
    path = write(folder, "photo,click_x,click_y,object\n" + "\n".join(rows) + "\n")
    return [query.object_id for query in read_photo_queries(path).items]


def test_rows_of_one_object_are_asked_together(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = ["a.jpg,1,2,barn", "b.jpg,1,2, barn ", "a.jpg,5,5,shed", "c.jpg,1,2,", "d.jpg,1,2,"]
    assert objects(tmp_path, *rows) == ["barn", "barn", "", "", ""]
    assert not caplog.messages
    # What the column says stays a column of the results.
    queries = read_photo_queries(tmp_path / "q.csv")
    assert queries.columns == {"object": "object"}
    assert queries.items[2].others == {"object": "shed"}


def test_a_kind_of_object_is_not_one_object(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = ["a.jpg,1,2,car", "./sub/../a.jpg,9,9,car", "b.jpg,1,2,car", "a.jpg,3,3,barn", "b.jpg,3,3,barn"]
    assert objects(tmp_path, *rows) == ["", "", "", "barn", "barn"]
    (message,) = caplog.messages
    assert message.startswith("column object: several rows of one photo are of 'car': not one object")


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson"])
def test_objects_may_be_numbers_in_a_vector_file(tmp_path: Path, suffix: str) -> None:
    table = {"photo": ["a.jpg", "b.jpg", "c.jpg"], "click_x": [1, 2, 3], "click_y": [1, 2, 3], "object": [7, 7, 8]}
    geopandas.GeoDataFrame(table, geometry=[Point(0, 0)] * 3, crs=4326).to_file(tmp_path / f"q{suffix}")
    queries = read_photo_queries(tmp_path / f"q{suffix}")
    assert [query.object_id for query in queries.items] == ["7", "7", ""]
    assert queries.columns["object"] == "Int64"


def test_clicks_that_are_shares_are_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    read_photo_queries(write(tmp_path, "photo,click_x,click_y\na.jpg,0.5,0.25\na.jpg,0.75,1\n"))
    assert "every click is in the first pixel of its photo; give pixels, not shares of the sides" in caplog.text
    caplog.clear()
    read_photo_queries(write(tmp_path, "photo,click_x,click_y\na.jpg,0.5,0.25\na.jpg,0.75,30\n"))
    assert not caplog.text


def test_addresses_of_photos(tmp_path: Path) -> None:
    text = f"photo,click_x,click_y\nfile://{tmp_path}/a%20b.jpg,5,6\nhttps://example.org/p.jpg,5,6\n"
    here, elsewhere = read_photo_queries(write(tmp_path, text)).items
    assert here.photo == tmp_path / "a b.jpg"
    for written, path in (("/d/v.mp4#t=1", "/d/v.mp4#t=1"), ("localhost/d/a?b%23.jpg", "/d/a?b#.jpg")):
        (asked,) = read_photo_queries(write(tmp_path, f"photo,click_x,click_y\nfile://{written},5,6\n")).items
        assert asked.photo == Path(path)
    with pytest.raises(PhotoError, match=r"^https://example.org/p.jpg: is an address; save the file"):
        load_photo(elsewhere.photo)


@pytest.mark.parametrize(
    ("header", "row", "name"),
    [
        ("photo,click_x,click_y,time", "clip.MP4,1,2,12.5", "clip.MP4#t=12.5"),
        ("photo;click_x;click_y;Time", "clip.mov;1;2;12,5", "clip.mov#t=12.5"),
        ("photo,click_x,click_y,time,frame", "clip.MP4,1,2,,300", "clip.MP4#frame=300"),
        ("photo,click_x,click_y,frame", "clip.MP4#t=3,1,2,300", "clip.MP4#t=3"),
        # Told when it is read: it is a query that fails.
        ("photo,click_x,click_y,frame", "clip.MP4,1,2,", "clip.MP4"),
        ("photo,click_x,click_y,time", "a.jpg,1,2,half past two", "a.jpg"),
    ],
)
def test_a_row_says_which_picture_of_a_video_is_meant(tmp_path: Path, header: str, row: str, name: str) -> None:
    (query,) = read_photo_queries(write(tmp_path, f"{header}\n{row}\n")).items
    assert query.photo == tmp_path / name


def test_two_pictures_of_a_video_may_show_one_object(tmp_path: Path) -> None:
    text = "photo,click_x,click_y,time,object\nclip.MP4,1,2,1,barn\nclip.MP4,3,4,2,barn\n"
    assert [query.object_id for query in read_photo_queries(write(tmp_path, text)).items] == ["barn", "barn"]


@pytest.mark.parametrize(
    ("values", "why"),
    [("-1,", "seconds from the start"), ("soon,", "time is 'soon'"), (",1.5", "a whole number"), ("1,3", "not both")],
)
def test_a_senseless_moment_is_told_with_its_row(tmp_path: Path, values: str, why: str) -> None:
    path = write(tmp_path, f"photo,click_x,click_y,time,frame\nclip.MP4,1,2,{values}\n")
    with pytest.raises(QueriesError, match=f"line 2.*{why}"):
        read_photo_queries(path)


@pytest.mark.parametrize(
    ("rows", "warned"),
    [
        ("a.jpg,1,20,,3\nb.jpg,1,20,2,\n", "time and frame are of videos; a.jpg is none: frame is not used"),
        # When a photo was taken is of no video.
        ("a.jpg,1,20,2024-05-01 12:30,\nclip.MP4,1,20,2,\n", ""),
    ],
)
def test_a_moment_of_a_photo_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, rows: str, warned: str
) -> None:
    read_photo_queries(write(tmp_path, f"photo,click_x,click_y,Time,frame\n{rows}"))
    assert len(caplog.messages) == bool(warned)
    assert warned in caplog.text
