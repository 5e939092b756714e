"""The sight head in use: its weights file, what it tells of a click, and what scores of answers that it helped mean.

It reads the features of one network's backbone and of no other, so that its file says which one that is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor

from geoloc.errors import WeightsError
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.network.features import Features
from geoloc.model.packaged import PACKAGED
from geoloc.model.sight.net import CELL_M, COLUMNS, ROWS, SightNet, Views
from geoloc.model.weights import Calibration, checksum_of, read_tensors, stored_tensors
from geoloc.photo.sight import Sight
from geoloc.system.output import replacing
from tiling.grid import Grid

FORMAT = "geoloc-sight-1"
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
        score_scale: positive.
        score_offset: added after scaling.
    """

    net: SightNet
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
    tensors = stored_tensors(head.net.state_dict())
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
    head = SightNet()
    try:
        head.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except RuntimeError:
        raise WeightsError(f"{path}: made for another version of the sight head") from None
    head.to(next(net.parameters()).device)
    return SightHead(head.eval(), float(metadata["score_scale"]), float(metadata["score_offset"]))


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


def _checksum(tensors: dict[str, Tensor], metadata: dict[str, str]) -> str:
    """Return the checksum of all tensors, of which network they go with, and of the law of the scores."""
    told = [metadata.get(key, "") for key in ("backbone", "score_scale", "score_offset")]
    return checksum_of(tensors, "\n".join(told))


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
    narrow, wide, ground = (
        encode(torch.from_numpy(picture).to(net.device).permute(2, 0, 1)[None].float()) for picture in (*views, strip)
    )
    both = Features(*(torch.cat(side) for side in zip(narrow, wide, strict=True)))
    height_m, clicked_deg = (torch.tensor([number], device=net.device) for number in (sight.height_m, sight.below_deg))
    log_odds = net(Views.cut(both), ground, height_m, clicked_deg)[0].double().cpu()
    cells, nowhere = log_odds[:-1], log_odds[-1]
    odds = torch.exp(cells.logsumexp(0) - nowhere) * NOWHERE_SHARE / (1 - NOWHERE_SHARE)
    return Ahead(sight.strip(CELL_M), cells.softmax(0).view(ROWS, COLUMNS).float().numpy(), float(odds))
