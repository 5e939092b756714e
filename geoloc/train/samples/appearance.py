"""Appearance: what differs between a photograph and a mosaic of the same ground, drawn for each side on its own.

Everything works on a batch of pictures, B x 3 x H x W in [0, 255], on the device they are on. Draws come from a
`torch.Generator` of that device, one value a picture where nothing else stands.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

_BLUR_TAPS = 9
_LUMA = (0.299, 0.587, 0.114)
# Quantisation of luminance, ITU T.81 annex K, table K.1; chrominance is quantised twice as coarsely.
_QUANTA = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)


class RandomDraws:
    """Random numbers for a batch of `count` pictures, as B x 1 x 1 x 1 tensors."""

    def __init__(self, count: int, generator: torch.Generator) -> None:
        """Draw for `count` pictures on the generator's device."""
        self.count = count
        self.generator = generator

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Draw evenly between low and high; `shape` in place of 1 x 1 x 1."""
        u = torch.rand(self.count, *(shape or (1, 1, 1)), generator=self.generator, device=self.generator.device)
        return low + (high - low) * u

    def normal(self, scale: float, *shape: int) -> Tensor:
        """Draw from a normal distribution about 0; `shape` in place of 1 x 1 x 1."""
        size = (self.count, *(shape or (1, 1, 1)))
        return scale * torch.randn(size, generator=self.generator, device=self.generator.device)

    def chance(self, share: float) -> Tensor:
        """Draw True for about this share of the pictures."""
        return self.uniform(0, 1) < share


def restyle(images: Tensor, generator: torch.Generator) -> Tensor:
    """Change season, shadow, exposure, haze, colours of the sensor, blur, noise and JPEG, each of some pictures."""
    draw = RandomDraws(len(images), generator)
    images = season(images, draw)
    images = shadow(images, draw)
    images = expose(images, draw)
    images = soften(images, draw)
    images = add_noise(images, draw)
    return jpeg(images, draw).clamp(0, 255)


def season(images: Tensor, draw: RandomDraws) -> Tensor:
    """Change the time of the year: what is greener than grey goes towards straw, fresh green or dark."""
    green = images[:, 1:2] * 2 - images[:, 0:1] - images[:, 2:3]
    leaf = torch.sigmoid((green - 18) / 8)
    brightness = images.mean(1, keepdim=True)
    hue = draw.uniform(0.55, 1.25, 3, 1, 1) * _constant((1.05, 1.0, 0.75), images.device)[:, None, None]
    share = leaf * draw.uniform(0.2, 0.9) * draw.chance(0.4)
    return images + share * (brightness * hue - images)


def shadow(images: Tensor, draw: RandomDraws) -> Tensor:
    """Shade half planes, one or two meeting in a wedge, with soft edges: as of a cloud or of a building."""
    rows, columns = images.shape[-2:]
    y = torch.linspace(-1, 1, rows, device=images.device)[None, None, :, None]
    x = torch.linspace(-1, 1, columns, device=images.device)[None, None, None, :]
    dark = torch.ones_like(images[:, :1])
    for _ in range(2):
        angle, offset, edge = draw.uniform(0, 2 * math.pi), draw.uniform(-0.6, 0.9), draw.uniform(0.01, 0.15)
        dark = dark * torch.sigmoid((x * angle.cos() + y * angle.sin() - offset) / edge)
    return images * (1 - dark * draw.uniform(0.25, 0.6) * draw.chance(0.3))


def expose(images: Tensor, draw: RandomDraws) -> Tensor:
    """Change gamma, gain, white balance, contrast, haze, saturation and the channels, as between two sensors."""
    on = draw.chance(0.9)
    # Whole batches are taken to a power: x ** g as exp(g log x), with nothing at zero.
    x = (images / 255).clamp(1e-3, 1)
    x = (x.log() * draw.normal(0.3).exp()).exp()
    x = x * draw.normal(0.12).exp() * draw.normal(0.05, 3, 1, 1).exp()
    x = (x - 0.45) * draw.normal(0.15).exp() + 0.45
    haze = draw.normal(0.1).clamp(min=0)
    x = x * (1 - haze) + haze * _constant((0.80, 0.82, 0.85), x.device)[:, None, None]
    grey = (x * _constant(_LUMA, x.device)[:, None, None]).sum(1, keepdim=True)
    keep = torch.where(draw.chance(0.6), draw.uniform(0, 1.35), torch.ones_like(grey[:, :, :1, :1]))
    x = grey + keep * (x - grey)
    mixing = torch.eye(3, device=x.device) + 0.04 * draw.normal(1.0, 3, 3)
    mixing = mixing / mixing.sum(2, keepdim=True)
    x = torch.einsum("bij,bjhw->bihw", mixing, x)
    return torch.where(on, x * 255, images).clamp(0, 255)


def soften(images: Tensor, draw: RandomDraws) -> Tensor:
    """Blur some pictures by a Gaussian (defocus, motion, resampling), sharpen some others by an unsharp mask."""
    sigma = draw.uniform(0.3, 1.6)
    taps = torch.arange(_BLUR_TAPS, device=images.device) - _BLUR_TAPS // 2
    kernel = torch.exp(-(taps**2) / (2 * sigma.flatten()[:, None] ** 2))
    kernel = kernel / kernel.sum(1, keepdim=True)
    count, channels, rows, columns = images.shape
    flat = images.reshape(1, count * channels, rows, columns)
    weight = kernel.repeat_interleave(channels, 0)[:, None]
    half = _BLUR_TAPS // 2
    flat = F.conv2d(F.pad(flat, (half, half, 0, 0), "replicate"), weight[:, :, None, :], groups=count * channels)
    flat = F.conv2d(F.pad(flat, (0, 0, half, half), "replicate"), weight[:, :, :, None], groups=count * channels)
    soft = flat.reshape_as(images)
    choice = draw.uniform(0, 1)
    sharp = images + draw.uniform(0.3, 0.9) * (images - soft)
    return torch.where(choice < 0.45, soft, torch.where(choice < 0.65, sharp, images))


def add_noise(images: Tensor, draw: RandomDraws) -> Tensor:
    """Add sensor noise, stronger where it is brighter (shot noise) or even (read noise), the same in all bands."""
    strength = draw.uniform(0, 10) * draw.chance(0.5)
    shot_share = draw.uniform(0, 1)
    level = (1 - shot_share) + shot_share * (images.mean(1, keepdim=True) / 128).clamp(min=0).sqrt()
    return images + strength * level * draw.normal(1.0, 1, *images.shape[-2:])


def jpeg(images: Tensor, draw: RandomDraws) -> Tensor:
    """Compress a third of the pictures as JPEG of quality 30 to 95 does: block cosine transform and rounding."""
    rows, columns = images.shape[-2:]
    padded = F.pad(images, (0, -columns % 8, 0, -rows % 8), "replicate")
    count, _, high, wide = padded.shape
    to_ycc, from_ycc = _colour_matrices(images.device)
    ycc = torch.einsum("ij,bjhw->bihw", to_ycc, padded - 128)
    blocks = ycc.reshape(count, 3, high // 8, 8, wide // 8, 8).transpose(3, 4)
    dct = _cosines(images.device)
    quality = draw.uniform(30, 95)
    scale = torch.where(quality < 50, 50 / quality, 2 - quality / 50).reshape(-1, 1, 1, 1, 1, 1)
    quanta = _constant(_QUANTA, images.device) * _constant((1.0, 2.0, 2.0), images.device)[:, None, None]
    quanta = (quanta[None, :, None, None] * scale).clamp(min=1)
    coefficients = ((dct @ blocks @ dct.T) / quanta).round() * quanta
    back = (dct.T @ coefficients @ dct).transpose(3, 4).reshape(count, 3, high, wide)
    coded = torch.einsum("ij,bjhw->bihw", from_ycc, back)[..., :rows, :columns] + 128
    return torch.where(draw.chance(0.33), coded, images)


@cache
def _constant(values: tuple[Any, ...], device: torch.device) -> Tensor:
    """Return numbers as a tensor; put on an accelerator for every batch they would be waited for."""
    return torch.tensor(values, dtype=torch.float32, device=device)


@cache
def _cosines(device: torch.device) -> Tensor:
    """Return the orthonormal 8-point cosine transform, 8 x 8."""
    k = torch.arange(8, dtype=torch.float32)
    rows = torch.cos(math.pi * (2 * k[None] + 1) * k[:, None] / 16) * math.sqrt(2 / 8)
    rows[0] /= math.sqrt(2)
    return rows.to(device)


@cache
def _colour_matrices(device: torch.device) -> tuple[Tensor, Tensor]:
    """Return RGB to YCbCr (ITU T.871) and back, 3 x 3 each."""
    red, _, blue = _LUMA
    luma = torch.tensor(_LUMA)
    cb = (torch.tensor([0.0, 0, 1]) - luma) / (2 * (1 - blue))
    cr = (torch.tensor([1.0, 0, 0]) - luma) / (2 * (1 - red))
    there = torch.stack([luma, cb, cr])
    return there.to(device), torch.linalg.inv(there).to(device)
