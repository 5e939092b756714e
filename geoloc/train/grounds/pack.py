"""Packs: training data as plain shards, read with safetensors, OpenCV and JSON alone, no raster library, no network.

A pack is a folder with `index.json` and `shard_000.safetensors` and so on. Pictures are WebP, a quarter smaller than
JPEGs that look as good; masks are packed bits, places on the ground are 16-bit integers. One pack holds the data to
train on and those held out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from geoloc.errors import TrainingError
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.ground import Ground
from geoloc.train.grounds.posed_photo import PosedPhoto, Stand

VERSION = 2
INDEX = "index.json"
QUALITIES = (90, 80, 70, 60, 50, 40)
_BROKEN = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    SafetensorError,
    cv2.error,
)
"""What an index or a shard raises that is not what a pack writes."""
_FILLED = 0.99
"""Of the size that a pack may have, what its data may be; the rest is for the index."""
_LEAST_KEPT = 0.02
_NOWHERE = np.iinfo(np.int16).min
_PLACE_RANGE = 32_000.0


def write_pack(folder: Path, splits: Mapping[str, Collection], *, size_mb: float, shard_mb: float = 15.0) -> int:
    """Write collections into a new folder, their pictures at the best quality that fits.

    Args:
        folder: empty, or not there.
        splits: collections by name.
        size_mb: of all files together at most, in 10^6 bytes.
        shard_mb: of one file at most.

    Returns:
        That quality, of WebP.

    Raises:
        TrainingError: the folder holds files already, or the data do not fit even at the lowest quality.
    """
    if folder.exists() and any(folder.iterdir()):
        raise TrainingError(f"{folder}: holds files already; give a new folder")
    needed = 0.0
    for quality in QUALITIES:
        needed = sum(_packed_mb(split, quality) for split in splits.values())
        if needed <= _FILLED * size_mb:
            break
    else:
        raise TrainingError(f"the data need {needed:.0f} MB at the least, not {size_mb:g}: pack fewer, or allow more")
    folder.mkdir(parents=True, exist_ok=True)
    shards = _ShardWriter(folder, shard_mb * 1e6)
    index: dict[str, Any] = {"version": VERSION, "parts": {}}
    for name, split in splits.items():
        weighted = zip(split.grounds, split.weights, strict=True)
        index["parts"][name] = {
            "grounds": [_pack_ground(shards, ground, weight, quality) for ground, weight in weighted],
            "views": [_pack_photo(shards, photo, split.grounds[photo.ground], quality) for photo in split.photos],
        }
    shards.close()
    # Written last: a folder without it is not a pack.
    (folder / INDEX).write_text(json.dumps(index))
    return quality


def thin_out(splits: Mapping[str, Collection], name: str, *, size_mb: float, quality: int) -> dict[str, Collection]:
    """Leave out of one collection, evenly, grounds that no photograph is of, so that a pack of some quality fits.

    Those that stay are drawn the oftener.

    Args:
        splits: collections by name.
        name: of the collection.
        size_mb: as in `write_pack`.
        quality: of the pictures, of WebP.

    Returns:
        The collections; the very same where all of it fits. At least one such ground in fifty stays: whether that
        still fits `write_pack` says.
    """
    known = splits[name]
    shown = {photo.ground for photo in known.photos}
    free = [number for number in range(len(known.grounds)) if number not in shown]
    # Each picture is coded once: there are thousands.
    free_mb = _packed_mb(Collection(tuple(known.grounds[i] for i in free), (), ()), quality)
    rest = Collection(tuple(known.grounds[i] for i in sorted(shown)), known.photos, ())
    others = [split for other, split in splits.items() if other != name]
    over_mb = free_mb + sum(_packed_mb(split, quality) for split in (rest, *others)) - _FILLED * size_mb
    if over_mb <= 0 or not free:
        return dict(splits)
    share = max(1 - over_mb / free_mb, _LEAST_KEPT)
    # Of every so many the first: what lies beside each other is of one source and one kind.
    taken = {number for place, number in enumerate(free) if math.ceil((place + 1) * share) > math.ceil(place * share)}
    kept = [number for number in range(len(known.grounds)) if number in shown or number in taken]
    places = {number: place for place, number in enumerate(kept)}
    heavier = len(free) / max(1, len(taken))
    thinned = Collection(
        tuple(known.grounds[i] for i in kept),
        tuple(replace(photo, ground=places[photo.ground]) for photo in known.photos),
        tuple(known.weights[i] * (1.0 if i in shown else heavier) for i in kept),
    )
    return {**splits, name: thinned}


def read_pack(folder: Path, names: Sequence[str] | None = None) -> dict[str, Collection]:
    """Read the collections of a pack, by name: all, or those asked for that there are.

    Raises:
        TrainingError: not a pack, one of another version, or a damaged one.
    """
    try:
        index = json.loads((folder / INDEX).read_text())
        if index["version"] != VERSION:
            raise TrainingError(f"{folder}: a pack of version {index['version']}, not {VERSION}; pack the data again")
        shards = _ShardReader(folder)
        splits = {}
        for name, split in index["parts"].items():
            if names is not None and name not in names:
                continue
            grounds = tuple(_ground(shards, entry) for entry in split["grounds"])
            photos = tuple(_photo(shards, entry, grounds) for entry in split["views"])
            splits[name] = Collection(grounds, photos, tuple(entry["weight"] for entry in split["grounds"]))
        return splits
    except _BROKEN as error:
        raise TrainingError(f"{folder}: not a pack of training data, or a damaged one: {error}") from None


class _ShardWriter:
    """Writes arrays to one file after another."""

    def __init__(self, folder: Path, most: float) -> None:
        self.folder, self.most = folder, most
        self.number = self.count = 0
        self.waiting: dict[str, np.ndarray] = {}
        self.bytes = 0

    def add(self, array: np.ndarray) -> list[object]:
        """Take an array; returns where it will be, its shard and its key."""
        if self.waiting and self.bytes + array.nbytes > self.most:
            self.close()
        key = str(self.count)
        self.count += 1
        self.waiting[key] = np.ascontiguousarray(array)
        self.bytes += array.nbytes
        return [_shard_name(self.number), key]

    def close(self) -> None:
        """Write what waits for its file to be full."""
        if self.waiting:
            save_file(self.waiting, self.folder / _shard_name(self.number))
            self.number += 1
            self.waiting, self.bytes = {}, 0


class _ShardReader:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, Any] = {}

    def array(self, place: list[str]) -> np.ndarray:
        shard, key = place
        if Path(shard).name != shard:
            raise ValueError(f"{shard!r} is no file of the pack")
        if shard not in self._open:
            self._open[shard] = safe_open(self._folder / shard, framework="np")
        return np.asarray(self._open[shard].get_tensor(key))

    def image(self, place: list[str]) -> np.ndarray:
        image = cv2.imdecode(self.array(place), cv2.IMREAD_COLOR)
        if image is None:
            raise ValueError(f"a picture of {place[0]} cannot be read")
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _shard_name(number: int) -> str:
    return f"shard_{number:03}.safetensors"


def _packed_mb(split: Collection, quality: int) -> float:
    """Return how large a collection is in a pack, 10^6 bytes."""
    return (_extra_bytes(split) + sum(len(_coded(image, quality)) for image in _images(split))) / 1e6


def _images(split: Collection) -> list[np.ndarray]:
    return [ground.pixels for ground in split.grounds] + [photo.pixels for photo in split.photos]


def _extra_bytes(split: Collection) -> float:
    """Bytes of what is no picture, as it is written."""
    total = 0.0
    for ground in split.grounds:
        total += 4 * (ground.boxes.size + ground.heights.size + ground.crowns.size)
        total += sum(mask.size / 8 for mask in (ground.valid, ground.click_in) if mask is not None)
        total += 0 if ground.relief is None else 4 * ground.relief.size
    return total + sum(2 * photo.places.size for photo in split.photos)


def _coded(pixels: np.ndarray, quality: int) -> np.ndarray:
    _, coded = cv2.imencode(".webp", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_WEBP_QUALITY, quality])
    return np.asarray(coded).ravel()


def _pack_ground(shards: _ShardWriter, ground: Ground, weight: float, quality: int) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": ground.name, "gsd_m": ground.gsd_m, "weight": weight}
    entry["shape"] = list(ground.pixels.shape[:2])
    entry["pixels"] = shards.add(_coded(ground.pixels, quality))
    for name in ("boxes", "heights", "crowns"):
        entry[name] = shards.add(getattr(ground, name).astype(np.float32))
    for name in ("valid", "click_in"):
        mask = getattr(ground, name)
        entry[name] = None if mask is None else shards.add(np.packbits(mask))
    entry["relief"] = None if ground.relief is None else shards.add(ground.relief.astype(np.float32))
    return entry


def _ground(shards: _ShardReader, entry: dict[str, Any]) -> Ground:
    rows, columns = entry["shape"]

    def mask(name: str) -> np.ndarray | None:
        if entry[name] is None:
            return None
        return np.unpackbits(shards.array(entry[name]), count=rows * columns).reshape(rows, columns).astype(bool)

    return Ground(
        name=entry["name"],
        pixels=shards.image(entry["pixels"]),
        gsd_m=entry["gsd_m"],
        boxes=shards.array(entry["boxes"]).astype(float),
        heights=shards.array(entry["heights"]).astype(float),
        crowns=shards.array(entry["crowns"]).astype(float),
        valid=mask("valid"),
        relief=None if entry["relief"] is None else shards.array(entry["relief"]),
        click_in=mask("click_in"),
    )


def _pack_photo(shards: _ShardWriter, photo: PosedPhoto, ground: Ground, quality: int) -> dict[str, Any]:
    scale = _PLACE_RANGE / float(ground.size.max())
    # Places off the ground, which nothing is learnt from, need not fit.
    on = np.isfinite(photo.places).all(-1) & (np.abs(np.nan_to_num(photo.places)) * scale <= _PLACE_RANGE).all(-1)
    places = np.where(on[..., None], np.nan_to_num(photo.places) * scale, _NOWHERE).round().astype(np.int16)
    return {
        "name": photo.name,
        "ground": photo.ground,
        "pixels": shards.add(_coded(photo.pixels, quality)),
        "places": shards.add(places),
        "step": photo.step,
        "panorama": photo.panorama,
        "stand": None if photo.stand is None else asdict(photo.stand),
    }


def _photo(shards: _ShardReader, entry: dict[str, Any], grounds: tuple[Ground, ...]) -> PosedPhoto:
    scale = _PLACE_RANGE / float(grounds[entry["ground"]].size.max())
    stored = shards.array(entry["places"])
    places = np.where(stored == _NOWHERE, np.nan, stored.astype(np.float32) / scale).astype(np.float32)
    pixels = shards.image(entry["pixels"])
    stand = None if entry["stand"] is None else Stand(**entry["stand"])
    return PosedPhoto(entry["name"], entry["ground"], pixels, places, entry["step"], entry["panorama"], stand)
