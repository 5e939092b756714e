"""The cross-view network: one backbone, fusion (CVCAM, summation or DetGeo's pooled query), MHSAM, head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from geoloc.model.cvcam import CVCAM
from geoloc.model.descriptor import PARTS, SQUARES, Describer, part_weights
from geoloc.model.efficientnet_lite import REACH_PX, EfficientNetLite0
from geoloc.model.heads import AnchorHead, Candidates, CellHead
from geoloc.model.mhsam import MHSAM
from geoloc.model.position import distance_map, gaussian_cells, sine_positions
from geoloc.model.presets import Config

STRIDE = 16
MARGIN = -(-REACH_PX // STRIDE)
"""Cells of stride 16, eleven: features further than this from the border of an image do not know that there is one."""
_SIDES = [EfficientNetLite0.channels, EfficientNetLite0.fine_channels]
CLICK_SIGMA = 0.06  # of the query's height; method trials used the same


class Features(NamedTuple):
    """One side's backbone features. coarse: B x C x H/16 x W/16; fine: B x C' x H/8 x W/8."""

    coarse: Tensor
    fine: Tensor

    @classmethod
    def from_arrays(cls, coarse: NDArray[Any], fine: NDArray[Any]) -> Features:
        """Of one image: C x H/16 x W/16 and C' x H/8 x W/8, on the CPU. Views."""
        return cls(torch.from_numpy(coarse)[None], torch.from_numpy(fine)[None])

    def float(self) -> Features:
        """In 32 bits, whatever it was kept in."""
        return Features(self.coarse.float(), self.fine.float())

    def cells(self, left: int, top: int, right: int, bottom: int) -> Features:
        """Those of a half-open box of cells of stride 16. A view."""
        fine = self.fine[..., 2 * top : 2 * bottom, 2 * left : 2 * right]
        return Features(self.coarse[..., top:bottom, left:right], fine)

    @classmethod
    def joined(cls, rows: Sequence[Sequence[Features]]) -> Features:
        """Parts put together to one image: rows from the top, each from the left."""
        wide = [cls(*(torch.cat(side, -1) for side in zip(*row, strict=True))) for row in rows]
        return cls(*(torch.cat(side, -2) for side in zip(*wide, strict=True)))

    def spread(self, rows: int, columns: int) -> Features:
        """Those of a single cell, the same in all of rows x columns cells. A view."""
        fine = self.fine[..., :1, :1].expand(-1, -1, 2 * rows, 2 * columns)
        return Features(self.coarse.expand(-1, -1, rows, columns), fine)


@dataclass(frozen=True, slots=True)
class Output:
    """What the network says of B pairs.

    candidates: see `Candidates`. tokens: the query's and the reference's, B x Nq x d and B x Nr x d, after each round
    of CVCAM; empty where the preset has none.
    """

    candidates: Candidates
    tokens: tuple[tuple[Tensor, Tensor], ...]

    @property
    def similarities(self) -> tuple[Tensor, ...]:
        """The cosine of every query cell with every reference cell, after each round, each B x Nq x Nr. A search does
        not need them, and they take time.
        """
        return tuple(F.normalize(xq, dim=2) @ F.normalize(xr, dim=2).transpose(1, 2) for xq, xr in self.tokens)


