"""True perspective views of a height field, a batch at a time: rays, where they first meet it, and what is there.

The frame of a view has x right and y down along the image of its ground, z up, all in metres. A camera that looks
straight down with heading 0 sees the image as it is.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

STEPS = 24
_BISECTIONS = 5
HORIZON = -1e-3
"""Rays that fall less than this a metre see the sky."""
_WALL_M = 0.7
"""A hit that is this far below the surface just behind it is on a side, not on the top."""


class Cameras(NamedTuple):
    """B pinhole cameras behind square crops.

    Attributes:
        centre: B x 3 metres.
        rotation: B x 3 x 3, its columns are the picture's right, its down and the optical axis.
        focal: B crop pixels.
        principal: B x 2 crop pixels, which may lie outside of the crop.
    """

    centre: Tensor
    rotation: Tensor
    focal: Tensor
    principal: Tensor


class HeightField(NamedTuple):
    """B height fields.

    Attributes:
        heights: B x S x S metres.
        leafy: B x S x S, 1 on crowns.
        corner: B x 2 metres, the outer corner of the first cell.
        cell: B metres, sides of cells.
    """

    heights: Tensor
    leafy: Tensor
    corner: Tensor
    cell: Tensor


class RayHits(NamedTuple):
    """Where the rays of B views first meet the surface.

    Attributes:
        place: B x h x w x 3 metres, NaN where it is sky.
        depth: B x h x w metres along the optical axis.
        wall: B x h x w, whether it is the side of something.
        leafy: B x h x w, 1 on crowns.
    """

    place: Tensor
    depth: Tensor
    wall: Tensor
    leafy: Tensor


def rotations(tilt: Tensor, heading: Tensor) -> Tensor:
    """Build rotations, B x 3 x 3, from radians.

    Args:
        tilt: B, of the axis from straight down.
        heading: B, clockwise, of the picture's up.
    """
    zero, one = torch.zeros_like(tilt), torch.ones_like(tilt)
    st, ct, sh, ch = tilt.sin(), tilt.cos(), heading.sin(), heading.cos()
    level = torch.stack([one, zero, zero, zero, ct, -st, zero, -st, -ct], dim=-1).unflatten(-1, (3, 3))
    turn = torch.stack([ch, -sh, zero, sh, ch, zero, zero, zero, one], dim=-1).unflatten(-1, (3, 3))
    # `level` has right (1, 0, 0), down (0, cos t, -sin t) and axis (0, -sin t, -cos t) as its columns.
    return turn @ level


def rays(cameras: Cameras, pixels: Tensor) -> Tensor:
    """Return directions (B x ... x 3), one metre along the axis, through crop pixels (B x ... x 2)."""
    extra = pixels.dim() - 2
    focal = cameras.focal.reshape(-1, *[1] * extra, 1)
    offset = (pixels - cameras.principal.reshape(-1, *[1] * extra, 2)) / focal
    local = torch.cat([offset, torch.ones_like(offset[..., :1])], dim=-1)
    return torch.einsum("bij,b...j->b...i", cameras.rotation, local)


def project_points(cameras: Cameras, points: Tensor) -> Tensor:
    """Return the crop pixels (B x ... x 2) of points (B x ... x 3) in front of the camera."""
    extra = points.dim() - 2
    away = points - cameras.centre.reshape(-1, *[1] * extra, 3)
    local = torch.einsum("bji,b...j->b...i", cameras.rotation, away)
    focal = cameras.focal.reshape(-1, *[1] * extra, 1)
    return local[..., :2] / local[..., 2:] * focal + cameras.principal.reshape(-1, *[1] * extra, 2)


def pixel_centres(rows: int, columns: int, step: float, device: torch.device) -> Tensor:
    """Return positions (x, y) of the centres of cells of `step` pixels, rows x columns x 2.

    Args:
        rows: of cells.
        columns: of cells.
        step: side of a cell, pixels.
        device: where the result is to be.
    """
    y, x = torch.meshgrid(
        torch.arange(rows, device=device) + 0.5, torch.arange(columns, device=device) + 0.5, indexing="ij"
    )
    return torch.stack([x, y], dim=-1) * step


def cast_rays(cameras: Cameras, field: HeightField, pixels: Tensor, tall: Tensor | None = None) -> RayHits:
    """Find where the rays through crop pixels (B x h x w x 2) first go below the surface.

    Each is marched in equal steps between the highest top and level 0, and the step that goes under is bisected.

    Args:
        cameras: of B views.
        field: heights under each of them.
        pixels: B x h x w x 2, (x, y) in crop pixels.
        tall: numbers of the views whose ground is not all flat; found where they are not given, for which an
            accelerator would have to be waited for.
    """
    # On flat ground nothing has to be sought.
    if tall is None:
        tall = (field.heights.amax((1, 2)) > 0).nonzero().flatten()
    along = rays(cameras, pixels)
    places, depths, walls, leaves = _level(cameras.centre, along)
    if len(tall):
        part = HeightField(*(values[tall] for values in field))
        found = _march(cameras.centre[tall], along[tall], part)
        for whole, values in zip((places, depths, walls, leaves), found, strict=True):
            whole[tall] = values
    return RayHits(places, depths, walls, leaves)


def _level(centre: Tensor, along: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Meet level ground; returns the parts of `RayHits`."""
    down = along[..., 2]
    falls = down < HORIZON
    depth = torch.where(falls, -centre[:, None, None, 2] / down.clamp(max=HORIZON), torch.inf)
    place = centre[:, None, None] + torch.where(falls, depth, 0)[..., None] * along
    return torch.where(falls[..., None], place, torch.nan), depth, torch.zeros_like(falls), torch.zeros_like(down)


