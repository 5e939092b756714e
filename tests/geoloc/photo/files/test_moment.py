"""Names of pictures of videos."""

from pathlib import Path

import pytest

from geoloc.errors import PhotoError
from geoloc.photo.files.moment import Moment, at_moment, file_of, is_video, split_moment


def test_a_path_says_which_picture_of_a_video_is_meant() -> None:
    assert split_moment(Path("a/clip.MP4#t=12.5")) == (Path("a/clip.MP4"), Moment(12.5))
    assert split_moment(Path("a/clip.mov#frame=300")) == (Path("a/clip.mov"), Moment(frame=300))
    assert file_of(Path("clip.MP4#t=0")) == Path("clip.MP4")


@pytest.mark.parametrize("name", ["photo.jpg", "photo.jpg#t=3", "clip.MP4", "clip.MP4#t=", "clip.MP4#t=-1", "#t=3"])
def test_other_names_are_whole(name: str) -> None:
    assert split_moment(Path(name)) == (Path(name), None)


def test_a_file_of_that_name_is_that_file(tmp_path: Path) -> None:
    path = tmp_path / "clip.MP4#t=3"
    path.touch()
    assert split_moment(path) == (path, None)


@pytest.mark.parametrize(("seconds", "name"), [(0.0, "t=0"), (12.5, "t=12.5"), (1e-4, "t=0.0001"), (3600.0, "t=3600")])
def test_a_time_makes_a_name_that_says_it(seconds: float, name: str) -> None:
    path = at_moment(Path("a/clip.MP4"), seconds, None)
    assert path == Path(f"a/clip.MP4#{name}")
    assert split_moment(path)[1] == Moment(seconds)


def test_a_number_makes_a_name_too() -> None:
    assert split_moment(at_moment(Path("clip.MP4"), None, 300.0)) == (Path("clip.MP4"), Moment(frame=300))


@pytest.mark.parametrize(
    ("name", "seconds", "frame", "why"),
    [
        ("photo.jpg", 1.0, None, "which this is not"),
        ("clip.MP4", 1.0, 3.0, "not both"),
        ("clip.MP4", -1.0, None, "seconds from the start"),
        ("clip.MP4", float("nan"), None, "seconds from the start"),
        ("clip.MP4", None, 1.5, "a whole number"),
    ],
)
def test_senseless_moments_are_told(name: str, seconds: float | None, frame: float | None, why: str) -> None:
    with pytest.raises(PhotoError, match=why):
        at_moment(Path(name), seconds, frame)


def test_videos_are_known_by_their_suffix() -> None:
    assert is_video(Path("A.MOV"))
    assert not is_video(Path("a.mp4.jpg"))
