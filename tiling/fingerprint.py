"""What tells one state of a mosaic's files from another without reading their pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tiling.errors import MosaicError
from tiling.gdal import reading
from tiling.names import absolute, exists, is_remote, local_file
from tiling.sources import Files, Source


@dataclass(frozen=True, slots=True)
class FilePrint:
    """The state of one file of a mosaic.

    Attributes:
        path: from the root.
        size: bytes of the file, of its sidecar files and of what it refers to (a VRT), together; 0 of an address in
            the network, whose changes nobody sees.
        mtime_ns: when the latest of these was written; 0 of an address.
        crs: WKT of the CRS of `Source.grid`.
        affine: a to f of its geotransform.
    """

    path: str
    size: int
    mtime_ns: int
    crs: str
    affine: tuple[float, ...]

    def same(self, other: FilePrint) -> bool:
        """Whether both are the same state of a file; it may have moved to another folder."""
        mine, theirs = ((p.size, p.mtime_ns, p.crs, p.affine, Path(p.path).name) for p in (self, other))
        return mine == theirs


def fingerprint(sources: Iterable[Source], files: Files) -> tuple[FilePrint, ...]:
    """Fingerprints of the files of a mosaic, in their order.

    Raises:
        MosaicError: a file has gone or cannot be opened.
    """
    return tuple(_file_print(source, files) for source in sources)


def same(one: Sequence[FilePrint], other: Sequence[FilePrint]) -> bool:
    """Whether two fingerprints are of the same state of the same mosaic."""
    return len(one) == len(other) and all(a.same(b) for a, b in zip(one, other, strict=True))


def _file_print(source: Source, files: Files) -> FilePrint:
    with reading(source.path):
        own = local_file(source.path)
        parts = {own, *map(Path, files.get(source.name, None).files)}
    try:
        # Of what is far away nothing is known.
        stats = [part.stat() for part in parts if part == own or exists(part)] if not is_remote(own) else []
    except OSError as error:
        raise MosaicError(f"{source.path}: cannot be looked at ({error.strerror})") from error
    affine = tuple(float(value) for value in source.grid.affine[:6])
    size, latest = sum(stat.st_size for stat in stats), max((stat.st_mtime_ns for stat in stats), default=0)
    return FilePrint(str(absolute(source.path)), size, latest, source.grid.crs.to_wkt(), affine)
