"""Reference features as 8-bit integers, for an index: steps are a share of what the network standardises by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from geoloc.model.network.features import Features

STEPS = 4.0
"""Steps a standard deviation: what that costs in places and bytes stands in docs/mosaic-index.md."""
_MOST = 127


@dataclass(frozen=True, slots=True)
class Quantiser:
    """The steps of every channel: what one unit of the stored integers is.

    Attributes:
        coarse: step of each coarse channel.
        fine: step of each fine channel.
    """

    coarse: tuple[float, ...]
    fine: tuple[float, ...]

    @classmethod
    def from_deviations(cls, coarse: Sequence[float], fine: Sequence[float]) -> Quantiser:
        """Take `STEPS` steps a standard deviation of every coarse and every fine channel; see `Localizer`."""
        return cls(tuple(value / STEPS for value in coarse), tuple(value / STEPS for value in fine))

    def quantised(self, features: Features) -> Features:
        """Round features to int8, on the CPU."""
        steps = self._steps(features.coarse.device)
        scaled = (side / step for side, step in zip(features, steps, strict=True))
        return Features(*(side.round().clamp(-_MOST, _MOST).to(torch.int8).cpu() for side in scaled))

    def dequantised(self, features: Features, device: torch.device) -> Features:
        """Bring features back from int8 to 32 bits, on a device."""
        integers = Features(*(side.to(device) for side in features)).float()
        return Features(*(side * step for side, step in zip(integers, self._steps(device), strict=True)))

    def _steps(self, device: torch.device) -> Features:
        return Features(*(torch.tensor(side, device=device)[None, :, None, None] for side in (self.coarse, self.fine)))
