"""Subtitles of drones, as several generations of them write these."""

from pathlib import Path

import pytest

from geoloc.photo.files.telemetry import telemetry_xmp, told_by
from tests.helpers.made_video import subtitles

NEW = (
    '<font size="28">FrameCnt: 1, DiffTime: 33ms\n2026-05-21 14:30:00.123\n[iso: 100] [fnum: 2.8] [focal_len: 24.00] '
    "[dzoom_ratio: 1.00], [latitude: 51.871234] [longitude: -15.301234] [rel_alt: 79.969 abs_alt: 196.474] "
    "[gb_yaw: -67.6 gb_pitch: -30.0 gb_roll: 0.0]</font>"
)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (
            NEW,
            {
                "GpsLatitude": "51.871234",
                "GpsLongitude": "-15.301234",
                "RelativeAltitude": "79.969",
                "AbsoluteAltitude": "196.474",
                "GimbalYawDegree": "-67.6",
                "GimbalPitchDegree": "-30.0",
                "GimbalRollDegree": "0.0",
            },
        ),
        # Mavic 2 and Air 2: another spelling, and a height that is now above the sea, now above the take-off.
        (
            "[latitude : 31.45] [longtitude : 74.40] [altitude: 213.98]",
            {"GpsLatitude": "31.45", "GpsLongitude": "74.40"},
        ),
        # Phantom 4 and Mavic Pro: longitude first, then satellites.
        (
            "HOME(149.0251,-20.2532) 2017.08.05 14:11:51\nGPS(149.0251,-20.2533,16) BAROMETER:1.9",
            {"GpsLongitude": "149.0251", "GpsLatitude": "-20.2533", "RelativeAltitude": "1.9"},
        ),
        (
            "F/2.8, SS 206.14, ISO 150, EV 0, GPS (8.2090, 47.4692, 18), D 24.26m, H 6.00m, H.S 2.10m/s, V.S 0.00m/s",
            {"GpsLongitude": "8.2090", "GpsLatitude": "47.4692", "RelativeAltitude": "6.00"},
        ),
        # Matrice 300: latitude first, then metres; the gimbal's pitch, roll and yaw.
        (
            "GPS(36.6146,-6.1120,0.0M), H 45.00m, F.PRY (1.2, -0.5, 88.0), G.PRY (-60.0, 0.0, 90.0)",
            {
                "GpsLatitude": "36.6146",
                "GpsLongitude": "-6.1120",
                "RelativeAltitude": "45.00",
                "GimbalPitchDegree": "-60.0",
                "GimbalRollDegree": "0.0",
                "GimbalYawDegree": "90.0",
            },
        ),
        ("Just a film's subtitle", {}),
        ("[latitude: nan] [longitude: ]", {}),
    ],
)
def test_each_generation_is_read(entry: str, told: dict[str, str]) -> None:
    assert told_by(entry) == told


def at_places(*longitudes: int) -> str:
    return subtitles((n, n + 1, f"[latitude: 1.0] [longitude: {lon}.0]") for n, lon in enumerate(longitudes))


@pytest.mark.parametrize(("seconds", "longitude"), [(0.0, 10), (0.99, 10), (1.0, 11), (2.9, 12), (3.9, 12)])
@pytest.mark.parametrize("suffix", [".SRT", ".srt"])
def test_what_is_nearest_in_time_counts(tmp_path: Path, seconds: float, longitude: int, suffix: str) -> None:
    (tmp_path / f"clip{suffix}").write_text(at_places(10, 11, 12))
    assert f'GpsLongitude="{longitude}.0"' in telemetry_xmp(tmp_path / "clip.MP4", seconds)


def test_what_tells_nothing_of_the_time_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "clip.SRT").write_text(at_places(10))
    assert telemetry_xmp(tmp_path / "clip.MP4", 5.0) == ""
    assert "clip.SRT: tells nothing of 5.00 s that can be read" in caplog.text


def test_without_subtitles_there_is_nothing_to_tell(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert telemetry_xmp(tmp_path / "clip.MP4", 5.0) == ""
    assert not caplog.text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_windows_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "clip.SRT").write_bytes(at_places(10).replace("\n", "\r\n").encode(encoding))
    assert 'GpsLongitude="10.0"' in telemetry_xmp(tmp_path / "clip.MP4", 0.5)


@pytest.mark.parametrize("content", [b"", b"\0" * 1000, b"1\n00:00:00,000 --> ", b"-->" * 1000])
def test_broken_subtitles_tell_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "clip.SRT").write_bytes(content)
    assert telemetry_xmp(tmp_path / "clip.MP4", 0.5) == ""
