"""Building an index and keeping it up to date: read ahead, encode, write behind, each in a thread of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from geoloc.errors import IndexFileError
from geoloc.features.blocks import BLOCK, Block, BlockIndex, BlockLayout, Cells
from geoloc.features.mosaic_features import ReferenceEncoder, grid_of, read_with_margin
from geoloc.index.header import Header, IndexRequest, State
from geoloc.index.store import DIGEST, Store, StoredBlock, remove
from geoloc.keypoints.finding import MARGIN_PX, features_in_box, shift
from geoloc.keypoints.matcher import RootSift
from geoloc.keypoints.packing import KeypointPacking
from geoloc.model.localizer import Localizer
from geoloc.model.network.descriptor import SQUARES
from geoloc.model.network.features import MARGIN, STRIDE
from geoloc.model.quantise import Quantiser
from geoloc.system.version import __version__
from tiling.fingerprint import same
from tiling.mosaic import Mosaic, WindowPixels
from tiling.plan import Plan, window_step

AHEAD = 2
"""Blocks that are read before the network asks for them, and that wait to be written: bounds memory."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Progress = Callable[[int, int], None]
MakeBlocks = Callable[[Mapping[BlockIndex, Cells]], Iterable["BlockCounts"]]
"""A function that makes blocks, and yields what became of them part by part."""


