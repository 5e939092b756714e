"""Pictures of videos."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from geoloc.errors import PhotoError
from geoloc.photo.files.moment import Moment
from geoloc.photo.files.video import _seek, read_frame
from tests.helpers.made_video import GREY_A_FRAME, grey_video
from tests.helpers.paths import ROOT


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "clip.MP4"
    grey_video(path)
    return path


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        (Moment(0.0), 0),
        (Moment(0.5), 5),
        (Moment(0.59), 5),
        (Moment(1.99), 19),
        (Moment(frame=0), 0),
        (Moment(frame=7), 7),
        (Moment(frame=19), 19),
    ],
)
def test_the_picture_is_the_one_that_is_shown_then(clip: Path, moment: Moment, number: int) -> None:
    frame = read_frame(clip, moment)
    assert frame.pixels.shape == (64, 96, 3)
    assert frame.seconds == pytest.approx(number / 10, abs=1e-3)
    # Coded grey is off by a few levels; the next picture's is 10 away.
    assert abs(float(frame.pixels.mean()) - number * GREY_A_FRAME) < GREY_A_FRAME / 2


@pytest.mark.parametrize("moment", [Moment(2.0), Moment(99.0), Moment(frame=20)])
def test_past_the_end_there_is_no_picture(clip: Path, moment: Moment) -> None:
    with pytest.raises(PhotoError, match=rf"has no picture at {moment}; its last one is frame 19, at 1\.90 s$"):
        read_frame(clip, moment)


def test_large_videos_are_refused_before_they_are_decoded(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOLOC_MAX_PHOTO_PIXELS", "1000")
    with pytest.raises(PhotoError, match="96 x 64 px"):
        read_frame(clip, Moment(0.0))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"#EXTM3U\nhttps://example.org/a.ts\n", "not a video that can be read"),
        (b"ffconcat version 1.0\nfile other.mp4\n", "not a video that can be read"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "the video is damaged"),
        (b"", "not a video that can be read"),
    ],
)
def test_what_is_no_video_is_told(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(PhotoError, match=why):
        read_frame(tmp_path / "a.mp4", Moment(0.0))


def test_libraries_say_nothing_beside(tmp_path: Path) -> None:
    # In a process of its own: what FFmpeg says is settled when a process uses it first.
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x18ftypisom\0\0\0\0")
    script = "import sys; from geoloc.photo.photo import load_photo; load_photo(sys.argv[1] + '#t=1')"
    command = [sys.executable, "-c", script, str(tmp_path / "a.mp4")]
    said = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT).stderr
    assert said.splitlines()[0].startswith("Traceback")
    assert "the video is damaged" in said.splitlines()[-1]


class _Uneven:
    """A video whose pictures do not follow each other evenly, which finds them by their mean rate as OpenCV does."""

    def __init__(self, times: Sequence[float]) -> None:
        self._times, self._at = times, -1

    def set(self, what: int, value: float) -> None:
        assert what == cv2.CAP_PROP_POS_FRAMES
        self._at = int(value) - 1

    def grab(self) -> bool:
        self._at += 1
        return self._at < len(self._times)

    def get(self, what: int) -> float:
        assert what == cv2.CAP_PROP_POS_MSEC
        return self._times[self._at] * 1000

    def retrieve(self) -> tuple[bool, np.ndarray]:
        return True, np.full((2, 2, 3), self._at, np.uint8)


@pytest.mark.parametrize(("seconds", "number"), [(0.0, 0), (3.9, 1), (4.0, 2), (4.25, 4), (4.95, 11), (60.0, 11)])
def test_uneven_videos_give_the_picture_of_the_time(seconds: float, number: int) -> None:
    times = [0.0, 2.0, *(4.0 + step / 10 for step in range(10))]
    found = _seek(_Uneven(times), Moment(seconds), rate=2.4)  # type: ignore[arg-type]
    assert found is None if seconds == 60.0 else found is not None and int(found.pixels[0, 0, 0]) == number
