"""Making an index and keeping it up to date: read ahead, encode, write behind, each in a thread of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import numpy as np

from geoloc import __version__
from geoloc.errors import IndexFileError
from geoloc.features.blocks import BLOCK, Block, BlockIndex, BlockLayout, Cells
from geoloc.features.mosaic_features import ReferenceEncoder, grid_of, read_with_margin
from geoloc.index.header import Header, IndexRequest, State
from geoloc.index.store import DIGEST, Store, Stored, remove
from geoloc.model.localizer import Localizer
from geoloc.model.network.descriptor import SQUARES
from geoloc.model.network.features import STRIDE
from geoloc.model.quantise import Quantiser
from tiling.fingerprint import same
from tiling.mosaic import Mosaic, WindowPixels
from tiling.plan import Plan

AHEAD = 2
"""Blocks that are read before the network asks for them, and that wait to be written: bounds memory."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Progress = Callable[[int, int], None]
Makes = Callable[[Mapping[BlockIndex, Cells]], Iterable["Done"]]
"""Makes blocks and says what became of them, part by part."""


@dataclass(frozen=True, slots=True)
class Done:
    """Blocks that were encoded now, and those that were there already."""

    encoded: int
    kept: int


@dataclass(frozen=True, slots=True)
class _Read:
    """A block's pixels with their margin and their checksum; None for pixels that need not be encoded again."""

    place: BlockIndex
    pixels: WindowPixels | None
    digest: bytes


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
    makes: Makes | None = None,
) -> Done:
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
        makes: how blocks are made, elsewhere; by this process where it is None.

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
    finished = store.finished()
    shown = header.layout.shown(plan.windows)
    todo = {place: cells for place, cells in shown.items() if place not in finished}
    here = partial(BlockWriter(store, mosaic, plan, model).parts, compare=False)
    done = _summed((makes or here)(todo), len(shown) - len(todo), len(shown), progress)
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
    makes: Makes | None = None,
) -> Done:
    """Bring an index up to date with its mosaic: all pixels are read, and blocks whose pixels changed encoded anew.

    Missing and damaged blocks are restored too. Arguments as in `build`; the plan is made anew for the index's request.

    Raises:
        IndexFileError: there is none, other weights made it, or the mosaic covers other ground now.
        OutputError: it cannot be written.
        MosaicError: pixels cannot be read.
    """
    store = Store.open(path, writable=True)
    old = store.header
    made = _header(mosaic, plan, model, weights=weights, request=old.request, block=old.layout.side)
    header = replace(made, state=State.UPDATING)
    if not header.fits(old):
        raise IndexFileError(
            f"{path}: the mosaic covers other ground than when it was indexed, or the model is another; build a new"
            " index with `geoloc index build`"
        )
    store.begin(header, plan.windows)
    shown = header.layout.shown(plan.windows)
    for place in store.finished() - shown.keys():
        store.erase(place)
    here = partial(BlockWriter(store, mosaic, plan, model).parts, compare=True)
    done = _summed((makes or here)(shown), 0, len(shown), progress)
    store.finish()
    return done


def _summed(parts: Iterable[Done], kept: int, total: int, progress: _Progress) -> Done:
    """All parts together with what was there before."""
    encoded = 0
    for part in parts:
        encoded, kept = encoded + part.encoded, kept + part.kept
        progress(kept + encoded, total)
    return Done(encoded, kept)


