"""The mask head's weights file: safetensors, with a checksum of the tensors that every load verifies."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import save_file

from geoloc.errors import WeightsError
from geoloc.model.network.outline_net import OutlineNet
from geoloc.model.packaged import PACKAGED
from geoloc.model.weights import checksum_of, read_tensors, stored_tensors
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
    tensors = stored_tensors(net.state_dict())
    checksum = checksum_of(tensors)
    with replacing(path) as temporary:
        save_file(tensors, temporary, {"format": FORMAT, "sha256": checksum})
    return checksum


def load_outline_net(path: Path = PACKAGED_OUTLINE) -> OutlineNet:
    """Return a mask head with the weights of a file, in evaluation mode.

    Raises:
        WeightsError: not a file that can be read, not one of ours, damaged, or of another version of the network.
    """
    metadata, tensors = read_tensors(path)
    if metadata.get("format") != FORMAT:
        raise WeightsError(f"{path}: no weights of a mask head (the metadata does not say {FORMAT})")
    if metadata.get("sha256") != checksum_of(tensors):
        raise WeightsError(f"{path}: wrong checksum, the file is damaged or was changed; fetch or train it again")
    net = OutlineNet()
    try:
        net.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except RuntimeError:
        raise WeightsError(f"{path}: made for another version of the mask head") from None
    return net.eval()
