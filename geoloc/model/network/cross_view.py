"""What every cross-view network has: one backbone for both views, projections, descriptors, and its output."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from geoloc.model.network.config import Config
from geoloc.model.network.descriptor import PARTS, SQUARES, Describer, part_weights
from geoloc.model.network.efficientnet_lite import EfficientNetLite0
from geoloc.model.network.features import STRIDE, Features
from geoloc.model.network.head import Candidates, Head, Part

CLICK_SIGMA = 0.06
"""How far from the click tokens count as clicked: standard deviation over the query's height, as in method trials."""
SIMILARITY_SCALE = 12.0
"""What the cosine of two cells is multiplied by before it is the logit of their being one place."""
Prepared = tuple[Tensor, ...]
"""Queries of which all is done that needs no reference, one entry a query."""
_SIDES = [EfficientNetLite0.channels, EfficientNetLite0.fine_channels]


@dataclass(frozen=True, slots=True)
class Output:
    """What the network says of B pairs of query and reference.

    Attributes:
        candidates: boxes with their scores.
        tokens: the query's and the reference's, B x Nq x d and B x Nr x d, after each round of CVCAM; empty where the
            preset has none.
    """

    candidates: Candidates
    tokens: tuple[tuple[Tensor, Tensor], ...]

    @property
    def similarities(self) -> tuple[Tensor, ...]:
        """Cosine of every query cell with every reference cell, B x Nq x Nr, after each round.

        Training goes by them, and a search where `matched_cells` is asked.
        """
        return tuple(F.normalize(xq, dim=2) @ F.normalize(xr, dim=2).transpose(1, 2) for xq, xr in self.tokens)

    def matched_cells(self, columns: int) -> tuple[Tensor, Tensor]:
        """Tell where in the reference each query cell lies, by the last round.

        Args:
            columns: of the reference's cells.

        Returns:
            Places, B x Nq x 2 reference pixels (x, y), and the share of the softmax over reference cells that lies
            within a cell of each, B x Nq: the sharper, the surer.
        """
        share = (SIMILARITY_SCALE * self.similarities[-1].float()).softmax(2).unflatten(2, (-1, columns))
        best = share.flatten(2).argmax(2)
        padded = F.pad(share, (1, 1, 1, 1)).flatten(2)
        step = torch.arange(-1, 2, device=share.device)
        across, down = step.repeat(3), step.repeat_interleave(3)
        middle = (best // columns + 1) * (columns + 2) + best % columns + 1
        about = padded.gather(2, middle[..., None] + down * (columns + 2) + across)
        mass = about.sum(2)
        x = best % columns + 0.5 + (about * across).sum(2) / mass
        y = best // columns + 0.5 + (about * down).sum(2) / mass
        return STRIDE * torch.stack([x, y], dim=2), mass


@dataclass(frozen=True, slots=True, eq=False)
class MatchedCells:
    """Where in a window each cell of Q crops lies, by the network.

    Attributes:
        cells: their middles, N x 2 crop pixels (x, y).
        places: Q x N x 2 window pixels (x, y).
        sure: Q x N, how probably each lies within a cell of its place.
    """

    cells: NDArray[np.float64]
    places: NDArray[np.float64]
    sure: NDArray[np.float64]

    @classmethod
    def of(cls, places: Tensor, sure: Tensor, columns: int) -> MatchedCells:
        """Take Q x N x 2 places of crops' cells, row by row, so many columns each, and how sure they are, Q x N."""
        row, column = np.divmod(np.arange(sure.shape[1]), columns)
        cells = STRIDE * (np.stack([column, row], axis=1) + 0.5)
        return cls(cells, places.double().cpu().numpy(), sure.double().cpu().numpy())


class CrossViewNet(nn.Module, ABC):
    """A network that finds in a reference what was clicked in a query."""

    head: Head
    click_joins_image = False
    """Whether a query's features depend on its click, so that it cannot be encoded once for several."""

    def __init__(self, config: Config) -> None:
        """Draw the weights that networks of every shape have."""
        super().__init__()
        self.config = config
        self.backbone = EfficientNetLite0()
        self.backbone.freeze(config.frozen_stages)
        if config.descriptor:
            self.describer = Describer(sum(_SIDES), config.descriptor)
        self.project_query = Projection(config.dim)
        self.project_reference = Projection(config.dim)

    def forward(self, query: Features, click: Tensor, reference: Features, view: Tensor | None = None) -> Output:
        """Match B queries to B references, or all to one.

        Args:
            query: features of the queries.
            click: B x 2, (x, y) in query pixels.
            reference: features of the references.
            view: B x 3, how each query is seen (`geoloc.plane.lean`); None where all are as taken.
        """
        return self.match(self.prepare(query, click, view), reference)

    @abstractmethod
    def prepare(self, query: Features, click: Tensor, view: Tensor | None = None) -> Prepared:
        """Do what matching queries takes and no reference, once for all references; see `forward`.

        Returns:
            Tensors of B entries each, which `match` takes.
        """

    @abstractmethod
    def match(self, prepared: Prepared, reference: Features, part: Part | None = None) -> Output:
        """Match queries that `prepare` returned; see `forward`.

        Args:
            prepared: of B queries.
            reference: features of B references, or of one for all.
            part: the cells of the reference that candidates are wanted of, where not of all. A head may propose more.
        """

    def encode_query(self, rgb: Tensor, click: Tensor) -> Features:
        """Encode pictures of queries.

        Args:
            rgb: B x 3 x H x W in [0, 255], H and W multiples of 16.
            click: B x 2, (x, y) pixels; used where the click joins the image.
        """
        return self.encode_reference(rgb)

    def encode_reference(self, rgb: Tensor) -> Features:
        """Encode references, whatever they will be searched for.

        Args:
            rgb: B x 3 x H x W in [0, 255], H and W multiples of 16.
        """
        fine, coarse = self.backbone(rgb)
        return Features(coarse, fine)

    def encode_large(self, rgb: Tensor) -> Features:
        """Encode large references as `encode_reference` does, sooner on a CPU; see `EfficientNetLite0.by_tiles`."""
        if rgb.device.type != "cpu":
            return self.encode_reference(rgb)
        fine, coarse = self.backbone.by_tiles(rgb)
        return Features(coarse, fine)

    def describe_query(self, features: Features, click: Tensor) -> tuple[Tensor, Tensor]:
        """Describe the parts of queries.

        Args:
            features: of the queries.
            click: B x 2, (x, y) in query pixels.

        Returns:
            Descriptors, B x size x N, and how much each part counts, B x N.
        """
        rows, columns = features.coarse.shape[-2:]
        parts = PARTS, PARTS * columns // rows
        described = self.describer(self.project_query.standardised(features), *parts)
        return described.flatten(2), part_weights(click * (PARTS / (STRIDE * rows)), *parts)

    def describe_reference(self, features: Features) -> Tensor:
        """Describe the squares of halves of windows, B x size x `SQUARES` x `SQUARES`."""
        return self.describer(self.project_reference.standardised(features), SQUARES, SQUARES)

    def reference_deviations(self) -> tuple[Tensor, Tensor]:
        """Return standard deviations of coarse channels, C, and of fine ones averaged over a cell, C'.

        By them the network standardises.
        """
        norm = self.project_reference.norm
        assert norm.running_var is not None
        # On the CPU, so that they are the same wherever the network runs.
        coarse, fine = norm.running_var.cpu().double().add(norm.eps).sqrt().split(_SIDES)
        return coarse, fine


class Projection(nn.Module):
    """The way from backbone features to tokens: coarse channels beside averaged fine ones, standardised, projected."""

    def __init__(self, dim: int) -> None:
        """Draw an orthogonal projection to `dim` channels."""
        super().__init__()
        channels = sum(_SIDES)
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.out = nn.Conv2d(channels, dim, 1)
        nn.init.orthogonal_(self.out.weight.data.view(dim, -1))
        self.out.bias = nn.Parameter(torch.zeros(dim))

    def forward(self, features: Features) -> Tensor:
        """Project features to B x dim x h x w, at stride 16."""
        return self.out(self.standardised(features))

    def standardised(self, features: Features) -> Tensor:
        """Return all channels at stride 16, B x channels x h x w, standardised one by one."""
        return self.norm(torch.cat([features.coarse, F.avg_pool2d(features.fine, 2)], dim=1))
