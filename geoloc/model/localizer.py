"""The network in use: encoded once a query and once a window, matched, and read out as scored boxes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from geoloc.model.network import CrossViewNet, Features
from geoloc.model.weights import Calibration
from geoloc.query import Query
from tiling.box import PixelBox

FILL = 127
"""What stands where the mosaic has no data, as in training."""
PEAK_PX = 16.0
"""Half the side of the square whose probability is counted to one peak: two cells of stride 8."""
QUERY_BATCH = 16


@dataclass(frozen=True, slots=True)
class EncodedQueries:
    """Query features, one entry a crop. click: Q x 2 crop pixels. target: Q, which target each crop is of."""

    features: Features
    click: Tensor
    target: Tensor


@dataclass(frozen=True, slots=True)
class Proposal:
    """A box in one window for one target.

    log_odds: log of the odds that the object is here against nowhere in the window, over all its crops.
    spread_px: standard deviation of the centre under the network's own probabilities near it, window pixels.
    """

    target: int
    box: PixelBox
    log_odds: float
    spread_px: float


class Localizer:
    """A network with its weights, ready to be asked. Made by `geoloc.model.load`."""

    def __init__(self, net: CrossViewNet, calibration: Calibration) -> None:
        self._net = net
        self.calibration = calibration
        self.name = net.config.name
        self.gsd_m = net.config.gsd_m
        self.window_px = net.config.window_px
        self.query_shape = net.config.query_shape
        self._device = next(net.parameters()).device

    def calibrated(self, calibration: Calibration) -> Localizer:
        """The same network telling its scores by another calibration."""
        return Localizer(self._net, calibration)

    def score(self, log_odds: float) -> float:
        """The probability that an answer with these log odds, the best of a search, is right."""
        x = self.calibration.odds_scale * log_odds + self.calibration.odds_offset
        return 1 / (1 + math.exp(-x)) if x > -500 else 0.0

    @torch.inference_mode()
    def encode_queries(self, queries: Sequence[Query], targets: Sequence[int]) -> list[EncodedQueries]:
        """Encode crops in batches of one shape; targets says which target each crop is of."""
        batches = []
        for start in range(0, len(queries), QUERY_BATCH):
            part = queries[start : start + QUERY_BATCH]
            rgb = self._images([query.image for query in part])
            click = torch.tensor([query.click for query in part], dtype=torch.float32, device=self._device)
            target = torch.tensor(targets[start : start + QUERY_BATCH])
            batches.append(EncodedQueries(self._net.encode_query(rgb, click), click, target))
        return batches

    @torch.inference_mode()
    def encode_window(self, rgb: NDArray[np.uint8], valid: NDArray[np.bool_]) -> Features:
        """Features of one window, height x width x 3 with a mask of its valid pixels."""
        return self._net.encode_reference(self._images([np.where(valid[..., None], rgb, np.uint8(FILL))]))

    @torch.inference_mode()
    def propose(
        self, queries: Sequence[EncodedQueries], window: Features, valid: NDArray[np.bool_], most: int
    ) -> list[Proposal]:
        """At most `most` boxes a target in one window, their centres on valid pixels."""
        proposals = []
        inside = torch.from_numpy(valid.copy())
        chances, boxes, targets = self._match(queries, window)
        for target in targets.unique().tolist():
            mine = targets == target
            proposals += _peaks(int(target), chances[mine], boxes[mine], inside, most)
        return proposals

    def _match(self, queries: Sequence[EncodedQueries], window: Features) -> tuple[Tensor, Tensor, Tensor]:
        """Log odds (Q x M) and boxes (Q x M x 4) of every candidate for every crop, and the crops' targets."""
        odds, boxes, targets = [], [], []
        for batch in queries:
            count = len(batch.target)
            repeated = Features(*(side.expand(count, -1, -1, -1) for side in window))
            found = self._net(batch.features, batch.click, repeated).candidates
            odds.append(found.logits.float().cpu())
            boxes.append(found.boxes.float().cpu())
            targets.append(batch.target)
        return torch.cat(odds), torch.cat(boxes), torch.cat(targets)

    def _images(self, images: Sequence[NDArray[np.uint8]]) -> Tensor:
        stacked = torch.from_numpy(np.stack(images)).to(self._device)
        return stacked.permute(0, 3, 1, 2).float()


def _peaks(target: int, odds: Tensor, boxes: Tensor, valid: Tensor, most: int) -> list[Proposal]:
    """Places where the probability is high, crops (scales and headings) averaged. odds: Q x M, boxes: Q x M x 4.

    Every crop is one supposition about scale and heading, all equally likely before: their probabilities of a place
    add up. The box is the mean of the peak's boxes by their probability.
    """
    chance = torch.exp(odds - F.pad(odds, (1, 0)).logsumexp(1, keepdim=True))
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    height, width = valid.shape
    column = centre[..., 0].long().clamp(0, width - 1)
    row = centre[..., 1].long().clamp(0, height - 1)
    left = (chance * valid[row, column]).flatten() / len(chance)
    centre, flat_boxes = centre.flatten(0, 1), boxes.flatten(0, 1)
    proposals = []
    for _ in range(most):
        best = int(left.argmax())
        if left[best] <= 0:
            break
        near = ((centre - centre[best]).abs() <= PEAK_PX).all(1)
        mass = left * near
        share = float(mass.sum())
        spread = float(((centre - centre[best]) ** 2).sum(1) @ mass) / share
        log_odds = math.log(share) - math.log(max(1 - share, 1e-9))
        box = PixelBox(*(mass @ flat_boxes / share).tolist())
        proposals.append(Proposal(target, box, log_odds, math.sqrt(spread)))
        left = torch.where(near, 0.0, left)
    return proposals
