"""What a file that others made may lead GDAL to: files elsewhere, servers, code; and how much it decodes at once.

A VRT is a text that names other files, of rasters or of vectors, and so are descriptions of web services. Such a text
from a stranger could have any file of this machine read, or tell a server that it was opened.
"""

from __future__ import annotations

import os
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from html import unescape
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tiling.errors import MosaicError
from tiling.names import exists, gdal_name, in_archive, is_remote, local_file, names_a_part, to_save_first

if TYPE_CHECKING:
    import rasterio

ALLOW = "GEOLOC_ALLOW_VRT"
"""Environment variable that allows all of this, set to 1."""
_DEEPEST = 4
_START, _HEAD = 1 << 12, 1 << 16
_LONGEST = 256 << 20
"""Bytes of a text that is looked through: a VRT of 100,000 files has fewer."""
_MOST_BLOCK_BYTES = 1 << 30
"""Bytes of one block, which GDAL decodes whole. Usual ones have less than a million."""
_NAMED = re.compile(
    r"<\w*(?:filename|dataset|serverurl)\b[^>]*>\s*(?:<!\[CDATA\[)?([^<\]]+)|\b\w*(?:filename|dataset)\s*=\s*[\"']([^\"']+)",
    re.IGNORECASE,
)
"""Names of files and servers, as elements or attributes: GDAL takes either, whatever the capitals."""
_NETWORK = re.compile(r"(https?:|ftp:|/vsi(?!zip|tar|gzip|7z|rar|mem|sparse|subfile|cached))", re.IGNORECASE)
_PYTHON = re.compile(r"pixelfunctionlanguage\W*(<!\[CDATA\[)?\s*python", re.IGNORECASE)
_SERVICE = re.compile(
    r"<\s*(gdal_wms|gdal_wmts|wcs_gdal|gdaltileindexdataset|cachedsource)\b|\"(gdal_streamed_alg|stac_version)\"",
    re.IGNORECASE,
)
"""Rasters that are somewhere else altogether."""
_TEXT = re.compile(rb"[\xef\xbb\xbf \t\r\n]*[<{]")
_UNREADABLE = (KeyError, RuntimeError, EOFError, zipfile.BadZipFile, tarfile.TarError, zlib.error)
"""What a member of an archive raises that is not there, encrypted, packed otherwise or damaged."""
_SERVICE_DRIVERS = {"GDALG", "GTI", "STACIT", "STACTA", "WCS", "WMS", "WMTS"}
_LAYERS = re.compile(
    r"<\s*(ogrvrtdatasource|ogrwfsdatasource|(?:\w+:)?wfs_capabilities)\b|\"(gdal_streamed_alg)\"", re.IGNORECASE
)
"""Vector layers that are. Others name servers in plenty, such as those of their icons, which nobody asks."""
_AROUND = re.compile(r"[:?&=,|\"']+")
"""What stands round the path in a name that says more than a path."""


def check_text(path: Path) -> None:
    """Refuse a file that GDAL would take as a description of other rasters, before it is opened, where it is not safe.

    Args:
        path: a file of this machine, or one in a .zip or a tar; nothing is known of others before they are opened.

    Raises:
        MosaicError: it names a server, or a file elsewhere by more than its path, or holds Python.
    """
    text = _text_of(path)
    if text is not None and not allowed():
        _check_names(text, path)


def layers_elsewhere(path: Path) -> str | None:
    """Tell, before a vector file is opened, why it is refused: GDAL would take it as a description of layers elsewhere.

    Returns:
        One line for an error; None where nothing is against it.
    """
    # What is in the network cannot be looked through before GDAL opens it.
    if reason := to_save_first(path):
        return reason
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD).decode("utf-8", "replace")
    except (OSError, ValueError):
        return None
    if not (found := _LAYERS.search(head)) or allowed():
        return None
    return f"{path}: describes layers of other files or servers ({found[1] or found[2]}), {_remedy()}"


def check_opened(file: rasterio.DatasetReader, path: Path, depth: int = 0) -> None:
    """Refuse an open file that reads files outside its folder, or decodes far too much at once.

    Args:
        file: the file, open.
        path: its path.
        depth: how many texts lead to it.

    Raises:
        MosaicError: it does.
    """
    for height, width in set(file.block_shapes):
        if height * width * _deepest(file) > _MOST_BLOCK_BYTES and file.driver != "VRT":
            raise MosaicError(
                f"{path}: is stored in blocks of {width} x {height} px, which are decoded whole; write it in tiles,"
                " for instance with gdal_translate -co TILED=YES"
            )
    if allowed():
        return
    if is_remote(path):
        # An address is asked as its owner wants; what it may not do is look at this machine.
        local = [name for name in file.files if not is_remote(name)] if file.driver == "VRT" else []
        if local:
            raise MosaicError(f"{gdal_name(path)}: refers to a file of this machine ({local[0][:200]}), {_remedy()}")
        return
    if file.driver in _SERVICE_DRIVERS:
        raise MosaicError(f"{path}: describes rasters elsewhere ({file.driver}), {_remedy()}")
    is_text = _is_text(path)
    if in_archive(path) and file.driver == "VRT":
        # One that only GDAL can look into, or in which it finds another file of that name.
        is_text = True
        _check_names(file.tags(ns="xml:VRT").get("xml:VRT", ""), path)
    if not is_text and "OVERVIEW_FILE" not in file.tags(ns="OVERVIEWS"):
        return
    for name in file.files:
        referred = os.path.abspath(name)  # noqa: PTH100
        if _leads_outside(name, path.parent):
            raise MosaicError(f"{path}: refers to a file outside its folder ({name[:200]}), {_remedy()}")
        if referred != os.path.abspath(path) and _is_text(Path(referred)):  # noqa: PTH100
            _check_inner(Path(referred), depth)


