"""The mask head in use: its weights, and what it makes of a chip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch.nn import functional as F

from geoloc.errors import WeightsError
from geoloc.model.network.outline_net import OutlineNet, hints
from geoloc.model.packaged import PACKAGED
from geoloc.outline.chip import Chip

WEIGHTS = PACKAGED / "outline.safetensors"


class MaskModel:
    """Tells which pixels of a chip are the object's."""

    def __init__(self, net: OutlineNet) -> None:
        """Take a trained network."""
        self._net = net.eval()

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> MaskModel:
        """Load weights.

        Raises:
            WeightsError: the file cannot be read, or is of another network.
        """
        net = OutlineNet()
        try:
            net.load_state_dict({name: tensor.float() for name, tensor in load_file(path).items()})
        except (SafetensorError, OSError, RuntimeError) as error:
            raise WeightsError(f"{path}: no weights of the mask head ({str(error).splitlines()[0]})") from None
        return cls(net)

    def share(self, chip: Chip) -> NDArray[np.float32]:
        """Return how likely each pixel of a chip is the object's, px x px; 0 where the mosaic has no data."""
        with torch.inference_mode():
            told = hints(*(torch.from_numpy(array).float()[None] for array in (chip.click, chip.drawn, chip.shown)))
            mosaic, photo = (torch.from_numpy(one).permute(2, 0, 1)[None].float() for one in (chip.mosaic, chip.photo))
            logits = self._net(mosaic, photo, told)[:, None]
            share = F.interpolate(logits, size=chip.valid.shape, mode="bilinear", align_corners=False).sigmoid()
        return np.where(chip.valid, share[0, 0].numpy(), np.float32(0))
