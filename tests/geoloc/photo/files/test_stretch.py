"""Photographs whose colours have 16 bits."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from geoloc.errors import PhotoError
from geoloc.photo.photo import load_photo


def picture() -> np.ndarray:
    """Twelve bits in sixteen: red rises to the right, green downwards, blue is half of red."""
    pixels = np.zeros((40, 60, 3), np.uint16)
    pixels[..., 0] = np.linspace(0, 4095, 60)
    pixels[..., 1] = np.linspace(0, 4095, 40)[:, None]
    pixels[..., 2] = pixels[..., 0] // 2
    return pixels


def write_tiff(path: Path, pixels: np.ndarray, **options: Any) -> None:
    height, width, bands = pixels.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=bands, dtype=pixels.dtype, **options
    ) as file:
        file.write(np.moveaxis(pixels, -1, 0))


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize(
    "options",
    [
        {"interleave": "pixel"},
        # OpenCV reads bands that lie one after another as if they were one picture.
        {"interleave": "band"},
        {"interleave": "pixel", "compress": "lzw", "predictor": 2},
        {"interleave": "pixel", "compress": "zstd"},
        {"interleave": "pixel", "tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "deflate"},
        {"interleave": "pixel", "BIGTIFF": "YES"},
    ],
)
@pytest.mark.parametrize("bands", [3, 4])
def test_tiffs_are_read_however_they_are_laid_out(tmp_path: Path, options: dict[str, Any], bands: int) -> None:
    pixels = picture() if bands == 3 else np.dstack([picture(), np.full((40, 60), 65535, np.uint16)])
    write_tiff(tmp_path / "a.tif", pixels, photometric="RGB", **options)
    found = load_photo(tmp_path / "a.tif").pixels.astype(int)
    assert np.abs(found - np.clip(picture() / 4095 * 255, 0, 255)).max() <= 3


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize(("dtype", "bands"), [(np.uint16, 3), (np.uint16, 4), (np.uint8, 3), (np.uint8, 4)])
def test_bands_that_are_not_said_to_be_colours_are_read(
    tmp_path: Path, dtype: type, bands: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = (picture() / 4095 * 255).astype(np.uint8)
    pixels = picture() if dtype is np.uint16 else shown
    pixels = np.dstack([pixels, np.full((40, 60, bands - 3), 9, dtype)])
    write_tiff(tmp_path / "a.tif", pixels, photometric="MINISBLACK", interleave="pixel")
    assert np.abs(load_photo(tmp_path / "a.tif").pixels.astype(int) - shown).max() <= 3
    monkeypatch.setenv("GEOLOC_MAX_PHOTO_BYTES", str(40 * 60 * bands * dtype().itemsize - 1))
    with pytest.raises(PhotoError, match="over the limit of"):
        load_photo(tmp_path / "a.tif")


def test_a_deep_tiff_is_turned_upright_and_tells_its_place(tmp_path: Path) -> None:
    # Pillow writes no deep colours, but has its tags: those of a picture with 8 bits go into one with 16.
    tags = ImageFileDirectory_v2()
    tags[ExifTags.Base.Orientation] = 6
    tags[ExifTags.IFD.GPSInfo] = {1: "N", 2: (51.5, 0.0, 0.0), 3: "E", 4: (15.25, 0.0, 0.0)}
    Image.fromarray((picture() // 16).astype(np.uint8)).save(tmp_path / "a.tif", tiffinfo=tags)
    data = bytearray((tmp_path / "a.tif").read_bytes())
    deepen(data, picture())
    (tmp_path / "a.tif").write_bytes(data)
    photo = load_photo(tmp_path / "a.tif")
    assert photo.size == (40, 60)
    assert photo.position == pytest.approx((15.25, 51.5))
    assert np.abs(np.rot90(photo.pixels, 1).astype(int) - picture() / 4095 * 255).max() <= 3


def deepen(data: bytearray, pixels: np.ndarray) -> None:
    """Put 16-bit pixels at the end of a TIFF in the place of its own, of one strip."""
    offset = int.from_bytes(data[4:8], "little")
    strip = len(data)
    data += pixels.astype("<u2").tobytes()
    for entry in range(offset + 2, offset + 2 + 12 * int.from_bytes(data[offset : offset + 2], "little"), 12):
        tag = int.from_bytes(data[entry : entry + 2], "little")
        place = int.from_bytes(data[entry + 8 : entry + 12], "little")
        if tag == 258:
            data[place : place + 6] = (16).to_bytes(2, "little") * 3
        elif tag in (273, 279):
            data[entry + 8 : entry + 12] = (strip if tag == 273 else pixels.size * 2).to_bytes(4, "little")


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize(
    ("dtype", "bands"), [(np.uint8, 5), (np.uint16, 5), (np.uint16, 2), (np.float32, 3), (np.float64, 1)]
)
def test_tiffs_that_are_no_pictures_are_refused_in_one_line(tmp_path: Path, dtype: type, bands: int) -> None:
    write_tiff(tmp_path / "a.tif", np.zeros((40, 60, bands), dtype), interleave="pixel")
    with pytest.raises(PhotoError, match=r"a\.tif: not a photo: its bands are not one, three or four of 8 or 16 bits"):
        load_photo(tmp_path / "a.tif")


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_large_deep_tiff_is_refused_before_it_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tiff(tmp_path / "a.tif", picture(), photometric="RGB", interleave="pixel")
    monkeypatch.setenv("GEOLOC_MAX_PHOTO_BYTES", str(40 * 60 * 3 * 2 - 1))
    with pytest.raises(PhotoError, match="14,400 bytes"):
        load_photo(tmp_path / "a.tif")


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_cut_deep_tiff_is_one_line(tmp_path: Path) -> None:
    write_tiff(tmp_path / "whole.tif", picture(), photometric="RGB", interleave="pixel")
    (tmp_path / "a.tif").write_bytes((tmp_path / "whole.tif").read_bytes()[:5000])
    with pytest.raises(PhotoError, match=r"a\.tif: the image is damaged or truncated") as caught:
        load_photo(tmp_path / "a.tif")
    assert "\n" not in str(caught.value)
