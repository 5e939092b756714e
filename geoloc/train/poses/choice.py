"""The fit of the choice among poses: what is farther off is to tell which is right, and that none is.

A search gives each pose a weight, exp(k (w + s)), where w is of the ground round the camera, s is told of what is
farther off, and k is `sure`; "none of them" has 1 (`geoloc.geometry.stand`). So that -log of the share that the right
ones have, or that "none" has where none is right, is the loss of the s that a network tells.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from geoloc.errors import TrainingError
from geoloc.geometry.stand import MORE_BY_CHANCE, PANORAMA_MORE_BY_CHANCE, sure
from geoloc.model.network.features import Features
from geoloc.model.sight.likeness import SHARE
from geoloc.model.sight.likeness_net import LikenessNet
from geoloc.model.sight.net import Views
from geoloc.train.poses.compared import ComparedPhoto
from geoloc.train.sights.batches import Shown
from geoloc.train.sights.fit import Learner

PHOTOS = 8
"""Of a batch."""
RATE = 5e-4
MOST_LOSS = 12.0
"""Of a photograph: what is hopeless is not learnt."""
TOLD_EVERY = 50
"""Steps."""
_AT_ONCE = 128
"""Strips: memory."""


def fit_choice(
    start: LikenessNet,
    training: Sequence[ComparedPhoto],
    held_out: Sequence[ComparedPhoto],
    *,
    steps: int,
    seed: int = 0,
    report: Callable[[str], None] = lambda line: None,
) -> LikenessNet:
    """Train what compares poses further.

    Args:
        start: it goes on from this.
        training: photographs to learn from.
        held_out: of other towns, to see how good it is.
        steps: batches.
        seed: of all draws.
        report: called with a line now and then.

    Raises:
        TrainingError: there are too few photographs.
    """
    if len(training) < PHOTOS or not held_out:
        raise TrainingError("too few photographs to train on or to hold out; give more --towns")
    torch.manual_seed(seed)
    net = copy.deepcopy(start)
    report(f"before: {_line(net.eval(), held_out)}")
    learner, order = Learner(net, RATE, steps), list[int]()
    for step in range(steps):
        if len(order) < PHOTOS:
            order = torch.randperm(len(training)).tolist()
        batch, order = [training[row] for row in order[:PHOTOS]], order[PHOTOS:]
        drawn = [photo.some(_drawn(photo)) for photo in batch]
        told = _weights(net.train(), drawn, mirrored=bool(torch.rand(()) < 0.5))
        losses = [_loss(photo, weights) for photo, weights in zip(drawn, told, strict=True)]
        learner.step(torch.stack(losses).clamp(max=MOST_LOSS).mean())
        if (step + 1) % TOLD_EVERY == 0 or step + 1 == steps:
            report(f"step {step + 1} of {steps}: {_line(net.eval(), held_out)}")
    return net.eval()


def _drawn(photo: ComparedPhoto) -> Tensor:
    """Draw poses of a photograph: the likeliest right and wrong one, and some others, since most count for nothing."""
    poses = []
    for kind, others in ((photo.right, 1), (~photo.right, 1 if photo.right.any() else 2)):
        (numbers,) = kind.nonzero(as_tuple=True)
        poses += [numbers[:1], numbers[1:][torch.randperm(max(len(numbers) - 1, 0))[:others]]]
    return torch.cat(poses)


def _weights(net: LikenessNet, photos: Sequence[ComparedPhoto], *, mirrored: bool = False) -> list[Tensor]:
    """Return of each photo the log weights of its poses, "none of them" last."""
    told = torch.cat([_told(net, photo, mirrored=mirrored) for photo in photos])
    weights, looks = [], told.split([len(photo.view) for photo in photos])
    for photo, of_looks in zip(photos, looks, strict=True):
        by_chance = PANORAMA_MORE_BY_CHANCE if photo.panorama else MORE_BY_CHANCE
        # As `Likeness` and `find_stands` do.
        parts = zip(of_looks.split(photo.looks.tolist()), photo.shares.split(photo.looks.tolist()), strict=True)
        together = [
            sure(float(shares.mean())) * (log_weight + SHARE * (seen @ shares) - by_chance * shares.mean())
            for log_weight, (seen, shares) in zip(photo.log_weight, parts, strict=True)
        ]
        weights.append(torch.cat([torch.stack(together), told.new_zeros(1)]))
    return weights


def _told(net: LikenessNet, photo: ComparedPhoto, *, mirrored: bool) -> Tensor:
    """Return what is told of each look of each pose."""
    parts = []
    for rows in torch.arange(len(photo.view)).split(_AT_ONCE):
        narrow, wide = (Features(*(side[photo.view[rows]].float() for side in view)) for view in photo.views)
        strips = Features(*(side[rows].float() for side in photo.strips))
        shown = Shown(Views(narrow, wide), strips, photo.height_m[rows], photo.below_deg[rows])
        parts.append((shown.mirrored() if mirrored else shown).seen_by(net))
    return torch.cat(parts)


def _loss(photo: ComparedPhoto, weights: Tensor) -> Tensor:
    right = torch.cat([photo.right, ~photo.right.any()[None]])
    return weights.logsumexp(0) - weights[right].logsumexp(0)


@dataclass(frozen=True, slots=True)
class _Told:
    """Of a photograph: the share that wrong poses have, and right ones; whether any is right."""

    wrong: float
    right: float
    there: bool


@torch.inference_mode()
def _line(net: LikenessNet, photos: Sequence[ComparedPhoto]) -> str:
    """Say how good the choice is."""
    losses, told = [], {False: list[_Told](), True: list[_Told]()}
    for photo in photos:
        (weights,) = _weights(net, [photo])
        losses.append(float(_loss(photo, weights)))
        shares = weights.softmax(0)[:-1]
        there = bool(photo.right.any())
        wrong, right = (float(shares[which].sum()) for which in (~photo.right, photo.right))
        told[bool(photo.panorama)].append(_Told(wrong, right, there))
    line = f"held-out loss {sum(losses) / len(losses):.3f}"
    for name, some in (("photographs", told[False]), ("panoramas", told[True])):
        shown, absent = [one for one in some if one.there], [one for one in some if not one.there]
        line += (
            f"; {name}: right poses with half of the weight {sum(one.right > 0.5 for one in shown)} of {len(shown)}, "
            f"wrong ones {sum(one.wrong > 0.5 for one in shown)}, "
            f"where none is right {sum(one.wrong > 0.5 for one in absent)} of {len(absent)}"
        )
    return line
