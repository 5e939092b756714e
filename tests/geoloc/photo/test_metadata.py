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


def test_headings_of_compasses_are_told_from_those_of_gimbals() -> None:
    compass = metadata(gps={GPS.GPSImgDirection: 123.5, GPS.GPSImgDirectionRef: "T"})
    panorama = metadata(xmp="<GPano:PoseHeadingDegrees>10</GPano:PoseHeadingDegrees>")
    assert (compass.compass, panorama.compass) == (True, True)
    assert not metadata(xmp=dji(GimbalYawDegree="10", GimbalPitchDegree="-30")).compass
    assert not metadata().compass


@pytest.mark.parametrize(
    ("tags", "xmp", "phone"),
    [
        ({GPS.GPSImgDirection: 123.5, GPS.GPSImgDirectionRef: "T"}, "", True),
        ({**MELBOURNE, GPS.GPSHPositioningError: 8.0}, "", True),
        (MELBOURNE, "", False),
        ({**MELBOURNE, GPS.GPSHPositioningError: 1.0}, dji(GimbalYawDegree="10", GimbalPitchDegree="-30"), False),
        ({**MELBOURNE, GPS.GPSHPositioningError: 1.0}, dji(RelativeAltitude="+40.0"), False),
    ],
)
def test_telephones_tell_of_a_compass_or_an_error_and_of_nothing_that_flies(
    tags: dict[int, Any], xmp: str, phone: bool
) -> None:
    assert metadata(gps=tags, xmp=xmp).phone is phone


@pytest.mark.parametrize(("written", "error"), [(4.7, 4.7), (0.0, None)])
def test_the_error_of_a_position(written: float, error: float | None) -> None:
    assert metadata(gps={GPS.GPSHPositioningError: written}).position_error_m == pytest.approx(error)


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


def test_a_calibrated_focal_length_counts_first_and_in_the_original_s_pixels() -> None:
    exif = {BASE.FocalLengthIn35mmFilm: 24, BASE.ExifImageWidth: 4000, BASE.ExifImageHeight: 3000}
    told = dji(CalibratedFocalLength="3000.0")
    assert metadata(exif=exif, xmp=told).focal_px == pytest.approx(300)
    assert metadata(xmp=told, size=(4000, 3000)).focal_px == pytest.approx(3000)
    assert metadata(exif=exif, xmp=dji(CalibratedFocalLength="0")).focal_px == metadata(exif=exif).focal_px


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


# What lies, and how it is told.


@pytest.mark.parametrize(
    "change",
    [
        {GPS.GPSLatitudeRef: None},
        {GPS.GPSLongitudeRef: None},
        {GPS.GPSLatitudeRef: " "},
        {GPS.GPSLongitudeRef: "?"},
        {GPS.GPSLatitudeRef: "E"},
    ],
)
def test_a_position_without_its_hemisphere_is_not_believed(change: dict[int, Any]) -> None:
    tags = {tag: value for tag, value in {**MELBOURNE, **change}.items() if value is not None}
    found = metadata(gps=tags)
    assert found.position is None
    assert found.doubts == ("GPS position without its hemisphere, or with a sign that contradicts it",)
    # The maker's own tag has a sign.
    told = metadata(gps=tags, xmp=dji(GpsLatitude="-37.815", GpsLongitude="144.96"))
    assert told.position == (144.96, -37.815)


def test_two_positions_that_contradict_each_other() -> None:
    near = metadata(gps=MELBOURNE, xmp=dji(GpsLatitude="-37.8151", GpsLongitude="144.9601"))
    assert (near.position, near.doubts) == (pytest.approx((144.96, -37.815)), ())
    other = metadata(gps=MELBOURNE, xmp=dji(GpsLatitude="37.815", GpsLongitude="144.96"))
    assert other.position is None
    assert other.doubts[0].startswith("two GPS positions that contradict each other: 144.960000,-37.815000 and")
    # On either side of the antimeridian, 40 m apart.
    west = {**MELBOURNE, GPS.GPSLongitude: (179.9998, 0.0, 0.0)}
    across = metadata(gps=west, xmp=dji(GpsLatitude="-37.815", GpsLongitude="-179.9998"))
    assert (across.position, across.doubts) == (pytest.approx((179.9998, -37.815)), ())


def test_a_receiver_that_drifted_from_nowhere() -> None:
    assert metadata(xmp=dji(GpsLatitude="0.00002", GpsLongitude="-0.0001")).position is None
    assert metadata(xmp=dji(GpsLatitude="0.00002", GpsLongitude="32.5")).position == (32.5, 0.00002)


