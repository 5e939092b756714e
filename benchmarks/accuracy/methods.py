"""Who answers: the networks with and without geometry, and what they are measured against."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from benchmarks.accuracy.job import Job, Locate
from geoloc.errors import GeolocError
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.results.detection import Detection

if TYPE_CHECKING:
    from geoloc.features.mosaic_features import MosaicFeatures
    from geoloc.geometry.refine import Refiner
    from geoloc.model.localizer import Localizer

NETWORKS = ("detgeo", "summation", "attengeo", "base")
GEOMETRY = "base + geometry"
NAMES = ("chance", "ncc", "sift", *NETWORKS, GEOMETRY)
"""In the order of the table."""
PROBABLE = (*NETWORKS, GEOMETRY)
"""Whose score is meant as the probability that the answer is right."""
TOP = 5
"""Answers a click that geometry may choose from, as `geoloc locate` gives."""


class AbsentError(GeolocError):
    """A method cannot be run; the text is what the table says in place of figures."""


@dataclass(frozen=True, slots=True)
class Method:
    """prepare: everything that is done once a mosaic; None where answers are at random and counted by expectation.

    weights: name and sha256 of the file, empty without one. options: all else that results depend on.
    """

    name: str
    prepare: Callable[[Job], Locate] | None
    weights: Mapping[str, str] = field(default_factory=dict, hash=False)
    options: Mapping[str, object] = field(default_factory=dict, hash=False)


class Attention:
    """The network's search, which remembers what it answered: geometry begins with the same answers.

    saved_s: seconds that searching again would have taken, for the sum of a method's time.
    """

    _known: ClassVar[dict[tuple[object, ...], tuple[list[Detection], float]]] = {}

    def __init__(
        self, job: Job, field: MosaicFeatures, localizer: Localizer, weights: str, refiner: Refiner | None
    ) -> None:
        self._job, self._field, self._localizer, self._weights = job, field, localizer, weights
        self._refiner = refiner
        self.saved_s = 0.0

    def __call__(self, photo: Photo, targets: list[Target]) -> list[Detection]:
        """The answers to the clicks of a photo."""
        from geoloc.search.locate import locate

        asked = (self._weights, self._job.path, self._job.gsd_m, photo.path, tuple(targets))
        if asked in self._known:
            found, seconds = self._known[asked]
            self.saved_s += seconds
        else:
            started = time.perf_counter()
            found = locate(photo, targets, self._field, self._localizer, top=TOP)
            self._known[asked] = found, time.perf_counter() - started
        return found if self._refiner is None else self._refiner.refine(photo, targets, found)


def make(name: str, weights: Mapping[str, Path], device: str) -> Method:
    """The method called `name`. weights: files by preset, for those whose packaged ones are not meant.

    Raises:
        AbsentError: it has no weights.
        WeightsError: its weights are damaged or of another network.
    """
    if name == "chance":
        from benchmarks.accuracy import chance

        return Method(name, None, options={"places": chance.PLACES})
    if name == "ncc":
        from benchmarks.accuracy import ncc

        return Method(name, ncc.prepare, options={"headings": ncc.HEADINGS, "sides_m": ncc.SIDES_M})
    if name == "sift":
        from benchmarks.accuracy import sift

        return Method(name, sift.prepare, options={"ratio": sift.RATIO, "ransac_px": sift.RANSAC_PX})
    return _network(name, weights, device)


def _network(name: str, weights: Mapping[str, Path], device: str) -> Method:
    from geoloc import model
    from geoloc.errors import WeightsError
    from geoloc.features.mosaic_features import MosaicFeatures
    from geoloc.geometry.guided_look import GuidedLook
    from geoloc.geometry.refine import Refiner
    from geoloc.model.packaged import find_weights
    from tiling.area import Area
    from tiling.plan import make_plan

    preset = "base" if name == GEOMETRY else name
    try:
        path = find_weights(preset, weights.get(preset))
    except WeightsError:
        if preset in weights:
            raise
        raise AbsentError("no weights") from None
    localizer = model.load(preset, path, device)

    used = {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}

    def prepare(job: Job) -> Locate:
        plan = make_plan(job.mosaic, min(job.gsd_m, localizer.gsd_m), localizer.window_px, Area.everywhere())
        reference = MosaicFeatures(job.mosaic, plan, localizer)
        refiner = Refiner(job.mosaic, plan, GuidedLook(reference, localizer)) if name == GEOMETRY else None
        return Attention(job, reference, localizer, used["sha256"], refiner)

    return Method(name, prepare, weights=used, options={"top": TOP, "device": device})
