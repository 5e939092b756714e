"""The network in use: queries and references encoded once each, matched, and read out as scored boxes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.network.features import Features
from geoloc.model.weights import Calibration
from geoloc.photo.crops import Crop
from geoloc.plane.gaussian import BY_CHANCE, Gaussian
from tiling.box import PixelBox

FILL = 127
"""What stands where the mosaic has no data."""
PEAK_PX = 16.0
"""Half the side of the square whose mass is counted to one peak: two cells of stride 8."""
LOOK_PX = 24.0
"""Half the side of the square whose mass a second look at a place counts."""
QUERY_BATCH = 16
UNIT = 127
"""What 1 is as an 8-bit integer."""


@dataclass(frozen=True, slots=True)
class EncodedQueries:
    """Query features, one entry a crop. click: Q x 2 crop pixels. target: Q, which target each crop is of. number: Q,
    which of its target's crops each is. of: Q, how many its target has.
    """

    features: Features
    click: Tensor
    target: Tensor
    number: Tensor
    of: Tensor

    def some(self, rows: Sequence[int]) -> EncodedQueries:
        """Some of the crops, which are still as many suppositions as before."""
        picked = torch.tensor(rows)
        features = Features(*(side[picked] for side in self.features))
        return EncodedQueries(features, self.click[picked], *(n[picked] for n in (self.target, self.number, self.of)))


@dataclass(frozen=True, slots=True)
class DescribedQueries:
    """Descriptors of crops. parts: Q x N x size unit vectors; weight: Q x N, summing to 1; target: Q."""

    parts: NDArray[np.float32]
    weight: NDArray[np.float32]
    target: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A box in one window for one target.

    log_mass: log of the summed exponentials of the network's logits here, averaged over the target's crops. Comparable
    between windows: the null class, "the object is not here", has the mass 1.
    spread_px: standard deviation of the centre under the network's own weights near it, window pixels.
    crop: which of the target's crops led to it.
    """

    target: int
    box: PixelBox
    log_mass: float
    spread_px: float
    crop: int = 0


@dataclass(frozen=True, slots=True)
class Matches:
    """What one window has to say. log_mass: by target, that of all its valid places together, as in `Proposal`."""

    proposals: tuple[Proposal, ...]
    log_mass: dict[int, float]