@dataclass(frozen=True, slots=True)
class BlockCounts:
    """How many blocks of an index were encoded, and how many kept.

    Attributes:
        encoded: those encoded now.
        kept: those that were there already.
        completed: those whose features were there already, and whose local features were found now.
    """

    encoded: int
    kept: int
    completed: int = 0

    @property
    def done(self) -> int:
        """How many they are in all."""
        return self.encoded + self.kept + self.completed


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of a block.

    Attributes:
        index: which block.
        pixels: with their margin; None where they need not be encoded again.
        keypoints: local features, packed; None where they are there.
        digest: checksum of the pixels.
    """

    index: BlockIndex
    pixels: WindowPixels | None
    keypoints: NDArray[np.uint8] | None
    digest: bytes

    @property
    def counts(self) -> BlockCounts:
        """What becomes of the block."""
        if self.pixels is not None:
            return BlockCounts(1, 0)
        return BlockCounts(0, 1) if self.keypoints is None else BlockCounts(0, 0, completed=1)


def build(
    path: Path,
    mosaic: Mosaic,
    plan: Plan,
    model: Localizer,
    *,
    weights: str,
    request: IndexRequest,
    block: int = BLOCK,
    overwrite: bool = False,
    progress: _Progress = lambda done, total: None,
    make_blocks: MakeBlocks | None = None,
) -> BlockCounts:
    """Index what a plan shows of a mosaic, or go on where this was interrupted.

    Args:
        path: the new index, or one that was begun with the same arguments.
        mosaic: only used by the thread that reads until this returns.
        plan: the windows that searches will look at.
        model: the network.
        weights: the checksum of its weights.
        request: what the plan was made for, to make it again when the mosaic changes.
        block: cells a side of what is encoded at once, at the most; rounded to whole quarters of windows.
        overwrite: replace another index.
        progress: called with the number of blocks done and of all.
        make_blocks: makes the blocks elsewhere; None for this process.

    Raises:
        IndexFileError: there is another index, or one of another state of the mosaic.
        OutputError: it cannot be written.
        MosaicError: pixels cannot be read.
    """
    header = _header(mosaic, plan, model, weights=weights, request=request, block=block)
    if path.exists() and overwrite:
        remove(path)
    if not path.exists():
        Store.create(path, header, plan.windows)
    store = Store.open(path, writable=True)
    _check_same(store, header)
    if store.header.keypoints != header.keypoints:
        store.begin(header, plan.windows)
    finished = store.finished()
    shown = header.layout.cells_by_block(plan.windows)
    todo = {index: cells for index, cells in shown.items() if index not in finished}
    here = BlockWriter(store, mosaic, plan, model).parts
    done = _summed((make_blocks or here)(todo), len(shown) - len(todo), len(shown), progress)
    store.finish()
    return done


def update(
    path: Path,
    mosaic: Mosaic,
    plan: Plan,
    model: Localizer,
    *,
    weights: str,
    progress: _Progress = lambda done, total: None,
    make_blocks: MakeBlocks | None = None,
) -> BlockCounts:
    """Bring an index up to date with its mosaic: all pixels are read, and blocks whose pixels changed encoded anew.

    Missing and damaged blocks are restored too, and an older index gets local features.

    Args:
        path: the index.
        mosaic: as in `build`.
        plan: made anew for the index's request.
        model: as in `build`.
        weights: as in `build`.
        progress: as in `build`.
        make_blocks: as in `build`.

    Raises:
        IndexFileError: there is none, other weights made it, or the mosaic covers other ground now.
        OutputError: it cannot be written.
        MosaicError: pixels cannot be read.
    """
    store = Store.open(path, writable=True)
    old = store.header
    new = _header(mosaic, plan, model, weights=weights, request=old.request, block=old.layout.side)
    header = replace(new, state=State.UPDATING)
    if not header.fits(old):
        raise IndexFileError(
            f"{path}: the mosaic covers other ground than when it was indexed, or the model is another; build a new"
            " index with `geoloc index build`"
        )
    store.begin(header, plan.windows)
    shown = header.layout.cells_by_block(plan.windows)
    for index in store.finished() - shown.keys():
        store.erase(index)
    here = BlockWriter(store, mosaic, plan, model).parts
    done = _summed((make_blocks or here)(shown), 0, len(shown), progress)
    store.finish()
    return done


def _summed(parts: Iterable[BlockCounts], kept: int, total: int, progress: _Progress) -> BlockCounts:
    """Add up all parts with what was there before."""
    done = BlockCounts(0, kept)
    for part in parts:
        done = BlockCounts(done.encoded + part.encoded, done.kept + part.kept, done.completed + part.completed)
        progress(done.done, total)
    return done


@dataclass(frozen=True, slots=True)
class BlockWriter:
    """One process that makes blocks of an index.

    Attributes:
        store: where the blocks belong.
        mosaic: where their pixels are; read by a thread of its own.
        plan: the windows.
        model: the network.
    """

    store: Store
    mosaic: Mosaic
    plan: Plan
    model: Localizer

    def run(self, todo: Mapping[BlockIndex, Cells]) -> BlockCounts:
        """Make blocks, all before it returns; see `parts`."""
        return _summed(self.parts(todo), 0, len(todo), lambda done, total: None)

    def parts(self, todo: Mapping[BlockIndex, Cells]) -> Iterator[BlockCounts]:
        """Make blocks, and yield what became of each; what is whole, and of the pixels that are read, is left.

        Args:
            todo: the blocks, and what windows show of each.

        Raises:
            OutputError: a block cannot be written.
            MosaicError: pixels cannot be read.
        """
        encoder = ReferenceEncoder(self.model)
        quantiser = Quantiser(self.store.header.coarse_steps, self.store.header.fine_steps)
        waiting: deque[Future[None]] = deque()

        with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
            for found in _ahead(reader, self._read, todo.items()):
                stored = None
                if found.pixels is not None:
                    block = encoder.encode_block(todo[found.index], found.pixels)
                    stored = _stored(block, found, quantiser, self.store.header, encoder)
                waiting.append(writer.submit(self._write, found, stored))
                if len(waiting) > AHEAD:
                    waiting.popleft().result()
                yield found.counts
            for write in waiting:
                write.result()

    def _read(self, item: tuple[BlockIndex, Cells]) -> _Read:
        """Read a block's pixels and find its local features, where they are not what the index was made from."""
        index, cells = item
        pixels = read_with_margin(self.mosaic, grid_of(self.plan, cells))
        digest = _digest(cells, pixels)
        there = self.store.pixels_digest(index) == digest and self.store.read(index) is not None
        keypoints = None
        if not there or self.store.read_keypoints(index) is None:
            keypoints = _keypoints(cells, pixels, self.store.header, index)
        return _Read(index, None if there else pixels, keypoints, digest)

    def _write(self, read: _Read, stored: StoredBlock | None) -> None:
        """Write what was made of a block."""
        if stored is not None:
            self.store.write(read.index, stored, read.digest)
        if read.keypoints is not None:
            self.store.write_keypoints(read.index, read.keypoints, read.digest)


