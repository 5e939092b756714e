"""Photographs: orientation, pixel modes, panoramas and damaged files."""

import io
import os
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import ExifTags, Image

from geoloc.errors import GeolocError, PhotoError
from geoloc.photo.photo import closes_like_a_panorama, load_photo
from tests.helpers.made_video import grey_video, subtitles

# A dot in each corner block of the upright 48 x 32 picture.
RED, GREEN, BLUE, YELLOW = (220, 20, 20), (20, 200, 20), (20, 20, 220), (220, 220, 20)

# How an upright picture is stored under each EXIF orientation, as numpy says it, independent of Pillow's
# names: the 0th row / column of the stored array is the upright picture's ... (EXIF 2.3, table 6).
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


def upright_picture() -> np.ndarray:
    picture = np.full((32, 48, 3), 128, np.uint8)
    picture[:16, :16], picture[:16, 32:] = RED, GREEN
    picture[16:, :16], picture[16:, 32:] = BLUE, YELLOW
    return picture


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
@pytest.mark.parametrize("value", range(1, 9))
def test_every_orientation_comes_out_upright(tmp_path: Path, value: int, suffix: str) -> None:
    upright = upright_picture()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = value
    options = {"quality": 95, "subsampling": 0} if suffix == "jpg" else {}
    path = tmp_path / f"o{value}.{suffix}"
    Image.fromarray(np.ascontiguousarray(STORED[value](upright))).save(path, exif=exif, **options)

    loaded = load_photo(path)

    assert loaded.size == (48, 32)
    assert np.abs(loaded.pixels.astype(int) - upright).max() <= 12
    # A click on the green corner, in pixels of the upright picture, lies on green.
    assert np.allclose(loaded.pixels[int(4.5), int(44.5)], GREEN, atol=12)


@pytest.mark.parametrize("value", [0, 9, 77])
def test_senseless_orientation_is_ignored(tmp_path: Path, value: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = value
    Image.fromarray(upright_picture()).save(tmp_path / "a.png", exif=exif)
    assert (load_photo(tmp_path / "a.png").pixels == upright_picture()).all()


def test_broken_exif_never_stops_a_photo(tmp_path: Path) -> None:
    for i, block in enumerate([b"Exif\x00\x00garbage", b"Exif\x00\x00II*\x00\xff\xff\xff\xff", b"Exif\x00\x00"]):
        path = tmp_path / f"{i}.jpg"
        Image.fromarray(upright_picture()).save(path, exif=block)
        loaded = load_photo(path)
        assert loaded.size == (48, 32)
        assert loaded.position is None


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "CMYK", "YCbCr"])
def test_modes_become_rgb(tmp_path: Path, mode: str) -> None:
    suffix = "tif" if mode in ("CMYK", "YCbCr") else "png"
    source = Image.fromarray(upright_picture())
    picture = source.convert(mode)
    picture.save(tmp_path / f"a.{suffix}")
    loaded = load_photo(tmp_path / f"a.{suffix}")
    assert loaded.pixels.shape == (32, 48, 3)
    assert loaded.pixels.dtype == np.uint8
    expected = np.asarray(picture.convert("RGB"), int)
    assert np.abs(loaded.pixels.astype(int) - expected).max() <= 3


def test_transparent_pixels_are_white(tmp_path: Path) -> None:
    rgba = np.dstack([upright_picture(), np.full((32, 48), 255, np.uint8)])
    rgba[:16, :16, 3] = 0
    Image.fromarray(rgba).save(tmp_path / "a.png")
    loaded = load_photo(tmp_path / "a.png")
    assert (loaded.pixels[:16, :16] == 255).all()
    assert (loaded.pixels[16:, :16] == BLUE).all()


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bit_grey_is_stretched(tmp_path: Path, suffix: str) -> None:
    # Twelve bits in sixteen, as cameras write them: a plain division by 257 would leave the picture black.
    ramp = np.linspace(0, 4095, 64 * 64).reshape(64, 64).astype(np.uint16)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(ramp).save(path)
    pixels = load_photo(path).pixels
    assert (pixels[..., 0] == pixels[..., 2]).all()
    assert pixels.min() == 0
    assert pixels.max() == 255
    assert abs(int(pixels[32, 0, 0]) - 128) <= 3


