"""Weights files: safetensors that say which preset they fit, how well they did and what their checksum is.

They are never pickles. The checksum is over the tensors, the preset and the calibration and stands in the file's
metadata; it is verified at every load, so that a damaged or edited file is refused instead of answering wrongly.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from geoloc.errors import WeightsError
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.packaged import find_weights
from geoloc.model.presets import new_network, preset_config
from geoloc.system.output import replacing

FORMAT = "geoloc-weights-1"
"""Name of the format's version."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was measured of the weights on held-out pairs and searches; scores and accuracies of results follow from it.

    A right box's centre is off the true one by the root of the summed squares of `centre_error_px` and of
    `spread_scale` times the spread of the network's own weights. The score of an answer is sigmoid(score_scale * x +
    score_offset), x its evidence: the log of its share of the mass of all places searched and of the null class, plus
    the log of its mass in a second look (`geoloc.search.locate`), plus what the plane of its matches adds where it has
    one (`geoloc.search.own_plane`); fitted so that it is the probability of a hit.

    Attributes:
        centre_error_px: constant part of the error of a right box's centre, window pixels.
        spread_scale: how much of the spread, see `Proposal.spread_px`, is error.
        score_scale: positive.
        score_offset: added after scaling.
        unverified_offset: added too where local features could have told that the photograph shows what is searched,
            and did not; never positive. 0 in files that were written before it was measured.
    """

    centre_error_px: float = 4.0
    spread_scale: float = 0.0
    score_scale: float = 1.0
    score_offset: float = 0.0
    unverified_offset: float = 0.0

    def score(self, evidence: float, *, unverified: bool = False) -> float:
        """Return the probability that an answer with this evidence is right.

        Args:
            evidence: see `Calibration`.
            unverified: local features could have told that the photograph shows what is searched, and did not.
        """
        x = self.score_scale * evidence + self.score_offset + unverified * self.unverified_offset
        return 1 / (1 + math.exp(-x)) if x > -500 else 0.0


def save_weights(path: Path, net: CrossViewNet, calibration: Calibration, *, half: bool = True) -> str:
    """Write a network's tensors to a file in one step.

    Args:
        path: the file.
        net: the network.
        calibration: what was measured of it.
        half: store the weights of convolutions and linear layers in 16 bits; statistics and vectors stay in 32.

    Returns:
        Their checksum.

    Raises:
        OutputError: the file cannot be written.
    """
    tensors = stored_tensors(_tensors(net), half=half)
    metadata = {"format": FORMAT, "preset": net.config.name, "calibration": json.dumps(asdict(calibration))}
    checksum = _checksum(tensors, metadata)
    metadata["sha256"] = checksum
    with replacing(path) as temporary:
        save_file(tensors, temporary, metadata)
    return checksum


def load_weights(path: Path, net: CrossViewNet) -> Calibration:
    """Fill a network from a file; where the file is refused the network stays as it was.

    Returns:
        What was measured of the weights.

    Raises:
        WeightsError: not a file that can be read, not one of ours, another preset, missing or misshapen tensors,
            wrong checksum.
    """
    metadata, tensors = read_tensors(path)
    if metadata.get("format") != FORMAT:
        raise WeightsError(f"{path}: not weights of geoloc (the metadata does not say {FORMAT})")
    if metadata.get("preset") != net.config.name:
        raise WeightsError(
            f"{path}: weights for preset {metadata.get('preset')!r}, not {net.config.name!r}; give --model"
        )
    calibration = _calibration(path, metadata)
    if metadata.get("sha256") != _checksum(tensors, metadata):
        raise WeightsError(f"{path}: wrong checksum, the file is damaged or was changed; fetch or train it again")
    own = _tensors(net)
    wrong = [
        n for n in own.keys() | tensors.keys() if n not in own or n not in tensors or own[n].shape != tensors[n].shape
    ]
    if wrong:
        raise WeightsError(
            f"{path}: made for another version of the network ({len(wrong)} tensors differ, {min(wrong)})"
        )
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise WeightsError(f"{path}: holds values that are not finite; the training that made it went wrong")
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(tensors[name])
    return calibration


def read_tensors(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Return the metadata and the tensors of a safetensors file.

    Raises:
        WeightsError: it cannot be read as one.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(f"{path}: not a readable safetensors file ({error})") from None


def stored_tensors(tensors: Mapping[str, Tensor], *, half: bool = True) -> dict[str, Tensor]:
    """Return tensors as files hold them: on the CPU, and with `half` in 16 bits but for vectors."""
    return {
        name: (value.half() if half and value.ndim > 1 else value).detach().cpu().contiguous()
        for name, value in tensors.items()
    }


def checksum_of(tensors: Mapping[str, Tensor], before: str = "") -> str:
    """Return the SHA-256 of a text and all tensors, with their names, types and shapes."""
    digest = hashlib.sha256(before.encode())
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _calibration(path: Path, metadata: dict[str, Any]) -> Calibration:
    try:
        stored = {"unverified_offset": 0.0, **json.loads(metadata["calibration"])}
        values = {field.name: float(stored[field.name]) for field in fields(Calibration)}
    except (KeyError, TypeError, ValueError):
        values = {}
    finite = bool(values) and all(map(math.isfinite, values.values()))
    if not finite or values["score_scale"] <= 0 or values["unverified_offset"] > 0:
        raise WeightsError(f"{path}: its metadata has no valid calibration")
    return Calibration(**values)


def _tensors(net: CrossViewNet) -> dict[str, Tensor]:
    """Return all parameters and buffers, each once even where two sides share a backbone."""
    return dict(net.named_parameters()) | {n: b for n, b in net.named_buffers() if n in net.state_dict()}


def _checksum(tensors: dict[str, Tensor], metadata: dict[str, str]) -> str:
    """Return the checksum of all tensors, and of what makes scores of them."""
    return checksum_of(tensors, f"{metadata['preset']}\n{metadata['calibration']}\n")


def load_network(name: str, weights: Path | None, device: str) -> tuple[CrossViewNet, Calibration]:
    """Load the network of a preset, in evaluation mode, and what was measured of its weights.

    Args:
        name: of the preset.
        weights: their file; None for those that come with the package.
        device: where torch computes, such as "cpu" or "cuda".

    Raises:
        WeightsError: see `load_weights`; or no such device.
    """
    config = preset_config(name)
    path = find_weights(name, weights)
    try:
        place = torch.device(device)
        # What is only described ("meta") cannot be brought back.
        torch.empty(0, device=place).cpu()
    except (RuntimeError, AssertionError) as error:
        first = str(error).splitlines()[0]
        raise WeightsError(f"device {device!r} cannot be used: {first}") from None
    net = new_network(config)
    calibration = load_weights(path, net)
    return net.to(place).eval(), calibration
