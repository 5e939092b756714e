"""Everything that batches are drawn from: grounds, and photographs of them."""

from __future__ import annotations

from dataclasses import dataclass

from geoloc.train.grounds.ground import Ground
from geoloc.train.grounds.posed_photo import PosedPhoto


@dataclass(frozen=True)
class Collection:
    """Grounds and photographs that batches are drawn from.

    Attributes:
        grounds: images seen from above.
        photos: photographs of them.
        weights: how often each ground is drawn for simulated views, one a ground.
    """

    grounds: tuple[Ground, ...]
    photos: tuple[PosedPhoto, ...]
    weights: tuple[float, ...]
