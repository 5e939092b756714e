"""What costs most of a search is done once of the same input: many tests search the same photo and mosaic, again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from hashlib import blake2b
from threading import RLock
from typing import Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geoloc.keypoints import matcher
from geoloc.keypoints.matcher import LocalFeatures, RootSift
from geoloc.model.engine import compiled_encoder
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.network.features import Features

MOST_BYTES = 256 << 20
"""Of each of the three memories of a process."""
T = TypeVar("T")


class Memory(Generic[T]):
    """Arrays by what they were made of; what was not asked for the longest is forgotten.

    Threads ask one after the other, each for as long as what it asks for is made.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[int, T]] = OrderedDict()
        self._bytes = 0
        self._asking = RLock()

    def get(self, key: Hashable, make: Callable[[], T], arrays: Callable[[T], tuple[np.ndarray, ...]]) -> T:
        """Return what was made of the key before, or now; nobody can write into it."""
        with self._asking:
            if key not in self._kept:
                made = make()
                for array in arrays(made):
                    array.setflags(write=False)
                self._kept[key] = sum(array.nbytes for array in arrays(made)), made
                self._bytes += self._kept[key][0]
            self._kept.move_to_end(key)
            while self._bytes > MOST_BYTES and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1][0]
            return self._kept[key][1]


_find, _match, _compile = RootSift.features, RootSift.match, compiled_encoder
_found: Memory[LocalFeatures] = Memory()
_matched: Memory[NDArray[np.intp]] = Memory()
_encoded: Memory[tuple[np.ndarray, ...]] = Memory()


def _digest(*arrays: np.ndarray) -> Hashable:
    digest = blake2b()
    for array in arrays:
        digest.update(repr((array.shape, array.dtype)).encode())
        digest.update(np.ascontiguousarray(array))
    return digest.digest()


def remembered_features(
    sift: RootSift, image: NDArray[np.uint8], valid: NDArray[np.bool_] | None, most: int
) -> LocalFeatures:
    """Do what `RootSift.features` does."""
    key = _digest(image, *(() if valid is None else (valid,))), most, sift.contrast
    return _found.get(key, lambda: _find(sift, image, valid, most), lambda made: (made.points, made.descriptors))


def remembered_match(sift: RootSift, query: LocalFeatures, reference: LocalFeatures) -> NDArray[np.intp]:
    """Do what `RootSift.match` does."""
    key = _digest(query.descriptors, reference.descriptors), sift.ratio, matcher.ROWS, matcher.COLUMNS
    return _matched.get(key, lambda: _match(sift, query, reference), lambda made: (made,))


def remembered_encoder(net: CrossViewNet) -> Callable[[Tensor], Features] | None:
    """Do what `compiled_encoder` does."""
    encode = _compile(net)
    if encode is None:
        return None
    weights: list[Hashable] = []

    def remembered(rgb: Tensor) -> Features:
        if not weights:
            weights.append(_digest(*(part.detach().numpy() for part in net.backbone.state_dict().values())))
        key = weights[0], torch.get_num_threads(), _digest(rgb.numpy())
        made = _encoded.get(key, lambda: tuple(side.numpy() for side in encode(rgb)), lambda made: made)
        return Features(*(torch.from_numpy(side.copy()) for side in made))

    return remembered
