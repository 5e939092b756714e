"""A mosaic as another sensor would have seen it in another season."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.accuracy.raster import whole_grid, write_mosaic
from geoloc.train.samples.appearance import RandomDraws, add_noise, expose, season, shadow, soften
from tiling.mosaic import open_mosaic

SEED = 3


class _Always(RandomDraws):
    """Draws by which every change is made; in training each is made to some of the pictures."""

    def chance(self, share: float) -> Tensor:
        """Draw True for all pictures."""
        return torch.ones(self.count, 1, 1, 1, dtype=torch.bool)


def simulate(source: Path, path: Path, gsd_m: float) -> None:
    """Write the mosaic `source`, all changes made, to `path` at `gsd_m`: blur and noise are of a sensor's pixels.

    Raises:
        OutputError: the file cannot be written.
    """
    with open_mosaic([source]) as mosaic:
        grid = whole_grid(mosaic, gsd_m)
        pixels = mosaic.read(grid)
    images = torch.from_numpy(pixels.rgb.copy()).permute(2, 0, 1)[None].float()
    draw = _Always(1, torch.Generator().manual_seed(SEED))
    for change in (season, shadow, expose, soften, add_noise):
        images = change(images, draw).clamp(0, 255)
    rgb = images[0].permute(1, 2, 0).round().to(torch.uint8).numpy()
    write_mosaic(path, grid, np.where(pixels.valid[..., None], rgb, np.uint8(0)), pixels.valid)
