"""Where things are, as numbers for a network: sinusoidal positions, and cells about a click."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def sine_positions(height: int, width: int, dim: int, device: torch.device) -> Tensor:
    """Return 2-D sinusoidal positions, (height * width) x dim, half of the channels for x and half for y.

    Wavelengths run from 4 cells to 400, so that both neighbours and places far apart differ.

    Args:
        height: rows of cells.
        width: columns of cells.
        dim: channels.
        device: where the result is to be.
    """
    quarter = dim // 4
    wavelength = 4.0 * 100.0 ** (torch.arange(quarter, device=device) / quarter)

    def axis(n: int) -> Tensor:
        angle = (torch.arange(n, device=device)[:, None] + 0.5) * (2 * math.pi / wavelength)
        return torch.cat([angle.sin(), angle.cos()], dim=1)

    x = axis(width)[None].expand(height, width, 2 * quarter)
    y = axis(height)[:, None].expand(height, width, 2 * quarter)
    out = torch.cat([x, y], dim=2).flatten(0, 1)
    return torch.nn.functional.pad(out, (0, dim - out.shape[1]))


def gaussian_cells(click: Tensor, height: int, width: int, sigma: float, stride: int) -> tuple[Tensor, Tensor]:
    """Weigh feature cells by a Gaussian round the click.

    Args:
        click: B x 2, (x, y) in pixels of the image.
        height: of the image, pixels.
        width: of the image, pixels.
        sigma: standard deviation, pixels.
        stride: pixels along a cell.

    Returns:
        Weights, B x N, and each cell's offset from the click in heights of the image, B x N x 2, for the N = (height /
        stride) * (width / stride) cells in row order.
    """
    rows, columns = height // stride, width // stride
    dx, dy = click_offsets(click / stride, rows, columns)
    weight = torch.exp(-(dx**2 + dy**2) / (2 * (sigma / stride) ** 2)).flatten(1)
    offset = torch.stack([dx.flatten(1), dy.flatten(1)], dim=2) / rows
    return weight, offset


def click_offsets(click: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Return x and y offsets of every pixel's centre from the click, B x height x width each.

    Args:
        click: B x 2, (x, y) pixels.
        height: of the image, pixels.
        width: of the image, pixels.
    """
    x = torch.arange(width, device=click.device) + 0.5
    y = torch.arange(height, device=click.device) + 0.5
    dx = x[None, None, :] - click[:, 0, None, None]
    dy = y[None, :, None] - click[:, 1, None, None]
    return dx.expand(-1, height, width), dy.expand(-1, height, width)
