"""How much likelier the mosaic round a camera at eye level is for one pose of it than for a wrong one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geoloc.model.network.features import Features
from geoloc.model.sight.cells import Views
from geoloc.model.sight.head import encoded, encoded_views
from geoloc.model.sight.likeness_net import NEAREST_ROWS, LikenessNet
from geoloc.model.sight.seen_cells import Looked
from geoloc.model.sight.turned_ground import TurnedGround
from geoloc.photo.click_view import averaged, click_views
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import Tilt, pixels_towards
from geoloc.photo.sight import camera_height, most_off_m, supposed_tilt

if TYPE_CHECKING:
    from tiling.mosaic import PixelReader

BELOW_DEG = 4.0
"""Of all looks below level: their views show the ground from a few metres off up to what stands on the horizon."""
LOOKS, PANORAMA_LOOKS = 5, 8
"""Of a photograph: beside each other, so that all that it shows is in one or the other; fewer of one that is narrow."""
APART_DEG = 10.0
"""Between them, about, at the least: those that are nearer see the same."""
SHARE = 0.7
"""Share that counts of what looks beside each other tell: they see partly the same."""
_WIDEST_DEG, _EDGE_DEG = 40.0, 4.0
_AT_ONCE = 16
"""Poses that are compared together: of more a CPU's cache does not hold what is computed."""


class Compared(NamedTuple):
    """What comparing the mosaic with a pose came to.

    Attributes:
        log_odds: log of how many times likelier the mosaic is than for a wrong pose.
        share: of what could be compared so much could: less where the mosaic ends, nothing where no ground is seen.
    """

    log_odds: float
    share: float


class Likeness:
    """Looks of one photo, to be compared with the mosaic before poses that it may have."""

    def __init__(
        self,
        net: LikenessNet,
        encode: Callable[[Tensor], Features],
        photo: Photo,
        read: PixelReader,
    ) -> None:
        """Take the photo; the mosaic round it is read when the first poses are told.

        Args:
            net: what compares them.
            encode: gives the features of pictures, B x 3 x H x W in [0, 255].
            photo: the photograph, whose position is known.
            read: gives the mosaic's pixels on a grid.
        """
        # As `click_views` would, for every look.
        self._net, self._encode, self._photo, self._read = net, encode, averaged(photo), read
        self._asides: dict[Tilt | None, list[float]] = {}
        self._views: dict[tuple[Tilt | None, float], Views] = {}
        self._looked: dict[tuple[Tilt | None, float, float], Looked] = {}

    @torch.inference_mode()
    def __call__(self, poses: Sequence[Photo], *, glance: bool = False) -> list[Compared]:
        """Return how much likelier the mosaic is for each pose than for a wrong one, by all looks together.

        What the mosaic does not show speaks neither for a pose nor against it.

        Args:
            poses: the photo in them.
            glance: take every other look only, where these reach both edges of a photograph, and suppose the same of
                the others.

        Raises:
            MosaicError: the mosaic cannot be read.
        """
        # Poses of one tilt and height see the same cells.
        alike: dict[tuple[Tilt | None, float], list[int]] = {}
        for number, posed in enumerate(poses):
            alike.setdefault((_tilt(posed), _height_m(posed)), []).append(number)
        out = [Compared(0.0, 0.0)] * len(poses)
        for (tilt, height_m), numbers in alike.items():
            asides = self._looks(tilt)
            seen = self._glanced(asides) if glance else asides
            if seen:
                told, shares = self._seen(tilt, height_m, seen, [poses[number] for number in numbers])
                log_odds = SHARE * len(asides) * (told * shares).mean(0)
                for number, *compared in zip(numbers, log_odds, shares.mean(0), strict=True):
                    out[number] = Compared(*map(float, compared))
        return out

    def _seen(
        self, tilt: Tilt | None, height_m: float, asides: Sequence[float], poses: Sequence[Photo]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the log odds of looks before poses of one tilt and height, and shares known, each looks x poses."""
        positions = np.array([posed.position for posed in poses], float)
        headings = np.array([posed.heading_deg for posed in poses], float)
        told, shares = np.zeros((2, len(asides), len(poses)))
        for number, aside in enumerate(asides):
            looked, azimuth = self._look(tilt, height_m, aside), headings + aside
            # Those that look about the same way see the same ground.
            order = np.argsort(azimuth, kind="stable")
            for some in np.split(order, range(_AT_ONCE, len(order), _AT_ONCE)):
                ground, shown = self._ground.strips(positions[some], azimuth[some])
                told[number, some] = self._net.log_odds(ground, looked).cpu().numpy()
                shares[number, some] = shown.cpu().numpy()
        return told, shares

    @cached_property
    def _ground(self) -> TurnedGround:
        # Of `self` it would be a circle, that keeps the photo until Python looks for circles.
        net, features = self._net, self._encode

        def encode(picture: NDArray[np.uint8]) -> Tensor:
            return net.seen.ground(encoded(net, features, picture))

        assert self._photo.position is not None, "asked for where there is one"
        return TurnedGround(encode, self._photo.position, most_off_m(self._photo), NEAREST_ROWS, self._read)

    def _looks(self, tilt: Tilt | None) -> list[float]:
        if tilt not in self._asides:
            self._asides[tilt] = looks_of(self._photo, tilt)
        return self._asides[tilt]

    def _glanced(self, asides: list[float]) -> list[float]:
        """Return looks that are spread over all: both edges of a photograph are among them."""
        return asides[::2] if self._photo.panorama or len(asides) % 2 else asides

    def _look(self, tilt: Tilt | None, height_m: float, aside: float) -> Looked:
        """Return what a look shows of the cells of strips."""
        view, look = (tilt, aside), (tilt, height_m, aside)
        if view not in self._views:
            drawn = click_views(self._photo, tilt, aside, BELOW_DEG)
            self._views[view] = encoded_views(self._net, self._encode, drawn)
        if look not in self._looked:
            height, below = torch.tensor([[height_m], [BELOW_DEG]], device=self._net.device)
            self._looked[look] = self._net.seen.looked(self._views[view], height, below)
        return self._looked[look]


def _tilt(posed: Photo) -> Tilt | None:
    return None if posed.panorama else supposed_tilt(posed)


def _height_m(posed: Photo) -> float:
    height = camera_height(posed)
    assert height is not None, "a pose has one"
    return height[0]


def looks_of(photo: Photo, tilt: Tilt | None) -> list[float]:
    """Return directions in which a photo looks: azimuths from its up, a panorama's middle column, degrees clockwise.

    Args:
        photo: the photograph.
        tilt: how it was tilted; None for a panorama, which is level.

    Returns:
        Its looks; none where it does not show what is `BELOW_DEG` below level.
    """
    if tilt is None:
        return [float(aside) for aside in np.arange(PANORAMA_LOOKS) * 360.0 / PANORAMA_LOOKS]
    asides = np.arange(-_WIDEST_DEG, _WIDEST_DEG + 1.0)
    below, aside = math.radians(BELOW_DEG), np.radians(asides)
    flat = math.cos(below)
    _, shown = pixels_towards(
        photo, tilt, flat * np.sin(aside), flat * np.cos(aside), np.full_like(aside, math.sin(below))
    )
    if not shown.any():
        return []
    first, last = asides[shown][[0, -1]]
    edge = min(_EDGE_DEG, (last - first) / 2)
    count = min(LOOKS, 1 + round((last - first - 2 * edge) / APART_DEG))
    # A single look is to the middle.
    edge = edge if count > 1 else (last - first) / 2
    return [float(aside) for aside in np.linspace(first + edge, last - edge, count)]
