"""Training of the descriptors of a network whose backbone is done.

It is contrastive: each part of a query (`geoloc.model.network.descriptor`) against the squares of many windows.

Features do not change, so examples are encoded once. A query's own window is among those of its batch: the squares
beside the right one, of the same ground, are the hardest to tell from it, and other windows of the batch the many.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.network.descriptor import PARTS, SQUARES
from geoloc.model.network.features import Features
from geoloc.train.samples.batch import Batch

BATCHES = 2
"""Batches, of one shape, that a step compares with each other."""
SCALE, WINDOW_SCALE = 12.0, 30.0
"""By what cosines, and means of the best cosines, are multiplied before the softmax."""
RATE = 1.5e-3
_WARMUP = 50


@dataclass(frozen=True, slots=True)
class Recall:
    """Share of queries whose own window is among the best K of `windows`.

    Attributes:
        windows: how many there are to choose from.
        at: the share by K.
    """

    windows: int
    at: dict[int, float]

    def __str__(self) -> str:
        """Say the shares in a sentence."""
        shares = ", ".join(f"{share:.2f} at {k}" for k, share in self.at.items())
        return f"recall of the right one of {self.windows} windows {shares}"


def train_descriptors(
    net: CrossViewNet,
    training: Sequence[Batch],
    held_out: Sequence[Batch],
    *,
    steps: int,
    seed: int,
    report: Callable[[str], None],
    over: Callable[[], bool] = lambda: False,
) -> None:
    """Train the descriptors of a network in place.

    Args:
        net: all else of it stays as it is.
        training: encoded, every example with its object in its window.
        held_out: the same, to measure on.
        steps: how long to train.
        seed: of the draw of batches.
        report: called with a line now and then.
        over: whether there is no time for another step.
    """
    assert net.describer is not None
    optimiser = torch.optim.AdamW(net.describer.parameters(), RATE, weight_decay=1e-4)
    rng = np.random.default_rng(seed)
    by_shape: dict[tuple[int, ...], list[Batch]] = {}
    for batch in training:
        shape = (*_features(batch.query).coarse.shape, *_features(batch.reference).coarse.shape)
        by_shape.setdefault(shape, []).append(batch)
    alike = list(by_shape.values())
    shares = np.array([len(batches) for batches in alike]) / len(training)
    report(f"descriptors, before: {recall(net, held_out)}")
    for step in range(steps):
        warm = min(1.0, (step + 1) / _WARMUP)
        for group in optimiser.param_groups:
            group["lr"] = RATE * warm * (0.02 + 0.98 * (1 + math.cos(math.pi * step / steps)) / 2)
        batches = alike[rng.choice(len(alike), p=shares)]
        picked = rng.choice(len(batches), min(BATCHES, len(batches)), replace=False)
        loss = torch.stack(list(descriptor_losses(net, [batches[i] for i in picked]))).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        ended = step + 1 == steps or over()
        if ended or (step + 1) % 200 == 0:
            report(f"descriptors, step {step + 1} of {steps}: loss {loss.item():.3f}, {recall(net, held_out)}")
        if ended:
            break


def descriptor_losses(net: CrossViewNet, batches: Sequence[Batch]) -> tuple[Tensor, Tensor]:
    """Return the losses of parts, each to be found in its square of all windows, and of windows among each other."""
    parts, weight, squares = _described(net, batches)
    cosines = torch.einsum("qdn,wds->qwns", parts, squares)
    matches, side_px = torch.cat([batch.matches for batch in batches]), batches[0].reference_px[0]
    place, known = _squares_of(matches, parts.shape[-1], side_px)
    count, windows, _, each = cosines.shape
    logp = F.log_softmax(SCALE * cosines.transpose(1, 2).flatten(2), dim=-1)
    target = place + each * torch.arange(count, device=place.device)[:, None]
    found = -logp.gather(2, target[..., None])[..., 0][known]
    score = WINDOW_SCALE * (cosines.amax(-1) * weight[:, None]).sum(-1)
    own = torch.arange(windows, device=score.device)
    return found.mean(), (F.cross_entropy(score, own) + F.cross_entropy(score.T, own)) / 2


@torch.no_grad()
def recall(net: CrossViewNet, batches: Sequence[Batch], ks: Sequence[int] = (1, 5, 20, 100)) -> Recall:
    """Measure how often queries find their window among those of all batches of one shape.

    Args:
        net: the network with its descriptors.
        batches: encoded; those of another shape than the first are left out.
        ks: how many windows may be kept.
    """
    first = _features(batches[0].query).coarse.shape
    sides = [_described(net, [batch]) for batch in batches if _features(batch.query).coarse.shape == first]
    score = torch.cat(
        [
            torch.cat(
                [(torch.einsum("qdn,wds->qwns", p, squares).amax(-1) * w[:, None]).sum(-1) for _, _, squares in sides],
                1,
            )
            for p, w, _ in sides
        ]
    )
    rank = (score > score.diagonal()[:, None]).sum(1)
    return Recall(len(score), {k: float((rank < k).float().mean()) for k in ks})


def _described(net: CrossViewNet, batches: Sequence[Batch]) -> tuple[Tensor, Tensor, Tensor]:
    """Return parts, Q x size x N, their weights, Q x N, and the squares of the windows, Q x size x S."""
    query = _joined([_features(batch.query) for batch in batches])
    parts, weight = net.describe_query(query, torch.cat([batch.click for batch in batches]))
    window = _joined([_features(batch.reference) for batch in batches])
    half = window.coarse.shape[-1] // 2
    rows = []
    for top in (0, half):
        row = [net.describe_reference(window.cells(left, top, left + half, top + half)) for left in (0, half)]
        rows.append(torch.cat(row, dim=-1))
    return parts, weight, torch.cat(rows, dim=-2).flatten(2)


def _squares_of(matches: Tensor, parts: int, side_px: int) -> tuple[Tensor, Tensor]:
    """Return the square that each part of a query lies in, Q x parts, and whether that is known.

    matches: Q x h x w x 2, the pixels of the window, `side_px` along its side, that its cells show, NaN where none do.
    """
    # The mean over the cells of a part, known where all of them are.
    shape = PARTS, parts // PARTS
    middle = F.adaptive_avg_pool2d(matches.float().permute(0, 3, 1, 2), shape).flatten(2).transpose(1, 2)
    known = torch.isfinite(middle).all(-1)
    column, row = (middle.nan_to_num() * (2 * SQUARES / side_px)).long().clamp(0, 2 * SQUARES - 1).unbind(-1)
    return row * 2 * SQUARES + column, known


def _joined(sides: Sequence[Features]) -> Features:
    return Features(*(torch.cat(side) for side in zip(*sides, strict=True))).float()


def _features(side: Tensor | Features) -> Features:
    assert isinstance(side, Features)
    return side
