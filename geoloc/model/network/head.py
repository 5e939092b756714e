"""The head: the way from the fused reference map to candidate boxes with presence scores, and its losses.

Every head scores its candidates against one *null* class whose logit is 0: the probability that candidate i is the
object is exp(s_i) / (1 + sum_j exp(s_j)). The sum over candidates is the probability that the object is in the window
at all, so scores of different windows can be compared, which a softmax within one window does not allow.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Part(NamedTuple):
    """A half-open box of a reference's cells, of stride 16."""

    left: int
    top: int
    right: int
    bottom: int

    def grown(self, rows: int, columns: int) -> Part:
        """Return the box with the cells round it that there are, of so many in all."""
        left, top = max(self.left - 1, 0), max(self.top - 1, 0)
        return Part(left, top, min(self.right + 1, columns), min(self.bottom + 1, rows))

    def of(self, maps: Tensor, scale: int = 1) -> Tensor:
        """Cut it out of maps with `scale` x `scale` places a cell; views."""
        return maps[..., scale * self.top : scale * self.bottom, scale * self.left : scale * self.right]

    def within(self, other: Part) -> Part:
        """Return it as counted from the first cell of another box."""
        left, top = other[:2]
        return Part(self.left - left, self.top - top, self.right - left, self.bottom - top)


class Candidates(NamedTuple):
    """What a head proposes in a batch of windows.

    Attributes:
        logits: B x M, against a null class of logit 0.
        boxes: B x M x 4, xmin, ymin, xmax, ymax in window pixels.
        raw: the head's own map, for its loss.
        grid: (rows, columns) of the cells behind M = A * rows * columns.
    """

    logits: Tensor
    boxes: Tensor
    raw: Tensor
    grid: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Truth:
    """Labels of a batch of windows.

    Attributes:
        box: B x 4, xmin, ymin, xmax, ymax in window pixels.
        present: B, whether the object is in the window.
        sized: B, whether the size of the box is known.
    """

    box: Tensor
    present: Tensor
    sized: Tensor


def null_cross_entropy(logits: Tensor, target: Tensor, present: Tensor) -> Tensor:
    """Return the cross-entropy of candidates and the null class, B values.

    Args:
        logits: B x M.
        target: B x M, rows summing to 1.
        present: B, whether `target` or the null class is right.
    """
    total = F.pad(logits, (1, 0)).logsumexp(dim=1)
    return torch.where(present, total - (target * logits).sum(1), total)


class Head(nn.Module, ABC):
    """What a network ends with: boxes and scores of a fused map, and the loss by which it learns them."""

    @abstractmethod
    def forward(self, fused: Tensor, fine: Tensor, prior: Tensor | None) -> Candidates:
        """Propose boxes with their scores.

        Args:
            fused: reference maps that know of the query, B x d x h x w.
            fine: the reference's features at stride 8, B x C x 2h x 2w, or one for all.
            prior: B x 1 x h x w to add to scores, or None.
        """

    @abstractmethod
    def loss(self, candidates: Candidates, truth: Truth) -> dict[str, Tensor]:
        """Return the parts of the loss, `score`, `centre` and `size`, each the mean over the batch."""


