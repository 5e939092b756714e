"""The foot head in use: its weights file, what it tells of a click, and what scores of answers that it helped mean.

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
from geoloc.model.foot_net import FootNet, angles_deg, band
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.network.features import Features
from geoloc.model.packaged import PACKAGED
from geoloc.model.weights import Calibration, checksum_of, read_tensors, stored_tensors
from geoloc.photo.foot_view import Foot
from geoloc.system.output import replacing

FORMAT = "geoloc-foot-1"
"""Name of the format's version."""
PACKAGED_FOOT = PACKAGED / "foot.safetensors"
"""The weights that come with the package, for the packaged weights of `base`."""


@dataclass(frozen=True, slots=True, eq=False)
class FootHead:
    """A foot head, and the law of the scores of answers to photographs from eye level whose own position counts.

    The prior that a position and a foot make weighs evidence otherwise than a search without one, so that sigmoid(scale
    * evidence + offset) is the probability of a hit there, fitted by `geoloc.train.calibration.from_ground`.

    Attributes:
        net: the head, in evaluation mode.
        score_scale: positive.
        score_offset: added after scaling.
    """

    net: FootNet
    score_scale: float = 1.0
    score_offset: float = 0.0

    def score(self, evidence: float) -> float:
        """Return the probability that an answer with this evidence is right."""
        return Calibration(score_scale=self.score_scale, score_offset=self.score_offset).score(evidence)


def backbone_checksum(net: CrossViewNet) -> str:
    """Return the checksum of a network's backbone as files hold it, of which the head sees the features."""
    return checksum_of(stored_tensors(net.backbone.state_dict()))


def save_foot_weights(path: Path, head: FootHead, net: CrossViewNet) -> str:
    """Write a foot head, its tensors in 16 bits but for vectors, to a file in one step.

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


def load_foot_head(net: CrossViewNet, path: Path = PACKAGED_FOOT) -> FootHead | None:
    """Return the foot head of a file; None where it is not for this network.

    Raises:
        WeightsError: not a file that can be read, not one of ours, damaged, or of another version of the head.
    """
    metadata, tensors = read_foot(path)
    if metadata["backbone"] != backbone_checksum(net):
        return None
    foot = FootNet()
    try:
        foot.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except RuntimeError:
        raise WeightsError(f"{path}: made for another version of the foot head") from None
    foot.to(next(net.parameters()).device)
    return FootHead(foot.eval(), float(metadata["score_scale"]), float(metadata["score_offset"]))


def read_foot(path: Path = PACKAGED_FOOT) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Return the metadata and the tensors of a foot head's file, whichever network it goes with.

    Raises:
        WeightsError: not a file that can be read, not one of ours, or damaged.
    """
    metadata, tensors = read_tensors(path)
    if metadata.get("format") != FORMAT:
        raise WeightsError(f"{path}: no weights of a foot head (the metadata does not say {FORMAT})")
    if metadata.get("sha256") != _checksum(tensors, metadata):
        raise WeightsError(f"{path}: wrong checksum, the file is damaged or was changed; fetch or train it again")
    return metadata, tensors


def _checksum(tensors: dict[str, Tensor], metadata: dict[str, str]) -> str:
    """Return the checksum of all tensors, of which network they go with, and of the law of the scores."""
    told = [metadata.get(key, "") for key in ("backbone", "score_scale", "score_offset")]
    return checksum_of(tensors, "\n".join(told))


def told_foot(foot: FootNet, encode: Callable[[Tensor], Features], views: NDArray[np.uint8], below_deg: float) -> Foot:
    """Tell where a thing that was clicked meets the ground.

    Args:
        foot: the head.
        encode: gives the features of pictures, B x 3 x H x W in [0, 255].
        views: of the click, as `geoloc.photo.foot_view.foot_views` draws them.
        below_deg: how far below level was clicked.
    """
    pictures = torch.from_numpy(views).to(foot.device).permute(0, 3, 1, 2).float()
    features = band(Features(*(torch.cat(side) for side in zip(*map(encode, pictures.split(1)), strict=True))))
    share = foot(features, pictures.new_tensor([below_deg]))[0].softmax(0).cpu()
    return Foot(angles_deg().double().numpy(), share.double().numpy())
