"""Planes of photographs that were found, so that the next click in one is only carried over."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from geoloc.geometry.homography_fit import HomographyFit
from geoloc.photo.photo import Photo

REMEMBERED = 256
"""Photographs whose plane is kept, those asked for last."""
NEIGHBOURS = 3
"""Photographs found last, round whose ground the next one is looked for."""


class KnownPlanes:
    """Planes by photo, in pixels of the world: those of `Plan.pixels` of one lattice.

    Photos are told apart by their `fingerprint`. Whoever keeps this lets it go when the mosaic changes.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._planes: LRUCache[bytes, HomographyFit] = LRUCache(REMEMBERED)
        self._places: list[NDArray[np.float64]] = []

    def get(self, photo: bytes) -> HomographyFit | None:
        """Return the plane of a photo; None where it is not known."""
        return self._planes.get(photo)

    def keep(self, photo: bytes, plane: HomographyFit) -> None:
        """Remember the plane of a photo, unless one that more matches agree on is known."""
        known = self._planes.get(photo)
        if known is not None and known.inliers > plane.inliers:
            return
        self._planes[photo] = plane
        self._places = [*self._places[1 - NEIGHBOURS :], plane.place]

    @property
    def places(self) -> NDArray[np.float64]:
        """Where the photographs found last were taken of, N x 2: the next one may be of the same flight."""
        return np.array(self._places).reshape(-1, 2)


# A click asks for it several times, and a photo has sixty megabytes. Of the last one only: the cache keeps the photo.
@lru_cache(maxsize=1)
def fingerprint(photo: Photo) -> bytes:
    """Return what tells one picture, and what is known of how it was taken, from another."""
    digest = blake2b(repr((photo.size, photo.pitch_deg, photo.focal_px, photo.panorama)).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(photo.pixels).data)
    return digest.digest()
