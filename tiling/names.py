"""What a mosaic or a layer may be called: files, what GDAL calls parts of them, archives, addresses in the network.

Names are kept as `Path`, which halves the slashes of an address; what GDAL opens has them whole again.
"""

from __future__ import annotations

import re
from pathlib import Path

from tiling.errors import MosaicError

_ADDRESS = re.compile(r"(?i)\b(https?|ftp):/+")
_REMOTE = re.compile(r"(?i)^(/vsi\w+/+)*(https?:|ftp:|/*vsi(curl|s3|gs|az|adls|oss|swift|hdfs|webhdfs)\b)")
_INSIDE = re.compile(r"^(?:/vsi(?:zip|tar|gzip|7z|rar)/+)+")
"""An archive on this machine."""
_PART = re.compile(r"^[A-Za-z]\w+:")
"""A driver of GDAL, and a part of a file; no drive of Windows is called by two letters."""
ARCHIVE = ".zip"
"""Suffix of files that are looked into."""


def gdal_name(path: Path | str) -> str:
    """What GDAL opens for a name: addresses with all their slashes, archives from the root where that was meant.

    Examples:
        >>> gdal_name(Path("https://example.org/a.tif"))
        '/vsicurl/https://example.org/a.tif'
        >>> gdal_name(Path("/vsicurl/http://example.org/a.tif"))
        '/vsicurl/http://example.org/a.tif'
        >>> gdal_name(Path("GPKG:a.gpkg:ortho")), gdal_name(Path("a.tif"))
        ('GPKG:a.gpkg:ortho', 'a.tif')
    """
    text = str(path)
    if is_remote(path):
        text = _ADDRESS.sub(lambda found: f"{found[1].lower()}://", text.replace("\\", "/"))
        return f"/vsicurl/{text}" if _ADDRESS.match(text) else text
    if start := _INSIDE.match(text):
        rest = text[start.end() :]
        rooted = _first_file(rest) is None and _first_file(f"/{rest}") is not None
        return f"{start[0]}/{rest}" if rooted else text
    return text


def placed_name(path: Path, crs: str, more: str = "") -> str:
    """What GDAL opens for a file that does not say itself in which CRS it is.

    Args:
        path: the file.
        crs: its CRS, as GDAL understands it.
        more: other settings of GDAL's vrt:// connections, each after an &.

    Raises:
        MosaicError: its name has a question mark, where GDAL would take it to end.

    Examples:
        >>> placed_name(Path("a.png"), "EPSG:3857")
        'vrt://a.png?a_srs=EPSG:3857'
    """
    if "?" in str(path):
        raise MosaicError(
            f"{path}: has a ? in its name, and its CRS in another file; rename it, for GDAL ends the name there"
        )
    return f"vrt://{path}?a_srs={crs}{more}"


def is_remote(path: Path | str) -> bool:
    """Whether a name is an address in the network."""
    return bool(_REMOTE.match(str(path)))


def to_save_first(path: Path) -> str | None:
    """Tell why an address, a pipe or a device will not do where a file on this machine is read; None of other names.

    To open a pipe is to wait until somebody writes into it, and files are read from several places.

    Examples:
        >>> to_save_first(Path("https://example.org/a.gpkg"))
        'https://example.org/a.gpkg: is an address; save the file on this machine first, and name that'
    """
    if not is_remote(path):
        streams = exists(path) and not (path.is_file() or path.is_dir())
        return f"{path}: is a pipe or a device; save it as a file first, and name that" if streams else None
    address = gdal_name(path).removeprefix("/vsicurl/")
    return f"{address}: is an address; save the file on this machine first, and name that"


def in_archive(path: Path | str) -> bool:
    """Whether a name is of a file in an archive on this machine."""
    return bool(_INSIDE.match(str(path)))


def names_a_part(path: Path | str) -> bool:
    """Whether a name that is no file on this machine may be one that GDAL understands."""
    text = str(path)
    return is_remote(path) or in_archive(path) or bool(_PART.match(text))


def local_file(path: Path) -> Path:
    """The file on this machine behind a name; the name itself where there is none, or it is one.

    Examples:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     file = Path(folder) / "a.gpkg"
        ...     file.touch()
        ...     names = f"{file}|west", f"GPKG:{file}:ortho", f"/vsizip/{file}/a.tif"
        ...     [local_file(Path(name)) == file for name in names]
        [True, True, True]
    """
    if is_remote(path) or exists(path):
        return path
    text = str(path)
    if start := _INSIDE.match(text):
        rest = text[start.end() :]
        return _first_file(rest) or _first_file(f"/{rest}") or path
    if _PART.match(text):
        rest = text.partition(":")[2].replace('"', "")
        while rest:
            if exists(Path(rest)):
                return Path(rest)
            rest = rest.rpartition(":")[0]
    file, _ = split_layer(path)
    return file


def absolute(path: Path) -> Path:
    """The same name from the root, for a process in another folder.

    Examples:
        >>> absolute(Path("https://example.org/a.tif")) == Path("https://example.org/a.tif")
        True
    """
    if is_remote(path):
        return path
    file = local_file(path)
    if file == path:
        return path if _PART.match(str(path)) and not exists(path) else path.absolute()
    return Path(str(path).replace(str(file), str(file.absolute()), 1))


def split_layer(path: Path) -> tuple[Path, str | None]:
    """Split what names a layer of a vector file; None where it names none.

    Examples:
        >>> [(file.name, layer) for file, layer in map(split_layer, map(Path, ("a.gpkg|west", "a.gpkg")))]
        [('a.gpkg', 'west'), ('a.gpkg', None)]
    """
    if exists(path) or "|" not in path.name:
        return path, None
    file, _, layer = path.name.partition("|")
    return path.with_name(file), layer.removeprefix("layername=")


def exists(path: Path) -> bool:
    """Whether there is such a file or folder; a name that no file can have is none."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _first_file(text: str) -> Path | None:
    """The file that a name inside an archive begins with."""
    path = Path(text)
    return next((part for part in (path, *path.parents) if exists(part) and part.is_file()), None)