def _check_names(text: str, path: Path) -> None:
    """Refuse a text by what it names."""
    if found := _SERVICE.search(text):
        raise MosaicError(f"{path}: describes a web service ({found[1] or found[2]}), {_remedy()}")
    for match in _NAMED.finditer(text):
        name = unescape(match[1] or match[2]).strip()
        if _NETWORK.search(name):
            raise MosaicError(f"{path}: refers to the network ({name[:100]}), {_remedy()}")
        # A plain path may be relative to the text or not: GDAL tells when it is open.
        if _says_more(name) and _leads_outside(name, path.parent):
            raise MosaicError(f"{path}: refers to a file outside its folder ({name[:200]}), {_remedy()}")
    if _PYTHON.search(text):
        raise MosaicError(f"{path}: holds a pixel function in Python, which would run here, {_remedy()}")


def _says_more(name: str) -> bool:
    """Whether a name is a driver's, such as vrt:///a.tif, of which GDAL does not tell which file it reads."""
    return names_a_part(name) and not in_archive(name) and not exists(Path(name))


def _leads_outside(name: str, folder: Path) -> bool:
    """Whether a name is that of a file outside a folder, by names alone: a link in it is its owner's own doing."""
    inside = os.path.abspath(folder)  # noqa: PTH100
    if not _says_more(name):
        return not Path(os.path.abspath(name)).is_relative_to(inside)  # noqa: PTH100
    # Drivers differ in where they begin to look, and slashes at the beginning may be the driver's.
    pieces = {piece.strip().lstrip("/") for piece in _AROUND.split(name)} - {""}
    starts = (Path(folder.anchor or "/"), folder, Path())
    paths = [Path(os.path.abspath(start / piece)) for start in starts for piece in pieces]  # noqa: PTH100
    return any(exists(path) and not path.is_relative_to(inside) for path in paths)


def _check_inner(path: Path, depth: int) -> None:
    """Look through a text that another one refers to."""
    import rasterio

    if depth == _DEEPEST:
        raise MosaicError(f"{path}: texts that refer to each other lead to it, {_remedy()}")
    check_text(path)
    try:
        with rasterio.open(gdal_name(path)) as file:
            check_opened(file, path, depth + 1)
    except rasterio.errors.RasterioError:
        # What cannot be opened is not read either.
        return


def allowed() -> bool:
    """Whether the user trusts texts that refer to other files."""
    return os.environ.get(ALLOW, "").strip().lower() in ("1", "yes", "true", "on")


def _deepest(file: rasterio.DatasetReader) -> int:
    return max(int(dtype.strip("_abcdefghijklmnopqrstuvwxyz") or 8) for dtype in file.dtypes) // 8


def _is_text(path: Path) -> bool:
    """Whether a file is a text in XML or JSON; see `_text_of`."""
    return _text_of(path, head_only=True) is not None


def _text_of(path: Path, *, head_only: bool = False) -> str | None:
    """What a file says that is a text in XML or JSON; None of all else, and of archives other than .zip and tar.

    Args:
        path: the file.
        head_only: whether its beginning is enough.

    Raises:
        MosaicError: it is so long that nobody could look through it.
    """
    archive, most = local_file(path), 0 if head_only else _LONGEST
    try:
        if archive == path or not in_archive(path):
            with path.open("rb") as file:
                text = _read_text(file, most)
        else:
            member = str(path).rpartition(f"{archive}/")[2]
            if member not in _texts_in(archive, archive.stat().st_mtime_ns):
                return None
            with _members(archive) as members, members[member]() as file:
                text = _read_text(file, most)
    except (OSError, ValueError, *_UNREADABLE):
        return None
    if text is not None and len(text) > _LONGEST:
        raise MosaicError(f"{path}: is a text of more than {_LONGEST:,} bytes, {_remedy()}")
    return None if text is None else text.decode("utf-8", "replace")


def _read_text(file: IO[bytes], most: int) -> bytes | None:
    head = file.read(_HEAD)
    if not _TEXT.match(head):
        return None
    # Of JSON the head tells what it is.
    return head if head.lstrip().startswith(b"{") else head + file.read(most)


@contextmanager
def _members(archive: Path) -> Iterator[dict[str, Callable[[], IO[bytes]]]]:
    """What opens each file in a .zip or a tar, by its name."""
    if tarfile.is_tarfile(archive):
        with tarfile.open(archive) as tar:
            yield {os.path.normpath(member.name): partial(_of_tar, tar, member) for member in tar if member.isfile()}
    else:
        with zipfile.ZipFile(archive) as opened:
            yield {name: partial(opened.open, name) for name in opened.namelist()}


def _of_tar(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(member)
    assert file is not None, member
    return file


@lru_cache(maxsize=1)
def _texts_in(archive: Path, mtime_ns: int) -> frozenset[str]:
    """Names of the texts in an archive at a state of it: its list is long to read where it has many files."""
    found = []
    with _members(archive) as members:
        for name, opened in members.items():
            try:
                with opened() as file:
                    if _TEXT.match(file.read(_START)):
                        found.append(name)
            except (OSError, ValueError, *_UNREADABLE):
                # One that only GDAL may be able to unpack is looked at when it is open.
                continue
    return frozenset(found)


def _remedy() -> str:
    return f"which is refused unless you trust it: {ALLOW}=1 in the environment allows it"
