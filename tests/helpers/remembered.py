"""Local features are found once of the same pixels: many tests search the same photo and mosaic, again and again."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from geoloc.keypoints.matcher import LocalFeatures, RootSift

MOST_BYTES = 256 << 20
_find = RootSift.features
_found: OrderedDict[tuple[object, ...], LocalFeatures] = OrderedDict()


def remembered_features(
    sift: RootSift, image: NDArray[np.uint8], valid: NDArray[np.bool_] | None, most: int
) -> LocalFeatures:
    """Do what `RootSift.features` does; nobody may write into what this returns."""
    digest = blake2b(np.ascontiguousarray(image))
    if valid is not None:
        digest.update(np.packbits(valid))
    key = (digest.digest(), image.shape, valid is None, most, sift.contrast)
    if key not in _found:
        found = _find(sift, image, valid, most)
        for array in (found.points, found.descriptors):
            array.setflags(write=False)
        _found[key] = found
    _found.move_to_end(key)
    while len(_found) > 1 and sum(found.nbytes for found in _found.values()) > MOST_BYTES:
        _found.popitem(last=False)
    return _found[key]
