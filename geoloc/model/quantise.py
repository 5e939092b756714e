"""Reference features as 8-bit integers, for an index: steps are a share of what the network standardises by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from geoloc.model.network.features import Features

STEPS = 4.0
"""Steps a standard deviation: what that costs in places and bytes stands in docs/index.md."""
_MOST = 127


@dataclass(frozen=True, slots=True)
class Quantiser:
    """coarse, fine: the step of each channel, what one unit of the stored integers is."""

    coarse: tuple[float, ...]
    fine: tuple[float, ...]

    @classmethod
    def of(cls, deviations: tuple[Sequence[float], Sequence[float]]) -> Quantiser:
        """deviations: of every coarse and every fine channel, see `Localizer.deviations`."""
        coarse, fine = (tuple(value / STEPS for value in side) for side in deviations)
        return cls(coarse, fine)

    def packed(self, features: Features) -> Features:
        """Rounded to int8, on the CPU."""
        steps = self._steps(features.coarse.device)
        scaled = (side / step for side, step in zip(features, steps, strict=True))
        return Features(*(side.round().clamp(-_MOST, _MOST).to(torch.int8).cpu() for side in scaled))

    def restored(self, features: Features, device: torch.device) -> Features:
        """From int8 to 32 bits, on a device."""
        there = Features(*(side.to(device) for side in features)).float()
        return Features(*(side * step for side, step in zip(there, self._steps(device), strict=True)))

    def _steps(self, device: torch.device) -> Features:
        return Features(*(torch.tensor(side, device=device)[None, :, None, None] for side in (self.coarse, self.fine)))
