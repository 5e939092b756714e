"""The fit of the foot head: few clicks, seen often, turned left to right half of the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from geoloc.errors import TrainingError
from geoloc.model.foot_net import FootNet, angles_deg
from geoloc.model.network.features import Features
from geoloc.train.feet.clicks import TILT_SD_DEG, FootClicks

BATCH = 64
RATE, DECAY = 1.5e-3, 0.05
FAR_M = 40.0
"""What is farther off is told of apart."""
SOFT = 1.0
"""Steps by which an angle may be told wrong without it being a mistake, standard deviation."""


def fit_feet(
    training: Sequence[FootClicks],
    held_out: Sequence[FootClicks],
    *,
    epochs: int,
    seed: int = 0,
    report: Callable[[str], None] = lambda line: None,
) -> FootNet:
    """Train a foot head.

    Args:
        training: clicks to learn from.
        held_out: of other towns, to see how good it is.
        epochs: how often each click is seen.
        seed: of the weights and of all draws.
        report: called with a line after each epoch.

    Raises:
        TrainingError: there are too few clicks.
    """
    if sum(len(photo.below_deg) for photo in training) < BATCH or not held_out:
        raise TrainingError("too few clicks to train on or to hold out; give more --towns")
    torch.manual_seed(seed)
    net, clicks, checks = FootNet(), _Clicks(training), _Clicks(held_out)
    steps = epochs * (len(clicks) // BATCH)
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps + 1)
    for epoch in range(epochs):
        net.train()
        for rows in torch.randperm(len(clicks)).split(BATCH)[: len(clicks) // BATCH]:
            views, below, target = clicks.some(rows)
            if torch.rand(()) < 0.5:
                views = Features(*(side.flip(-1) for side in views))
            log_odds = net(views, below + TILT_SD_DEG * torch.randn(len(rows)))
            optimiser.zero_grad()
            F.cross_entropy(log_odds, target).backward()
            optimiser.step()
            schedule.step()
        report(f"epoch {epoch + 1} of {epochs}: {_held_out_line(net.eval(), checks)}")
    return net.eval()


class _Clicks:
    """Clicks of many photographs in one."""

    def __init__(self, photos: Sequence[FootClicks]) -> None:
        self._views = [torch.cat(side).unflatten(0, (-1, 2)) for side in zip(*(p.views for p in photos), strict=True)]
        self.below_deg = torch.cat([photo.below_deg for photo in photos])
        self.foot_deg = torch.cat([photo.foot_deg for photo in photos])
        self.distance_m = torch.cat([photo.distance_m for photo in photos])
        grid = angles_deg().log()
        at = (self.foot_deg.clamp(float(grid[0].exp()), float(grid[-1].exp())).log() - grid[0]) / (grid[1] - grid[0])
        near = torch.exp(-(((at[:, None] - torch.arange(len(grid))) / SOFT) ** 2) / 2)
        self.target = near / near.sum(1, keepdim=True)

    def __len__(self) -> int:
        return len(self.below_deg)

    def some(self, rows: Tensor) -> tuple[Features, Tensor, Tensor]:
        """Return the views, the angles below level and the targets of some clicks."""
        views = Features(*(side[rows].flatten(0, 1).float() for side in self._views))
        return views, self.below_deg[rows], self.target[rows]


def _held_out_line(net: FootNet, clicks: _Clicks) -> str:
    """Say how good a head is on clicks that it did not learn from."""
    with torch.inference_mode():
        rows = torch.arange(len(clicks)).split(BATCH)
        log_odds = torch.cat([net(*clicks.some(some)[:2]) for some in rows])
    middle = (log_odds.softmax(1).cumsum(1) < 0.5).sum(1)
    below = (clicks.below_deg + angles_deg()[middle]).clamp(min=0.2)
    # By the true angle the height drops out.
    true = clicks.below_deg + clicks.foot_deg
    off = (torch.tan(torch.deg2rad(true)) / torch.tan(torch.deg2rad(below))).log().abs()
    far = clicks.distance_m > FAR_M
    return (
        f"held-out loss {F.cross_entropy(log_odds, clicks.target):.3f}, distances off by a factor of "
        f"{off.median().exp():.2f} in the median, {off[far].median().exp():.2f} beyond {FAR_M:.0f} m"
    )