class CellHead(Head):
    """One score and one sub-cell box a cell, at stride 8: half of the attention's stride, for small objects.

    The backbone's stride-8 features join the attended map, which knows what to look for but not exactly where.
    """

    stride = 8
    typical_px = 24.0

    def __init__(self, dim: int, fine_channels: int, hidden: int = 96) -> None:
        """Draw weights, with scores near those of an absent object.

        Args:
            dim: channels of the fused map.
            fine_channels: channels of the features at stride 8.
            hidden: channels in between.
        """
        super().__init__()
        self.lateral = nn.Sequential(nn.BatchNorm2d(fine_channels, affine=False), nn.Conv2d(fine_channels, dim, 1))
        self.mix = nn.Sequential(nn.GELU(), nn.Conv2d(dim, hidden, 3, padding=1), nn.GELU())
        self.out = nn.Conv2d(hidden, 5, 1)
        nn.init.normal_(self.out.weight, std=0.01)
        self.out.bias = nn.Parameter(torch.tensor([-7.0, 0, 0, 0, 0]))

    def forward(self, fused: Tensor, fine: Tensor, prior: Tensor | None, part: Part | None = None) -> Candidates:
        """Propose boxes, one a cell of stride 8, in a part or everywhere; see `Head.forward`."""
        if part is None:
            return self.decode(self._raw(fused, fine, prior))
        # A cell of stride 8 depends on the next one round it, and so on the next one of stride 16.
        wide = part.grown(*fused.shape[-2:])
        raw = self._raw(wide.of(fused), wide.of(fine, 2), None if prior is None else wide.of(prior))
        return self.decode(part.within(wide).of(raw, 2), first=(2 * part.left, 2 * part.top))

    def _raw(self, fused: Tensor, fine: Tensor, prior: Tensor | None) -> Tensor:
        size = fine.shape[-2:]
        up = F.interpolate(fused, size=size, mode="bilinear", align_corners=False)
        raw = self.out(self.mix(up + self.lateral(fine)))
        if prior is not None:
            score = raw[:, :1] + F.interpolate(prior, size=size, mode="bilinear", align_corners=False)
            raw = torch.cat([score, raw[:, 1:]], dim=1)
        return raw

    def decode(self, raw: Tensor, first: tuple[int, int] = (0, 0)) -> Candidates:
        """Read boxes from the head's map.

        Args:
            raw: B x 5 x rows x columns: score, x and y from the cell's centre in cells, log width and height over
                `typical_px`.
            first: column and row of the map's first cell in the window.
        """
        rows, columns = raw.shape[-2:]
        cell_x, cell_y = self._cells(rows, columns, raw.device)
        cell_x, cell_y = cell_x + first[0], cell_y + first[1]
        x = (cell_x + raw[:, 1].flatten(1)) * self.stride
        y = (cell_y + raw[:, 2].flatten(1)) * self.stride
        w = self.typical_px * raw[:, 3].flatten(1).clamp(-4, 4).exp()
        h = self.typical_px * raw[:, 4].flatten(1).clamp(-4, 4).exp()
        boxes = torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], dim=2)
        return Candidates(raw[:, 0].flatten(1), boxes, raw, (rows, columns))

    def loss(self, candidates: Candidates, truth: Truth) -> dict[str, Tensor]:
        """Return `score` (cross-entropy, soft over the cells round the centre), `centre` and `size` (smooth L1)."""
        rows, columns = candidates.grid
        cell_x, cell_y = self._cells(rows, columns, truth.box.device)
        centre = (truth.box[:, :2] + truth.box[:, 2:]) / 2 / self.stride
        dx = centre[:, :1] - cell_x
        dy = centre[:, 1:] - cell_y
        weight = torch.exp(-(dx**2 + dy**2) / (2 * 0.8**2)) + 1e-12
        weight = weight / weight.sum(1, keepdim=True)
        score = null_cross_entropy(candidates.logits, weight, truth.present).mean()
        weight = weight * truth.present[:, None]
        offset = candidates.raw[:, 1:3].flatten(2)
        off = F.smooth_l1_loss(offset, torch.stack([dx, dy], 1), beta=0.3, reduction="none").sum(1)
        size = torch.log((truth.box[:, 2:] - truth.box[:, :2]).clamp(min=1) / self.typical_px)
        log_size = candidates.raw[:, 3:5].flatten(2)
        wrong = F.smooth_l1_loss(log_size, size[:, :, None].expand_as(log_size), beta=0.2, reduction="none")
        sized = weight * truth.sized[:, None]
        return {
            "score": score,
            "centre": (off * weight).sum() / weight.sum().clamp(min=1),
            "size": (wrong.sum(1) * sized).sum() / sized.sum().clamp(min=1),
        }

    @staticmethod
    def _cells(rows: int, columns: int, device: torch.device) -> tuple[Tensor, Tensor]:
        y, x = torch.meshgrid(
            torch.arange(rows, device=device) + 0.5, torch.arange(columns, device=device) + 0.5, indexing="ij"
        )
        return x.flatten()[None], y.flatten()[None]


def presence(logits: Tensor) -> Tensor:
    """Return the probability that the object is in the window, B, by the logits of its candidates, B x M."""
    return torch.sigmoid(logits.logsumexp(dim=1))
