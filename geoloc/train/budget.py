"""How long a training may take, all in all, and until when each of its stages may go on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

GATHERED, PREPARED = 0.15, 0.25
"""Shares of the time that are used when the ground is read, and when examples to check by are drawn, at the latest."""
DESCRIBING, SEARCHING = 0.2, 0.15
"""Shares of the time that the descriptors take in the end, and the searches that tell what a score means, at most."""
_MOMENT = 1e-6
"""Minutes in which one step of a training ends in time, and no second one."""
_ENCODED = 0.8
"""Share of the descriptors' own time that goes into making their examples."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The time of a training; it begins when this is made.

    Attributes:
        minutes: all in all, in this sitting; infinite where nobody set a limit.
        describes: whether descriptors are trained in the end.
        searches: whether searches are tried in the end.
        clock: returns seconds since any time.
        begun_s: when it began, by that clock.
    """

    minutes: float = math.inf
    describes: bool = True
    searches: bool = True
    clock: Callable[[], float] = time.monotonic
    begun_s: float = field(default=math.nan)

    def __post_init__(self) -> None:
        """Begin now, unless it is said when."""
        if math.isnan(self.begun_s):
            object.__setattr__(self, "begun_s", self.clock())

    @property
    def training(self) -> float:
        """The share of the time after which training ends."""
        return 1 - DESCRIBING * self.describes - SEARCHING * self.searches

    @property
    def described(self) -> float:
        """The share of the time after which the descriptors are done."""
        return 1 - SEARCHING * self.searches

    @property
    def encoded(self) -> float:
        """The share of the time after which no more examples for the descriptors are made."""
        return self.training + _ENCODED * (self.described - self.training)

    def over(self, share: float = 1.0) -> Callable[[], bool]:
        """Return what tells whether so much of the time is used; nothing ever is of an infinite one."""
        return lambda: self.clock() - self.begun_s >= share * 60 * self.minutes

    def minutes_until(self, share: float, reserved: float = 0.0) -> float:
        """Return how many minutes are left until so much of the time is used, less what is reserved.

        Hardly any are where it is over.
        """
        return max(_MOMENT, share * self.minutes - reserved - (self.clock() - self.begun_s) / 60)


UNLIMITED = Budget()
"""Whoever sets no limit."""