@dataclass(frozen=True, slots=True)
class BlockWriter:
    """How blocks of an index are made by one process."""

    store: Store
    mosaic: Mosaic
    plan: Plan
    model: Localizer

    def run(self, todo: Mapping[BlockIndex, Cells], *, compare: bool) -> Done:
        """`parts`, all at once."""
        return _summed(self.parts(todo, compare=compare), 0, len(todo), lambda done, total: None)

    def parts(self, todo: Mapping[BlockIndex, Cells], *, compare: bool) -> Iterator[Done]:
        """Make blocks, and say what became of each. compare: leave those whose pixels are what they were made from as
        they are.
        """
        encoder = ReferenceEncoder(self.model)
        quantiser = Quantiser(self.store.header.coarse_steps, self.store.header.fine_steps)
        waiting: deque[Future[None]] = deque()

        def read(item: tuple[BlockIndex, Cells]) -> _Read:
            place, cells = item
            pixels = read_with_margin(self.mosaic, grid_of(self.plan, cells))
            digest = _digest(cells, pixels)
            there = compare and self.store.pixels_digest(place) == digest and self.store.read(place) is not None
            return _Read(place, None if there else pixels, digest)

        with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
            for found in _ahead(reader, read, todo.items()):
                if found.pixels is not None:
                    block = encoder.block(todo[found.place], found.pixels)
                    stored = _stored(block, found, quantiser, self.store.header, encoder)
                    waiting.append(writer.submit(self.store.write, found.place, stored, found.digest))
                    if len(waiting) > AHEAD:
                        waiting.popleft().result()
                yield Done(0, 1) if found.pixels is None else Done(1, 0)
            for write in waiting:
                write.result()


def _ahead(pool: ThreadPoolExecutor, work: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
    """The results in their order, `AHEAD` of them made before they are asked for."""
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


def _stored(block: Block, read: _Read, quantiser: Quantiser, header: Header, encoder: ReferenceEncoder) -> Stored:
    """In its place in the square of the block; zeros where nothing in sight has data."""
    side, n = header.layout.side, SQUARES
    square = header.layout.square(read.place)
    left, top = block.cells.left - square.left, block.cells.top - square.top
    rows, columns = block.cells.shape
    channels = len(quantiser.coarse), len(quantiser.fine)
    coarse = np.zeros((channels[0], side, side), np.int8)
    fine = np.zeros((channels[1], 2 * side, 2 * side), np.int8)
    valid = np.zeros((STRIDE * side, STRIDE * side), bool)
    squares = np.zeros((header.descriptor, header.squares, header.squares), np.int8)
    valid[STRIDE * top : STRIDE * (top + rows), STRIDE * left : STRIDE * (left + columns)] = block.valid
    if read.pixels is not None and read.pixels.valid.any():
        packed = quantiser.packed(block.features)
        coarse[:, top : top + rows, left : left + columns] = packed.coarse[0].numpy()
        fine[:, 2 * top : 2 * (top + rows), 2 * left : 2 * (left + columns)] = packed.fine[0].numpy()
        # Of what searches will read, so that whoever describes the rounded features finds the same.
        described = encoder.squares(quantiser.restored(packed, encoder.model.device), block.valid, header.half)
        x, y = n * left // header.half, n * top // header.half
        squares[:, y : y + described.shape[1], x : x + described.shape[2]] = described
    return Stored(coarse, fine, valid, squares)


def _digest(cells: Cells, pixels: WindowPixels) -> bytes:
    digest = blake2b(repr(cells).encode(), digest_size=DIGEST)
    digest.update(np.ascontiguousarray(pixels.rgb).data)
    digest.update(np.packbits(pixels.valid).data)
    return digest.digest()


def _header(mosaic: Mosaic, plan: Plan, model: Localizer, *, weights: str, request: IndexRequest, block: int) -> Header:
    half = plan.window_px // (2 * STRIDE)
    layout = BlockLayout.over(plan.windows, max(block // half, 1) * half)
    places = layout.shown(plan.windows)
    quantiser = Quantiser.of(model.deviations)
    nothing = quantiser.packed(ReferenceEncoder(model).nothing)
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
        columns=1 + max(column for column, _ in places),
        rows=1 + max(row for _, row in places),
        coarse_steps=quantiser.coarse,
        fine_steps=quantiser.fine,
        coarse_nothing=coarse,
        fine_nothing=fine,
        versions=versions,
    )


def _check_same(store: Store, wanted: Header) -> None:
    """That an index which is there was begun for the same."""
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
