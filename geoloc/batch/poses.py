"""Where each of many photographs was taken; one that fails is a row that says why, and the others go on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from geoloc.errors import GeolocError, in_one_line
from geoloc.photo.target import Click
from geoloc.pose.matched_photo import MatchedPhoto
from geoloc.pose.rows import NOT_VERIFIED, row_without_pose, rows_of
from geoloc.results.vector_files import Row
from geoloc.system.text import path_text

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PoseOutcome:
    """What became of a photo.

    Attributes:
        path: of the photo.
        rows: what a file of poses says of it, see `geoloc.pose.rows`.
        matched: the photo, matched; None where it was not.
        failed: whether it cannot be used, or what was wanted of it could not be written.
    """

    path: Path
    rows: Sequence[Row]
    matched: MatchedPhoto | None = None
    failed: bool = False

    def without_file(self, error: GeolocError) -> PoseOutcome:
        """Return what became of a photo that was matched, of which a file could not be written: its camera says why."""
        why = in_one_line(error)
        LOG.warning("%s", why)
        camera, *others = self.rows
        note = "; ".join(filter(None, (camera.properties.get("note"), why)))
        told = replace(camera, properties={**camera.properties, "note": note})
        return replace(self, rows=[told, *others], failed=True)


def pose_outcome(path: Path, match: Callable[[Path], MatchedPhoto | None], clicks: Sequence[Click] = ()) -> PoseOutcome:
    """Match a photo; what is wrong with it, or doubtful, is in its rows and the log.

    Args:
        path: of the photo.
        match: what reads and matches it; None where local features verify nothing.
        clicks: pixels to which lines of sight are wanted.
    """
    name = path_text(path)
    try:
        matched = match(path)
    except GeolocError as error:
        LOG.warning("%s", in_one_line(error))
        return PoseOutcome(path, [row_without_pose(name, error=in_one_line(error))], failed=True)
    if matched is None:
        LOG.warning("not here: %s: %s", name, NOT_VERIFIED)
        return PoseOutcome(path, [row_without_pose(name)])
    rows = rows_of(name, matched, clicks)
    for row in rows:
        if note := row.properties.get("note"):
            LOG.warning("%s: %s: %s", name, row.properties["kind"], note)
    return PoseOutcome(path, rows, matched)
