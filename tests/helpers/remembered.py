"""What costs most of a search is done once of the same input: many tests search the same photo and mosaic, again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from hashlib import blake2b
from threading import RLock

import numpy as np
import torch
from cachetools import LRUCache, cached
from numpy.typing import NDArray
from torch import Tensor

from geoloc.keypoints import matcher
from geoloc.keypoints.matcher import LocalFeatures, RootSift
from geoloc.model.engine import compiled_encoder
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.network.features import Features

MOST_BYTES = 256 << 20
"""Of each of the three memories of a process."""
_find, _match, _compile = RootSift.features, RootSift.match, compiled_encoder


def _digest(*arrays: np.ndarray) -> Hashable:
    digest = blake2b()
    for array in arrays:
        digest.update(repr((array.shape, array.dtype)).encode())
        digest.update(np.ascontiguousarray(array))
    return digest.digest()


def _searched(sift: RootSift, image: NDArray[np.uint8], valid: NDArray[np.bool_] | None, most: int) -> Hashable:
    return _digest(image, *(() if valid is None else (valid,))), most, sift.contrast


def _compared(sift: RootSift, query: LocalFeatures, reference: LocalFeatures) -> Hashable:
    return _digest(query.descriptors, reference.descriptors), sift.ratio, matcher.ROWS, matcher.COLUMNS


def _given(encode: Callable[[Tensor], Features], weights: Hashable, rgb: Tensor) -> Hashable:
    return weights, torch.get_num_threads(), _digest(rgb.numpy())


@cached(LRUCache(MOST_BYTES, getsizeof=lambda found: found.nbytes), key=_searched, lock=RLock())
def remembered_features(
    sift: RootSift, image: NDArray[np.uint8], valid: NDArray[np.bool_] | None, most: int
) -> LocalFeatures:
    """Do what `RootSift.features` does; nobody can write into what this returns."""
    found = _find(sift, image, valid, most)
    for array in (found.points, found.descriptors):
        array.setflags(write=False)
    return found


@cached(LRUCache(MOST_BYTES, getsizeof=lambda pairs: pairs.nbytes), key=_compared, lock=RLock())
def remembered_match(sift: RootSift, query: LocalFeatures, reference: LocalFeatures) -> NDArray[np.intp]:
    """Do what `RootSift.match` does; nobody can write into what this returns."""
    pairs = _match(sift, query, reference)
    pairs.setflags(write=False)
    return pairs


@cached(LRUCache(MOST_BYTES, getsizeof=lambda sides: sum(side.nbytes for side in sides)), key=_given, lock=RLock())
def _encoded(encode: Callable[[Tensor], Features], weights: Hashable, rgb: Tensor) -> tuple[np.ndarray, ...]:
    return tuple(side.numpy() for side in encode(rgb))


def remembered_encoder(net: CrossViewNet) -> Callable[[Tensor], Features] | None:
    """Do what `compiled_encoder` does."""
    encode = _compile(net)
    if encode is None:
        return None
    weights: list[Hashable] = []

    def remembered(rgb: Tensor) -> Features:
        if not weights:
            weights.append(_digest(*(part.detach().numpy() for part in net.backbone.state_dict().values())))
        return Features(*(torch.from_numpy(side.copy()) for side in _encoded(encode, weights[0], rgb)))

    return remembered
