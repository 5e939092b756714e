"""The fit of the sight head and of what compares poses: all is seen often, half of the time turned left to right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from geoloc.errors import TrainingError
from geoloc.model.sight.cells import cell_middles
from geoloc.model.sight.head import NOWHERE_SHARE
from geoloc.model.sight.likeness_net import LikenessNet
from geoloc.model.sight.net import SightNet
from geoloc.train.sights.batches import ClickBatch, Shown, drawn_looks, hardest_strips
from geoloc.train.sights.clicks import STRIPS, SightClicks
from geoloc.train.sights.looks import LOOK_STRIPS, RIGHT, SightLooks

CLICKS = 32
"""Of a batch of the head's."""
COMPARED_LOOKS, COMPARED_CLICKS = 32, 24
"""Of a batch of what compares poses: half of the strips of both are of right poses."""
RATE, COMPARED_RATE, HARD_RATE, DECAY, MOST_NORM = 1e-3, 1.5e-3, 5e-4, 0.05, 2.0
FAR_M = 40.0
"""What is farther off is told of apart."""
TOLD_EVERY = 250
"""Steps of what compares poses."""


@dataclass(frozen=True, slots=True, eq=False)
class Sights:
    """What was drawn of photographs, to learn from or to be held out."""

    clicks: SightClicks
    looks: SightLooks

    @classmethod
    def of(cls, clicks: Sequence[SightClicks], looks: Sequence[SightLooks]) -> Sights:
        """Join what was drawn of each photograph.

        Raises:
            TrainingError: there are too few clicks or looks, or all of either are of one town.
        """
        if sum(photo.count for photo in clicks) >= CLICKS and looks:
            both = cls(SightClicks.joined(clicks), SightLooks.joined(looks))
            if all(len(drawn.town.unique()) > 1 for drawn in (both.clicks, both.looks)):
                return both
        raise TrainingError("too few clicks, looks or towns to train on or to hold out; give more --towns")


def fit_sights(
    training: SightClicks,
    held_out: SightClicks,
    likeness: LikenessNet,
    *,
    epochs: int,
    onward: SightNet | None = None,
    seed: int = 0,
    report: Callable[[str], None] = lambda line: None,
) -> SightNet:
    """Train a sight head.

    Args:
        training: clicks to learn from, of two towns or more.
        held_out: of other towns, two or more, to see how good it is.
        likeness: says what looks alike, in evaluation mode; a new head sees cells as it does at first.
        epochs: how often each click is seen, once or more.
        onward: a head to go on from, which is changed, at half the rate; None for a new one.
        seed: of the weights and of all draws, but those of held-out strips, which are the same for one `likeness`.
        report: called with a line after each epoch.
    """
    torch.manual_seed(seed)
    net = onward or new_head(likeness)
    batches, alike = training.count // CLICKS, _alike(likeness, held_out)
    learner = _Learner(net, RATE if onward is None else RATE / 2, epochs * batches)
    for epoch in range(epochs):
        net.train()
        for rows in torch.randperm(training.count).split(CLICKS)[:batches]:
            batch = ClickBatch.of(training, rows, int(torch.randint(STRIPS, ())))
            batch = _some_elsewhere(batch, training, rows, NOWHERE_SHARE, likeness)
            if torch.rand(()) < 0.5:
                batch = batch.mirrored()
            learner.step(F.cross_entropy(batch.shown.as_found().seen_by(net), batch.target()))
        report(f"epoch {epoch + 1} of {epochs}: {_clicks_line(net.eval(), held_out, alike)}")
    return net.eval()


def new_head(likeness: LikenessNet) -> SightNet:
    """Return a head that has learnt nothing yet, but to see cells as what compares poses does."""
    net = SightNet()
    net.seen.load_state_dict(likeness.seen.state_dict())
    return net


def _some_elsewhere(
    batch: ClickBatch, clicks: SightClicks, rows: Tensor, share: float, hard_for: LikenessNet | None = None
) -> ClickBatch:
    """Show a share of a batch's clicks strips of others: any, or for half of them such as look right to `hard_for`."""
    which, others = torch.rand(len(rows)) < share, torch.randint(len(clicks.strips.coarse), (len(rows),))
    if hard_for is not None:
        hard = which & (torch.rand(len(rows)) < 0.5)
        others[hard] = hardest_strips(hard_for, clicks, rows[hard])
    return batch.elsewhere(clicks, which, others)


def _alike(likeness: LikenessNet, clicks: SightClicks) -> Tensor:
    """Return of each click a strip of another town that looks like what is seen, always the same."""
    always, rows = torch.Generator().manual_seed(0), torch.arange(clicks.count).split(CLICKS)
    return torch.cat([hardest_strips(likeness, clicks, some, always) for some in rows])


