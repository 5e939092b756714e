"""A photo that is sent: within limits, by no name of its own, and nothing is left of what failed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from geoloc.errors import GeolocError, LimitError, OutputError, PhotoError
from geoloc.serve import uploads
from geoloc.serve.uploads import UploadedPhoto, plain_name, take_photo


def take(content: bytes, name: str, folder: Path, most: int = 1_000_000) -> UploadedPhoto:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 1000):
            yield content[start : start + 1000]

    async def scene() -> UploadedPhoto:
        return await take_photo(pieces(), name, folder, most, asyncio.Lock(), is_wanted=lambda: True)

    return asyncio.run(scene())


def test_a_photo_is_kept_as_it_came_and_shown_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.new("RGB", (300, 200), "red").save(tmp_path / "lying.jpg", exif=exif)
    content = (tmp_path / "lying.jpg").read_bytes()
    photo = take(content, "lying.JPG", tmp_path)
    assert photo.path.read_bytes() == content
    assert (photo.name, photo.path.name, photo.path.parent) == ("lying.JPG", "photo.jpg", photo.folder)
    assert photo.folder.parent == tmp_path
    with Image.open(photo.picture) as shown:
        assert (photo.size, shown.size, shown.format) == ((200, 300), (200, 300), "JPEG")
    photo.delete()
    assert not photo.folder.exists()


def test_a_large_photo_is_shown_smaller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SHOWN_PX", 100)
    Image.new("RGB", (400, 200)).save(tmp_path / "a.png")
    photo = take((tmp_path / "a.png").read_bytes(), "a.png", tmp_path)
    with Image.open(photo.picture) as shown:
        assert (photo.size, shown.size) == ((400, 200), (100, 50))


@pytest.mark.parametrize(
    ("content", "error", "text"),
    [
        (b"x" * 5000, LimitError, "a.jpg: is larger than 0.003 MB, the limit"),
        (b"", PhotoError, "a.jpg: is empty"),
        (b"no picture", PhotoError, "a.jpg: not an image that can be read"),
    ],
)
def test_what_cannot_be_used_leaves_nothing(
    tmp_path: Path, content: bytes, error: type[GeolocError], text: str
) -> None:
    with pytest.raises(error) as caught:
        take(content, "a.jpg", tmp_path, 3000)
    assert str(caught.value).startswith(text)
    assert str(tmp_path) not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_what_stalls_or_is_not_wanted_any_more_ends_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "STALL_S", 0.05)

    async def stalled() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x"

    for body, is_wanted, text in (
        (stalled, True, "nothing of it came for 0.05 s; choose it again"),
        (endless, False, "its page was closed"),
    ):
        taking = take_photo(body(), "a.jpg", tmp_path, 9, asyncio.Lock(), is_wanted=partial(bool, is_wanted))
        with pytest.raises(LimitError, match=f"^a.jpg: {text}"):
            asyncio.run(taking)
        assert list(tmp_path.iterdir()) == []


def test_pixels_are_counted_before_anything_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOLOC_MAX_PHOTO_PIXELS", "1000")
    Image.new("RGB", (100, 100)).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").unlink()
    with pytest.raises(PhotoError, match=r"^a\.png: 100 x 100 px are 10,000 pixels, over the limit"):
        take(content, "a.png", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("a.jpg", "a.jpg"),
        ("../../etc/passwd", "passwd"),
        ("..\\x.jpg", "x.jpg"),
        ("a\n\x00\u202eb.jpg", "ab.jpg"),
        ("", "photo"),
        ("x/", "photo"),
        ("y" * 500 + ".jpg", "y" * 116 + ".jpg"),
    ],
)
def test_names_are_the_last_part_without_what_no_name_has(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploads, "_draw", full)
    with pytest.raises(OutputError, match=r"^a\.jpg: cannot be kept \(No space left on device\)"):
        take(b"x", "a.jpg", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_of_a_video_it_is_said_what_the_page_can_do(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match=r"^clip\.MP4: is a video; save one picture of it"):
        take(b"x", "clip.MP4", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_only_a_plain_suffix_becomes_part_of_a_path(tmp_path: Path) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    assert take(content, "a.p n/g", tmp_path).path.name == "photo"
    assert take(content, "a.jpgjpgjpg", tmp_path).path.name == "photo"
    with pytest.raises(PhotoError, match="raw photo"):
        take(content, "a.DNG", tmp_path)
