"""The network that searches use: CVCAM between query and reference, MHSAM on what comes of it, one box a cell."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from geoloc.model.network.config import Config
from geoloc.model.network.cross_view import CLICK_SIGMA, CrossViewNet, Output, Prepared
from geoloc.model.network.cvcam import CVCAM
from geoloc.model.network.features import STRIDE, Features
from geoloc.model.network.head import CellHead, Part
from geoloc.model.network.mhsam import MHSAM
from geoloc.model.network.position import gaussian_cells, sine_positions


class DualAttentionNet(CrossViewNet):
    """The dual-attention network (arXiv 2510.27139) with a matching start: training begins with feature similarity."""

    def __init__(self, config: Config) -> None:
        """Draw the weights of a network of this shape."""
        super().__init__(config)
        d = config.dim
        self.click_tokens = nn.Linear(3, d)
        self.cvcam = CVCAM.of(config, matching=True)
        self.pooled = nn.Linear(d, d)
        self.mhsam = MHSAM(d, config.mhsam_groups) if config.mhsam else nn.Identity()
        self.head = CellHead(d, self.backbone.fine_channels)
        # Equal projections, so that what looks alike on both sides starts as alike.
        self.project_reference.load_state_dict(self.project_query.state_dict())
        self.match_scale = nn.Parameter(torch.tensor(10.0))
        # Each side has its own, so that equal places in the two pictures do not count as alike.
        self.place_query = nn.Linear(d, d, bias=False)
        self.place_reference = nn.Linear(d, d, bias=False)
        nn.init.normal_(self.place_query.weight, std=0.02)
        nn.init.normal_(self.place_reference.weight, std=0.02)

    def prepare(self, query: Features, click: Tensor, view: Tensor | None = None) -> Prepared:
        """Return the queries' tokens, B x h x w x d, and how much each is clicked, B x h x w summing to 1."""
        fq = self.project_query(query)
        rows, columns = fq.shape[-2:]
        height, width = rows * STRIDE, columns * STRIDE
        weight, offset = gaussian_cells(click, height, width, CLICK_SIGMA * height, STRIDE)
        xq = fq.flatten(2).transpose(1, 2) + self.click_tokens(torch.cat([weight[:, :, None], offset], dim=2))
        positions = sine_positions(rows, columns, self.config.dim, fq.device)
        xq = self.cvcam.begin(xq + self.place_query(positions), positions)
        weight = weight / weight.sum(1, keepdim=True)
        return xq.unflatten(1, (rows, columns)), weight.unflatten(1, (rows, columns))

    def match(self, prepared: Prepared, reference: Features, part: Part | None = None) -> Output:
        """Match B queries to B references, or all to one; see `CrossViewNet.match`."""
        xq, weight = (side.flatten(1, 2) for side in prepared)
        q_rows, q_columns = prepared[0].shape[1:3]
        fr = self.project_reference(reference)
        rows, columns = fr.shape[-2:]
        pos_q = sine_positions(q_rows, q_columns, self.config.dim, fr.device)
        pos_r = sine_positions(rows, columns, self.config.dim, fr.device)
        xr = fr.flatten(2).transpose(1, 2) + self.place_reference(pos_r)
        xq, xr, between = self.cvcam(
            xq, xr, pos_q, pos_r, query_shape=(q_rows, q_columns), reference_shape=(rows, columns)
        )
        clicked = torch.einsum("bn,bnd->bd", weight, xq)
        fused = (xr + self.pooled(clicked)[:, None]).transpose(1, 2).unflatten(2, (rows, columns))
        cosine = torch.einsum("bd,bnd->bn", F.normalize(clicked, dim=1), F.normalize(xr, dim=2))
        prior = self.match_scale * cosine.unflatten(1, (rows, columns))[:, None]
        return Output(self.head(self.mhsam(fused), reference.fine, prior, part), (*between, (xq, xr)))