def fit_likeness(
    training: Sights,
    held_out: SightLooks,
    *,
    steps: int,
    hard_steps: int,
    seed: int = 0,
    report: Callable[[str], None] = lambda line: None,
) -> LikenessNet:
    """Train what compares poses of a camera with the ground.

    Args:
        training: looks and clicks to learn from.
        held_out: looks of other towns, to see how good it is.
        steps: batches.
        hard_steps: batches after these, with wrong strips that look right: a search keeps the best of many poses.
        seed: of the weights and of all draws.
        report: called with a line now and then.
    """
    torch.manual_seed(seed)
    net = LikenessNet()
    _compare(net, training, COMPARED_RATE, steps, report=report, held_out=held_out, hard=False)
    _compare(net, training, HARD_RATE, hard_steps, report=report, held_out=held_out, hard=True)
    return net.eval()


def _compare(
    net: LikenessNet,
    training: Sights,
    rate: float,
    steps: int,
    *,
    report: Callable[[str], None],
    held_out: SightLooks,
    hard: bool,
) -> None:
    learner, clicks = _Learner(net, rate, steps), training.clicks
    for step in range(steps):
        seen, right = drawn_looks(training.looks, COMPARED_LOOKS, net.eval() if hard else None)
        rows = torch.randint(clicks.count, (COMPARED_CLICKS,))
        batch = ClickBatch.of(clicks, rows, int(torch.randint(STRIPS, ())))
        batch = _some_elsewhere(batch, clicks, rows, 0.5)
        shown = batch.shown.beside(seen)
        if torch.rand(()) < 0.5:
            shown = shown.mirrored()
        is_right = torch.cat([batch.right, right]).float()
        learner.step(F.binary_cross_entropy_with_logits(shown.as_found().seen_by(net.train()), is_right))
        if (step + 1) % TOLD_EVERY == 0 or step + 1 == steps:
            kind = "step with wrong strips that look right" if hard else "step"
            report(f"{kind} {step + 1} of {steps}: {_looks_line(net.eval(), held_out)}")


class _Learner:
    """Steps down a loss, in one cycle of the rate."""

    def __init__(self, net: nn.Module, rate: float, steps: int) -> None:
        self._net = net
        self._optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR
        self._schedule = schedule(self._optimiser, rate, total_steps=steps + 1, pct_start=0.15)

    def step(self, loss: Tensor) -> None:
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._net.parameters(), MOST_NORM)
        self._optimiser.step()
        self._schedule.step()


@torch.inference_mode()
def _clicks_line(net: SightNet, clicks: SightClicks, alike: Tensor) -> str:
    """Say how good a head is on clicks that it did not learn from; `alike` are strips that look like what is seen."""
    along, across = cell_middles()
    losses, hits, there, away = [], [], [], []
    # Of a click half of them farther on: of another town, where more than one is held out.
    farther = (torch.arange(clicks.count) + clicks.count // 2) % clicks.count * STRIPS
    elsewhere: list[tuple[Tensor, list[Tensor]]] = [(farther, []), (alike, [])]
    for rows in torch.arange(clicks.count).split(CLICKS):
        batch = ClickBatch.of(clicks, rows, 0)
        log_odds = batch.shown.seen_by(net)
        target = batch.target()
        losses.append(F.cross_entropy(log_odds, target, reduction="none"))
        shown = target[:, -1] == 0
        best = log_odds[:, :-1].argmax(1)
        off = torch.stack([along[best], across[best]], dim=1) - batch.at_m
        hits.append((off.abs() < batch.size_m[:, None] / 2).all(1)[shown])
        there.append(_there(log_odds)[shown])
        away.append(batch.at_m[shown, 0])
        for strips, told in elsewhere:
            told.append(_there(Shown.of(clicks, rows, strips[rows]).seen_by(net)))
    others, those_alike = (_auroc(there, told) for _, told in elsewhere)
    hit, far = torch.cat(hits).float(), torch.cat(away) > FAR_M
    return (
        f"held-out loss {torch.cat(losses).mean():.3f}, in the thing's box {hit.mean():.3f}, beyond "
        f"{FAR_M:.0f} m {hit[far].mean():.3f}; AUROC against other strips {others:.3f}, "
        f"those that look alike {those_alike:.3f}"
    )


@torch.inference_mode()
def _looks_line(net: LikenessNet, looks: SightLooks) -> str:
    """Say how well right poses are told, those that are wrong by least, from each kind of wrong ones."""
    rows = torch.arange(looks.count).split(COMPARED_LOOKS)
    same = [
        [Shown.of(looks, some, some * LOOK_STRIPS + number).seen_by(net) for some in rows]
        for number in range(LOOK_STRIPS)
    ]
    told = ", ".join(f"{_auroc(same[0], wrong):.3f}" for wrong in same[len(RIGHT) :])
    return f"AUROC of right poses against near ones, others in the street, others in the town {told}"


def _there(log_odds: Tensor) -> Tensor:
    """Return the log odds that a thing is somewhere in its strip."""
    return log_odds[:, :-1].logsumexp(1) - log_odds[:, -1]


def _auroc(above: Sequence[Tensor], below: Sequence[Tensor]) -> float:
    return float((torch.cat(list(above))[:, None] > torch.cat(list(below))[None]).float().mean())