def _march(centre: Tensor, along: Tensor, field: HeightField) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Meet a height field; returns the parts of `RayHits`."""
    down = along[..., 2]
    origin = centre[:, None, None]
    falls = down < HORIZON
    steepness = torch.where(falls, down, -torch.ones_like(down))
    top = field.heights.amax((1, 2))[:, None, None] + 0.01
    near = ((top - origin[..., 2]) / steepness).clamp(min=0)
    far = (-origin[..., 2] / steepness).clamp(min=0)
    # The sky apart, a ray that reaches level 0 has met the surface.
    before, behind = near, far
    found = torch.zeros_like(falls)
    last = near
    for step in range(1, STEPS + 1):
        t = near + (far - near) * (step / STEPS)
        under = origin[..., 2] + t * down <= _height(field, origin, along, t)
        first = under & ~found
        before = torch.where(first, last, before)
        behind = torch.where(first, t, behind)
        found |= under
        last = t
    for _ in range(_BISECTIONS):
        middle = (before + behind) / 2
        under = origin[..., 2] + middle * down <= _height(field, origin, along, middle)
        before, behind = torch.where(under, before, middle), torch.where(under, middle, behind)
    place = origin + behind[..., None] * along
    # A little further on along the ground: on a side the surface is much higher there than where the ray met it.
    flat = along[..., :2].norm(dim=-1).clamp(min=1e-6)
    further = behind + field.cell[:, None, None] * 1.5 / flat
    wall = (_height(field, origin, along, further) - place[..., 2] > _WALL_M) & (flat > 0.1)
    leafy = _at(field.leafy, field, place[..., :2], "nearest")
    return torch.where(falls[..., None], place, torch.nan), torch.where(falls, behind, torch.inf), wall & falls, leafy


def height_at(field: HeightField, xy: Tensor) -> Tensor:
    """Return heights (B x h x w) at B x h x w x 2 metres."""
    return _at(field.heights, field, xy, "bilinear")


def _height(field: HeightField, origin: Tensor, along: Tensor, t: Tensor) -> Tensor:
    return height_at(field, origin[..., :2] + t[..., None] * along[..., :2])


def _at(values: Tensor, field: HeightField, xy: Tensor, mode: str) -> Tensor:
    """Sample B x S x S values at B x h x w x 2 metres; beyond the square, those of its edge."""
    size = (field.cell * values.shape[-1])[:, None, None, None]
    at = (xy - field.corner[:, None, None]) / size * 2 - 1
    return F.grid_sample(values[:, None], at, mode=mode, padding_mode="border", align_corners=False)[:, 0]
