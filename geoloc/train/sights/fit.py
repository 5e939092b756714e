"""The fit of the sight head: clicks seen often, turned left to right half of the time, some with another's strip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from geoloc.errors import TrainingError
from geoloc.model.network.features import Features
from geoloc.model.sight.head import NOWHERE_SHARE
from geoloc.model.sight.net import CELL_M, COLUMNS, ROWS, SightNet, Views
from geoloc.photo.sight import STRIP_LONG_M, STRIP_WIDE_M
from geoloc.train.sights.clicks import STRIPS, SightClicks, joined

BATCH = 32
RATE, DECAY, MOST_NORM = 1e-3, 0.05, 2.0
TILT_SD_DEG, HEIGHT_SHARE = 0.2, 0.05
"""How far tilts and heights of poses that are found are off."""
SOFT_SHARE, LEAST_SOFT_M, MOST_SOFT_M = 0.2, 1.0, 2.0
"""How far from its middle a thing may be told without it being a mistake, standard deviation: a share of its size."""
FAR_M = 40.0
"""What is farther off is told of apart."""


def fit_sights(
    training: Sequence[SightClicks],
    held_out: Sequence[SightClicks],
    *,
    epochs: int,
    seed: int = 0,
    report: Callable[[str], None] = lambda line: None,
) -> SightNet:
    """Train a sight head.

    Args:
        training: clicks to learn from.
        held_out: of other towns, to see how good it is.
        epochs: how often each click is seen.
        seed: of the weights and of all draws.
        report: called with a line after each epoch.

    Raises:
        TrainingError: there are too few clicks.
    """
    if sum(len(photo.size_m) for photo in training) < BATCH or not held_out:
        raise TrainingError("too few clicks to train on or to hold out; give more --towns")
    torch.manual_seed(seed)
    net, clicks, checks = SightNet(), joined(training), joined(held_out)
    steps = epochs * (len(clicks.size_m) // BATCH)
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps + 1, pct_start=0.15)
    for epoch in range(epochs):
        net.train()
        for rows in torch.randperm(len(clicks.size_m)).split(BATCH)[: len(clicks.size_m) // BATCH]:
            batch = _some(clicks, rows, int(torch.randint(STRIPS, ())))
            batch = _elsewhere(clicks, batch, torch.rand(len(rows)) < NOWHERE_SHARE)
            if torch.rand(()) < 0.5:
                batch = batch.mirrored()
            height_m = batch.height_m * (1 + HEIGHT_SHARE * torch.randn(len(rows)))
            clicked_deg = batch.clicked_deg + TILT_SD_DEG * torch.randn(len(rows))
            log_odds = net(batch.views, batch.strip, height_m, clicked_deg)
            optimiser.zero_grad()
            F.cross_entropy(log_odds, batch.target()).backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), MOST_NORM)
            optimiser.step()
            schedule.step()
        report(f"epoch {epoch + 1} of {epochs}: {_held_out_line(net.eval(), checks)}")
    return net.eval()


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """B clicks, each with one strip; see `SightClicks`."""

    views: Views
    strip: Features
    height_m: Tensor
    clicked_deg: Tensor
    at_m: Tensor
    size_m: Tensor
    present: Tensor

    def mirrored(self) -> _Batch:
        """Return them left to right."""
        narrow, wide, strip = (Features(*(side.flip(-1) for side in part)) for part in (*self.views, self.strip))
        at_m = self.at_m * self.at_m.new_tensor([1.0, -1.0])
        return replace(self, views=Views(narrow, wide), strip=strip, at_m=at_m)

    def target(self) -> Tensor:
        """Return what is to be told, B x (cells + 1)."""
        along, across = _middles()
        soft = (SOFT_SHARE * self.size_m).clamp(LEAST_SOFT_M, MOST_SOFT_M)[:, None]
        off = (along - self.at_m[:, :1]) ** 2 + (across - self.at_m[:, 1:]) ** 2
        near = torch.exp(-off / (2 * soft**2))
        inside = (self.at_m[:, 0] > 0) & (self.at_m[:, 0] < STRIP_LONG_M) & (self.at_m[:, 1].abs() < STRIP_WIDE_M / 2)
        there = (self.present & inside).float()[:, None]
        # What is far off the strip is near no cell.
        return torch.cat([near / near.sum(1, keepdim=True).clamp(min=1e-9) * there, 1 - there], dim=1)


def _some(clicks: SightClicks, rows: Tensor, number: int) -> _Batch:
    """Return some clicks, each with its strip of that number."""
    narrow, wide = (Features(*(side[rows].float() for side in view)) for view in clicks.views)
    strip = Features(*(side[rows * STRIPS + number].float() for side in clicks.strips))
    numbers = clicks.height_m[rows], clicks.clicked_deg[rows], clicks.at_m[rows, number], clicks.size_m[rows]
    return _Batch(Views(narrow, wide), strip, *numbers, clicks.present[rows])


def _elsewhere(clicks: SightClicks, batch: _Batch, which: Tensor) -> _Batch:
    """Show some clicks another click's strip, where they are nowhere."""
    others = torch.randint(len(clicks.strips.coarse), (len(which),))
    strip = Features(
        *(
            torch.where(which[:, None, None, None], kept[others].float(), own)
            for kept, own in zip(clicks.strips, batch.strip, strict=True)
        )
    )
    return replace(batch, strip=strip, present=batch.present & ~which)