ZERO = {"GimbalRollDegree": "+0.00", "GimbalYawDegree": "+0.00", "GimbalPitchDegree": "+0.00"}


def test_gimbal_angles_that_are_all_zero_are_unknown() -> None:
    found = metadata(xmp=dji(**ZERO, FlightYawDegree="+50.3"))
    assert (found.heading_deg, found.pitch_deg) == (50.3, None)
    assert found.doubts == ("gimbal angles all zero, as firmwares write that do not know them",)
    assert metadata(xmp=dji(**ZERO)).heading_deg is None
    camera = metadata(xmp='<rdf:Description Camera:Yaw="0.0" Camera:Pitch="0.0" Camera:Roll="0.0"/>')
    assert (camera.heading_deg, camera.pitch_deg) == (None, None)
    # One angle that is not zero shows that the others are known.
    level = metadata(xmp=dji(**{**ZERO, "GimbalYawDegree": "+0.10"}))
    assert (level.heading_deg, level.pitch_deg, level.doubts) == (0.1, 0.0, ())


def test_a_gimbal_yaw_of_zero_gives_way_to_another_of_the_drone() -> None:
    tags = {"GimbalPitchDegree": "-90.00", "GimbalYawDegree": "0.00"}
    found = metadata(xmp=dji(**tags, FlightYawDegree="-120.5"))
    assert (found.heading_deg, found.pitch_deg) == (239.5, -90.0)
    assert "drone flew towards -120.5 degrees" in found.doubts[0]
    assert metadata(xmp=dji(**tags, FlightYawDegree="2.0")).heading_deg == 0.0


def test_a_camera_on_its_side_has_no_up() -> None:
    found = metadata(xmp=dji(GimbalYawDegree="30", GimbalRollDegree="90.0"))
    assert found.heading_deg is None
    assert "gimbal roll 90 degrees" in found.doubts[0]


def camera(pitch: float, maker: str = "Autel Robotics") -> Metadata:
    block = Image.Exif()
    block[BASE.Make] = maker
    buffer = io.BytesIO()
    xmp = f'<rdf:Description Camera:Yaw="45.0" Camera:Pitch="{pitch}" Camera:Roll="0"/>'
    Image.new("RGB", (40, 30)).save(buffer, "JPEG", exif=block, xmp=xmp.encode())
    return read_metadata(Image.open(buffer))


@pytest.mark.parametrize(
    ("pitch", "maker", "expected", "doubt"),
    [
        (-90.0, "Autel Robotics", -90.0, "counted from the horizon"),
        (-45.0, "Camera", -45.0, "counted from the horizon"),
        (-6.0, "senseFly", -84.0, None),
        (30.0, "Autel Robotics", -60.0, None),
        (0.1, "Autel Robotics", None, "straight down or level"),
        (0.1, "Parrot", -89.9, None),
    ],
)
def test_the_pitch_of_autel(pitch: float, maker: str, expected: float | None, doubt: str | None) -> None:
    found = camera(pitch, maker)
    assert found.pitch_deg == (None if expected is None else pytest.approx(expected))
    assert [doubt in text for text in found.doubts] == ([True] if doubt else [])


def test_heights_above_the_sea_are_none_above_the_ground() -> None:
    found = metadata(xmp=dji(RelativeAltitude="+310.10", AbsoluteAltitude="+310.12"))
    assert (found.relative_altitude_m, found.altitude_m) == (None, 310.12)
    assert found.doubts[0].startswith("height above take-off 310.1 m is the height above the sea")
    gps = {**MELBOURNE, GPS.GPSAltitude: 310.1}
    assert metadata(gps=gps, xmp=dji(RelativeAltitude="310.1")).relative_altitude_m is None
    assert metadata(gps=gps, xmp=dji(RelativeAltitude="61.0")).relative_altitude_m == 61.0
    assert metadata(xmp=dji(RelativeAltitude="8848.0")).relative_altitude_m is None


def test_a_long_text_takes_no_square_of_time() -> None:
    # At a megabyte, a search that is not bounded takes hours.
    found = metadata_of_text("a-" * 500_000 + dji(GimbalYawDegree="90"))
    assert found.heading_deg == 90.0


def metadata_of_text(xmp: str) -> Metadata:
    image = Image.new("RGB", (40, 30))
    image.info["xmp"] = xmp
    return read_metadata(image)
