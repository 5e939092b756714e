"""The search: a first pass over windows, a second look at the likeliest places, a close look at the best answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from geoloc.features.reference import Reference
from geoloc.model.localizer import Localizer
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.results.detection import Detection
from geoloc.search.candidate import merge_answers
from geoloc.search.closer import close_look, second_look
from geoloc.search.first_pass import first_pass
from geoloc.search.look import Looker
from tiling.plan import Middles

PRESENT = 0.5
"""Answers that score less count as "not here"."""
PEAKS = 5
"""Answers asked of a window at least: its best single place need not be where the most mass is."""
PLACES = 6
"""Places that are looked at a second time, for each target; the right one is hardly ever farther down."""


def locate(
    photo: Photo,
    targets: Sequence[Target],
    reference: Reference,
    model: Localizer,
    *,
    top: int = 5,
    exhaustive: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Detection]:
    """Find each target in the windows of a reference.

    Args:
        photo: the photograph, upright.
        targets: what was clicked in it, in pixels of the photo.
        reference: what to search, at the model's GSD or another one; encoded by the same weights.
        model: the network with its weights.
        top: answers a target at most.
        exhaustive: show every window to the whole network, however many there are.
        progress: called with the number of windows done and of all.

    Returns:
        Detections ranked from 1 within each target, targets in their order. Polygons are in the mosaic's CRS, their
        centres inside the plan's area.

    Raises:
        PhotoError: a click is outside the photo.
        GeolocError: the mosaic cannot be read.
    """
    looker = Looker(photo, targets, reference, model, Middles(reference.plan))
    found = first_pass(looker, top=max(top, PEAKS), exhaustive=exhaustive, progress=progress)
    likeliest = merge_answers(found, top=max(top, PLACES))
    confirmed = [again for first in likeliest if (again := second_look(looker, first)) is not None]
    answers = merge_answers(confirmed, top=top)
    close = [close_look(looker, answer) if answer.detection.rank == 1 else answer for answer in answers]
    return sorted((answer.detection for answer in close), key=lambda detection: (detection.target, detection.rank))
