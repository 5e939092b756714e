"""The sight head in use: its weights file, what it tells of a click, and what scores of answers that it helped mean.

It reads the features of one network's backbone and of no other, so that its file says which one that is. With it comes
what compares poses of the camera with the ground, for the same features.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from geoloc.errors import WeightsError
from geoloc.model.network.config import FILL
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.network.features import Features
from geoloc.model.packaged import PACKAGED
from geoloc.model.sight.cells import CELL_M, COLUMNS, ROWS, Views
from geoloc.model.sight.likeness_net import LikenessNet
from geoloc.model.sight.net import SightNet
from geoloc.model.weights import Calibration, checksum_of, read_tensors, stored_tensors
from geoloc.photo.click_view import click_views
from geoloc.photo.photo import Photo
from geoloc.photo.sight import Sight, sight_of, supposed_tilt
from geoloc.photo.target import Click
from geoloc.system.output import replacing

if TYPE_CHECKING:
    from tiling.grid import Grid
    from tiling.mosaic import PixelReader

FORMAT = "geoloc-sight-3"
"""Name of the format's version."""
PACKAGED_SIGHT = PACKAGED / "sight.safetensors"
"""The weights that come with the package, for the packaged weights of `base`."""
STRIP_STEP_M = CELL_M / 8
"""Side of the pixels of a strip: fine features have one cell for eight."""
NOWHERE_SHARE = 0.25
"""Of strips in the training that did not show what was clicked, in place of those that did."""


@dataclass(frozen=True, slots=True, eq=False)
class Ahead:
    """Where before a camera a thing that was clicked stands on the mosaic, as far as that is told.

    Attributes:
        cells: of the strip before the camera, see `Sight.strip`.
        share: rows x columns, how likely each is if it is there; their sum is 1.
        odds: how many times likelier the strip is for a thing that is there than for one that is not.
    """

    cells: Grid
    share: NDArray[np.float32]
    odds: float


@dataclass(frozen=True, slots=True, eq=False)
class SightHead:
    """A sight head, and the law of the scores of answers to photographs from eye level whose own position counts.

    The prior that a position and the head make weighs evidence otherwise than a search without one, so that
    sigmoid(scale * evidence + offset) is the probability of a hit there, fitted by
    `geoloc.train.calibration.from_ground`.

    Attributes:
        net: the head, in evaluation mode.
        likeness: what compares poses with the ground, likewise.
        score_scale: positive.
        score_offset: added after scaling.
    """

    net: SightNet
    likeness: LikenessNet
    score_scale: float = 1.0
    score_offset: float = 0.0

    def score(self, evidence: float) -> float:
        """Return the probability that an answer with this evidence is right."""
        return Calibration(score_scale=self.score_scale, score_offset=self.score_offset).score(evidence)


def backbone_checksum(net: CrossViewNet) -> str:
    """Return the checksum of a network's backbone as files hold it, of which the head sees the features."""
    return checksum_of(stored_tensors(net.backbone.state_dict()))


def save_sight_weights(path: Path, head: SightHead, net: CrossViewNet) -> str:
    """Write a sight head, its tensors in 16 bits but for vectors, to a file in one step.

    Args:
        path: the file.
        head: the head and its law.
        net: the network whose features it was trained on.

    Returns:
        Their checksum.

    Raises:
        OutputError: the file cannot be written.
    """
    tensors = stored_tensors(_both(head.net, head.likeness).state_dict())
    metadata = {"format": FORMAT, "backbone": backbone_checksum(net)}
    metadata |= {"score_scale": repr(head.score_scale), "score_offset": repr(head.score_offset)}
    checksum = metadata["sha256"] = _checksum(tensors, metadata)
    with replacing(path) as temporary:
        save_file(tensors, temporary, metadata)
    return checksum


def load_sight_head(net: CrossViewNet, path: Path = PACKAGED_SIGHT) -> SightHead | None:
    """Return the sight head of a file; None where it is not for this network.

    Raises:
        WeightsError: not a file that can be read, not one of ours, damaged, or of another version of the head.
    """
    metadata, tensors = read_sight(path)
    if metadata["backbone"] != backbone_checksum(net):
        return None
    head, likeness = SightNet(), LikenessNet()
    both = _both(head, likeness)
    try:
        both.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except RuntimeError:
        raise WeightsError(f"{path}: made for another version of the sight head") from None
    both.to(next(net.parameters()).device).eval()
    return SightHead(head, likeness, float(metadata["score_scale"]), float(metadata["score_offset"]))


