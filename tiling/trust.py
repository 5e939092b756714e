"""What a file that others made may lead GDAL to: files elsewhere, servers, code; and how much it decodes at once.

A VRT is a text that names other files, and so are descriptions of web services. Such a text from a stranger could have
any file of this machine read, or tell a server that it was opened.
"""

from __future__ import annotations

import os
import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

from tiling.errors import MosaicError

if TYPE_CHECKING:
    import rasterio

ALLOW = "GEOLOC_ALLOW_VRT"
"""Environment variable that allows all of this, set to 1."""
_DEEPEST = 4
_HEAD = 1 << 16
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
_SERVICE = re.compile(r"<\s*(gdal_wms|gdal_wmts|wcs_gdal|gdaltileindexdataset)\b", re.IGNORECASE)


def check_text(path: Path) -> None:
    """Refuse a local file that GDAL would take as a description of others, before it is opened, where it is not safe.

    Raises:
        MosaicError: it names a server, or holds Python.
    """
    text = _text_of(path)
    if text is None or allowed():
        return
    if found := _SERVICE.search(text):
        raise MosaicError(f"{path}: describes a web service ({found[1]}), {_remedy()}")
    for match in _NAMED.finditer(text):
        name = unescape(match[1] or match[2]).strip()
        if _NETWORK.search(name):
            raise MosaicError(f"{path}: refers to the network ({name[:100]}), {_remedy()}")
    if _PYTHON.search(text):
        raise MosaicError(f"{path}: holds a pixel function in Python, which would run here, {_remedy()}")


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
    if _text_of(path) is None or allowed():
        return
    folder = os.path.abspath(path.parent)  # noqa: PTH100
    for name in file.files:
        # By names alone: a link in the folder is its owner's own doing.
        referred = os.path.abspath(name)  # noqa: PTH100
        if os.path.commonpath([folder, referred]) != folder:
            raise MosaicError(f"{path}: refers to a file outside its folder ({name[:200]}), {_remedy()}")
        if referred != os.path.abspath(path) and _text_of(Path(referred)) is not None:  # noqa: PTH100
            _check_inner(Path(referred), depth)


def _check_inner(path: Path, depth: int) -> None:
    """Look through a text that another one refers to."""
    import rasterio

    if depth == _DEEPEST:
        raise MosaicError(f"{path}: texts that refer to each other lead to it, {_remedy()}")
    check_text(path)
    try:
        with rasterio.open(path) as file:
            check_opened(file, path, depth + 1)
    except rasterio.errors.RasterioError:
        # What cannot be opened is not read either.
        return


def allowed() -> bool:
    """Whether the user trusts texts that refer to other files."""
    return os.environ.get(ALLOW, "").strip().lower() in ("1", "yes", "true", "on")


def _deepest(file: rasterio.DatasetReader) -> int:
    return max(int(dtype.strip("_abcdefghijklmnopqrstuvwxyz") or 8) for dtype in file.dtypes) // 8


def _text_of(path: Path) -> str | None:
    """What a local file says, if it is a text in XML; None else."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            head = file.read(_HEAD)
            if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
                return None
            return (head + file.read(_LONGEST)).decode("utf-8", "replace")
    except (OSError, ValueError):
        return None


def _remedy() -> str:
    return f"which is refused unless you trust it: {ALLOW}=1 in the environment allows it"
