"""Tables as spreadsheets of many countries write them, and what is said of those that cannot be read."""

import logging
from pathlib import Path

import pytest

from geoloc.errors import QueriesError
from geoloc.system.spreadsheet import number_of
from geoloc.system.table import read_csv

COLUMNS = ("photo", "click_x", "click_y")
PLAIN = "photo,click_x,click_y,name\nBrücke.jpg,1070.2,468.25,Süd\n"
SEMICOLONS = "photo;click_x;click_y;name\nBrücke.jpg;1070,2;468,25;Süd\n"


def rows(folder: Path, content: bytes, known: tuple[str, ...] = ()) -> list[tuple[object, ...]]:
    path = folder / "q.csv"
    path.write_bytes(content)
    columns, records = read_csv(path, COLUMNS, known)
    return [
        (record.values["photo"], record.number("click_x"), record.number("click_y"), record.values[columns[-1]])
        for record in records
    ]


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-32"),
        PLAIN.encode("cp1252"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        ("\n \n" + PLAIN + ",,,\n   ,,,\n\n").encode(),
        PLAIN.replace("Süd\n", "Süd,,,\n").encode(),
        PLAIN.replace("photo,click_x", "\ufeff Photo , Click X").encode(),
        PLAIN.replace("click_y", "CLICK-Y").encode(),
        PLAIN.replace("1070.2,468.25", '"1070,2"," 468,25 "').encode(),
        PLAIN.replace("1070.2", '"1,070.2"').encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.replace(",", "|").encode(),
        SEMICOLONS.encode("utf-8-sig"),
        SEMICOLONS.replace("1070,2", "1.070,2").encode(),
        SEMICOLONS.replace("1070,2", "1 070,2").encode(),
        SEMICOLONS.replace("1070,2", "1\u00a0070,2").encode(),
        SEMICOLONS.replace("1070,2", "1'070.2").encode(),
        ("sep=;\r\n" + SEMICOLONS).encode("cp1252"),
        ("SEP=\t\n" + SEMICOLONS.replace(";", "\t")).encode("utf-16"),
        ('"sep=^"\n' + PLAIN.replace(",", "^")).encode(),
    ],
)
def test_every_spreadsheet_says_the_same(tmp_path: Path, content: bytes) -> None:
    assert rows(tmp_path, content) == [("Brücke.jpg", 1070.2, 468.25, "Süd")]


def test_three_decimals_are_decimals_where_the_table_has_points(tmp_path: Path) -> None:
    content = b"photo;click_x;click_y\na.jpg;512.125;7\n"
    assert rows(tmp_path, content)[0][1] == 512.125
    # The other row shows that the comma is the sign: the same number may then mean thousands.
    with pytest.raises(QueriesError, match=r"line 2: click_x is '512.125', either 512125 or 512.125; write it without"):
        rows(tmp_path, content + b"b.jpg;1;2,5\n")
    with pytest.raises(QueriesError, match=r"either 1070 or 1\.070"):
        rows(tmp_path, b'photo,click_x,click_y\na.jpg,"1,070",2\n')


def test_windows_1252_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        rows(tmp_path, PLAIN.encode())
        assert not caplog.messages
        rows(tmp_path, PLAIN.encode("cp1252"))
    (message,) = caplog.messages
    assert "q.csv: not in UTF-8; read as Windows-1252" in message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"photo,click_x,click_y\na.jpg,1,2\n\xc3\x81\x81.jpg,1,2\n", "line 3: the byte 0x81 is neither UTF-8 nor Win"),
        (b"PK\x03\x04rest", "is an Excel or LibreOffice file, no text; save the table as CSV"),
        (b"photo,click_x\0,click_y\na.jpg,1,2\n" * 2 + b"\0\0\0", "holds zeros"),
        (b"a.jpg,1,2\nb.jpg,3,4\n", "missing columns photo, click_x, click_y in the first line, which has a.jpg, 1, 2"),
        (
            b"photo:click_x:click_y\n",
            "which has photo:click_x:click_y, with none of commas, semicolons, tabs or bars",
        ),
        (b"foto;x;y\na.jpg;1;2\n", "in the first line, which has foto, x, y, separated by semicolons"),
        (b"", "which has nothing"),
        (
            b'photo,click_x,click_y\na.jpg,1,2\n"b.jpg,3,4\nc.jpg,5,6\n',
            "line 3: is no row of a CSV file .* close its quo",
        ),
        (b"photo,click_x,click_y\na.jpg,1070,2,468,2\n", "line 2: more values than the 3 columns .* decimal comma"),
        (b"Photo,PHOTO,click_x,click_y\n", "the column photo is there twice"),
    ],
)
def test_what_cannot_be_read_says_where_and_what_to_do(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(QueriesError, match=message) as caught:
        rows(tmp_path, content)
    assert "\n" not in str(caught.value)


def test_a_damaged_byte_far_into_a_file_is_found_at_its_line(tmp_path: Path) -> None:
    lines = [b"photo,click_x,click_y", *[b"a.jpg,1,2"] * 150_000, b"\x81.jpg,1,2"]
    with pytest.raises(QueriesError, match="line 150002: the byte 0x81"):
        rows(tmp_path, b"\n".join(lines))


def test_names_are_known_however_written_unless_both_are_there(tmp_path: Path) -> None:
    content = b"Photo,photo,click_x,click_y,Photo Polygon\nx,a.jpg,1,2,here\n"
    assert rows(tmp_path, content, ("photo_polygon",)) == [("a.jpg", 1, 2, "here")]


@pytest.mark.parametrize("text", ["", "up", "1.2.3", "1,2,3", "--1", "1_0", "1 2", "0x10"])
def test_no_numbers(text: str) -> None:
    for decimal_comma in (True, False):
        with pytest.raises(ValueError):
            number_of(text, decimal_comma=decimal_comma)
