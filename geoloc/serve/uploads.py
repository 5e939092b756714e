"""A photo that a browser sends: written as it comes, within limits, looked at, and made small enough to be shown."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
import unicodedata
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from geoloc.errors import GeolocError, LimitError, OutputError, PhotoError
from geoloc.photo.files.moment import is_video

SHOWN_PX = 4096
"""The longer side of the picture that a page shows, at most."""
STALL_S = 30.0
"""How long to wait for the next piece of a photo."""
_LONGEST_NAME = 120
_QUALITY = 88


@dataclass(frozen=True, slots=True)
class UploadedPhoto:
    """A photo of a page.

    Attributes:
        folder: that holds its file and its picture and nothing else.
        path: the file as it came; only its suffix is that of its name.
        picture: a JPEG of the upright photo, no larger than `SHOWN_PX`.
        name: what it is called where it came from.
        size: (width, height) of the upright photo, pixels.
    """

    folder: Path
    path: Path
    picture: Path
    name: str
    size: tuple[int, int]

    def delete(self) -> None:
        """Delete its files."""
        shutil.rmtree(self.folder, ignore_errors=True)


async def take_photo(
    body: AsyncIterator[bytes],
    name: str,
    folder: Path,
    most_bytes: int,
    decoding: asyncio.Lock,
    *,
    is_wanted: Callable[[], bool],
) -> UploadedPhoto:
    """Write a photo and look at it; what fails leaves nothing behind.

    Args:
        body: the file, piece by piece.
        name: of `plain_name`; nothing of it but its suffix becomes a name of a file here.
        folder: to make a folder in.
        most_bytes: how large the file may be.
        decoding: held while it is decoded, so that photos are one at a time: the largest allowed one takes gigabytes.
        is_wanted: asked with every piece whether to go on.

    Raises:
        LimitError: it is larger, no piece of it comes any more, or it is not wanted any more.
        PhotoError: it is no photo that can be used, or has too many pixels.
        OutputError: the disk is full.
    """
    if is_video(Path(name)):
        raise PhotoError(f"{name}: is a video; save one picture of it as JPEG or PNG and choose that")
    own = Path(tempfile.mkdtemp(prefix="photo-", dir=folder))
    path, picture = own / f"photo{_suffix(name)}", own / "shown.jpeg"
    try:
        await _write(body, name, path, most_bytes, is_wanted)
        async with decoding:
            try:
                pixels = await asyncio.to_thread(_draw, path, picture)
            except PhotoError as error:
                raise PhotoError(str(error).replace(str(path), name)) from None
    except BaseException as error:
        shutil.rmtree(own, ignore_errors=True)
        if isinstance(error, OSError) and not isinstance(error, GeolocError):
            raise OutputError(f"{name}: cannot be kept ({error.strerror or error}) on the server; make room") from None
        raise
    return UploadedPhoto(own, path, picture, name, pixels)


async def _write(
    body: AsyncIterator[bytes], name: str, path: Path, most_bytes: int, is_wanted: Callable[[], bool]
) -> None:
    """Write a photo as it comes; see `take_photo`."""
    loop, size = asyncio.get_running_loop(), 0
    try:
        with path.open("wb") as file:
            async with asyncio.timeout(STALL_S) as stalled:
                async for piece in body:
                    stalled.reschedule(loop.time() + STALL_S)
                    if not is_wanted():
                        raise LimitError(f"{name}: its page was closed; open it anew")
                    size += len(piece)
                    if size > most_bytes:
                        raise too_large(name, most_bytes)
                    file.write(piece)
    except TimeoutError:
        raise LimitError(f"{name}: nothing of it came for {STALL_S:g} s; choose it again") from None
    if not size:
        raise PhotoError(f"{name}: is empty; choose it again")


def too_large(name: str, most_bytes: int) -> LimitError:
    """Return the error of a file that is too large."""
    return LimitError(
        f"{name}: is larger than {most_bytes / 1e6:g} MB, the limit; make it smaller, or start geoloc serve with a"
        " larger --max-upload"
    )


def plain_name(name: str) -> str:
    """Return the last part of a name without what no name has, at most 120 characters, never empty."""
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(c for c in last if not unicodedata.category(c).startswith("C")).strip()
    return shown[-_LONGEST_NAME:] or "photo"


def _suffix(name: str) -> str:
    suffix = Path(name).suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,5}", suffix) else ""


def _draw(path: Path, picture: Path) -> tuple[int, int]:
    """Write the picture of a photo; return the photo's size."""
    from PIL import Image

    from geoloc.photo.photo import load_photo

    photo = load_photo(path)
    shown = Image.fromarray(photo.pixels)
    shown.thumbnail((SHOWN_PX, SHOWN_PX))
    shown.save(picture, quality=_QUALITY)
    return photo.size