class CrossViewNet(nn.Module):
    """Where in the reference is what was clicked in the query?"""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        d = config.dim
        self.backbone = EfficientNetLite0()
        self.backbone.freeze(config.frozen_stages)
        if config.descriptor:
            self.describer = Describer(sum(_SIDES), config.descriptor)
        self.project_query = _Projection(d)
        self.project_reference = _Projection(d)
        if config.click_map == "distance":
            self.click_fold = nn.Conv2d(4, 3, 1, bias=False)
            with torch.no_grad():
                self.click_fold.weight.copy_(torch.eye(3, 4)[:, :, None, None])
        else:
            self.click_tokens = nn.Linear(3, d)
        self.cvcam: CVCAM | None = None
        if config.fusion == "cvcam":
            self.cvcam = CVCAM(
                d,
                config.attention_heads,
                config.rounds,
                config.ffn,
                self_attention=config.query_self_attention,
                post_norm=config.post_norm,
                share=config.share_rounds,
                matching=config.matching_start,
                mixing=config.local_mixing,
            )
        if config.fusion != "pooled":
            self.pooled = nn.Linear(d, d)
        self.mhsam = MHSAM(d, config.kernels, config.mhsam_groups) if config.mhsam else nn.Identity()
        self.head: CellHead | AnchorHead
        if config.head == "cell":
            self.head = CellHead(d, self.backbone.fine_channels)
        else:
            self.head = AnchorHead(d)
        if config.matching_start:
            # Equal projections, so that what looks alike on both sides starts as alike.
            self.project_reference.load_state_dict(self.project_query.state_dict())
            self.match_scale = nn.Parameter(torch.tensor(10.0))
            # Each side has its own, so that equal places in the two pictures do not count as alike.
            self.place_query = nn.Linear(d, d, bias=False)
            self.place_reference = nn.Linear(d, d, bias=False)
            nn.init.normal_(self.place_query.weight, std=0.02)
            nn.init.normal_(self.place_reference.weight, std=0.02)

    def encode_query(self, rgb: Tensor, click: Tensor) -> Features:
        """rgb: B x 3 x H x W in [0, 255]; click: B x 2 (x, y) pixels, used where the click joins the image."""
        if self.config.click_map == "distance":
            rgb = self.click_fold(torch.cat([rgb, 255 * distance_map(click, *rgb.shape[-2:])], dim=1))
        return self._encode(rgb)

    def encode_reference(self, rgb: Tensor) -> Features:
        """rgb: B x 3 x H x W in [0, 255], H and W multiples of 16. Does not depend on the query."""
        return self._encode(rgb)

    def describe_query(self, features: Features, click: Tensor) -> tuple[Tensor, Tensor]:
        """Descriptors of a query's parts, B x size x N, and how much each counts, B x N. click: B x 2 query pixels."""
        rows, columns = features.coarse.shape[-2:]
        parts = PARTS, PARTS * columns // rows
        described = self.describer(self.project_query.standardised(features), *parts)
        return described.flatten(2), part_weights(click * (PARTS / (STRIDE * rows)), *parts)

    def describe_reference(self, features: Features) -> Tensor:
        """Descriptors of squares of half a window, B x size x SQUARES x SQUARES."""
        return self.describer(self.project_reference.standardised(features), SQUARES, SQUARES)

    def reference_deviations(self) -> tuple[Tensor, Tensor]:
        """Of coarse channels, C, and of fine ones, C', averaged over a cell; by them the network standardises."""
        norm = self.project_reference.norm
        assert norm.running_var is not None
        # On the CPU, so that they are the same wherever the network runs.
        coarse, fine = norm.running_var.cpu().double().add(norm.eps).sqrt().split(_SIDES)
        return coarse, fine

    def _encode(self, rgb: Tensor) -> Features:
        fine, coarse = self.backbone(rgb)
        return Features(coarse, fine)

    def forward(self, query: Features, click: Tensor, reference: Features) -> Output:
        """Match B queries to B references, or all to one. click: B x 2 (x, y) in query pixels."""
        config = self.config
        fq, fr = self.project_query(query), self.project_reference(reference)
        rows, columns = fr.shape[-2:]
        if config.fusion == "pooled":
            # DetGeo: the query as one vector, its cosine map min-max normalised and multiplied in.
            vector = F.normalize(fq.flatten(2).mean(2), dim=1)
            cosine = torch.einsum("bd,bdhw->bhw", vector, F.normalize(fr, dim=1)).flatten(1)
            low, high = cosine.amin(1, keepdim=True), cosine.amax(1, keepdim=True)
            share = ((cosine - low) / (high - low + 1e-6)).unflatten(1, (rows, columns))[:, None]
            return Output(self.head(self.mhsam(fr * share), reference.fine, None), ())

        q_rows, q_columns = fq.shape[-2:]
        height, width = q_rows * STRIDE, q_columns * STRIDE
        xq, xr = fq.flatten(2).transpose(1, 2), fr.flatten(2).transpose(1, 2).expand(len(fq), -1, -1)
        weight, offset = gaussian_cells(click, height, width, CLICK_SIGMA * height, STRIDE)
        if config.click_map == "gaussian":
            xq = xq + self.click_tokens(torch.cat([weight[:, :, None], offset], dim=2))
        weight = weight / weight.sum(1, keepdim=True)
        tokens: tuple[tuple[Tensor, Tensor], ...] = ()
        if self.cvcam is not None:
            pos_q = sine_positions(q_rows, q_columns, config.dim, fq.device)
            pos_r = sine_positions(rows, columns, config.dim, fr.device)
            if config.post_norm:
                xq, xr = xq + pos_q, xr + pos_r
            elif config.matching_start:
                xq, xr = xq + self.place_query(pos_q), xr + self.place_reference(pos_r)
            shapes = {"query_shape": (q_rows, q_columns), "reference_shape": (rows, columns)}
            xq, xr, between = self.cvcam(xq, xr, pos_q, pos_r, **shapes)
            tokens = (*between, (xq, xr))
        clicked = torch.einsum("bn,bnd->bd", weight, xq)
        fused = (xr + self.pooled(clicked)[:, None]).transpose(1, 2).unflatten(2, (rows, columns))
        prior = None
        if config.matching_start:
            cosine = torch.einsum("bd,bnd->bn", F.normalize(clicked, dim=1), F.normalize(xr, dim=2))
            prior = self.match_scale * cosine.unflatten(1, (rows, columns))[:, None]
        return Output(self.head(self.mhsam(fused), reference.fine, prior), tokens)


class _Projection(nn.Module):
    """Backbone features to d channels: coarse ones joined by the fine ones averaged, standardised per channel."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        channels = sum(_SIDES)
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.out = nn.Conv2d(channels, dim, 1)
        nn.init.orthogonal_(self.out.weight.data.view(dim, -1))
        self.out.bias = nn.Parameter(torch.zeros(dim))

    def forward(self, features: Features) -> Tensor:
        return self.out(self.standardised(features))

    def standardised(self, features: Features) -> Tensor:
        """All channels at stride 16, B x channels x h x w."""
        return self.norm(torch.cat([features.coarse, F.avg_pool2d(features.fine, 2)], dim=1))
