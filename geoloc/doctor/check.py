"""One thing that was looked at, and what there is to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what it is, such as "torch".
        found: what was found, such as its version.
        wrong: what is wrong with it; empty where nothing is.
        mend: what mends it, mostly a command; of what is not wrong, what would make it better. Empty where nothing.
    """

    name: str
    found: str
    wrong: str = ""
    mend: str = ""

    @property
    def line(self) -> str:
        """All of it in one line."""
        told = f"WRONG: {self.wrong}" if self.wrong else ""
        return "; ".join(part for part in (self.found, told, self.mend) if part)
