"""What the mask head is shown, known without torch."""

from geoloc.model.network.config import FILL

CHIP_PX = 192
"""Side of a chip, pixels."""
MASK_STRIDE = 2
"""Pixels of the chip along a pixel of the mask that the network gives."""

__all__ = ["CHIP_PX", "FILL", "MASK_STRIDE"]