def _ahead(pool: ThreadPoolExecutor, work: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
    """Yield the results in the order of the items, `AHEAD` of them worked on before they are needed."""
    waiting: deque[Future[_Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _stored(block: Block, read: _Read, quantiser: Quantiser, header: Header, encoder: ReferenceEncoder) -> StoredBlock:
    """Lay what windows show of a block into the whole block; zeros where nothing in sight has data."""
    side, n = header.layout.side, SQUARES
    whole = header.layout.cells_of(read.index)
    left, top = block.cells.left - whole.left, block.cells.top - whole.top
    rows, columns = block.cells.shape
    channels = len(quantiser.coarse), len(quantiser.fine)
    coarse = np.zeros((channels[0], side, side), np.int8)
    fine = np.zeros((channels[1], 2 * side, 2 * side), np.int8)
    valid = np.zeros((STRIDE * side, STRIDE * side), bool)
    squares = np.zeros((header.descriptor, header.squares, header.squares), np.int8)
    valid[STRIDE * top : STRIDE * (top + rows), STRIDE * left : STRIDE * (left + columns)] = block.valid
    if read.pixels is not None and read.pixels.valid.any():
        quantised = quantiser.quantised(block.features)
        coarse[:, top : top + rows, left : left + columns] = quantised.coarse[0].numpy()
        fine[:, 2 * top : 2 * (top + rows), 2 * left : 2 * (left + columns)] = quantised.fine[0].numpy()
        # Of what searches will read, so that whoever describes the rounded features finds the same.
        rounded = quantiser.dequantised(quantised, encoder.model.device)
        descriptors = encoder.describe(rounded, block.valid, header.half)
        x, y = n * left // header.half, n * top // header.half
        squares[:, y : y + descriptors.shape[1], x : x + descriptors.shape[2]] = descriptors
    return StoredBlock(coarse, fine, valid, squares)


def _keypoints(cells: Cells, pixels: WindowPixels, header: Header, index: BlockIndex) -> NDArray[np.uint8]:
    """Find and pack the local features of what windows show of a block."""
    assert header.keypoints is not None
    cut = MARGIN * STRIDE - MARGIN_PX
    near = WindowPixels(pixels.rgb[cut:-cut, cut:-cut], pixels.valid[cut:-cut, cut:-cut])
    found = features_in_box(RootSift(), near, header.keypoints.density)
    whole = header.layout.cells_of(index)
    return header.keypoints.packed(
        found.moved(shift(STRIDE * (cells.left - whole.left), STRIDE * (cells.top - whole.top)))
    )


def _digest(cells: Cells, pixels: WindowPixels) -> bytes:
    digest = blake2b(repr(cells).encode(), digest_size=DIGEST)
    digest.update(np.ascontiguousarray(pixels.rgb).data)
    digest.update(np.packbits(pixels.valid).data)
    return digest.digest()


def _header(mosaic: Mosaic, plan: Plan, model: Localizer, *, weights: str, request: IndexRequest, block: int) -> Header:
    half = window_step(plan.window_px) // STRIDE
    layout = BlockLayout.over(plan.windows, max(block // half, 1) * half)
    blocks = layout.cells_by_block(plan.windows)
    quantiser = Quantiser.from_deviations(*model.deviations)
    nothing = quantiser.quantised(ReferenceEncoder(model).no_data)
    coarse, fine = (tuple(side[0, :, 0, 0].tolist()) for side in nothing)
    versions = {"geoloc": __version__} | {name: version(name) for name in ("numpy", "rasterio", "torch", "zarr")}
    return Header(
        preset=model.name,
        weights=weights,
        request=request,
        mosaic=mosaic.fingerprint,
        crs=mosaic.crs.to_wkt(),
        gsd_m=mosaic.gsd_m,
        finest_m=mosaic.finest_m,
        middle_x=mosaic.middle_x,
        zoom=plan.zoom,
        tiles_per_side=plan.tiles_per_side,
        window_px=plan.window_px,
        plan_gsd_m=plan.gsd_m,
        area=plan.area,
        layout=layout,
        descriptor=model.descriptor,
        columns=1 + max(column for column, _ in blocks),
        rows=1 + max(row for _, row in blocks),
        coarse_steps=quantiser.coarse,
        fine_steps=quantiser.fine,
        coarse_nothing=coarse,
        fine_nothing=fine,
        keypoints=KeypointPacking.for_squares(STRIDE * layout.side),
        versions=versions,
    )


def _check_same(store: Store, wanted: Header) -> None:
    """Refuse to go on with an index that was begun for something else."""
    there, path = store.header, store.path
    if there.state is State.UPDATING:
        raise IndexFileError(f"{path}: an update of it was interrupted; run `geoloc index update` to go on")
    if not same(there.mosaic, wanted.mosaic) or there.request != wanted.request or there.area != wanted.area:
        raise IndexFileError(
            f"{path}: holds an index of another mosaic or another state of it, or of another area, GSD or bands;"
            " bring it up to date with `geoloc index update`, give another name or --overwrite"
        )
    if not there.fits(wanted):
        raise IndexFileError(
            f"{path}: holds an index that other weights made (preset {there.preset}, {there.weights[:12]});"
            " give those, another name or --overwrite"
        )
