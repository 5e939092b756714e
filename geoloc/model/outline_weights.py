"""The mask head's weights file: safetensors, with a checksum of the tensors that every load verifies."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from geoloc.errors import WeightsError
from geoloc.model.network.outline_net import OutlineNet
from geoloc.model.packaged import PACKAGED
from geoloc.system.output import replacing

FORMAT = "geoloc-outline-1"
"""Name of the format's version."""
PACKAGED_OUTLINE = PACKAGED / "outline.safetensors"
"""The weights that come with the package."""


def save_outline_weights(path: Path, net: OutlineNet) -> str:
    """Write a mask head's tensors, in 16 bits but for vectors, to a file in one step.

    Returns:
        Their checksum.

    Raises:
        OutputError: the file cannot be written.
    """
    tensors = {
        name: (value.half() if value.ndim > 1 else value).detach().cpu().contiguous()
        for name, value in net.state_dict().items()
    }
    checksum = _checksum(tensors)
    with replacing(path) as temporary:
        save_file(tensors, temporary, {"format": FORMAT, "sha256": checksum})
    return checksum


def load_outline_net(path: Path = PACKAGED_OUTLINE) -> OutlineNet:
    """Return a mask head with the weights of a file, in evaluation mode.

    Raises:
        WeightsError: not a file that can be read, not one of ours, damaged, or of another version of the network.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(f"{path}: not a readable safetensors file ({error})") from None
    if metadata.get("format") != FORMAT:
        raise WeightsError(f"{path}: no weights of a mask head (the metadata does not say {FORMAT})")
    if metadata.get("sha256") != _checksum(tensors):
        raise WeightsError(f"{path}: wrong checksum, the file is damaged or was changed; fetch or train it again")
    net = OutlineNet()
    try:
        net.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except RuntimeError:
        raise WeightsError(f"{path}: made for another version of the mask head") from None
    return net.eval()


def _checksum(tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