def read_sight(path: Path = PACKAGED_SIGHT) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Return the metadata and the tensors of a sight head's file, whichever network it goes with.

    Raises:
        WeightsError: not a file that can be read, not one of ours, or damaged.
    """
    metadata, tensors = read_tensors(path)
    if metadata.get("format") != FORMAT:
        raise WeightsError(f"{path}: no weights of a sight head (the metadata does not say {FORMAT})")
    if metadata.get("sha256") != _checksum(tensors, metadata):
        raise WeightsError(f"{path}: wrong checksum, the file is damaged or was changed; fetch or train it again")
    return metadata, tensors


def _both(head: SightNet, likeness: LikenessNet) -> nn.ModuleDict:
    """Return both networks under the names that their tensors begin with."""
    return nn.ModuleDict({"sight": head, "likeness": likeness})


def _checksum(tensors: dict[str, Tensor], metadata: dict[str, str]) -> str:
    """Return the checksum of all tensors, of which network they go with, and of the law of the scores."""
    told = [metadata.get(key, "") for key in ("backbone", "score_scale", "score_offset")]
    return checksum_of(tensors, "\n".join(told))


def told_ahead(
    net: SightNet,
    encode: Callable[[Tensor], Features],
    photo: Photo,
    click: Click,
    read: PixelReader,
) -> Ahead | None:
    """Tell where before the camera of a photo from eye level a thing stands that was clicked.

    Args:
        net: the head's.
        encode: gives the features of pictures, B x 3 x H x W in [0, 255].
        photo: in a pose that is about right.
        click: in its pixels.
        read: gives the mosaic's pixels on a grid.

    Returns:
        The place; None without a line to the click or a mosaic there.

    Raises:
        MosaicError: the mosaic cannot be read.
    """
    sight = sight_of(photo, click)
    if sight is None or sight.heading_deg is None:
        return None
    strip = read(sight.strip(STRIP_STEP_M))
    if not strip.valid.any():
        return None
    tilt = None if photo.panorama else supposed_tilt(photo)
    views = click_views(photo, tilt, sight.aside_deg, sight.below_deg)
    pixels = np.where(strip.valid[..., None], strip.rgb, np.uint8(FILL))
    told = look_ahead(net, encode, views, pixels, sight)
    # What the mosaic does not show speaks neither for the pose nor against it.
    return replace(told, odds=told.odds ** float(strip.valid.mean()))


def look_ahead(
    net: SightNet,
    encode: Callable[[Tensor], Features],
    views: NDArray[np.uint8],
    strip: NDArray[np.uint8],
    sight: Sight,
) -> Ahead:
    """Tell where on a strip of the mosaic a thing stands that was clicked.

    Args:
        net: the head's.
        encode: gives the features of pictures, B x 3 x H x W in [0, 255].
        views: of the click, as `geoloc.photo.click_view.click_views` draws them.
        strip: pixels of the ground before the camera, RGB, `STRIP_STEP_M` each.
        sight: the line to the click, of a heading that is known.
    """
    ground = encoded(net, encode, strip)
    height_m, clicked_deg = (torch.tensor([number], device=net.device) for number in (sight.height_m, sight.below_deg))
    log_odds = net(encoded_views(net, encode, views), ground, height_m, clicked_deg)[0].double().cpu()
    cells, nowhere = log_odds[:-1], log_odds[-1]
    odds = torch.exp(cells.logsumexp(0) - nowhere) * NOWHERE_SHARE / (1 - NOWHERE_SHARE)
    return Ahead(sight.strip(CELL_M), cells.softmax(0).view(ROWS, COLUMNS).float().numpy(), float(odds))


def encoded(net: SightNet | LikenessNet, encode: Callable[[Tensor], Features], picture: NDArray[np.uint8]) -> Features:
    """Return the features of one picture, height x width x 3, where a head runs."""
    return encode(torch.from_numpy(picture).to(net.device).permute(2, 0, 1)[None].float())


def encoded_views(net: SightNet | LikenessNet, encode: Callable[[Tensor], Features], views: NDArray[np.uint8]) -> Views:
    """Return the features of the views of one direction, as `geoloc.photo.click_view.click_views` draws them."""
    return Views.cut(Features.together([encoded(net, encode, view) for view in views]))
