"""Which weights file is meant, and what features made by it depend on; known without torch."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from geoloc.errors import WeightsError
from geoloc.model.presets import PRESETS, preset_config
from geoloc.system.limits import WEIGHTS_BYTES, limit_of

PACKAGED = Path(__file__).parent.parent / "weights"
"""Folder of the weights that come with the package."""


def find_weights(name: str, weights: Path | None) -> Path:
    """Return `weights`, or where it is None the file that comes with the package for preset `name`.

    Raises:
        WeightsError: no such preset or file, none that comes with the package, or one that is far too large.
    """
    preset_config(name)
    path = weights if weights is not None else PACKAGED / f"{name}.safetensors"
    if path.is_file():
        if (size := path.stat().st_size) > (most := limit_of(WEIGHTS_BYTES)):
            raise WeightsError(
                f"{path}: {size:,} bytes, over the limit of {most:,}; set {WEIGHTS_BYTES[0]} to allow it"
            )
        return path
    if weights is not None:
        raise WeightsError(f"{path}: no such weights file")
    have = ", ".join(sorted(name for name in PRESETS if (PACKAGED / f"{name}.safetensors").is_file())) or "none"
    raise WeightsError(f"no weights come with preset {name!r} (there are: {have}); train some and give --weights FILE")


def network_checksum(path: Path) -> str:
    """Return the checksum of the network in a weights file, without its calibration: of what features depend on.

    Raises:
        WeightsError: the file is no weights file.
    """
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if size > path.stat().st_size:
                raise ValueError("its header is longer than the file")
            header = json.loads(file.read(size))
            preset = header.pop("__metadata__")["preset"]
            digest = hashlib.sha256(f"{preset} {json.dumps(header, sort_keys=True)}".encode())
            digest.update(file.read())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise WeightsError(f"{path}: not a readable safetensors file of geoloc ({error})") from None
    return digest.hexdigest()
