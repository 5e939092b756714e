"""When a photo counts as changed."""

from pathlib import Path

from geoloc.photo.files.photo_state import photo_state


def test_of_a_picture_of_a_video_the_subtitles_count_too(tmp_path: Path) -> None:
    video, subtitles = tmp_path / "clip.mp4", tmp_path / "clip.SRT"
    video.write_bytes(b"x")
    states = [photo_state(tmp_path / "clip.mp4#t=1")]
    for text in ("1", "22"):
        subtitles.write_text(text)
        states.append(photo_state(tmp_path / "clip.mp4#t=1"))
    video.write_bytes(b"xx")
    states.append(photo_state(tmp_path / "clip.mp4#t=1"))
    assert len(set(map(tuple, states))) == 4
    assert photo_state(tmp_path / "clip.mp4#t=2") == states[-1]


def test_of_a_photograph_only_its_file_counts(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"x")
    before = photo_state(photo)
    (tmp_path / "a.SRT").write_text("1")
    assert photo_state(photo) == before
    assert photo_state(tmp_path / "none.jpg") == []
