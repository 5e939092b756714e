"""Pictures of videos."""

import subprocess
import sys
from pathlib import Path

import pytest

from geoloc.errors import PhotoError
from geoloc.photo.files.moment import Moment
from geoloc.photo.files.video import read_frame
from tests.helpers.made_video import GREY_A_FRAME, grey_video, make_uneven
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


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve pictures a tenth of a second each, then twelve of three tenths."""
    path = tmp_path_factory.mktemp("uneven") / "clip.MP4"
    grey_video(path, 24)
    make_uneven(path, [(12, 1), (12, 3)])
    return path


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        *((Moment(seconds), number) for seconds, number in [(0.0, 0), (0.55, 5), (1.25, 12), (1.6, 13), (3.89, 20)]),
        # By the mean rate these are past the end.
        *((Moment(seconds), number) for seconds, number in [(4.0, 21), (4.3, 22), (4.55, 23), (4.75, 23)]),
        *((Moment(frame=number), number) for number in (0, 5, 16, 17, 19, 20, 23)),
    ],
)
def test_uneven_videos_give_the_picture_of_the_time_and_of_the_number(
    uneven: Path, moment: Moment, number: int
) -> None:
    frame = read_frame(uneven, moment)
    assert frame.seconds == pytest.approx(number / 10 if number < 12 else 1.2 + (number - 12) * 0.3, abs=1e-3)
    assert abs(float(frame.pixels.mean()) - number * GREY_A_FRAME) < GREY_A_FRAME / 2


def test_where_a_video_is_cut_off_there_is_no_picture(tmp_path: Path) -> None:
    whole, cut = tmp_path / "clip.MP4", tmp_path / "cut.MP4"
    grey_video(whole, 24)
    make_uneven(whole, [(24, 5)])
    data = bytearray(whole.read_bytes())
    # As where a card was pulled out: nothing is behind the first pictures.
    data[data.index(b"stsz") + 16 + 4 * 8 : data.index(b"stsz") + 16 + 4 * 24] = bytes(4 * 16)
    cut.write_bytes(data)
    assert read_frame(cut, Moment(2.6)).seconds == pytest.approx(2.5, abs=1e-3)
    with pytest.raises(PhotoError, match="has no picture at 11 s"):
        read_frame(cut, Moment(11.0))
