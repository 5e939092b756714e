"""The mask head in use: its weights, and what it makes of a chip."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from geoloc.model.network.outline_net import OutlineNet, hints
from geoloc.outline.chip import Chip


class MaskModel:
    """Tells which pixels of a chip are the object's."""

    def __init__(self, net: OutlineNet) -> None:
        """Take a trained network."""
        self._net = net.eval()

    def share(self, chip: Chip) -> NDArray[np.float32]:
        """Return how likely each pixel of a chip is the object's, px x px; 0 where the mosaic has no data."""
        with torch.inference_mode():
            told = hints(*(torch.from_numpy(array).float()[None] for array in (chip.click, chip.drawn, chip.shown)))
            mosaic, photo = (torch.from_numpy(one).permute(2, 0, 1)[None].float() for one in (chip.mosaic, chip.photo))
            logits = self._net(mosaic, photo, told)[:, None]
            share = F.interpolate(logits, size=chip.valid.shape, mode="bilinear", align_corners=False).sigmoid()
        return np.where(chip.valid, share[0, 0].numpy(), np.float32(0))
