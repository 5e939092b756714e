"""Folders of arrays that many processes read at once: plain `.npy` files that are mapped, not read, and a header."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geoloc.errors import TrainingError
from geoloc.system.output import replacing

HEADER = "header.json"


def save_arrays(folder: Path, header: Mapping[str, Any], arrays: Mapping[str, Sequence[np.ndarray]]) -> None:
    """Write arrays into a new folder, which is there whole or not at all.

    Args:
        folder: not there yet.
        header: of what JSON knows; the key "shapes" is taken.
        arrays: by name, each of one type; those of a name lie behind each other in one file.

    Raises:
        OutputError: it cannot be written.
    """
    with replacing(folder) as temporary:
        temporary.mkdir()
        shapes: dict[str, list[tuple[int, ...]]] = {}
        for name, items in arrays.items():
            shapes[name] = [item.shape for item in items]
            if items:
                np.save(temporary / f"{name}.npy", np.concatenate([np.ravel(item) for item in items]))
        (temporary / HEADER).write_text(json.dumps({**header, "shapes": shapes}))


def load_arrays(folder: Path) -> tuple[dict[str, Any], dict[str, list[np.ndarray]]]:
    """Return the header and the arrays of a folder; nothing of an array is read before it is used.

    Writing to an array changes it for the process that does so only.

    Raises:
        TrainingError: it cannot be read.
    """
    try:
        header = json.loads((folder / HEADER).read_text())
        arrays: dict[str, list[np.ndarray]] = {}
        for name, shapes in header["shapes"].items():
            # "c" shares pages as "r" does; torch warns of arrays that cannot be written.
            flat = np.asarray(np.load(folder / f"{name}.npy", mmap_mode="c")) if shapes else np.zeros(0)
            ends = np.cumsum([np.prod(shape, dtype=int) for shape in shapes], dtype=int)
            arrays[name] = [part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes, strict=False)]
        return header, arrays
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainingError(f"{folder}: no arrays to train on, or damaged ones: {error}") from None
