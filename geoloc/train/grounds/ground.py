"""What references are cut from: an orthophoto with its objects, sampled on tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

LEVELS = 5
"""The image at 1, 1/2 .. 1/16, so that coarse views are not aliased."""


@dataclass(frozen=True, eq=False)
class Ground:
    """An image seen from above, with its objects; pixel coordinates have a corner origin, x right, y down.

    Attributes:
        name: of its file, or of what it was made from.
        pixels: H x W x 3 uint8, RGB.
        gsd_m: metres on the ground a pixel.
        boxes: N x 4 pixels, xmin, ymin, xmax, ymax, of objects.
        heights: N x 2, the least and the greatest height in metres that an object of its kind has.
        crowns: M x 3, x, y and radius of trees, pixels.
        valid: H x W bool, False where there is no data; None where all is.
        relief: h x w metres above any level, over the whole image; None where the ground counts as flat.
        click_in: H x W bool, where clicks may be; None is everywhere.
    """

    name: str
    pixels: np.ndarray = field(repr=False)
    gsd_m: float
    boxes: np.ndarray
    heights: np.ndarray
    crowns: np.ndarray
    valid: np.ndarray | None = field(default=None, repr=False)
    relief: np.ndarray | None = field(default=None, repr=False)
    click_in: np.ndarray | None = field(default=None, repr=False)

    @property
    def size(self) -> np.ndarray:
        """Width and height in pixels."""
        return np.array(self.pixels.shape[1::-1])

    @property
    def size_m(self) -> float:
        """Length of the shorter side in metres."""
        return float(self.size.min() * self.gsd_m)

    def clickable(self, xy: np.ndarray, margin: float = 0) -> np.ndarray:
        """Tell which pixels (..., 2) lie `margin` inside the image, hold data and may be clicked."""
        return self._inside(xy, margin, (self.valid, self.click_in))

    def has_data(self, xy: np.ndarray) -> np.ndarray:
        """Tell which pixels (..., 2) lie in the image and hold data."""
        return self._inside(xy, 0, (self.valid,))

    def _inside(self, xy: np.ndarray, margin: float, masks: Sequence[np.ndarray | None]) -> np.ndarray:
        inside = np.asarray(((xy >= margin) & (xy < self.size - margin)).all(-1))
        x, y = np.moveaxis(np.where(inside[..., None], xy, 0).astype(int), -1, 0)
        for mask in masks:
            if mask is not None:
                inside = inside & mask[y, x]
        return inside


class Texture:
    """The pixels of an image on a device, with their pyramid and where they hold data."""

    def __init__(self, pixels: np.ndarray, device: torch.device, valid: np.ndarray | None = None) -> None:
        """Put an image on a device.

        Args:
            pixels: H x W x 3 uint8.
            device: where it is to be.
            valid: H x W bool, False where there is no data; None where all is.
        """
        self._valid = None if valid is None else torch.from_numpy(valid).to(device)
        level = torch.from_numpy(np.ascontiguousarray(pixels)).to(device).permute(2, 0, 1)
        self.height, self.width = pixels.shape[:2]
        self.levels = [level]
        while len(self.levels) < LEVELS and min(level.shape[1:]) >= 16:
            smaller = F.avg_pool2d(level.float()[None], 2, ceil_mode=True, count_include_pad=False)[0]
            level = smaller.round().to(torch.uint8)
            self.levels.append(level)

    def sample(self, xy: Tensor, scale: Tensor) -> Tensor:
        """Sample the image at pixels, each averaged over an area round it.

        Beyond its edges the image is mirrored. Between two levels of the pyramid values are mixed.

        Args:
            xy: h x w x 2 pixels.
            scale: h x w, sides of the areas in pixels, about.

        Returns:
            3 x h x w floats.
        """
        size = xy.new_tensor([self.width, self.height])
        xy = size - (xy.remainder(2 * size) - size).abs()
        lod = (scale.clamp(min=1e-6) * 0.9).log2().clamp(0, len(self.levels) - 1)
        out = xy.new_zeros(3, *xy.shape[:2])
        for number in range(int(lod.min()), int(lod.max().ceil()) + 1):
            weight = (1 - (lod - number).abs()).clamp(min=0)
            used = weight > 0
            if used.any():
                out += weight * _bilinear(self.levels[number], xy / 2**number, used)
        return out

    def has_data(self, xy: Tensor) -> Tensor:
        """Tell which pixels (h x w x 2) lie in the image and hold data, h x w."""
        size = xy.new_tensor([self.width, self.height])
        inside = ((xy >= 0) & (xy < size)).all(-1)
        if self._valid is None:
            return inside
        at = torch.where(inside[..., None], xy, torch.zeros_like(xy)).long()
        return inside & self._valid[at[..., 1], at[..., 0]]


def _bilinear(level: Tensor, xy: Tensor, used: Tensor) -> Tensor:
    """Sample a level (3 x H x W uint8) at xy (h x w x 2), right where `used`; only the part needed becomes floats."""
    height, width = level.shape[1:]
    wanted = xy[used]
    low = (wanted.amin(0) - 1.5).floor().long().clamp(min=0).tolist()
    high = (wanted.amax(0) + 1.5).ceil().long().tolist()
    x0, y0 = min(low[0], width - 1), min(low[1], height - 1)
    x1, y1 = max(min(high[0], width), x0 + 1), max(min(high[1], height), y0 + 1)
    part = level[:, y0:y1, x0:x1].float()
    at = (xy - xy.new_tensor([x0, y0])) / xy.new_tensor([x1 - x0, y1 - y0]) * 2 - 1
    return F.grid_sample(part[None], at[None], padding_mode="border", align_corners=False)[0]
