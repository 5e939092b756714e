"""Which decoders a picture can reach."""

import io
import struct
from pathlib import Path

import pytest
from PIL import Image, UnidentifiedImageError

from geoloc.errors import PhotoError
from geoloc.photo.files.picture import open_picture
from geoloc.photo.photo import load_photo


def png(side: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (side, side)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("suffix", "name"),
    [
        ("jpg", "JPEG"),
        ("png", "PNG"),
        ("webp", "WEBP"),
        ("tif", "TIFF"),
        ("bmp", "BMP"),
        ("gif", "GIF"),
        ("jp2", "JPEG2000"),
        ("ppm", "PPM"),
    ],
)
def test_formats_of_photographs_are_opened_whatever_their_name(tmp_path: Path, suffix: str, name: str) -> None:
    Image.new("RGB", (9, 5)).save(tmp_path / f"a.{suffix}")
    path = (tmp_path / f"a.{suffix}").rename(tmp_path / "a.jpg")
    with open_picture(path) as image:
        assert (image.format, image.size) == (name, (9, 5))
    assert load_photo(path).size == (9, 5)


def test_an_icon_is_not_decoded_to_see_how_large_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOLOC_MAX_PHOTO_PIXELS", "1000")
    inside = png(2000)
    head = struct.pack("<HHH", 0, 1, 1) + struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(inside), 22)
    (tmp_path / "a.ico").write_bytes(head + inside)
    icns = b"icns" + struct.pack(">I", 16 + len(inside)) + b"icp4" + struct.pack(">I", 8 + len(inside)) + inside
    (tmp_path / "a.icns").write_bytes(icns)
    for name in ("a.ico", "a.icns"):
        with pytest.raises(UnidentifiedImageError):
            open_picture(tmp_path / name)
        with pytest.raises(PhotoError, match="not an image that can be read; use JPEG"):
            load_photo(tmp_path / name)


def test_no_program_is_run_for_what_is_no_photograph(tmp_path: Path) -> None:
    Image.new("RGB", (9, 5)).save(tmp_path / "a.eps")
    path = (tmp_path / "a.eps").rename(tmp_path / "a.jpg")
    with pytest.raises(PhotoError, match="not an image that can be read; use JPEG") as caught:
        load_photo(path)
    assert "\n" not in str(caught.value)
