"""The Zarr store of an index: one chunk of each array a block, and records that say what of the block is finished.

A block's features are written first, then its validity, then their record; its local features, then theirs: what has a
record is whole, whenever the writing was cut off. Chunks appear under their names in one step (zarr renames them).

Checksums of blocks are in their records, those of the header, of the arrays' shapes and of the windows in the group's
attributes. What zarr and its codecs raise of damaged files, nearly anything, ends in `_reading`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import ZstdCodec

from geoloc.errors import IndexFileError, OutputError
from geoloc.features.blocks import BlockIndex
from geoloc.index.header import FORMAT, WITHOUT_KEYPOINTS, Header, State
from geoloc.keypoints.packing import KeypointPacking
from geoloc.model.network.features import STRIDE
from geoloc.system.output import replacing
from tiling.plan import Plan, Window

DIGEST = 32
"""Bytes of a checksum."""
LEVEL = 3
"""How hard Zstandard tries."""
_RECORD = 3 * DIGEST
_KEYPOINT_RECORD = 2 * DIGEST
_KEYPOINTS = ("keypoints", "keypoint_records")
_CHECKSUMS = "checksums"
"""Attribute with checksums of the header and of the windows; absent in older indexes and while either is written."""


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A block as it is kept, with zeros where no window shows it, and all over a block without data.

    Attributes:
        coarse: C x side x side, quantised.
        fine: C' x 2 side x 2 side, quantised.
        valid: 16 side x 16 side, where there are data.
        squares: their descriptors, see `Localizer.describe_reference`.
    """

    coarse: NDArray[np.int8]
    fine: NDArray[np.int8]
    valid: NDArray[np.bool_]
    squares: NDArray[np.int8]

    def digest(self) -> bytes:
        """Return the checksum of all but the squares, which are read by themselves."""
        return _digest(self.coarse, self.fine, np.packbits(self.valid, axis=-1))


