"""Which files make a mosaic: those that were named, those of a folder or an archive, and tiles of a web map."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from tiling.errors import MosaicError
from tiling.grid import HALF_WORLD
from tiling.names import ARCHIVE, exists, gdal_name, is_remote, local_file, names_a_part, placed_name, to_save_first
from tiling.sources import Source, read_source

LOG = logging.getLogger(__name__)
SUFFIXES = (".tif", ".tiff", ".vrt", ".jp2", ".j2k", ".mbtiles")
"""Of the files that are taken from a folder."""
WITH_WORLD_FILE = {
    ".jpg": (".jgw", ".jpgw", ".jpegw"),
    ".jpeg": (".jgw", ".jpegw", ".jpgw"),
    ".png": (".pgw", ".pngw"),
    ".webp": (".wpw", ".webpw"),
}
"""Suffixes of those that are taken where such a file, .wld or .aux.xml places them: others are photos, thumbnails."""
_PATTERN = frozenset("*?[")
"""What makes a name a pattern."""
_NAMED = 3
"""Files that a warning names."""
_TILES = (".png", ".jpg", ".jpeg", ".webp")


def read_sources(paths: Sequence[Path], bands: tuple[int, ...] | None) -> list[Source]:
    """Read the headers of all files that make a mosaic, in the order of the names, those of a folder by their own.

    What of a folder is no picture that can be placed is left out, with a warning.

    Args:
        paths: files, folders, archives, patterns of these (`*`, `?`, `[...]`, `**`), addresses, or what GDAL calls a
            part of a file.
        bands: one or three, counted from 1; None for those that look like a picture.

    Raises:
        MosaicError: nothing of that name, nothing in a folder, or a file that was named, or all of a folder, cannot be
            used.
    """
    sources: dict[Path, Source] = {}
    for path in chain.from_iterable(map(_matching, paths)):
        inside = _inside(path)
        if inside is None:
            if path not in sources:
                sources[path] = _read(path, bands)
            continue
        left_out: list[tuple[Path, MosaicError]] = []
        taken = 0
        for item in inside:
            try:
                sources.setdefault(item, _read(item, bands))
                taken += 1
            except MosaicError as error:
                left_out.append((item, error))
        if left_out and not taken:
            raise left_out[0][1]
        if left_out:
            told = "; ".join(str(error) for _, error in left_out[:_NAMED])
            more = f"; and {len(left_out) - _NAMED} more" if len(left_out) > _NAMED else ""
            LOG.warning("%s: left out of the mosaic what is no picture that can be placed: %s%s", path, told, more)
    if not sources:
        raise MosaicError("no mosaic given")
    return list(sources.values())


def _matching(path: Path) -> list[Path]:
    """The files and folders that a pattern such as `tiles/*.tif` matches; the name itself where it is none."""
    if not _PATTERN.intersection(str(path)) or exists(path) or names_a_part(path):
        return [path]
    # Folders that are there are themselves, whatever signs are in their names.
    there = next(parent for parent in path.parents if exists(parent))
    found = sorted(there.glob(str(path.relative_to(there))))
    if not found:
        raise MosaicError(f"{path}: no file or folder matches this pattern")
    return found


def _inside(path: Path) -> list[Path] | None:
    """The files of a folder or an archive; None where the name is that of one file."""
    if not exists(path):
        if not names_a_part(path) or not (is_remote(path) or exists(local_file(path))):
            raise MosaicError(f"{gdal_name(path)}: no such file or folder")
        return None
    if not is_remote(path) and (reason := to_save_first(path)):
        raise MosaicError(reason)
    if path.is_dir():
        names = _pictures(sorted(item for item in path.iterdir() if item.is_file()))
        found = names or sorted(_web_tiles(path))
        where = "folder"
    elif path.suffix.lower() == ARCHIVE:
        found, where = _archived(path), "archive"
    else:
        return None
    if not found:
        kinds = f"{', '.join(SUFFIXES)}, or {', '.join(WITH_WORLD_FILE)} with a world file beside"
        raise MosaicError(f"{path}: no raster files ({kinds}) in this {where}")
    return found


def _pictures(files: Sequence[Path]) -> list[Path]:
    """Those of a folder's files that may be rasters: no resource forks of a Mac, and no photos."""
    names = {file.with_name(file.name.lower()) for file in files}

    def is_placed(file: Path) -> bool:
        beside = [*WITH_WORLD_FILE.get(file.suffix.lower(), ()), ".wld"]
        lower = file.with_name(file.name.lower())
        placed = any(lower.with_suffix(suffix) in names for suffix in beside)
        return placed or lower.with_name(f"{lower.name}.aux.xml") in names

    return [
        file
        for file in files
        if not file.name.startswith("._")
        and (file.suffix.lower() in SUFFIXES or (file.suffix.lower() in WITH_WORLD_FILE and is_placed(file)))
    ]


def _archived(path: Path) -> list[Path]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if "__MACOSX" not in name]
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise MosaicError(f"{path}: not an archive that can be read ({error})") from error
    return _pictures(sorted(Path("/vsizip") / path.absolute().relative_to("/") / name for name in names))


def _web_tiles(folder: Path) -> Iterator[Path]:
    """Tiles z/x/y of the finest zoom in a folder."""
    zooms = [item for item in folder.iterdir() if item.name.isdecimal() and item.is_dir()]
    if zooms:
        finest = max(zooms, key=lambda item: int(item.name))
        for column in finest.iterdir():
            if column.name.isdecimal() and column.is_dir():
                yield from (tile for tile in column.iterdir() if _is_web_tile(tile))


def _is_web_tile(path: Path) -> bool:
    """Whether a file lies in folders as a tile z/x/y of a web map does."""
    parts = (path.stem, path.parent.name, path.parent.parent.name)
    if path.suffix.lower() not in _TILES or not all(part.isdecimal() for part in parts):
        return False
    row, column, zoom = map(int, parts)
    return zoom <= 30 and row < 2**zoom and column < 2**zoom


def _read(path: Path, bands: tuple[int, ...] | None) -> Source:
    if not _is_web_tile(path) or _pictures([path, *path.parent.glob(f"{path.stem}.*")]):
        return read_source(path, bands)
    row, column, zoom = int(path.stem), int(path.parent.name), int(path.parent.parent.name)
    if (path.parent.parent.parent / "tilemapresource.xml").exists():
        # TMS counts rows from the south.
        row = 2**zoom - 1 - row
    side = 2 * HALF_WORLD / 2**zoom
    west, north = column * side - HALF_WORLD, HALF_WORLD - row * side
    corners = ",".join(repr(float(value)) for value in (west, north, west + side, north - side))
    return read_source(path, bands, placed_name(path, "EPSG:3857", f"&a_ullr={corners}"))
