"""Blocks on disk: they come back as they were, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zarr

from geoloc.errors import IndexFileError
from geoloc.index.reader import OpenIndex
from geoloc.index.store import DIGEST, Store
from tests.helpers.plain_index import updated


def test_a_block_comes_back_as_it_was_written(copied: Path) -> None:
    store = Store.open(copied / "i.zarr", writable=True)
    first, second = sorted(store.finished())[:2]
    block, other = store.read(first), store.read(second)
    assert block is not None
    assert other is not None
    store.write(first, other, b"p" * DIGEST)
    again = Store.open(copied / "i.zarr")
    found = again.read(first)
    assert found is not None
    for name in ("coarse", "fine", "valid", "squares"):
        assert np.array_equal(getattr(found, name), getattr(other, name)), name
    squares = again.read_squares(first)
    assert squares is not None
    assert np.array_equal(squares, other.squares)
    assert again.pixels_digest(first) == b"p" * DIGEST
    assert again.pixels_digest(second) == store.pixels_digest(second) != b"p" * DIGEST


def test_local_features_are_those_of_the_blocks_pixels_or_none(copied: Path) -> None:
    store = Store.open(copied / "i.zarr", writable=True)
    finished = store.finished()
    first, second = sorted(finished)[:2]
    packed = store.read_keypoints(second)
    assert packed is not None
    assert packed.any()
    # Features of another state of the mosaic: what is there of local features is not of these pixels.
    block = store.read(first)
    assert block is not None
    store.write(first, block, b"p" * DIGEST)
    assert store.read_keypoints(first) is None
    assert not store.is_finished(first)
    assert store.finished() == finished - {first}
    store.write_keypoints(first, packed, b"p" * DIGEST)
    again = Store.open(copied / "i.zarr")
    assert np.array_equal(again.read_keypoints(first), packed)
    assert again.is_finished(first)
    assert again.finished() == finished


def test_an_erased_block_is_not_there(copied: Path) -> None:
    store = Store.open(copied / "i.zarr", writable=True)
    finished = store.finished()
    gone = min(finished)
    store.erase(gone)
    assert Store.open(copied / "i.zarr").finished() == finished - {gone}
    assert store.read(gone) is None
    assert store.read_squares(gone) is None
    assert store.read_keypoints(gone) is None
    assert not store.is_finished(gone)
    assert store.pixels_digest(gone) == bytes(DIGEST)


@pytest.mark.parametrize(("name", "squares_are_whole"), [("coarse", True), ("squares", False)])
def test_a_damaged_block_is_told_from_a_whole_one(copied: Path, name: str, squares_are_whole: bool) -> None:
    store = Store.open(copied / "i.zarr")
    index = min(store.finished())
    values = zarr.open_group(copied / "i.zarr", mode="r+")[name]
    side = values.chunks[-1]
    values[0, index[1] * side, index[0] * side] += 1
    assert store.read(index) is None
    assert (store.read_squares(index) is not None) == squares_are_whole
    assert all(store.read(other) is not None for other in store.finished() - {index})


def test_damaged_local_features_are_told_from_whole_ones(copied: Path) -> None:
    store = Store.open(copied / "i.zarr")
    index = next(index for index in sorted(store.finished()) if store.read_keypoints(index).any())  # type: ignore[union-attr]
    zarr.open_group(copied / "i.zarr", mode="r+")["keypoints"][index[1], index[0], 0] += 1
    assert store.read_keypoints(index) is None
    assert store.read(index) is not None
    assert all(store.read_keypoints(other) is not None for other in store.finished() - {index})
    (copied / "i.zarr/keypoints/c" / f"{index[1]}/{index[0]}/0").write_bytes(b"no Zstandard")
    assert store.read_keypoints(index) is None
    assert OpenIndex(copied / "i.zarr").damaged() == [index]


@pytest.mark.parametrize("opened", [Store.open, OpenIndex])
def test_what_is_no_index_is_refused(copied: Path, opened: Callable[[Path], object]) -> None:
    with pytest.raises(IndexFileError, match="no such index; make one with `geoloc index build`"):
        opened(copied / "none.zarr")
    (copied / "empty").mkdir()
    with pytest.raises(IndexFileError, match="not an index that can be read"):
        opened(copied / "empty")
    zarr.create_group(copied / "foreign.zarr", attributes={"format": "other"})
    with pytest.raises(IndexFileError, match="not an index of this version"):
        opened(copied / "foreign.zarr")
    document = json.loads((copied / "i.zarr" / "zarr.json").read_text())
    del document["attributes"]["layout"]
    (copied / "i.zarr" / "zarr.json").write_text(json.dumps(document))
    with pytest.raises(IndexFileError, match="damaged; build it anew"):
        opened(copied / "i.zarr")


def _chunks(index: Path, array: str) -> list[Path]:
    return sorted(file for file in (index / array / "c").rglob("*") if file.is_file())


@pytest.mark.parametrize("content", [b"", b"no Zstandard", b"(\xb5/\xfd"])
@pytest.mark.parametrize("array", ["records", "keypoint_records", "coarse", "fine", "valid", "squares", "keypoints"])
def test_whatever_a_chunk_holds_a_block_is_damaged_and_update_restores_it(
    copied: Path, array: str, content: bytes
) -> None:
    path = copied / "i.zarr"
    whole = Store.open(path).finished()
    _chunks(path, array)[0].write_bytes(content)
    store = Store.open(path)
    damaged = OpenIndex(path).damaged()
    assert damaged
    assert store.finished() <= whole
    assert updated(copied / "m.tif", path).done == len(whole)
    assert OpenIndex(path).damaged() == []


@pytest.mark.parametrize("damage", ["gone", "flipped"])
def test_damaged_windows_are_told_and_restored(copied: Path, damage: str) -> None:
    path = copied / "i.zarr"
    before = OpenIndex(path).whole
    (chunk,) = _chunks(path, "windows")
    if damage == "gone":
        # zarr fills in zeros.
        chunk.unlink()
    else:
        rows = zarr.open_group(path, mode="r+")["windows"]
        rows[0, 0] += 1
    with pytest.raises(IndexFileError, match="windows are missing or damaged; `geoloc index update`"):
        OpenIndex(path)
    updated(copied / "m.tif", path)
    assert OpenIndex(path).whole == before


@pytest.mark.parametrize("file", ["zarr.json", "coarse/zarr.json"])
def test_a_header_that_was_changed_is_damaged(copied: Path, file: str) -> None:
    path = copied / "i.zarr" / file
    document = json.loads(path.read_text())
    if "zoom" in document["attributes"]:
        document["attributes"]["zoom"] += 1
    else:
        document["fill_value"] = 1
    path.write_text(json.dumps(document))
    with pytest.raises(IndexFileError, match="damaged; build it anew"):
        Store.open(copied / "i.zarr")