def test_float_tiff_with_nan(tmp_path: Path) -> None:
    values = np.linspace(-1, 1, 400).reshape(20, 20).astype(np.float32)
    values[3, 3] = np.nan
    Image.fromarray(values).save(tmp_path / "a.tif")
    pixels = load_photo(tmp_path / "a.tif").pixels
    assert pixels[3, 3, 0] == 0
    assert pixels[-1, -1, 0] == 255


def panorama_pixels(width: int = 1024) -> np.ndarray:
    """Hills under a sky, periodic in azimuth."""
    azimuth = np.linspace(0, 2 * np.pi, width, endpoint=False)
    horizon = width / 4 + width / 40 * (np.sin(azimuth) + np.cos(3 * azimuth))
    rows = np.arange(width // 2)[:, None]
    sky = rows < horizon
    picture = np.where(sky[..., None], (120, 170, 230), (60, 110, 50)).astype(np.uint8)
    shade = (70 * (1 + np.sin(azimuth))).astype(np.uint8)
    picture[width // 6 :, :, 0] = shade
    return picture


GPANO = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description xmlns:GPano="http://ns.google.com/photos/1.0/panorama/"'
    ' GPano:ProjectionType="equirectangular" GPano:FullPanoWidthPixels="{full}"'
    ' GPano:CroppedAreaImageWidthPixels="48" GPano:PoseHeadingDegrees="350.5"/></x:xmpmeta>'
)


def test_panorama_by_metadata(tmp_path: Path) -> None:
    # A view cut out of a panorama keeps the words, and is not twice as wide as high.
    for full, size, expected in ((48, (64, 32), True), (96, (64, 32), False), (48, (48, 32), False)):
        path = tmp_path / f"{full}.jpg"
        Image.fromarray(upright_picture()).resize(size).save(path, xmp=GPANO.format(full=full).encode())
        loaded = load_photo(path)
        assert loaded.panorama is expected
        assert loaded.heading_deg == 350.5


def test_panorama_without_metadata_is_told_by_its_closing_edges() -> None:
    picture = panorama_pixels()
    assert closes_like_a_panorama(picture)
    assert not closes_like_a_panorama(panorama_pixels(1000))  # too small
    assert not closes_like_a_panorama(picture[:500])  # not 2:1
    # Half of a larger panorama is 2:1 as well, but its edges look in opposite directions.
    larger = panorama_pixels(2048)[256:768, 256:1280]
    assert larger.shape == picture.shape
    assert not closes_like_a_panorama(larger)
    rng = np.random.default_rng(0)
    sand = rng.integers(0, 255, picture.shape, dtype=np.uint8)
    assert not closes_like_a_panorama(sand)
    assert not closes_like_a_panorama(np.full_like(picture, 200))


def test_no_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="no such photo"):
        load_photo(tmp_path / "none.jpg")
    with pytest.raises(PhotoError, match="folder"):
        load_photo(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "p.jpg"
    os.mkfifo(path)
    with pytest.raises(PhotoError, match="is a pipe or a device; save it as a file first"):
        load_photo(path)


def test_not_an_image(tmp_path: Path) -> None:
    for name, content in (("a.jpg", b"hello"), ("b.png", b""), ("c.tif", b"II*\x00")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(PhotoError) as caught:
            load_photo(tmp_path / name)
        assert "\n" not in str(caught.value)
        assert name in str(caught.value)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_truncated(tmp_path: Path, suffix: str) -> None:
    rng = np.random.default_rng(1)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(path)
    content = path.read_bytes()
    # A TIFF's directory stands at the end of the file: cut without it, it is not even an image.
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(PhotoError, match=r"truncated|not an image") as caught:
        load_photo(path)
    assert "\n" not in str(caught.value)


def test_pixel_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(upright_picture()).save(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)  # Pillow's own limit does not matter
    assert load_photo(path).size == (48, 32)
    assert Image.MAX_IMAGE_PIXELS == 100
    monkeypatch.setenv("GEOLOC_MAX_PHOTO_PIXELS", "1000")
    with pytest.raises(PhotoError, match=r"are 1,536 pixels, over .* 1,000; .* set GEOLOC_MAX_PHOTO_PIXELS"):
        load_photo(path)


def test_byte_limit_counts_what_the_file_decodes_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOLOC_MAX_PHOTO_BYTES", str(48 * 32 * 3))
    Image.fromarray(upright_picture()).save(tmp_path / "a.png")
    assert load_photo(tmp_path / "a.png").size == (48, 32)
    Image.fromarray(np.zeros((32, 48), np.float32)).save(tmp_path / "f.tif")
    with pytest.raises(PhotoError, match="6,144 bytes"):
        load_photo(tmp_path / "f.tif")
    monkeypatch.setenv("GEOLOC_MAX_PHOTO_BYTES", "many")
    with pytest.raises(GeolocError, match="GEOLOC_MAX_PHOTO_BYTES=many: is no whole number"):
        load_photo(tmp_path / "a.png")


def test_a_header_that_promises_too_much_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    # 60,000 x 60,000 pixels, of which not one is there.
    head = b"P6\n60000 60000\n255\n"
    (tmp_path / "bomb.ppm").write_bytes(head)
    with pytest.raises(PhotoError, match="3,600,000,000 pixels, over the limit"):
        load_photo(tmp_path / "bomb.ppm")


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_colours_of_16_bits_are_stretched_alike(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"deep.{suffix}"
    bgr = np.zeros((40, 60, 3), np.uint16)
    bgr[..., 2] = np.linspace(0, 4095, 60)
    bgr[..., 1] = bgr[..., 2] // 2
    assert cv2.imwrite(str(path), bgr)
    red, green, blue = np.moveaxis(load_photo(path).pixels.astype(int), -1, 0)
    assert red.max() > 250
    assert np.abs(green - red // 2).max() <= 4
    assert blue.max() == 0


def test_what_is_not_believed_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    xmp = '<a drone-dji:GimbalYawDegree="0" drone-dji:GimbalPitchDegree="0" drone-dji:GimbalRollDegree="0"/>'
    Image.fromarray(upright_picture()).save(tmp_path / "a.jpg", xmp=xmp.encode())
    with caplog.at_level("DEBUG", "geoloc"):
        assert load_photo(tmp_path / "a.jpg").pitch_deg is None
    assert f"{tmp_path / 'a.jpg'}: not believed: gimbal angles all zero" in caplog.text


def thermal_jpeg(pixels: np.ndarray, maker: bytes) -> bytes:
    """A radiometric JPEG: the camera's segments before the picture, another picture and raw data behind it."""
    gps, file, second = Image.Exif(), io.BytesIO(), io.BytesIO()
    gps[ExifTags.IFD.GPSInfo] = {1: "N", 2: (51.5, 0.0, 0.0), 3: "E", 4: (15.25, 0.0, 0.0)}
    xmp = b'drone-dji:GimbalPitchDegree="-70" drone-dji:GimbalYawDegree="20" drone-dji:RelativeAltitude="60"'
    Image.fromarray(pixels).save(file, "JPEG", quality=95, exif=gps, xmp=xmp)
    Image.fromarray(pixels[::4, ::4]).save(second, "JPEG")
    data = file.getvalue()
    segments = b"".join(b"\xff" + maker + (60_000).to_bytes(2, "big") + b"FLIR\0" + bytes(59_993) for _ in range(3))
    return data[:2] + segments + data[2:] + second.getvalue() + bytes(range(256)) * 100


@pytest.mark.parametrize("maker", [b"\xe1", b"\xe3"], ids=["FLIR", "DJI"])
def test_of_a_radiometric_jpeg_the_rendered_picture_counts(tmp_path: Path, maker: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(thermal_jpeg(upright_picture(), maker))
    photo = load_photo(tmp_path / "a.jpg")
    assert photo.size == (48, 32)
    assert photo.position == pytest.approx((15.25, 51.5))
    assert (photo.pitch_deg, photo.heading_deg, photo.relative_altitude_m) == (-70.0, 20.0, 60.0)


def test_of_a_jpeg_of_several_pictures_the_first_counts(tmp_path: Path) -> None:
    first, other = Image.fromarray(upright_picture()), Image.new("RGB", (96, 64))
    first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[other])
    assert load_photo(tmp_path / "a.jpg").size == (48, 32)


def test_a_video_has_the_place_that_its_subtitles_tell(tmp_path: Path) -> None:
    grey_video(tmp_path / "clip.MP4")
    told = "[latitude: {0}.5] [longitude: 15.25] [rel_alt: 80.0 abs_alt: 190.0] [gb_yaw: 30.0 gb_pitch: -60.0]"
    (tmp_path / "clip.SRT").write_text(subtitles((n, n + 1, told.format(50 + n)) for n in range(2)))
    photo = load_photo(tmp_path / "clip.MP4#t=1.5")
    assert photo.path == tmp_path / "clip.MP4#t=1.5"
    assert photo.position == pytest.approx((15.25, 51.5))
    assert (photo.pitch_deg, photo.heading_deg, photo.relative_altitude_m) == (-60.0, 30.0, 80.0)
    assert load_photo(tmp_path / "clip.MP4#frame=3").position == pytest.approx((15.25, 50.5))


def test_what_a_firmware_does_not_know_is_not_believed_of_a_video_either(tmp_path: Path) -> None:
    grey_video(tmp_path / "clip.MP4")
    told = "[latitude: 0.0] [longitude: 0.0] [rel_alt: 190.0 abs_alt: 190.0] [gb_yaw: 0.0 gb_pitch: 0.0 gb_roll: 0.0]"
    (tmp_path / "clip.SRT").write_text(subtitles([(0, 2, told)]))
    photo = load_photo(tmp_path / "clip.MP4#t=1")
    assert (photo.position, photo.relative_altitude_m, photo.pitch_deg, photo.heading_deg) == (None,) * 4


def test_of_a_video_it_is_to_be_said_which_picture(tmp_path: Path) -> None:
    grey_video(tmp_path / "clip.MP4", count=2)
    with pytest.raises(PhotoError, match=r"clip\.MP4: is a video; say which picture of it: by --time SECONDS"):
        load_photo(tmp_path / "clip.MP4")
    with pytest.raises(PhotoError, match=r"other\.MP4: no such photo"):
        load_photo(tmp_path / "other.MP4#t=1")


def test_heic_without_its_package_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)  # type: ignore[arg-type]
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    told = r"a\.heic: .* pip install 'geoloc-crossview\[heif\]', or export it as JPEG$"
    with pytest.raises(PhotoError, match=told):
        load_photo(tmp_path / "a.heic")


def test_heic_is_read_upright_with_its_position(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    pixels = np.full((40, 64, 3), 200, np.uint8)
    pixels[:20, :32] = [250, 30, 30]
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (48.0, 45.0, 7.2), 3: "E", 4: (15.0, 0.0, 3.6)}
    # As phones write it: what the orientation turns is turned when it is read.
    heif.from_pillow(Image.fromarray(pixels)).save(tmp_path / "a.heic", exif=exif.tobytes(), quality=90)
    photo = load_photo(tmp_path / "a.heic")
    assert photo.size == (40, 64)
    assert photo.position == pytest.approx((15.001, 48.752))
    red = photo.pixels[..., 0].astype(int) - photo.pixels[..., 1] > 100
    assert red[:30, 22:].all()
    assert not red[34:].any()


def test_damaged_heic_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("pillow_heif")
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    with pytest.raises(PhotoError, match=r"a\.heic: ") as caught:
        load_photo(tmp_path / "a.heic")
    assert "\n" not in str(caught.value)
