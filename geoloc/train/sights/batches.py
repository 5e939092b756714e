"""Batches of clicks and of looks, as the sight head is shown them, and what it is to tell of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from geoloc.model.network.features import Features
from geoloc.model.sight.cells import Views, cell_middles
from geoloc.model.sight.likeness_net import LikenessNet
from geoloc.model.sight.net import SightNet
from geoloc.photo.sight import STRIP_LONG_M, STRIP_WIDE_M
from geoloc.train.sights.clicks import STRIPS, SightClicks
from geoloc.train.sights.drawn import DrawnSights
from geoloc.train.sights.looks import LOOK_STRIPS, RIGHT, WRONG, SightLooks

TILT_SD_DEG, HEIGHT_SHARE = 0.2, 0.05
"""How far tilts and heights of poses that are found are off."""
SOFT_SHARE, LEAST_SOFT_M, MOST_SOFT_M = 0.2, 1.0, 2.0
"""How far from its middle a thing may be told without it being a mistake, standard deviation: a share of its size."""
HARDEST_OF = 12
"""Strips of other towns."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """B views, each with a strip that may be what they show.

    Attributes:
        views: features of the views, B.
        strip: features of the strips, B.
        height_m: B, of the camera over the ground.
        below_deg: B, how far below level the middles of the views are.
    """

    views: Views
    strip: Features
    height_m: Tensor
    below_deg: Tensor

    @classmethod
    def of(cls, drawn: DrawnSights, rows: Tensor, strips: Tensor) -> Shown:
        """Take the views of some directions, each with a strip of any of them.

        Args:
            drawn: all directions, and as many strips of each.
            rows: B, which of the directions.
            strips: B, which of all strips: the row of its direction times the strips of each, plus its own number.
        """
        narrow, wide = (Features(*(side[rows].float() for side in view)) for view in drawn.views)
        strip = Features(*(side[strips].float() for side in drawn.strips))
        return cls(Views(narrow, wide), strip, drawn.height_m[rows], drawn.below_deg[rows])

    def mirrored(self) -> Shown:
        """Return them left to right."""
        narrow, wide, strip = (Features(*(side.flip(-1) for side in part)) for part in (*self.views, self.strip))
        return replace(self, views=Views(narrow, wide), strip=strip)

    def beside(self, other: Shown) -> Shown:
        """Return both, these first."""
        parts = zip((*self.views, self.strip), (*other.views, other.strip), strict=True)
        narrow, wide, strip = (Features.together(part) for part in parts)
        height_m = torch.cat([self.height_m, other.height_m])
        return Shown(Views(narrow, wide), strip, height_m, torch.cat([self.below_deg, other.below_deg]))

    def as_found(self) -> Shown:
        """Return them with heights and tilts as wrong as those of poses that are found."""
        count = len(self.height_m)
        height_m = self.height_m * (1 + HEIGHT_SHARE * torch.randn(count))
        return replace(self, height_m=height_m, below_deg=self.below_deg + TILT_SD_DEG * torch.randn(count))

    def seen_by(self, net: SightNet | LikenessNet) -> Tensor:
        """Return what a network tells of them."""
        told: Tensor = net(self.views, self.strip, self.height_m, self.below_deg)
        return told


@dataclass(frozen=True, slots=True, eq=False)
class ClickBatch:
    """B clicks, each with one strip.

    Attributes:
        shown: what is seen round each, and the strip.
        at_m: B x 2, where on the strip the middle of the thing is: along it from the camera, and to the right.
        size_m: B, the root of the area of the box round its plan.
        present: B, whether the strip shows it.
        right: B, whether the strip is the one that is seen.
    """

    shown: Shown
    at_m: Tensor
    size_m: Tensor
    present: Tensor
    right: Tensor

    @classmethod
    def of(cls, clicks: SightClicks, rows: Tensor, number: int) -> ClickBatch:
        """Take some clicks, each with its strip of that number."""
        shown = Shown.of(clicks, rows, rows * STRIPS + number)
        right = torch.ones(len(rows), dtype=torch.bool)
        return cls(shown, clicks.at_m[rows, number], clicks.size_m[rows], clicks.present[rows], right)

    def mirrored(self) -> ClickBatch:
        """Return them left to right."""
        return replace(self, shown=self.shown.mirrored(), at_m=self.at_m * self.at_m.new_tensor([1.0, -1.0]))

    def elsewhere(self, clicks: SightClicks, which: Tensor, others: Tensor) -> ClickBatch:
        """Show some of them other clicks' strips, where they are nowhere.

        Args:
            clicks: those that these were taken from.
            which: B, whether to.
            others: B, which of all strips; see `Shown.of`.
        """
        strip = Features(
            *(
                torch.where(which[:, None, None, None], kept[others].float(), own)
                for kept, own in zip(clicks.strips, self.shown.strip, strict=True)
            )
        )
        shown = replace(self.shown, strip=strip)
        return replace(self, shown=shown, present=self.present & ~which, right=self.right & ~which)

    def target(self) -> Tensor:
        """Return what is to be told of where things are, B x (cells + 1)."""
        along, across = cell_middles()
        soft = (SOFT_SHARE * self.size_m).clamp(LEAST_SOFT_M, MOST_SOFT_M)[:, None]
        off = (along - self.at_m[:, :1]) ** 2 + (across - self.at_m[:, 1:]) ** 2
        near = torch.exp(-off / (2 * soft**2))
        inside = (self.at_m[:, 0] > 0) & (self.at_m[:, 0] < STRIP_LONG_M) & (self.at_m[:, 1].abs() < STRIP_WIDE_M / 2)
        there = (self.present & inside).float()[:, None]
        # What is far off the strip is near no cell.
        return torch.cat([near / near.sum(1, keepdim=True).clamp(min=1e-9) * there, 1 - there], dim=1)


def drawn_looks(sights: SightLooks, count: int, hard_for: LikenessNet | None = None) -> tuple[Shown, Tensor]:
    """Draw looks with strips, and return which of these are of right poses: half of them.

    Args:
        sights: they are drawn from.
        count: of the looks.
        hard_for: half of the other strips look to this most like what is seen, of `HARDEST_OF`; None for none.

    Returns:
        The looks, and as many truth values.
    """
    rows = torch.randint(sights.count, (count,))
    right, wrong = torch.randint(len(RIGHT), (count,)), len(RIGHT) + torch.randint(WRONG, (count,))
    is_right = torch.rand(count) < 0.5
    strips = rows * LOOK_STRIPS + torch.where(is_right, right, wrong)
    if hard_for is not None:
        hard = ~is_right & (torch.rand(count) < 0.5)
        strips[hard] = hardest_strips(hard_for, sights, rows[hard])
    return Shown.of(sights, rows, strips), is_right


@torch.no_grad()
def hardest_strips(
    net: LikenessNet, drawn: DrawnSights, rows: Tensor, generator: torch.Generator | None = None
) -> Tensor:
    """Return of some directions the strips that look most like them, of `HARDEST_OF` of other towns each.

    Args:
        net: says what looks alike, in evaluation mode.
        drawn: directions in two towns or more.
        rows: B, which of the directions.
        generator: of the draws; None for the global one.

    Returns:
        B, which of all strips.
    """
    each = len(drawn.strips.coarse) // drawn.count
    # Another photograph of the same town may show the same thing.
    elsewhere = (drawn.town[rows][:, None] != drawn.town).float()
    others = torch.multinomial(elsewhere, HARDEST_OF, replacement=True, generator=generator)
    strips = others * each + torch.randint(each, others.shape, generator=generator)
    told = Shown.of(drawn, rows.repeat_interleave(HARDEST_OF), strips.flatten()).seen_by(net)
    return strips.gather(1, told.view_as(strips).argmax(1, keepdim=True))[:, 0]