class Store:
    """An index on disk; reading and writing of different blocks may happen in different threads."""

    def __init__(self, path: Path, group: zarr.Group, header: Header) -> None:
        """Take an open group and its header; `Store.open` reads both.

        Args:
            path: folder of the index.
            group: its Zarr group, open.
            header: what its attributes say.
        """
        self.path, self.header = path, header
        self._group = group
        self._coarse, self._fine, self._valid, self._squares, self._records, self._windows = (
            _array(group, name) for name in ("coarse", "fine", "valid", "squares", "records", "windows")
        )
        self._open_keypoints()

    @classmethod
    def create(cls, path: Path, header: Header, windows: Sequence[Window]) -> None:
        """Write an index without blocks.

        Args:
            path: folder of the index.
            header: what it is to hold.
            windows: the plan's.

        Raises:
            OutputError: it cannot be written.
        """
        with replacing(path) as temporary:
            group = zarr.create_group(temporary, attributes=header.to_json())
            side, rows, columns = header.layout.side, header.rows, header.columns
            for name, channels, each in (
                ("coarse", len(header.coarse_steps), side),
                ("fine", len(header.fine_steps), 2 * side),
                ("squares", header.descriptor, header.squares),
            ):
                shape = (channels, rows * each, columns * each)
                _create(group, name, shape, chunks=(channels, each, each), dtype="int8", axes=("channel", "y", "x"))
            px = STRIDE * side
            _create(
                group, "valid", (rows * px, columns * px // 8), chunks=(px, px // 8), dtype="uint8", axes=("y", "x")
            )
            _create_bytes(group, "records", header, _RECORD)
            _create_windows(group, windows)
            if header.keypoints is not None:
                _create_keypoints(group, header, header.keypoints)
            group.update_attributes({_CHECKSUMS: _checksums(temporary, header.to_json(), _window_rows(windows))})

    @classmethod
    def open(cls, path: Path, *, writable: bool = False) -> Store:
        """Open an index that is there.

        Raises:
            IndexFileError: there is none, or what is there is none of this version.
        """
        if not path.is_dir():
            raise IndexFileError(f"{path}: no such index; make one with `geoloc index build`")
        with _reading(f"{path}: not an index that can be read"):
            group = zarr.open_group(path, mode="r+" if writable else "r")
            header_json = group.attrs.asdict()
        if header_json.get("format") not in (FORMAT, WITHOUT_KEYPOINTS):
            raise IndexFileError(
                f"{path}: not an index of this version of geoloc (its attributes do not say {FORMAT}); build it anew"
            )
        damaged = f"{path}: its attributes or arrays are damaged; build it anew"
        with _reading(damaged):
            header = Header.from_json(header_json)
            kept: Any = header_json.pop(_CHECKSUMS, None)
            if kept is not None and kept["header"] != _checksums(path, header_json, None)["header"]:
                raise IndexFileError(damaged)
            return cls(path, group, header)

    def plan(self) -> Plan:
        """Return the windows that were indexed.

        Raises:
            IndexFileError: they are damaged.
        """
        header = self.header
        damaged = f"{self.path}: its windows are missing or damaged; `geoloc index update` restores them"
        with _reading(damaged):
            rows = np.asarray(self._windows[:])
            kept: Any = self._group.attrs.get(_CHECKSUMS)
            if kept is not None and kept["windows"] != _digest(rows).hex():
                raise IndexFileError(damaged)
        n, px = header.tiles_per_side, header.window_px
        return header.plan(tuple(Window(header.zoom, int(x), int(y), n, px, float(v)) for x, y, v in rows))

    def begin(self, header: Header, windows: Sequence[Window]) -> None:
        """Take another state of the mosaic as the one to hold; blocks stay as they are.

        Only local features go that were packed otherwise; in an older index there is room for them from now on.

        Raises:
            OutputError: it cannot be written.
        """
        with self._writing():
            if header.keypoints is not None and header.keypoints != self.header.keypoints:
                _create_keypoints(self._group, header, header.keypoints, overwrite=True)
            self.header = header
            # Without checksums meanwhile: whoever is cut off here goes on.
            self._group.update_attributes({**header.to_json(), _CHECKSUMS: None})
            _create_windows(self._group, windows, overwrite=True)
            self._windows = _array(self._group, "windows")
            self._open_keypoints()
            self._keep_header()

    def finish(self) -> None:
        """Record that all blocks are there.

        Raises:
            OutputError: it cannot be written.
        """
        with self._writing():
            self.header = replace(self.header, state=State.COMPLETE)
            self._keep_header()

    def finished(self) -> set[BlockIndex]:
        """Return the blocks that are whole, with local features where the index has them."""
        try:
            with _reading(str(self.path)):
                records = np.asarray(self._records[:])
                whole = records.any(-1)
                if self._keypoint_records is not None:
                    whole &= (np.asarray(self._keypoint_records[:])[..., :DIGEST] == records[..., :DIGEST]).all(-1)
        except IndexFileError:
            # One damaged record is not to hide the others.
            places = np.ndindex(self.header.rows, self.header.columns)
            return {(column, row) for row, column in places if self.is_finished((column, row))}
        rows, columns = np.nonzero(whole)
        return set(zip(columns.tolist(), rows.tolist(), strict=True))

    def is_finished(self, index: BlockIndex) -> bool:
        """Whether a block is whole, see `finished`."""
        digest = self.pixels_digest(index)
        return any(digest) and (self._keypoint_records is None or self._keypoint_record(index)[:DIGEST] == digest)

    def pixels_digest(self, index: BlockIndex) -> bytes:
        """Return the checksum of the pixels a block's features were made from; zeros where there are none."""
        return self._record(index)[:DIGEST]

    def read(self, index: BlockIndex) -> StoredBlock | None:
        """Read a block; None where it is missing or damaged."""
        with suppress(IndexFileError), _reading(str(self.path)):
            side = self.header.layout.side
            packed = np.asarray(self._valid[_part(index, STRIDE * side, 2 * side)])
            stored = StoredBlock(
                np.asarray(self._coarse[:, *_part(index, side, side)]),
                np.asarray(self._fine[:, *_part(index, 2 * side, 2 * side)]),
                np.unpackbits(packed, axis=-1).astype(bool),
                self._read_squares(index),
            )
            record = self._record(index)
            if stored.digest() + _digest(stored.squares) == record[DIGEST:]:
                return stored
        return None

    def read_squares(self, index: BlockIndex) -> NDArray[np.int8] | None:
        """Read the descriptors of a block's squares; None where they are missing or damaged."""
        with suppress(IndexFileError), _reading(str(self.path)):
            squares = self._read_squares(index)
            if _digest(squares) == self._record(index)[2 * DIGEST :]:
                return squares
        return None

    def _read_squares(self, index: BlockIndex) -> NDArray[np.int8]:
        return np.asarray(self._squares[:, *_part(index, self.header.squares, self.header.squares)])

    def read_keypoints(self, index: BlockIndex) -> NDArray[np.uint8] | None:
        """Read a block's local features, as they are packed; None where they are missing, damaged or none are kept."""
        if self._keypoints is None:
            return None
        with suppress(IndexFileError), _reading(str(self.path)):
            packed = np.asarray(self._keypoints[index[1], index[0]])
            # Those of another state of the mosaic than the features are none.
            if self.pixels_digest(index) + _digest(packed) == self._keypoint_record(index):
                return packed
        return None

    def write_keypoints(self, index: BlockIndex, packed: NDArray[np.uint8], pixels_digest: bytes) -> None:
        """Write or replace a block's local features.

        Args:
            index: which block.
            packed: see `KeypointPacking`.
            pixels_digest: checksum of the pixels they were found in, as of the block's features.

        Raises:
            OutputError: it cannot be written.
        """
        with self._writing():
            self._set_keypoints(index, packed, np.frombuffer(pixels_digest + _digest(packed), np.uint8))

    def write(self, index: BlockIndex, stored: StoredBlock, pixels_digest: bytes) -> None:
        """Write or replace a block's features.

        Args:
            index: which one.
            stored: what to keep of it.
            pixels_digest: checksum of the pixels it was made from.

        Raises:
            OutputError: it cannot be written.
        """
        with self._writing():
            self._set(index, stored.coarse, stored.fine, np.packbits(stored.valid, axis=-1), stored.squares)
            record = pixels_digest + stored.digest() + _digest(stored.squares)
            self._records[index[1], index[0]] = np.frombuffer(record, np.uint8)

    def erase(self, index: BlockIndex) -> None:
        """Remove a block.

        Raises:
            OutputError: it cannot be written.
        """
        with self._writing():
            self._set(index, 0, 0, 0, 0)
            if self._keypoints is not None:
                self._set_keypoints(index, 0, 0)

    def size(self) -> int:
        """Return the bytes that it takes on disk."""
        return sum(file.stat().st_size for file in self.path.rglob("*") if file.is_file())

    def _keep_header(self) -> None:
        checksums = _checksums(self.path, self.header.to_json(), np.asarray(self._windows[:]))
        self._group.update_attributes({**self.header.to_json(), _CHECKSUMS: checksums})

    def _record(self, index: BlockIndex) -> bytes:
        """Return the record of a block; zeros where there is none, or it is damaged."""
        return _record(self._records, index, _RECORD)

    def _keypoint_record(self, index: BlockIndex) -> bytes:
        assert self._keypoint_records is not None
        return _record(self._keypoint_records, index, _KEYPOINT_RECORD)

    def _open_keypoints(self) -> None:
        """Open the arrays of local features, where there are any."""
        self._keypoints = self._keypoint_records = None
        if self.header.keypoints is not None:
            self._keypoints, self._keypoint_records = (_array(self._group, name) for name in _KEYPOINTS)

    def _set_keypoints(self, index: BlockIndex, packed: Any, record: Any) -> None:
        """Write a block's local features, without a record until they are there."""
        assert self._keypoints is not None
        assert self._keypoint_records is not None
        place = index[1], index[0]
        self._keypoint_records[place] = 0
        self._keypoints[place] = packed
        self._keypoint_records[place] = record

    def _set(self, index: BlockIndex, coarse: Any, fine: Any, packed: Any, squares: Any) -> None:
        """Write a block's arrays, without a record until there is one."""
        self._records[index[1], index[0]] = np.zeros(_RECORD, np.uint8)
        side = self.header.layout.side
        self._coarse[:, *_part(index, side, side)] = coarse
        self._fine[:, *_part(index, 2 * side, 2 * side)] = fine
        self._valid[_part(index, STRIDE * side, 2 * side)] = packed
        self._squares[:, *_part(index, self.header.squares, self.header.squares)] = squares

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written ({error.strerror or error})") from error


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Turn whatever zarr raises of damaged files into an `IndexFileError`, where what is wrong in it says no more."""
    try:
        yield
    except IndexFileError:
        raise
    except Exception as error:
        # RuntimeError of Zstandard, BoundsCheckError and TypeError of zarr, KeyError and ValueError of JSON, and more.
        reason = "" if ";" in what else f" ({' '.join(str(error).split()) or type(error).__name__})"
        raise IndexFileError(f"{what}{reason}") from error


def _record(records: zarr.Array[Any], index: BlockIndex, size: int) -> bytes:
    try:
        with _reading(records.path):
            return np.asarray(records[index[1], index[0]]).tobytes()
    except IndexFileError:
        return bytes(size)


def _checksums(path: Path, header_json: Mapping[str, Any], rows: NDArray[np.float64] | None) -> dict[str, str]:
    """Checksums of a header together with what zarr says of the arrays, and of the windows' rows where they are given.

    Args:
        path: folder of the index.
        header_json: what the attributes say, but for the checksums.
        rows: those of `_window_rows`.
    """
    digest = blake2b(json.dumps(header_json, sort_keys=True).encode(), digest_size=DIGEST)
    for file in sorted(path.glob("*/zarr.json")):
        digest.update(file.read_bytes())
    return {"header": digest.hexdigest()} | ({} if rows is None else {"windows": _digest(rows).hex()})


def _part(index: BlockIndex, rows: int, columns: int) -> tuple[slice, slice]:
    """Return a block's part of an array with so many rows and columns a block."""
    column, row = index[0] * columns, index[1] * rows
    return slice(row, row + rows), slice(column, column + columns)


def _digest(*arrays: NDArray[Any]) -> bytes:
    digest = blake2b(digest_size=DIGEST)
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.digest()


def remove(path: Path) -> None:
    """Remove an index, finished or not.

    Raises:
        OutputError: what is there is no index; nothing else is ever removed.
    """
    try:
        Store.open(path)
    except IndexFileError as error:
        raise OutputError(f"{error}; only an index is ever replaced: give another name") from error
    shutil.rmtree(path)


def _create(
    group: zarr.Group,
    name: str,
    shape: tuple[int, ...],
    *,
    chunks: tuple[int, ...],
    dtype: str,
    axes: tuple[str, ...],
    overwrite: bool = False,
) -> None:
    """Create an array; a chunk of zeros is never written.

    Nothing packs such values better than plain Zstandard, see docs/mosaic-index.md.
    """
    group.create_array(
        name,
        shape=shape,
        chunks=chunks,
        dtype=dtype,
        compressors=ZstdCodec(level=LEVEL),
        fill_value=0,
        dimension_names=axes,
        overwrite=overwrite,
        config={"write_empty_chunks": False},
    )


def _create_bytes(group: zarr.Group, name: str, header: Header, size: int, overwrite: bool = False) -> None:
    """Create an array with so many bytes a block."""
    shape, axes = (header.rows, header.columns, size), ("row", "column", "byte")
    _create(group, name, shape, chunks=(1, 1, size), dtype="uint8", axes=axes, overwrite=overwrite)


def _create_keypoints(group: zarr.Group, header: Header, packing: KeypointPacking, overwrite: bool = False) -> None:
    for name, size in zip(_KEYPOINTS, (packing.size, _KEYPOINT_RECORD), strict=True):
        _create_bytes(group, name, header, size, overwrite)


def _window_rows(windows: Sequence[Window]) -> NDArray[np.float64]:
    return np.array([(window.x, window.y, window.valid) for window in windows], np.float64)


def _create_windows(group: zarr.Group, windows: Sequence[Window], overwrite: bool = False) -> None:
    rows = _window_rows(windows)
    group.create_array("windows", data=rows, overwrite=overwrite, dimension_names=("window", "x y valid"))


def _array(group: zarr.Group, name: str) -> zarr.Array[Any]:
    found = group[name]
    if not isinstance(found, zarr.Array):
        raise ValueError(name)
    return found
