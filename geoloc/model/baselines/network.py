"""The published networks: the click joins the image, norms come after attention, and boxes come from anchors."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from geoloc.model.baselines.anchor_head import AnchorHead
from geoloc.model.baselines.config import BaselineConfig
from geoloc.model.network.cross_view import CLICK_SIGMA, CrossViewNet, Output, Prepared
from geoloc.model.network.cvcam import CVCAM
from geoloc.model.network.features import STRIDE, Features
from geoloc.model.network.head import Part
from geoloc.model.network.mhsam import MHSAM
from geoloc.model.network.position import click_offsets, gaussian_cells, sine_positions


class BaselineNet(CrossViewNet):
    """A published network, of any `BaselineConfig`."""

    click_joins_image = True

    def __init__(self, config: BaselineConfig) -> None:
        """Draw the weights of a network of this shape."""
        super().__init__(config)
        d = config.dim
        self.fusion = config.fusion
        self.click_fold = nn.Conv2d(4, 3, 1, bias=False)
        with torch.no_grad():
            self.click_fold.weight.copy_(torch.eye(3, 4)[:, :, None, None])
        self.cvcam: CVCAM | None = None
        if config.fusion == "cvcam":
            self.cvcam = CVCAM.of(config, matching=False)
        if config.fusion != "pooled":
            self.pooled = nn.Linear(d, d)
        self.mhsam = MHSAM(d, config.mhsam_groups) if config.mhsam else nn.Identity()
        self.head = AnchorHead(d)

    def encode_query(self, rgb: Tensor, click: Tensor) -> Features:
        """Encode queries, whose click joins the image as a fourth channel, folded into three."""
        height, width = rgb.shape[-2:]
        return super().encode_query(
            self.click_fold(torch.cat([rgb, 255 * distance_map(click, height, width)], 1)), click
        )

    def prepare(self, query: Features, click: Tensor, view: Tensor | None = None) -> Prepared:
        """Return the queries' features and clicks as they are: nothing is done to them alone."""
        return query.coarse, query.fine, click

    def match(self, prepared: Prepared, reference: Features, part: Part | None = None) -> Output:
        """Match B queries to B references, or all to one, and propose boxes everywhere; see `CrossViewNet.match`."""
        query, click = Features(*prepared[:2]), prepared[2]
        fq, fr = self.project_query(query), self.project_reference(reference)
        rows, columns = fr.shape[-2:]
        if self.fusion == "pooled":
            # DetGeo: the query as one vector, its cosine map min-max normalised and multiplied in.
            vector = F.normalize(fq.flatten(2).mean(2), dim=1)
            cosine = torch.einsum("bd,bdhw->bhw", vector, F.normalize(fr, dim=1)).flatten(1)
            low, high = cosine.amin(1, keepdim=True), cosine.amax(1, keepdim=True)
            share = ((cosine - low) / (high - low + 1e-6)).unflatten(1, (rows, columns))[:, None]
            return Output(self.head(self.mhsam(fr * share), reference.fine, None), ())
        q_rows, q_columns = fq.shape[-2:]
        height, width = q_rows * STRIDE, q_columns * STRIDE
        xq, xr = fq.flatten(2).transpose(1, 2), fr.flatten(2).transpose(1, 2).expand(len(fq), -1, -1)
        weight, _ = gaussian_cells(click, height, width, CLICK_SIGMA * height, STRIDE)
        weight = weight / weight.sum(1, keepdim=True)
        tokens: tuple[tuple[Tensor, Tensor], ...] = ()
        if self.cvcam is not None:
            pos_q = sine_positions(q_rows, q_columns, self.config.dim, fq.device)
            pos_r = sine_positions(rows, columns, self.config.dim, fr.device)
            xq, xr = xq + pos_q, xr + pos_r
            xq = self.cvcam.begin(xq, pos_q)
            xq, xr, between = self.cvcam(
                xq, xr, pos_q, pos_r, query_shape=(q_rows, q_columns), reference_shape=(rows, columns)
            )
            tokens = (*between, (xq, xr))
        clicked = torch.einsum("bn,bnd->bd", weight, xq)
        fused = (xr + self.pooled(clicked)[:, None]).transpose(1, 2).unflatten(2, (rows, columns))
        return Output(self.head(self.mhsam(fused), reference.fine, None), tokens)


def distance_map(click: Tensor, height: int, width: int) -> Tensor:
    """Return DetGeo's click map, (1 - distance / diagonal) ** 2, B x 1 x height x width.

    Args:
        click: B x 2, (x, y) pixels.
        height: of the image, pixels.
        width: of the image, pixels.
    """
    dx, dy = click_offsets(click, height, width)
    distance = torch.sqrt(dx**2 + dy**2) / math.hypot(height, width)
    return ((1 - distance) ** 2)[:, None]
