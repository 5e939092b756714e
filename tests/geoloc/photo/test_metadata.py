"""EXIF and XMP as drones, telephones and editors write them."""

import io
import math
from typing import Any

import pytest
from PIL import ExifTags, Image, TiffImagePlugin

from geoloc.photo.metadata import Metadata, read_metadata
from tests.helpers.paths import SHARED_DATA

DATA = SHARED_DATA
GPS, BASE = ExifTags.GPS, ExifTags.Base
MELBOURNE = {
    GPS.GPSLatitudeRef: "S",
    GPS.GPSLatitude: (37.0, 48.0, 54.0),
    GPS.GPSLongitudeRef: "E",
    GPS.GPSLongitude: (144.0, 57.0, 36.0),
}


def metadata(
    gps: dict[int, Any] | None = None,
    exif: dict[int, Any] | None = None,
    xmp: str = "",
    size: tuple[int, int] = (400, 300),
) -> Metadata:
    """Written to a JPEG in memory and read back, so that the encoders take part."""
    block = Image.Exif()
    block.get_ifd(ExifTags.IFD.GPSInfo).update(gps or {})
    block.get_ifd(ExifTags.IFD.Exif).update(exif or {})
    buffer = io.BytesIO()
    Image.new("RGB", size).save(buffer, "JPEG", exif=block, xmp=xmp.encode())
    return read_metadata(Image.open(buffer))


def dji(**tags: str) -> str:
    attributes = " ".join(f'drone-dji:{name}="{value}"' for name, value in tags.items())
    return f'<rdf:Description xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/" {attributes}/>'


def test_nothing_known() -> None:
    assert metadata() == Metadata(None, None, None, None, None, None, False)


def test_position_and_altitude() -> None:
    found = metadata(gps={**MELBOURNE, GPS.GPSAltitude: 12.5, GPS.GPSAltitudeRef: b"\x01"})
    assert found.position == pytest.approx((144.96, -37.815))
    assert found.altitude_m == -12.5


@pytest.mark.parametrize(
    "change",
    [
        {GPS.GPSLatitude: (0.0, 0.0, 0.0), GPS.GPSLongitude: (0.0, 0.0, 0.0)},
        {GPS.GPSLatitude: (TiffImagePlugin.IFDRational(1, 0), 1.0, 1.0)},
        {GPS.GPSLatitude: (137.0, 0.0, 0.0)},
        {GPS.GPSLongitude: (190.0, 0.0, 0.0)},
    ],
)
def test_impossible_positions_are_none(change: dict[int, Any]) -> None:
    assert metadata(gps={**MELBOURNE, **change}).position is None


def test_missing_half_of_a_position() -> None:
    assert metadata(gps={GPS.GPSLatitude: (37.0, 48.0, 54.0)}).position is None


def test_dji_attributes() -> None:
    found = metadata(
        xmp=dji(
            GimbalYawDegree="-131.40",
            GimbalPitchDegree="-89.90",
            GimbalRollDegree="+0.00",
            FlightYawDegree="+12.00",
            RelativeAltitude="+35.20",
            AbsoluteAltitude="+310.10",
            GpsLatitude="46.5",
            GpsLongtitude="-91.25",
        )
    )
    assert found == Metadata((-91.25, 46.5), 310.1, 35.2, pytest.approx(228.6), -89.9, None, False)


def test_dji_elements_in_broken_xml() -> None:
    found = metadata(
        xmp="<x:xmpmeta><drone-dji:GimbalYawDegree>+90.5</drone-dji:GimbalYawDegree>"
        "<drone-dji:GimbalPitchDegree> -45.0 </drone-dji:GimbalPitchDegree><unclosed"
    )
    assert (found.heading_deg, found.pitch_deg) == (90.5, -45.0)


def test_gimbal_past_straight_down() -> None:
    tags = {"GimbalYawDegree": "-170.0", "GimbalPitchDegree": "-89.0", "GimbalRollDegree": "+180.00"}
    assert metadata(xmp=dji(**tags)).heading_deg == pytest.approx(10.0)
    assert metadata(xmp=dji(GimbalPitchDegree="-95.0")).pitch_deg == -85.0


def test_flight_yaw_where_the_gimbal_is_silent() -> None:
    assert metadata(xmp=dji(FlightYawDegree="-10.0")).heading_deg == 350.0
    assert metadata(xmp=dji(GimbalYawDegree="n/a", FlightYawDegree="20")).heading_deg == 20.0