class Localizer:
    """A network with its weights, ready to be asked. Made by `geoloc.model.load`."""

    def __init__(self, net: CrossViewNet, calibration: Calibration) -> None:
        self._net = net
        self.calibration = calibration
        self.name = net.config.name
        self.gsd_m = net.config.gsd_m
        self.window_px = net.config.window_px
        self.query_shape = net.config.query_shape
        self.descriptor = net.config.descriptor
        self._device = next(net.parameters()).device
        self._encode: Callable[[Tensor], Features] = net.encode_reference

    def calibrated(self, calibration: Calibration) -> Localizer:
        """The same network telling its scores by another calibration."""
        return Localizer(self._net, calibration)

    def compiled(self) -> Localizer:
        """The same for much to encode: references go through OpenVINO where that is installed and faster."""
        from geoloc.model.engine import compiled_encoder

        other = Localizer(self._net, self.calibration)
        if (encode := compiled_encoder(self._net)) is not None:
            other._encode = encode
        return other

    def export_onnx(self, folder: Path) -> list[Path]:
        """See `geoloc.model.engine.export_onnx`."""
        from geoloc.model.engine import export_onnx

        return export_onnx(self._net, folder)

    @property
    def device(self) -> torch.device:
        """Where it runs, and where the features are that it is shown."""
        return self._device

    @property
    def deviations(self) -> tuple[list[float], list[float]]:
        """Standard deviation of each coarse and each fine channel of reference features, as seen in training."""
        coarse, fine = self._net.reference_deviations()
        return coarse.tolist(), fine.tolist()

    def score(self, evidence: float) -> float:
        """See `Calibration.score`."""
        return self.calibration.score(evidence)

    @torch.inference_mode()
    def encode_queries(self, queries: Sequence[Crop], targets: Sequence[int]) -> EncodedQueries:
        """Encode crops of one shape; targets says which target each crop is of."""
        click = torch.tensor([query.click for query in queries], dtype=torch.float32, device=self._device)
        parts = []
        for start in range(0, len(queries), QUERY_BATCH):
            part = slice(start, start + QUERY_BATCH)
            parts.append(self._net.encode_query(self._images([query.image for query in queries[part]]), click[part]))
        features = Features(*(torch.cat(side) for side in zip(*parts, strict=True)))
        number = torch.tensor([targets[:i].count(target) for i, target in enumerate(targets)])
        of = torch.tensor([targets.count(target) for target in targets])
        return EncodedQueries(features, click, torch.tensor(targets), number, of)

    @torch.inference_mode()
    def describe_queries(self, queries: EncodedQueries) -> DescribedQueries:
        """Their descriptors, where the network has any."""
        parts, weight = self._net.describe_query(queries.features, queries.click)
        vectors = parts.transpose(1, 2).contiguous().cpu().numpy()
        return DescribedQueries(vectors, weight.cpu().numpy(), queries.target.numpy())

    @torch.inference_mode()
    def describe_reference(self, features: Features, half: int) -> NDArray[np.int8]:
        """Descriptors of the squares of 1 x C x h x w features, h and w multiples of `half`, the cells along half a
        window: size x `SQUARES` h / half x `SQUARES` w / half, unit vectors times `UNIT`.
        """
        rows, columns = (side // half for side in features.coarse.shape[-2:])
        places = [(column * half, row * half) for row in range(rows) for column in range(columns)]
        pieces = [features.cells(left, top, left + half, top + half) for left, top in places]
        described = self._net.describe_reference(Features(*(torch.cat(side) for side in zip(*pieces, strict=True))))
        apart = described.mul(UNIT).round().to(torch.int8).unflatten(0, (rows, columns))
        return apart.permute(2, 0, 3, 1, 4).flatten(3, 4).flatten(1, 2).cpu().numpy()

    @torch.inference_mode()
    def encode_reference(self, rgb: NDArray[np.uint8], valid: NDArray[np.bool_]) -> Features:
        """Features of reference pixels, height x width x 3 with a mask of the valid ones; sides multiples of 16.

        Those of the outer `MARGIN` cells know of the border; `geoloc.features.mosaic_features` leaves them off.
        """
        return self._encode(self._images([np.where(valid[..., None], rgb, np.uint8(FILL))]))

    @torch.inference_mode()
    def propose(self, queries: EncodedQueries, window: Features, valid: NDArray[np.bool_], most: int) -> Matches:
        """At most `most` boxes a target in one window. valid: height x width, where a box may have its centre."""
        proposals: list[Proposal] = []
        log_mass = {}
        inside = torch.from_numpy(valid.copy())
        logits, boxes = self._match(queries, window)
        for target in queries.target.unique().tolist():
            mine = queries.target == target
            places = _places(logits[mine], boxes[mine], inside, int(queries.of[mine][0]))
            log_mass[int(target)] = float(places.logsumexp(0))
            proposals += _peaks(int(target), places, boxes[mine], queries.number[mine], most)
        return Matches(tuple(proposals), log_mass)

    @torch.inference_mode()
    def rescore(
        self, queries: EncodedQueries, window: Features, valid: NDArray[np.bool_], place: tuple[float, float]
    ) -> Proposal | None:
        """What crops of one target have to say of a place (x, y) in a window; None where no box may have its centre."""
        logits, boxes = self._match(queries, window)
        places, boxes = _places(logits, boxes, torch.from_numpy(valid.copy()), len(logits)), boxes.flatten(0, 1)
        centre = (boxes[:, :2] + boxes[:, 2:]) / 2
        near = ((centre - centre.new_tensor(place)).abs() <= LOOK_PX).all(1) & (places > -math.inf)
        if not near.any():
            return None
        by_crop = torch.where(near, places, -math.inf).view_as(logits).logsumexp(1)
        return _read(int(queries.target[0]), int(by_crop.argmax()), places[near], boxes[near])

    @torch.inference_mode()
    def match_with_prior(
        self, queries: EncodedQueries, window: Features, valid: NDArray[np.bool_], known: Gaussian
    ) -> Proposal | None:
        """The likeliest place in a window for crops of one target where something else tells the place as well.

        known: where its centre is, window pixels. The proposal is what the crops alone say of the place. None where no
        box may have its centre closer than `BY_CHANCE`.
        """
        logits, boxes = self._match(queries, window)
        places, boxes = _places(logits, boxes, torch.from_numpy(valid.copy()), len(logits)), boxes.flatten(0, 1)
        centre = (boxes[:, :2] + boxes[:, 2:]) / 2
        apart = torch.from_numpy(known.distances(centre.numpy().astype(np.float64))).float()
        asked = (apart <= BY_CHANCE) & (places > -math.inf)
        if not asked.any():
            return None
        best = int(torch.where(asked, places - apart / 2, -math.inf).argmax())
        near = asked & ((centre - centre[best]).abs() <= PEAK_PX).all(1)
        return _read(int(queries.target[0]), best // logits.shape[1], places[near], boxes[near])

    def _match(self, queries: EncodedQueries, window: Features) -> tuple[Tensor, Tensor]:
        """Logits (Q x M) and boxes (Q x M x 4) of every candidate for every crop."""
        logits, boxes = [], []
        for start in range(0, len(queries.target), QUERY_BATCH):
            part = slice(start, start + QUERY_BATCH)
            features = Features(*(side[part] for side in queries.features))
            found = self._net(features, queries.click[part], window).candidates
            logits.append(found.logits.float().cpu())
            boxes.append(found.boxes.float().cpu())
        return torch.cat(logits), torch.cat(boxes)

    def _images(self, images: Sequence[NDArray[np.uint8]]) -> Tensor:
        stacked = torch.from_numpy(np.stack(images)).to(self._device)
        return stacked.permute(0, 3, 1, 2).float()


def _places(logits: Tensor, boxes: Tensor, valid: Tensor, of: int) -> Tensor:
    """Log mass of every candidate, Q * M values; none where the mosaic has no data. logits: Q x M, boxes: Q x M x 4.
    of: suppositions, of which these Q crops are some; the others count as if they had found nothing.

    Every crop is one supposition about scale and heading, all equally likely before. All places of all windows under
    all suppositions compete with each other and with one null class: a share within one window or one crop would make
    a weak match look sure wherever nothing better is beside it.
    """
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    height, width = valid.shape
    column = centre[..., 0].long().clamp(0, width - 1)
    row = centre[..., 1].long().clamp(0, height - 1)
    return torch.where(valid[row, column], logits - math.log(of), -math.inf).flatten()


def _peaks(target: int, places: Tensor, boxes: Tensor, numbers: Tensor, most: int) -> list[Proposal]:
    """Where the mass is. places: Q * M log masses, boxes: Q x M x 4, numbers: Q."""
    left = places.clone()
    a_crop = boxes.shape[1]
    boxes = boxes.flatten(0, 1)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    proposals = []
    for _ in range(most):
        best = int(left.argmax())
        if left[best] == -math.inf:
            break
        near = ((centre - centre[best]).abs() <= PEAK_PX).all(1)
        proposals.append(_read(target, int(numbers[best // a_crop]), left[near], boxes[near]))
        left[near] = -math.inf
    return proposals


def _read(target: int, crop: int, places: Tensor, boxes: Tensor) -> Proposal:
    """The mass of some places and the mean of their boxes by it. places: N log masses, boxes: N x 4."""
    log_mass = places.logsumexp(0)
    weight = (places - log_mass).exp()
    box = PixelBox(*(weight @ boxes).tolist())
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    spread = ((centre - centre.new_tensor(box.centre)) ** 2).sum(1) @ weight
    return Proposal(target, box, float(log_mass), math.sqrt(float(spread)), crop)
