"""Oriented outlines of CVOGL's records as masks, where the user has that data set; it is not ours to pass on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import cv2
import numpy as np

from geoloc.evaluation.published import REFERENCE_PX, PublishedRecord, read_split
from geoloc.photo.files.picture import open_picture
from geoloc.plane.homography import to_opencv
from geoloc.train.grounds.masked import MaskedGround, MaskedObject

TASK = "drone"
"""Both tasks show the same satellite images; this one has more of them."""
_SHIFT = 4
"""Binary places of a pixel that polygons are drawn to."""


def published_grounds(root: Path, held_out: bool) -> dict[str, Callable[[], MaskedGround]]:
    """Return makers of the satellite images of CVOGL with their objects, by name.

    An oriented outline has four corners: what it holds is guessed to be the object's, and only that nothing outside of
    its box is counts as sure, as with boxes.

    Args:
        root: folder of the data set, as in `read_split`.
        held_out: those of its validation split, not those of its training split.

    Raises:
        DatasetError: the lists cannot be read.
    """
    image_of = attrgetter("satellite")
    records = sorted(read_split("cvogl", root, TASK, "val" if held_out else "train"), key=image_of)
    return {image.stem: partial(_ground, list(part)) for image, part in groupby(records, key=image_of)}


def _ground(records: list[PublishedRecord]) -> MaskedGround:
    pair = records[0].load()
    # Outlines are in pixels of the file, which may have another size than the protocol's.
    with open_picture(records[0].satellite) as file:
        scale = REFERENCE_PX / np.array(file.size)
    found = [_object(record, scale) for record in records]
    objects = tuple(one for one in found if one is not None)
    return MaskedGround(records[0].satellite.stem, pair.reference, pair.gsd_m, objects)


def _object(record: PublishedRecord, scale: np.ndarray) -> MaskedObject | None:
    corners = np.array(record.polygon, float).reshape(4, 2) * scale
    low = np.maximum(np.floor(corners.min(0)), 0).astype(int)
    high = np.minimum(np.ceil(corners.max(0)), REFERENCE_PX).astype(int)
    if (high - low < 2).any():
        return None
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    cv2.fillPoly(mask, [np.round(to_opencv(corners - low) * 2**_SHIFT).astype(np.int32)], 1, shift=_SHIFT)
    x0, y0, x1, y1 = map(float, (*corners.min(0), *corners.max(0)))
    return MaskedObject(record.kind, (int(low[0]), int(low[1])), mask.astype(bool), (x0, y0, x1, y1), exact=False)
