"""Raw photographs."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geoloc.errors import PhotoError
from geoloc.photo.photo import load_photo
from tests.helpers.made_raw import write_dng

XMP = 'drone-dji:GimbalPitchDegree="-60.0" drone-dji:GimbalYawDegree="10" drone-dji:RelativeAltitude="+80.5"'


def picture() -> np.ndarray:
    pixels = np.full((64, 96, 3), 128, np.uint8)
    pixels[:32, :48] = 220, 20, 20
    return pixels


@pytest.mark.parametrize(("name", "orientation"), [("a.dng", 1), ("a.DNG", 6), ("a.tif", 1)])
def test_a_dng_is_developed_whole_and_upright_with_what_it_tells(tmp_path: Path, name: str, orientation: int) -> None:
    pytest.importorskip("rawpy")
    write_dng(tmp_path / name, picture(), orientation=orientation, lonlat=(15.25, 51.75), xmp=XMP)
    photo = load_photo(tmp_path / name)
    upright = np.rot90(photo.pixels, 1) if orientation == 6 else photo.pixels
    assert upright.shape == (64, 96, 3)
    red = upright[..., 0].astype(int) - upright[..., 1] > 100
    assert red[4:28, 4:44].all()
    assert not red[:, 52:].any()
    assert not red[36:].any()
    assert photo.position == pytest.approx((15.25, 51.75))
    assert (photo.pitch_deg, photo.heading_deg, photo.relative_altitude_m) == (-60.0, 10.0, 80.5)


def test_large_raw_photos_are_refused_before_they_are_developed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("rawpy")
    write_dng(tmp_path / "a.dng", picture())
    monkeypatch.setenv("GEOLOC_MAX_PHOTO_PIXELS", "1000")
    with pytest.raises(PhotoError, match="96 x 64 px"):
        load_photo(tmp_path / "a.dng")


@pytest.mark.parametrize("name", ["a.dng", "a.CR2", "a.nef", "a.gpr"])
def test_the_preview_is_never_taken_for_the_photo(tmp_path: Path, name: str) -> None:
    # The first picture in such a file is a thumbnail, which Pillow would read.
    pytest.importorskip("rawpy")
    Image.fromarray(picture()).save(tmp_path / name, "TIFF")
    with pytest.raises(PhotoError, match=rf"{name}: is a raw photo that LibRaw cannot develop \(.*\); export it as"):
        load_photo(tmp_path / name)


@pytest.mark.parametrize("size", [0, 4, 200, 3000])
def test_a_cut_raw_photo_is_one_line(tmp_path: Path, size: int) -> None:
    pytest.importorskip("rawpy")
    write_dng(tmp_path / "whole.dng", picture())
    (tmp_path / "a.dng").write_bytes((tmp_path / "whole.dng").read_bytes()[:size])
    with pytest.raises(PhotoError, match=r"a\.dng: ") as caught:
        load_photo(tmp_path / "a.dng")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a.dng", "a.tif"])
def test_without_its_package_a_raw_photo_is_told_what_to_install(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rawpy", None)  # type: ignore[arg-type]
    Image.fromarray(picture()).save(tmp_path / name, "TIFF", tiffinfo={50706: b"\x01\x04\x00\x00"})
    told = rf"{name}: a raw photo needs the package rawpy: pip install 'geoloc-crossview\[raw\]', or export it as JPEG"
    with pytest.raises(PhotoError, match=told):
        load_photo(tmp_path / name)
