"""What references are cut from: an orthophoto with its objects, and pictures sampled on tensors."""

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


class Textures:
    """Pictures on a device, with their pyramids and where they hold data, all in one buffer: many are sampled at once.

    Pictures have the numbers 0, 1 .. in the order in which they are added. The buffer holds four bytes a pixel, red,
    green, blue and whether there is data, so that one look-up gives all of them.
    """

    def __init__(self, device: torch.device | str) -> None:
        """Begin without pictures on a device."""
        self.device = torch.device(device)
        self._pixels = torch.empty(0, dtype=torch.int32, device=self.device)
        self._used = 0
        # Of each picture and level: where it begins in the buffer, its width and height; levels it has not are 0.
        self._rows: list[list[tuple[int, int, int]]] = []
        self._table: Tensor | None = None

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self._rows)

    def add(self, pixels: np.ndarray, valid: np.ndarray | None = None) -> int:
        """Put a picture on the device and return its number.

        Args:
            pixels: H x W x 3 uint8.
            valid: H x W bool, False where there is no data; None where all is.
        """
        level = torch.tensor(np.ascontiguousarray(pixels), device=self.device).permute(2, 0, 1)
        rows = [self._put(level, None if valid is None else torch.tensor(valid, device=self.device))]
        while len(rows) < LEVELS and min(level.shape[1:]) >= 16:
            smaller = F.avg_pool2d(level.float()[None], 2, ceil_mode=True, count_include_pad=False)[0]
            level = smaller.round().to(torch.uint8)
            rows.append(self._put(level, None))
        self._rows.append(rows)
        self._table = None
        return len(self._rows) - 1

    def _put(self, level: Tensor, valid: Tensor | None) -> tuple[int, int, int]:
        """Append a level (3 x H x W uint8); returns its place in the buffer, width and height."""
        height, width = level.shape[1:]
        data = torch.full_like(level[0], 255) if valid is None else valid.to(torch.uint8) * 255
        packed = torch.cat([level, data[None]]).permute(1, 2, 0).contiguous().view(torch.int32).flatten()
        first, self._used = self._used, self._used + len(packed)
        if self._used > len(self._pixels):
            # Half as much again, so that pictures that come one by one are not copied every time.
            grown = self._pixels.new_empty(max(self._used, len(self._pixels) * 3 // 2))
            grown[:first] = self._pixels[:first]
            self._pixels = grown
        self._pixels[first : self._used] = packed
        return first, width, height

    def _levels(self) -> Tensor:
        """Return a row of place, width, height and number of levels for each picture and level, N x LEVELS x 4."""
        if self._table is None:
            rows = [[*((*level, len(r)) for level in r), *[(0, 1, 1, len(r))] * (LEVELS - len(r))] for r in self._rows]
            self._table = torch.tensor(rows, dtype=torch.int64).to(self.device)
        return self._table

    def sample(self, numbers: Tensor, xy: Tensor, scale: Tensor) -> Tensor:
        """Sample pictures at pixels, each averaged over an area round it.

        Beyond its edges a picture is mirrored. Between two levels of the pyramid values are mixed.

        Args:
            numbers: B pictures, integers on the device.
            xy: B x h x w x 2 pixels.
            scale: B x h x w, sides of the areas in pixels, about; B x 1 x 1 where they are the same all over.

        Returns:
            B x 3 x h x w floats.
        """
        table = self._levels()[numbers]
        size = table[:, 0, 1:3].to(xy.dtype)[:, None, None]
        xy = size - (xy.remainder(2 * size) - size).abs()
        lod = (scale.clamp(min=1e-6) * 0.9).log2().clamp(min=0)
        lod = torch.minimum(lod, (table[:, 0, 3] - 1).to(lod.dtype)[:, None, None])
        fine = lod.floor()
        share = lod - fine
        colour = self._bilinear(table, fine.long(), xy)
        # Looking whether coarser levels are wanted at all would make an accelerator wait.
        if self.device.type != "cpu" or bool((share > 0).any()):
            coarse = self._bilinear(table, lod.ceil().long(), xy)
            colour = torch.lerp(colour, coarse, share[..., None])
        return colour[..., :3].permute(0, 3, 1, 2).contiguous()

    def has_data(self, numbers: Tensor, xy: Tensor) -> Tensor:
        """Tell which pixels (B x h x w x 2) of B pictures lie in them and hold data, B x h x w."""
        first, width, height, _ = self._levels()[numbers, 0].T[:, :, None, None]
        inside = ((xy >= 0) & (xy < torch.stack([width, height], dim=-1))).all(-1)
        at = torch.where(inside[..., None], xy, 0.0).long()
        # The fourth byte is the highest, and as bits of a signed number it is below zero where there is data.
        return inside & (self._pixels[first + at[..., 1] * width + at[..., 0]] < 0)

    def _bilinear(self, table: Tensor, level: Tensor, xy: Tensor) -> Tensor:
        """Sample levels (B x h x w, or B x 1 x 1) of B pictures at xy (B x h x w x 2 of level 0), B x h x w x 4."""
        picture = torch.arange(len(table), device=self.device)[:, None, None]
        first, width, height, _ = table[picture, level].unbind(-1)
        x, y = (xy / (2.0**level)[..., None] - 0.5).clamp(min=0).unbind(-1)
        x, y = torch.minimum(x, (width - 1).to(x.dtype)), torch.minimum(y, (height - 1).to(y.dtype))
        left, top = x.long(), y.long()
        right, below = torch.minimum(left + 1, width - 1), torch.minimum(top + 1, height - 1)
        dx, dy = (x - left)[..., None], (y - top)[..., None]
        upper, lower = first + top * width, first + below * width
        above = torch.lerp(self._taken(upper + left), self._taken(upper + right), dx)
        return torch.lerp(above, torch.lerp(self._taken(lower + left), self._taken(lower + right), dx), dy)

    def _taken(self, index: Tensor) -> Tensor:
        """Return pixels of the buffer as floats, index's shape x 4."""
        return self._pixels[index][..., None].view(torch.uint8).float()
