"""Heads: from the fused reference map to candidate boxes with presence scores, and their losses.

Both heads score their candidates against one *null* class whose logit is 0: the probability that candidate i is the
object is exp(s_i) / (1 + sum_j exp(s_j)). The sum over candidates is the probability that the object is in the window
at all, so scores of different windows can be compared, which a softmax within one window does not allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Candidates(NamedTuple):
    """What a head proposes in a batch of windows.

    logits: B x M, against a null class of logit 0. boxes: B x M x 4, xmin, ymin, xmax, ymax in window pixels.
    raw: the head's own map, for its loss. grid: (rows, columns) of the cells behind M = A * rows * columns.
    """

    logits: Tensor
    boxes: Tensor
    raw: Tensor
    grid: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Truth:
    """Labels of a batch. box: B x 4 window pixels; present: B bool; sized: B bool, whether the size is known."""

    box: Tensor
    present: Tensor
    sized: Tensor


def null_cross_entropy(logits: Tensor, target: Tensor, present: Tensor) -> Tensor:
    """Cross-entropy of candidates and the null class, B values. logits, target: B x M (rows of target sum to 1)."""
    total = F.pad(logits, (1, 0)).logsumexp(dim=1)
    return torch.where(present, total - (target * logits).sum(1), total)


class CellHead(nn.Module):
    """One score and one sub-cell box a cell, at stride 8: half of the attention's stride, for small objects.

    The backbone's stride-8 features join the attended map, which knows what to look for but not exactly where.
    """

    stride = 8
    typical_px = 24.0

    def __init__(self, dim: int, fine_channels: int, hidden: int = 96) -> None:
        super().__init__()
        self.lateral = nn.Sequential(nn.BatchNorm2d(fine_channels, affine=False), nn.Conv2d(fine_channels, dim, 1))
        self.mix = nn.Sequential(nn.GELU(), nn.Conv2d(dim, hidden, 3, padding=1), nn.GELU())
        self.out = nn.Conv2d(hidden, 5, 1)
        nn.init.normal_(self.out.weight, std=0.01)
        self.out.bias = nn.Parameter(torch.tensor([-7.0, 0, 0, 0, 0]))

    def forward(self, fused: Tensor, fine: Tensor, prior: Tensor | None) -> Candidates:
        """fused: B x d x h x w, fine: B x C x 2h x 2w (or 1 for all), prior: B x 1 x h x w added to scores, or None."""
        size = fine.shape[-2:]
        up = F.interpolate(fused, size=size, mode="bilinear", align_corners=False)
        raw = self.out(self.mix(up + self.lateral(fine)))
        if prior is not None:
            score = raw[:, :1] + F.interpolate(prior, size=size, mode="bilinear", align_corners=False)
            raw = torch.cat([score, raw[:, 1:]], dim=1)
        return self.decode(raw)

    def decode(self, raw: Tensor) -> Candidates:
        """raw: B x 5 x rows x columns of score, x and y from the cell's centre in cells, log width and height."""
        rows, columns = raw.shape[-2:]
        cell_x, cell_y = self._cells(rows, columns, raw.device)
        x = (cell_x + raw[:, 1].flatten(1)) * self.stride
        y = (cell_y + raw[:, 2].flatten(1)) * self.stride
        w = self.typical_px * raw[:, 3].flatten(1).clamp(-4, 4).exp()
        h = self.typical_px * raw[:, 4].flatten(1).clamp(-4, 4).exp()
        boxes = torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], dim=2)
        return Candidates(raw[:, 0].flatten(1), boxes, raw, (rows, columns))

    def loss(self, candidates: Candidates, truth: Truth) -> dict[str, Tensor]:
        """`score` (cross-entropy, soft over the cells round the centre), `centre` and `size` (smooth L1)."""
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


class AnchorHead(nn.Module):
    """DetGeo's head: ConvBNLeaky 512 -> 256, Conv 256 -> 45 = 9 anchors x (tx, ty, tw, th, confidence)."""

    stride = 16
    # Pixels of a 1024-px reference, from the DetGeo release.
    anchors = (
        (37, 41),
        (78, 84),
        (96, 215),
        (129, 129),
        (194, 82),
        (198, 179),
        (246, 280),
        (395, 342),
        (550, 573),
    )

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(dim, 512, 1, bias=False),
            nn.BatchNorm2d(512),
            nn.LeakyReLU(0.1),
            nn.Conv2d(512, 256, 3, padding=1, bias=False),
            nn.BatchNorm2d(256),
            nn.LeakyReLU(0.1),
            nn.Conv2d(256, len(self.anchors) * 5, 1),
        )
        self.sizes: Tensor
        self.register_buffer("sizes", torch.tensor(self.anchors, dtype=torch.float32), persistent=False)

    def forward(self, fused: Tensor, fine: Tensor, prior: Tensor | None) -> Candidates:
        """fused: B x d x h x w; `fine` and `prior` belong to the other head and are not used."""
        return self.decode(self.layers(fused).unflatten(1, (len(self.anchors), 5)))

    def decode(self, raw: Tensor) -> Candidates:
        """raw: B x 9 x 5 x rows x columns of tx, ty, tw, th and the confidence's logit."""
        rows, columns = raw.shape[-2:]
        y = torch.arange(rows, device=raw.device)[:, None]
        x = torch.arange(columns, device=raw.device)[None]
        cx = (x + raw[:, :, 0].sigmoid()) * self.stride
        cy = (y + raw[:, :, 1].sigmoid()) * self.stride
        w = self.sizes[:, 0, None, None] * raw[:, :, 2].clamp(-4, 4).exp()
        h = self.sizes[:, 1, None, None] * raw[:, :, 3].clamp(-4, 4).exp()
        boxes = torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], dim=-1)
        return Candidates(raw[:, :, 4].flatten(1), boxes.flatten(1, 3), raw, (rows, columns))

    def loss(self, candidates: Candidates, truth: Truth) -> dict[str, Tensor]:
        """Cross-entropy over all confidences and MSE of tx, ty, tw, th at the true cell and best anchor."""
        raw = candidates.raw
        rows, columns = candidates.grid
        centre = (truth.box[:, :2] + truth.box[:, 2:]) / 2 / self.stride
        size = (truth.box[:, 2:] - truth.box[:, :2]).clamp(min=1)
        column = centre[:, 0].floor().long().clamp(0, columns - 1)
        row = centre[:, 1].floor().long().clamp(0, rows - 1)
        inter = torch.minimum(size[:, None], self.sizes[None]).prod(2)
        union = size.prod(1)[:, None] + self.sizes.prod(1)[None] - inter
        anchor = (inter / union).argmax(1)
        index = (anchor * rows + row) * columns + column
        target = F.one_hot(index, candidates.logits.shape[1]).to(raw.dtype)
        at = raw[torch.arange(len(raw), device=raw.device), anchor, :, row, column]
        t = torch.cat([centre - centre.floor(), torch.log(size / self.sizes[anchor])], dim=1)
        mse = (torch.cat([at[:, :2].sigmoid(), at[:, 2:4]], dim=1) - t) ** 2
        both = truth.present.to(raw.dtype)
        sized = both * truth.sized
        return {
            "score": null_cross_entropy(candidates.logits, target, truth.present).mean(),
            "centre": (mse[:, :2].sum(1) * both).sum() / both.sum().clamp(min=1),
            "size": (mse[:, 2:].sum(1) * sized).sum() / sized.sum().clamp(min=1),
        }


def presence(logits: Tensor) -> Tensor:
    """The probability that the object is in the window, B x M -> B."""
    return torch.sigmoid(logits.logsumexp(dim=1))