def test_pix4d_camera_namespace_counts_from_straight_down() -> None:
    found = metadata(xmp='<rdf:Description Camera:Yaw="45.0" Camera:Pitch="10.0" Camera:Roll="0"/>')
    assert (found.heading_deg, found.pitch_deg) == (45.0, -80.0)


def test_parrot_camera() -> None:
    found = metadata(
        xmp="<drone-parrot:CameraYawDegree>-90.0</drone-parrot:CameraYawDegree>"
        "<drone-parrot:CameraPitchDegree>-30.0</drone-parrot:CameraPitchDegree>"
    )
    assert (found.heading_deg, found.pitch_deg) == (270.0, -30.0)


@pytest.mark.parametrize(("ref", "expected"), [("T", 123.5), ("M", None), (None, None)])
def test_only_true_image_directions_count(ref: str | None, expected: float | None) -> None:
    gps: dict[int, Any] = {GPS.GPSImgDirection: 123.5}
    if ref:
        gps[GPS.GPSImgDirectionRef] = ref
    assert metadata(gps=gps).heading_deg == expected


def test_nan_heading_is_none() -> None:
    assert metadata(xmp=dji(GimbalYawDegree="nan")).heading_deg is None


def test_focal_length_by_diagonal() -> None:
    # 4:3: 24 mm equivalent; the diagonal of 400 x 300 is 500 px and that of 36 x 24 mm is 43.267 mm.
    expected = 24 / math.hypot(36, 24) * 500
    assert metadata(exif={BASE.FocalLengthIn35mmFilm: 24}).focal_px == pytest.approx(expected)
    # Upright or lying, and resized to half: half the pixels.
    turned = metadata(exif={BASE.FocalLengthIn35mmFilm: 24}, size=(150, 200))
    assert turned.focal_px == pytest.approx(expected / 2)
    # 3:2 at 36 mm: the focal length is as long as the picture is wide.
    wide = metadata(exif={BASE.FocalLengthIn35mmFilm: 36}, size=(600, 400))
    assert wide.focal_px == pytest.approx(600)
    # 16:9 from a 4:3 sensor keeps the sensor's width, so the focal length of the 4:3 picture as wide.
    cut = metadata(exif={BASE.FocalLengthIn35mmFilm: 24}, size=(400, 225))
    assert cut.focal_px == pytest.approx(expected)


def test_focal_length_by_sensor_of_a_resized_photo() -> None:
    # A 36 mm wide sensor of 6000 px, 18 mm lens: half the width, whatever the file was resized to.
    exif = {
        BASE.FocalLength: 18.0,
        BASE.FocalPlaneXResolution: 6000 / 3.6,
        BASE.FocalPlaneResolutionUnit: 3,
        BASE.ExifImageWidth: 6000,
        BASE.ExifImageHeight: 4000,
    }
    assert metadata(exif=exif, size=(600, 400)).focal_px == pytest.approx(300, rel=1e-4)


@pytest.mark.parametrize("film", [0, 65535])
def test_senseless_focal_length(film: int) -> None:
    assert metadata(exif={BASE.FocalLengthIn35mmFilm: film}).focal_px is None


def test_real_drone_photo() -> None:
    path = DATA / "brighton" / "photos" / "DJI_0029.JPG"
    if not path.exists():
        pytest.skip(f"needs the shared imagery: {path} is absent")
    with Image.open(path) as image:
        found = read_metadata(image)
    assert found.position == pytest.approx((-91.994333, 46.842434), abs=1e-6)
    assert found.altitude_m == pytest.approx(198.609)
    # 20 mm equivalent, 16:9 from a 4:3 sensor: the maker's 3.61 mm lens on 6.17 mm gives 936 px at 1600 px.
    assert found.focal_px == pytest.approx(936, rel=0.02)


@pytest.mark.parametrize(
    ("written", "roll"), [("-3.50", -3.5), ("+180.00", 0.0), ("-177", 3.0), ("90.0", 0.0), ("", 0.0)]
)
def test_roll_is_what_an_upright_picture_has_left_of_it(written: str, roll: float) -> None:
    assert metadata(xmp=dji(GimbalRollDegree=written)).roll_deg == pytest.approx(roll)
    assert metadata(xmp=f'<rdf:Description Camera:Roll="{written}"/>').roll_deg == pytest.approx(roll)