def _middles() -> tuple[Tensor, Tensor]:
    """Return how far along and across a strip the middles of its cells are, metres, each `ROWS` * `COLUMNS`."""
    along = STRIP_LONG_M - (torch.arange(ROWS) + 0.5) * CELL_M
    across = (torch.arange(COLUMNS) + 0.5) * CELL_M - STRIP_WIDE_M / 2
    rows, columns = torch.meshgrid(along, across, indexing="ij")
    return rows.flatten(), columns.flatten()


@torch.inference_mode()
def _held_out_line(net: SightNet, clicks: SightClicks) -> str:
    """Say how good a head is on clicks that it did not learn from."""
    along, across = _middles()
    losses, hits, there, elsewhere, away = [], [], [], [], []
    for rows in torch.arange(len(clicks.size_m)).split(BATCH):
        batch = _some(clicks, rows, 0)
        log_odds = net(batch.views, batch.strip, batch.height_m, batch.clicked_deg)
        target = batch.target()
        losses.append(F.cross_entropy(log_odds, target, reduction="none"))
        shown = target[:, -1] == 0
        best = log_odds[:, :-1].argmax(1)
        off = torch.stack([along[best], across[best]], dim=1) - batch.at_m
        hits.append((off.abs() < batch.size_m[:, None] / 2).all(1)[shown])
        there.append(_there(log_odds)[shown])
        away.append(batch.at_m[shown, 0])
        # The strip of a click half of them farther on: of another town, where more than one is held out.
        other = _some(clicks, (rows + len(clicks.size_m) // 2) % len(clicks.size_m), 0)
        elsewhere.append(_there(net(batch.views, other.strip, batch.height_m, batch.clicked_deg)))
    hit, far = torch.cat(hits).float(), torch.cat(away) > FAR_M
    above = (torch.cat(there)[:, None] > torch.cat(elsewhere)[None]).float().mean()
    return (
        f"held-out loss {torch.cat(losses).mean():.3f}, in the thing's box {hit.mean():.3f}, beyond "
        f"{FAR_M:.0f} m {hit[far].mean():.3f}; AUROC against other strips {above:.3f}"
    )


def _there(log_odds: Tensor) -> Tensor:
    """Return the log odds that a thing is somewhere in its strip."""
    return log_odds[:, :-1].logsumexp(1) - log_odds[:, -1]
