"""DetGeo's head: nine anchors a cell, their offsets and confidences."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from geoloc.model.network.head import Candidates, Head, Truth, null_cross_entropy


class AnchorHead(Head):
    """DetGeo's head: convolutions to 512, 256 and 45 channels, 9 anchors x (tx, ty, tw, th, confidence)."""

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
        """Draw weights for a fused map of `dim` channels."""
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
        """Propose boxes, see `Head.forward`; `fine` and `prior` belong to the other head and are not used."""
        return self.decode(self.layers(fused).unflatten(1, (len(self.anchors), 5)))

    def decode(self, raw: Tensor) -> Candidates:
        """Read boxes from the head's map, B x 9 x 5 x rows x columns of tx, ty, tw, th and the confidence's logit."""
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
        """Return cross-entropy over all confidences, and MSE of tx, ty, tw, th at the true cell and best anchor."""
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
