"""The mosaic round a place as a network sees it, turned so that what is ahead is up.

Hundreds of poses look at the same ground. It is encoded once for every few degrees, and the strip before a pose is
taken from the features, turned by what is left: several times as fast as encoding a strip for each.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from affine import Affine
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from geoloc.model.network.config import FILL
from geoloc.model.sight.cells import CELL_M, COLUMNS, cell_middles
from geoloc.model.sight.head import STRIP_STEP_M
from geoloc.photo.sight import ground_round
from geoloc.plane.homography import affine_for_opencv
from tiling.grid import WEB_MERCATOR, WGS84, mapped, transformer, turns_to, whole_turn

if TYPE_CHECKING:
    from tiling.mosaic import PixelReader

EVERY_DEG = 8.0
"""Between azimuths that the ground is encoded for, a whole turn being a multiple: turned by half of it, its features
are about the same."""
_EDGE_M = 8.0
"""Beyond what strips reach: features at the edge of a picture are not what they are within. A strip that is encoded by
itself, as in the training, has nothing beyond it."""
_CELL_PX = round(CELL_M / STRIP_STEP_M)
_WHOLE_CELLS = 2
"""Sides are so many cells, or a multiple: one of coarse features."""


class TurnedGround:
    """Gives what a network sees of the strips before cameras."""

    def __init__(
        self,
        encode: Callable[[NDArray[np.uint8]], Tensor],
        position: tuple[float, float],
        reach_m: float,
        rows: int,
        read: PixelReader,
    ) -> None:
        """Read the mosaic.

        Args:
            encode: gives features of a picture, 1 x channels x h x w, one for each `CELL_M`.
            position: (lon, lat), WGS 84, of the middle.
            reach_m: how far from it cameras may be.
            rows: of a strip, the nearest ones.
            read: gives the mosaic's pixels on a grid.

        Raises:
            MosaicError: the mosaic cannot be read.
        """
        self._encode, self._rows = encode, rows
        long_m, turned = rows * CELL_M, math.sin(math.radians(EVERY_DEG / 2))
        self._ahead = _cells(reach_m + long_m + _EDGE_M)
        self._behind = _cells(reach_m + _EDGE_M)
        self._aside = _cells(reach_m + COLUMNS * CELL_M / 2 + turned * long_m + _EDGE_M)
        self._grid = ground_round(position, math.hypot(self._ahead, self._aside) * CELL_M, STRIP_STEP_M)
        pixels = read(self._grid)
        self._rgb = np.where(pixels.valid[..., None], pixels.rgb, np.uint8(FILL))
        self._valid = pixels.valid.astype(np.float32)
        self._turned: dict[int, Tensor] = {}

    def strips(self, positions: NDArray[np.floating], azimuth_deg: NDArray[np.floating]) -> tuple[Tensor, Tensor]:
        """Return what is seen of strips before cameras, and how much of each the mosaic shows.

        Args:
            positions: B x 2, (lon, lat), WGS 84.
            azimuth_deg: B, from there, clockwise from true north.

        Returns:
            B x N x channels, cells of the nearest rows, row by row, and B, from 0 to 1.
        """
        places = self._places(positions)
        turns = np.round(azimuth_deg / EVERY_DEG).astype(int)
        out = [torch.empty(0)] * len(places)
        for turn in np.unique(turns):
            those = np.flatnonzero(turns == turn)
            ground = self._ground(int(turn))
            at = self._cells_before(places[those], math.radians(turn * EVERY_DEG), np.radians(azimuth_deg[those]))
            height, width = ground.shape[2:]
            scaled = torch.from_numpy(at / (width / 2, height / 2) - 1.0).to(ground)
            seen = F.grid_sample(ground, scaled[None], align_corners=False)[0]
            strips = seen.permute(1, 2, 0)
            for number, strip in zip(those, strips, strict=True):
                out[number] = strip
        together = torch.stack(out)
        return together[..., :-1], together[..., -1].mean(1)

    def _places(self, positions: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return how far east and north of the middle positions are, metres, B x 2."""
        x, y = transformer(WGS84, WEB_MERCATOR).transform(*positions.T)
        grid = self._grid
        middle = grid.affine * (grid.width / 2, grid.height / 2)
        columns, rows = mapped(~grid.affine, x + turns_to(x, middle[0], whole_turn(WEB_MERCATOR)), y)
        return np.stack([columns - grid.width / 2, grid.height / 2 - rows], axis=1) * STRIP_STEP_M

    def _cells_before(
        self, places: NDArray[np.floating], turned: float, azimuth: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """Return where ground that is turned has the middles of strips' cells, B x N x 2, its (x, y)."""
        along, across = (side[-self._rows * COLUMNS :].numpy() / CELL_M for side in cell_middles())
        east, north = places.T / CELL_M
        x = self._aside + east * math.cos(turned) - north * math.sin(turned)
        y = self._ahead - east * math.sin(turned) - north * math.cos(turned)
        cos, sin = np.cos(azimuth - turned)[:, None], np.sin(azimuth - turned)[:, None]
        return np.stack([x[:, None] + across * cos + along * sin, y[:, None] - along * cos + across * sin], axis=-1)

    def _ground(self, number: int) -> Tensor:
        """Return the features of the ground turned by so many times `EVERY_DEG`, and what of it the mosaic shows."""
        number %= round(360 / EVERY_DEG)
        if number not in self._turned:
            grid = self._grid
            side = grid.affine.a
            middle = grid.affine * (grid.width / 2, grid.height / 2)
            turned = Affine.translation(*middle) * Affine.rotation(-number * EVERY_DEG) * Affine.scale(side, -side)
            turned *= Affine.translation(-self._aside * _CELL_PX, -self._ahead * _CELL_PX)
            to_grid = affine_for_opencv(~grid.affine * turned)
            size = 2 * self._aside * _CELL_PX, (self._ahead + self._behind) * _CELL_PX
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            pixels = cv2.warpAffine(self._rgb, to_grid, size, flags=flags, borderValue=(FILL,) * 3)
            shown = cv2.warpAffine(self._valid, to_grid, size, flags=flags)
            features = self._encode(np.asarray(pixels, np.uint8))
            known = F.avg_pool2d(torch.from_numpy(shown)[None, None], _CELL_PX).to(features)
            self._turned[number] = torch.cat([features, known], dim=1)
        return self._turned[number]


def _cells(metres: float) -> int:
    return _WHOLE_CELLS * math.ceil(metres / CELL_M / _WHOLE_CELLS)
