"""Everything that batches are drawn from: grounds, and photographs of them."""

from __future__ import annotations

from dataclasses import dataclass

from geoloc.train.grounds.ground import Ground
from geoloc.train.grounds.photo_view import PhotoView


@dataclass(frozen=True)
class Collection:
    """What batches are drawn from. weights: how often each ground is drawn for made views, one a ground."""

    grounds: tuple[Ground, ...]
    views: tuple[PhotoView, ...]
    weights: tuple[float, ...]
