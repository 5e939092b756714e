"""What is tried to find targets, the cheapest evidence that is enough first.

1. The photograph's plane is known from an earlier click: the click is carried over, and attention looks there once.
2. What is searched is small enough to be matched whole: local features first. Verified, the same look ends it.
3. Otherwise, and for targets that this leaves open, attention searches the windows, all of them or those that
   descriptors speak for, and geometry is tried once more round its answers.

`refine="off"` is attention alone, and so is an index without its mosaic; `exhaustive` begins with attention, since it
asks that every window be looked at.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from geoloc.features.reference import Reference
from geoloc.geometry.refine import Refiner
from geoloc.model.localizer import Localizer
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.pipeline.request import SearchRequest
from geoloc.results.detection import Detection
from geoloc.search.locate import PRESENT, locate

LOG = logging.getLogger(__name__)
"""With -v every step is told, and how long it took."""


def find_targets(
    photo: Photo,
    targets: Sequence[Target],
    *,
    reference: Reference,
    refiner: Refiner | None,
    model: Localizer,
    request: SearchRequest,
    progress: Callable[[int, int], None],
    verifying: Callable[[], None],
) -> list[Detection]:
    """Find targets in a photo, step by step until every one is found.

    Args:
        photo: the photograph, upright.
        targets: what was clicked in it.
        reference: what is searched, as the network sees it.
        refiner: geometry on the same ground; None where there are no pixels.
        model: the network.
        request: its top, refine and exhaustive count.
        progress: called with the number of windows done and of all.
        verifying: called before geometry checks answers of attention.

    Returns:
        Answers ranked from 1 within each target, targets in their order.

    Raises:
        PhotoError: a click is outside the photo.
        GeolocError: the mosaic cannot be read.
    """
    geometry = refiner if request.refine == "auto" else None
    found: list[Detection] = []
    if geometry is not None and not request.exhaustive:
        found = _by_geometry(photo, targets, geometry)
    answered = {detection.target for detection in found}
    open_ones = [number for number in range(len(targets)) if number not in answered]
    if open_ones:
        rest = [targets[number] for number in open_ones]
        with _step("attention over windows"):
            answers = locate(
                photo, rest, reference, model, top=request.top, exhaustive=request.exhaustive, progress=progress
            )
        if geometry is not None:
            verifying()
            with _step("geometry round its answers"):
                answers = geometry.refine(photo, rest, answers)
        found += [replace(answer, target=open_ones[answer.target]) for answer in answers]
    return sorted(found, key=lambda detection: (detection.target, detection.rank))


def _by_geometry(photo: Photo, targets: Sequence[Target], geometry: Refiner) -> list[Detection]:
    """Verified places of targets, where the photo's plane is known or may be found at once; sure ones alone."""
    planes = geometry.planes
    if not (planes.remembers(photo) or planes.matches_whole):
        return []
    with _step(
        "the photo's plane, known before" if planes.remembers(photo) else "local features, all that is searched"
    ):
        fit = planes.on_everything(photo)
    if fit is None:
        return []
    with _step(f"a look at {len(targets)} carried over by {fit.inliers} matches"):
        carried = [geometry.carry(photo, number, target, fit) for number, target in enumerate(targets)]
    return [answers[0] for answers in carried if answers and answers[0].score >= PRESENT]


@contextmanager
def _step(name: str) -> Iterator[None]:
    begun, begun_cpu = time.perf_counter(), time.process_time()
    yield
    LOG.debug("%s: %.2f s, CPU %.2f s", name, time.perf_counter() - begun, time.process_time() - begun_cpu)
