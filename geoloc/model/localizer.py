"""The network in use: queries and references encoded once each, matched, and read out as scored boxes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geoloc.model.network.config import FILL
from geoloc.model.network.cross_view import CrossViewNet, MatchedCells, Output, Prepared
from geoloc.model.network.features import STRIDE, Features
from geoloc.model.network.head import Part
from geoloc.model.place_weights import PlaceWeights, weighted
from geoloc.model.sight.head import Ahead, SightHead, told_ahead
from geoloc.model.sight.likeness import Likeness
from geoloc.model.weights import Calibration
from geoloc.photo.crop import Crop
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click
from geoloc.plane.gaussian import CHI2_99, Gaussian
from tiling.box import PixelBox

if TYPE_CHECKING:
    from tiling.mosaic import PixelReader

PEAK_PX = 16.0
"""Half the side of the square whose mass is counted to one peak: two cells of stride 8."""
LOOK_PX = 24.0
"""Half the side of the square whose mass a second look at a place counts."""
OFF_CELL_PX = 16.0
"""How far from its own cell of stride 8 a box may have its centre and still be counted where only a part is looked at:
two cells. Of boxes that have any mass none is farther off."""
QUERY_BATCH = 16
"""Crops that are matched at once."""
UNIT = 127
"""What 1 is in a descriptor of 8-bit integers."""


@dataclass(frozen=True, slots=True)
class EncodedQueries:
    """Features of crops of a photograph, one entry a crop.

    Attributes:
        features: of all Q crops.
        click: Q x 2, (x, y) in crop pixels.
        target: Q, which target each crop is of.
        crop: Q, which of its target's crops each is.
        crop_count: Q, how many crops its target has.
        prepared: of all crops, what the network takes to match them.
    """

    features: Features
    click: Tensor
    target: Tensor
    crop: Tensor
    crop_count: Tensor
    prepared: Prepared

    def select(self, rows: Sequence[int]) -> EncodedQueries:
        """Return some of the crops, which are still as many suppositions as before."""
        picked = torch.tensor(rows)
        features = Features(*(side[picked] for side in self.features))
        prepared = tuple(side[picked] for side in self.prepared)
        target, crop, count = (number[picked] for number in (self.target, self.crop, self.crop_count))
        return EncodedQueries(features, self.click[picked], target, crop, count, prepared)


@dataclass(frozen=True, slots=True)
class DescribedQueries:
    """Descriptors of crops of a photograph, one entry a crop.

    Attributes:
        parts: Q x N x size, unit vectors of the N parts of each.
        weight: Q x N, how much each part counts, summing to 1.
        target: Q, which target each crop is of.
    """

    parts: NDArray[np.float32]
    weight: NDArray[np.float32]
    target: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A box in one window for one target.

    Attributes:
        target: number of the target.
        box: window pixels.
        log_mass: log of the summed exponentials of the network's logits here, averaged over the target's crops.
            Comparable between windows: the null class, "the object is not here", has the mass 1.
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
    """What the network finds in one window.

    Attributes:
        proposals: boxes, for each target the best first.
        log_mass: by target, that of all the window's valid places together, as in `Proposal`.
    """

    proposals: tuple[Proposal, ...]
    log_mass: dict[int, float]


class Localizer:
    """A network with its weights, ready for searches; `geoloc.model.load` makes it.

    Attributes:
        calibration: what was measured of the weights.
        name: of the preset.
        gsd_m: ground sample distance of the windows that it is made for, metres.
        window_px: side of such a window.
        query_shape: height and width of a crop, pixels.
        descriptor: length of its descriptors; 0 where it has none.
    """

    def __init__(self, net: CrossViewNet, calibration: Calibration, sight: SightHead | None = None) -> None:
        """Take a network in evaluation mode, what was measured of its weights, and the sight head that goes with it."""
        self._net, self._sight = net, sight
        self.calibration = calibration
        self.name = net.config.name
        self.gsd_m = net.config.gsd_m
        self.window_px = net.config.window_px
        self.query_shape = net.config.query_shape
        self.descriptor = net.config.descriptor
        self._device = next(net.parameters()).device
        # Of several crops at once a CPU's cache does not hold what is computed: a crop took up to 1.7 times as long.
        self._crops_at_once = 1 if self._device.type == "cpu" else QUERY_BATCH
        self._encode: Callable[[Tensor], Features] = net.encode_large

    def calibrated(self, calibration: Calibration) -> Localizer:
        """Return the same network with another calibration."""
        other = Localizer(self._net, calibration, self._sight)
        other._encode = self._encode
        return other

    def compiled(self) -> Localizer:
        """Return a localizer that encodes through OpenVINO, where that is installed and faster."""
        from geoloc.model.engine import compiled_encoder

        other = Localizer(self._net, self.calibration, self._sight)
        if (encode := compiled_encoder(self._net)) is not None:
            other._encode = encode
        return other

    def export_onnx(self, folder: Path) -> list[Path]:
        """Write the network as two ONNX files, see `geoloc.model.engine.export_onnx`."""
        from geoloc.model.engine import export_onnx

        return export_onnx(self._net, folder)

    @property
    def device(self) -> torch.device:
        """Device that it runs on, where features must be too."""
        return self._device

    @property
    def deviations(self) -> tuple[list[float], list[float]]:
        """Standard deviations of coarse and of fine channels of reference features, as seen in training."""
        coarse, fine = self._net.reference_deviations()
        return coarse.tolist(), fine.tolist()

    def score(self, evidence: float, *, unverified: bool = False, from_ground: bool = False) -> float:
        """Return the probability that an answer with this evidence is right, see `Calibration.score`.

        from_ground: the photo was taken at eye level and its own position counts; then `SightHead` has the law.
        """
        if from_ground and self._sight is not None:
            return self._sight.score(evidence)
        return self.calibration.score(evidence, unverified=unverified)

    @torch.inference_mode()
    def ahead(self, photo: Photo, click: Click, read: PixelReader) -> Ahead | None:
        """Tell where before the camera of a photo from eye level a thing stands that was clicked.

        Args:
            photo: in a pose that is about right.
            click: in its pixels.
            read: gives the mosaic's pixels on a grid.

        Returns:
            The place; None without a sight head, a line to the click or a mosaic there.

        Raises:
            MosaicError: the mosaic cannot be read.
        """
        return None if self._sight is None else told_ahead(self._sight.net, self._encode, photo, click, read)

    def likeness(self, photo: Photo, read: PixelReader) -> Likeness | None:
        """Return what compares poses of a photo from eye level with the mosaic; None without a sight head.

        Args:
            photo: it has a position.
            read: gives the mosaic's pixels on a grid.
        """
        return None if self._sight is None else Likeness(self._sight.likeness, self._encode, photo, read)

    @torch.inference_mode()
    def encode_queries(self, crops: Sequence[Crop], targets: Sequence[int]) -> EncodedQueries:
        """Encode crops of one shape.

        Args:
            crops: of one photograph.
            targets: which target each crop is of.
        """
        click = torch.tensor([crop.click for crop in crops], dtype=torch.float32, device=self._device)
        parts = []
        for start in range(0, len(crops), self._crops_at_once):
            part = slice(start, start + self._crops_at_once)
            images = self._images([crop.image for crop in crops[part]])
            joined = self._net.click_joins_image
            parts.append(self._net.encode_query(images, click[part]) if joined else self._encode(images))
        features = Features.together(parts)
        number = torch.tensor([targets[:i].count(target) for i, target in enumerate(targets)])
        count = torch.tensor([targets.count(target) for target in targets])
        view = torch.tensor([crop.view for crop in crops], dtype=torch.float32, device=self._device)
        prepared = self._net.prepare(features, click, view)
        return EncodedQueries(features, click, torch.tensor(targets), number, count, prepared)

    @torch.inference_mode()
    def describe_queries(self, queries: EncodedQueries) -> DescribedQueries:
        """Describe crops, where the network has descriptors."""
        parts, weight = self._net.describe_query(queries.features, queries.click)
        vectors = parts.transpose(1, 2).contiguous().cpu().numpy()
        return DescribedQueries(vectors, weight.cpu().numpy(), queries.target.numpy())

    @torch.inference_mode()
    def describe_reference(self, features: Features, half: int) -> NDArray[np.int8]:
        """Describe the squares of a reference, where the network has descriptors.

        Args:
            features: 1 x C x h x w, h and w multiples of `half`.
            half: cells along half a window.

        Returns:
            size x (`SQUARES` h / half) x (`SQUARES` w / half), unit vectors times `UNIT`.
        """
        rows, columns = (side // half for side in features.coarse.shape[-2:])
        places = [(column * half, row * half) for row in range(rows) for column in range(columns)]
        pieces = [features.cells(left, top, left + half, top + half) for left, top in places]
        described = self._net.describe_reference(Features.together(pieces))
        by_place = described.mul(UNIT).round().to(torch.int8).unflatten(0, (rows, columns))
        return by_place.permute(2, 0, 3, 1, 4).flatten(3, 4).flatten(1, 2).cpu().numpy()

    @torch.inference_mode()
    def encode_reference(self, rgb: NDArray[np.uint8], valid: NDArray[np.bool_]) -> Features:
        """Encode pixels of a reference.

        Features of the outer `MARGIN` cells know of the border; `geoloc.features.mosaic_features` leaves them off.

        Args:
            rgb: height x width x 3, sides multiples of 16.
            valid: height x width, which pixels have data.
        """
        return self._encode(self._images([np.where(valid[..., None], rgb, np.uint8(FILL))]))

    @torch.inference_mode()
    def propose(
        self,
        queries: EncodedQueries,
        window: Features,
        valid: NDArray[np.bool_],
        most: int,
        weights: Sequence[PlaceWeights | None] = (),
    ) -> Matches:
        """Propose boxes for every target in one window.

        Args:
            queries: crops of the targets.
            window: features of the window.
            valid: height x width pixels, where a box may have its centre.
            most: boxes a target at the most.
            weights: of each crop what boxes count more or less than their mass, or None; nothing where all count alike.
        """
        proposals: list[Proposal] = []
        log_mass = {}
        inside = torch.from_numpy(valid.copy())
        logits, boxes = _joined(self._match(queries, window))
        logits = weighted(logits, boxes, weights)
        for target in queries.target.unique().tolist():
            mine = queries.target == target
            candidates = _Candidates.of(logits[mine], boxes[mine], inside, int(queries.crop_count[mine][0]))
            log_mass[int(target)] = float(candidates.log_masses.logsumexp(0))
            proposals += candidates.peaks(int(target), queries.crop[mine], most)
        return Matches(tuple(proposals), log_mass)

    @torch.inference_mode()
    def rescore(
        self,
        queries: EncodedQueries,
        window: Features,
        valid: NDArray[np.bool_],
        place: tuple[float, float],
        weights: Sequence[PlaceWeights | None] = (),
    ) -> tuple[Proposal | None, MatchedCells | None]:
        """Look again at a place in a window, through other crops of one target.

        Args:
            queries: the crops.
            window: features of the window.
            valid: height x width pixels, where a box may have its centre.
            place: (x, y) in window pixels; boxes count whose centres are closer than `LOOK_PX`.
            weights: as in `propose`.

        Returns:
            What the crops say of the place, None where no box may have its centre there; and where in the window their
            cells lie, None of a network whose cells do not attend to each other.
        """
        outputs = self._match(queries, window, PixelBox.about(*place, 2 * LOOK_PX, 2 * LOOK_PX), attended=True)
        logits, boxes = _joined(outputs)
        logits = weighted(logits, boxes, weights)
        candidates = _Candidates.of(logits, boxes, torch.from_numpy(valid.copy()), len(logits))
        near = candidates.near(candidates.centres.new_tensor(place), LOOK_PX) & candidates.possible
        cells = None
        if outputs[0].tokens:
            columns = window.coarse.shape[-1]
            found = zip(*(output.matched_cells(columns) for output in outputs), strict=True)
            places, sure = (torch.cat(side) for side in found)
            cells = MatchedCells.of(places, sure, queries.features.coarse.shape[-1])
        if not near.any():
            return None, cells
        by_crop = torch.where(near, candidates.log_masses, -math.inf).view_as(logits).logsumexp(1)
        return candidates.mean(near, int(queries.target[0]), int(by_crop.argmax())), cells

    @torch.inference_mode()
    def match_with_prior(
        self, queries: EncodedQueries, window: Features, valid: NDArray[np.bool_], known: Gaussian
    ) -> Proposal | None:
        """Find the likeliest place in a window for crops of one target where something else tells the place as well.

        Args:
            queries: the crops.
            window: features of the window.
            valid: height x width pixels, where a box may have its centre.
            known: where its centre is by the other source, window pixels.

        Returns:
            What the crops alone say of the place; None where no box may have its centre closer than `CHI2_99`.
        """
        reach = 2 * (np.sqrt(CHI2_99 * np.diag(known.covariance)) + PEAK_PX)
        logits, boxes = _joined(self._match(queries, window, PixelBox.about(*known.mean, *reach)))
        candidates = _Candidates.of(logits, boxes, torch.from_numpy(valid.copy()), len(logits))
        distance = torch.from_numpy(known.squared_distances(candidates.centres.numpy().astype(np.float64))).float()
        possible = (distance <= CHI2_99) & candidates.possible
        if not possible.any():
            return None
        best = int(torch.where(possible, candidates.log_masses - distance / 2, -math.inf).argmax())
        near = possible & candidates.near(candidates.centres[best], PEAK_PX)
        return candidates.mean(near, int(queries.target[0]), best // candidates.per_crop)

    def _match(
        self, queries: EncodedQueries, window: Features, where: PixelBox | None = None, *, attended: bool = False
    ) -> list[Output]:
        """Match some crops at a time.

        Args:
            queries: the crops.
            window: features of the window.
            where: window pixels that candidates are wanted of at the least, where not of all.
            attended: keep the tokens of the last round.
        """
        part = None if where is None else _part(where, window)
        outputs = []
        for start in range(0, len(queries.target), QUERY_BATCH):
            prepared = tuple(side[start : start + QUERY_BATCH] for side in queries.prepared)
            found = self._net.match(prepared, window, part)
            outputs.append(Output(found.candidates, found.tokens[-1:] if attended else ()))
        return outputs

    def _images(self, images: Sequence[NDArray[np.uint8]]) -> Tensor:
        stacked = torch.from_numpy(np.stack(images)).to(self._device)
        return stacked.permute(0, 3, 1, 2).float()


def _joined(outputs: Sequence[Output]) -> tuple[Tensor, Tensor]:
    """Return logits, Q x M, and boxes, Q x M x 4, of every candidate for every crop."""
    found = [output.candidates for output in outputs]
    return torch.cat([f.logits.float().cpu() for f in found]), torch.cat([f.boxes.float().cpu() for f in found])


def _part(where: PixelBox, window: Features) -> Part:
    """The cells of a window whose candidates may have their centres in a box: those in it, and some round it."""
    rows, columns = window.coarse.shape[-2:]
    left, top = (math.floor((at - OFF_CELL_PX) / STRIDE) for at in (where.xmin, where.ymin))
    right, bottom = (math.ceil((at + OFF_CELL_PX) / STRIDE) for at in (where.xmax, where.ymax))
    # One cell at the least, also for a place off the window.
    left, top = min(max(left, 0), columns - 1), min(max(top, 0), rows - 1)
    return Part(left, top, max(left + 1, min(right, columns)), max(top + 1, min(bottom, rows)))


@dataclass(frozen=True, slots=True, eq=False)
class _Candidates:
    """All candidates of a window for one target, those of Q crops with M each in one row.

    Attributes:
        log_masses: Q * M; none, -inf, where the mosaic has no data.
        boxes: Q * M x 4, window pixels.
        centres: Q * M x 2, window pixels (x, y).
        per_crop: M.
    """

    log_masses: Tensor
    boxes: Tensor
    centres: Tensor
    per_crop: int

    @classmethod
    def of(cls, logits: Tensor, boxes: Tensor, valid: Tensor, crop_count: int) -> _Candidates:
        """Give every candidate its log mass.

        Every crop is one supposition about scale and heading, all equally likely before. All places of all windows
        under all suppositions compete with each other and with one null class: a share within one window or one crop
        would make a weak match look sure wherever nothing better is beside it.

        Args:
            logits: Q x M.
            boxes: Q x M x 4, window pixels.
            valid: height x width pixels, where a box may have its centre.
            crop_count: suppositions, of which these Q crops are some; the others count as if they had found nothing.
        """
        per_crop = boxes.shape[1]
        boxes = boxes.flatten(0, 1)
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        height, width = valid.shape
        column = centres[:, 0].long().clamp(0, width - 1)
        row = centres[:, 1].long().clamp(0, height - 1)
        log_masses = torch.where(valid[row, column], logits.flatten() - math.log(crop_count), -math.inf)
        return cls(log_masses, boxes, centres, per_crop)

    @property
    def possible(self) -> Tensor:
        """Which have a mass, Q * M."""
        return self.log_masses > -math.inf

    def near(self, place: Tensor, px: float) -> Tensor:
        """Return which have their centre in the square about a place, (x, y), half its side `px`; Q * M."""
        return ((self.centres - place).abs() <= px).all(1)

    def mean(self, some: Tensor, target: int, crop: int) -> Proposal:
        """Sum the mass of some candidates (Q * M, True for these), and average their boxes by it."""
        log_masses, centres = self.log_masses[some], self.centres[some]
        log_mass = log_masses.logsumexp(0)
        weight = (log_masses - log_mass).exp()
        box = PixelBox(*(weight @ self.boxes[some]).tolist())
        spread = ((centres - centres.new_tensor(box.centre)) ** 2).sum(1) @ weight
        return Proposal(target, box, float(log_mass), math.sqrt(float(spread)), crop)

    def peaks(self, target: int, crops: Tensor, most: int) -> list[Proposal]:
        """Return the places where most of the mass is, the best first.

        Args:
            target: number of the target.
            crops: Q, the number of each crop among its target's.
            most: places at the most.
        """
        left = replace(self, log_masses=self.log_masses.clone())
        proposals: list[Proposal] = []
        while len(proposals) < most:
            best = int(left.log_masses.argmax())
            if left.log_masses[best] == -math.inf:
                break
            near = self.near(self.centres[best], PEAK_PX)
            proposals.append(left.mean(near, target, int(crops[best // self.per_crop])))
            left.log_masses[near] = -math.inf
        return proposals
