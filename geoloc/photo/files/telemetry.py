"""What DJI's drones write beside a video: subtitles that tell where the camera was and how it looked, by time."""

from __future__ import annotations

import codecs
import logging
import re
from pathlib import Path

LOG = logging.getLogger(__name__)
_MOST_BYTES = 1 << 27
"""An hour at 60 pictures a second is half of that."""
_SLACK_S = 1.0
"""Old drones write once a second."""
_NUMBER = r"([-+]?\d{1,9}(?:\.\d{1,12})?)"
_TIME = r"(\d{1,3}):(\d{2}):(\d{2})[,.](\d{1,3})"
_TIMING = re.compile(rf"{_TIME}[ \t]*-->[ \t]*{_TIME}")
_NAMES = {
    "GpsLatitude": r"\blatitude",
    # "longtitude" is DJI's own spelling.
    "GpsLongitude": r"\blongt?itude",
    "RelativeAltitude": r"\brel_alt",
    "AbsoluteAltitude": r"\babs_alt",
    "GimbalYawDegree": r"\bgb_yaw",
    "GimbalPitchDegree": r"\bgb_pitch",
    "GimbalRollDegree": r"\bgb_roll",
}
"""Names of XMP, and what the newer subtitles call the same."""
_KEYED = {name: re.compile(rf"{pattern}\s*:\s*{_NUMBER}") for name, pattern in _NAMES.items()}
_GPS = re.compile(rf"\bGPS\s*\(\s*{_NUMBER}\s*,\s*{_NUMBER}\s*,\s*{_NUMBER}\s*(M?)\s*\)")
_HEIGHT = re.compile(rf"\b(?:BAROMETER|Hb|H)\s*:?\s*{_NUMBER}")
_GIMBAL = re.compile(rf"\bG\.PRY\s*\(\s*{_NUMBER}[^,)]{{0,9}},\s*{_NUMBER}[^,)]{{0,9}},\s*{_NUMBER}")


def telemetry_xmp(video: Path, seconds: float, *, again: bool = False) -> str:
    """Return what the subtitles beside a video tell of a time, under the names that DJI's photographs have in XMP.

    So it is believed as far as metadata of photographs are. Subtitles that a video has inside are not read, nor are
    focal lengths, which are real ones, equivalents or ten times these.

    Args:
        video: the file; its subtitles have its name, with the suffix `.SRT`.
        seconds: from its start.
        again: it was read before: that nothing is told there is not logged.

    Returns:
        Text such as `drone-dji:GpsLatitude="51.8"`; empty where nothing is told of that time.
    """
    sidecar = subtitles_of(video)
    if sidecar is None:
        return ""
    told = told_by(_entry_at(_text(sidecar), seconds))
    if not told and not again:
        LOG.warning("%s: tells nothing of %.2f s that can be read", sidecar, seconds)
    return " ".join(f'drone-dji:{name}="{value}"' for name, value in told.items())


def subtitles_of(video: Path) -> Path | None:
    """Return the file of the subtitles beside a video; None where there are none."""
    return next((file for suffix in (".SRT", ".srt", ".Srt") if (file := video.with_suffix(suffix)).is_file()), None)


def told_by(entry: str) -> dict[str, str]:
    """Return what one subtitle tells, by XMP's names.

    >>> told_by("GPS(149.0251,-20.2533,16) BAROMETER:1.9")
    {'GpsLongitude': '149.0251', 'GpsLatitude': '-20.2533', 'RelativeAltitude': '1.9'}
    """
    told = {name: found[1] for name, pattern in _KEYED.items() if (found := pattern.search(entry))}
    if gps := _GPS.search(entry):
        # Longitude first, then how many satellites; where metres follow instead (Matrice 300) latitude is first.
        order = ("GpsLatitude", "GpsLongitude") if gps[4] else ("GpsLongitude", "GpsLatitude")
        told |= dict(zip(order, gps.groups()[:2], strict=True))
        if height := _HEIGHT.search(entry):
            told["RelativeAltitude"] = height[1]
    if gimbal := _GIMBAL.search(entry):
        angles = ("GimbalPitchDegree", "GimbalRollDegree", "GimbalYawDegree")
        told |= dict(zip(angles, gimbal.groups(), strict=True))
    return told


def _entry_at(text: str, seconds: float) -> str:
    """Return the subtitle that is nearest in time; nothing where none is within `_SLACK_S`."""
    timings = list(_TIMING.finditer(text))
    off = [_apart(timing, seconds) for timing in timings]
    # Of two that touch there, the one that begins.
    best = min(reversed(range(len(off))), key=off.__getitem__, default=None)
    if best is None or off[best] > _SLACK_S:
        return ""
    end = timings[best + 1].start() if best + 1 < len(timings) else len(text)
    return text[timings[best].end() : end]


def _apart(timing: re.Match[str], seconds: float) -> float:
    start, end = (_seconds(timing.groups()[first : first + 4]) for first in (0, 4))
    return 0.0 if start <= seconds < end else min(abs(seconds - start), abs(seconds - end))


def _seconds(parts: tuple[str, ...]) -> float:
    hours, minutes, seconds, fraction = parts
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(fraction.ljust(3, "0")) / 1000


def _text(file: Path) -> str:
    with file.open("rb") as stream:
        data = stream.read(_MOST_BYTES)
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if wide else "utf-8-sig", "replace")
