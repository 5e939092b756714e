"""How much likelier the mosaic round a camera at eye level is for one pose of it than for a wrong one."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
import torch
from affine import Affine
from numpy.typing import NDArray
from torch import Tensor

from geoloc.model.network.config import FILL
from geoloc.model.network.features import Features
from geoloc.model.sight.cells import Views
from geoloc.model.sight.head import STRIP_STEP_M, encoded, encoded_views
from geoloc.model.sight.likeness_net import LikenessNet
from geoloc.photo.click_view import averaged, click_views
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import Tilt, pixels_towards
from geoloc.photo.sight import (
    STRIP_LONG_M,
    STRIP_WIDE_M,
    camera_height,
    ground_round,
    most_off_m,
    strip_ahead,
    supposed_tilt,
)
from geoloc.plane.homography import affine_for_opencv
from tiling.grid import Grid, turns_to, whole_turn

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
        """Take the photo; the mosaic round it is read when the first pose is told.

        Args:
            net: what compares them.
            encode: gives the features of pictures, B x 3 x H x W in [0, 255].
            photo: the photograph, whose position is known.
            read: gives the mosaic's pixels on a grid.
        """
        # As `click_views` would, for every look.
        self._net, self._encode, self._photo, self._read = net, encode, averaged(photo), read
        self._views: dict[Tilt | None, list[tuple[float, Views]]] = {}

    @torch.inference_mode()
    def __call__(self, posed: Photo) -> Compared:
        """Return how much likelier the mosaic is for a pose than for a wrong one, by all looks together.

        What the mosaic does not show speaks neither for a pose nor against it.

        Args:
            posed: the photo in a pose.

        Raises:
            MosaicError: the mosaic cannot be read.
        """
        height = camera_height(posed)
        assert posed.position is not None, "a pose has one"
        assert posed.heading_deg is not None, "a pose has one"
        assert height is not None, "a pose has one"
        tilt = None if posed.panorama else supposed_tilt(posed)
        looks = self._looks(tilt)
        if not looks:
            return Compared(0.0, 0.0)
        strips = [self._strip(posed.position, posed.heading_deg + aside) for aside, _ in looks]
        narrow, wide = (Features.together([views[n] for _, views in looks]) for n in range(2))
        numbers = torch.tensor([[height[0], BELOW_DEG]], device=self._net.device).expand(len(looks), 2)
        strip = Features.together([seen for seen, _ in strips])
        told = self._net(Views(narrow, wide), strip, *numbers.unbind(1)).double().cpu().numpy()
        shares = np.array([share for _, share in strips])
        return Compared(SHARE * float(told @ shares), float(shares.mean()))

    @cached_property
    def _surroundings(self) -> tuple[Grid, NDArray[np.uint8], NDArray[np.float32]]:
        """The mosaic as far as strips before any pose reach, what it does not show grey, and what it shows, 0 to 1."""
        assert self._photo.position is not None, "asked for where there is one"
        reach_m = most_off_m(self._photo) + math.hypot(STRIP_LONG_M, STRIP_WIDE_M / 2)
        grid = ground_round(self._photo.position, reach_m, STRIP_STEP_M)
        pixels = self._read(grid)
        return grid, np.where(pixels.valid[..., None], pixels.rgb, np.uint8(FILL)), pixels.valid.astype(np.float32)

    def _looks(self, tilt: Tilt | None) -> list[tuple[float, Views]]:
        """Return the features of the photo's looks, each with its azimuth."""
        if tilt not in self._views:
            asides = looks_of(self._photo, tilt)
            drawn = [click_views(self._photo, tilt, aside, BELOW_DEG) for aside in asides]
            seen = [encoded_views(self._net, self._encode, views) for views in drawn]
            self._views[tilt] = list(zip(asides, seen, strict=True))
        return self._views[tilt]

    def _strip(self, position: tuple[float, float], azimuth_deg: float) -> tuple[Features, float]:
        """Return the features of the strip before a place, and how much of it the mosaic shows."""
        grid, rgb, valid = self._surroundings
        strip = strip_ahead(position, azimuth_deg, STRIP_STEP_M)
        # Beyond 180 degrees of longitude the strip lies a whole turn away.
        turn = float(turns_to(strip.affine.c, grid.affine.c, whole_turn(grid.crs)))
        to_grid = affine_for_opencv(~grid.affine * Affine.translation(turn, 0.0) * strip.affine)
        size = strip.width, strip.height
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        pixels = cv2.warpAffine(rgb, to_grid, size, flags=flags, borderValue=(FILL,) * 3)
        shown = cv2.warpAffine(valid, to_grid, size, flags=flags)
        return encoded(self._net, self._encode, np.asarray(pixels, np.uint8)), float(shown.mean())


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
