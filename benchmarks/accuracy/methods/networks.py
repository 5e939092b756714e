"""The networks as methods, with and without geometry."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from benchmarks.accuracy.errors import AbsentError
from benchmarks.accuracy.methods.method import Locate, Method, SearchedMosaic
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.results.detection import Detection

if TYPE_CHECKING:
    from geoloc.features.mosaic_features import MosaicFeatures
    from geoloc.geometry.refine import Refiner
    from geoloc.model.localizer import Localizer

NETWORKS = ("detgeo", "summation", "attengeo", "base")
GEOMETRY = "base + geometry"
TOP = 5
"""Answers a click that geometry may choose from, as `geoloc locate` gives."""


class CachedSearch:
    """The network's search, which remembers its answers: geometry begins with the same ones.

    Attributes:
        saved_s: seconds that searching again would have taken, for the sum of a method's time.
    """

    _known: ClassVar[dict[tuple[object, ...], tuple[list[Detection], float]]] = {}

    def __init__(
        self,
        searched: SearchedMosaic,
        reference: MosaicFeatures,
        model: Localizer,
        weights: str,
        refiner: Refiner | None,
    ) -> None:
        """Search `reference`; `weights` is the checksum that answers are remembered under."""
        self._searched, self._reference, self._model, self._weights = searched, reference, model, weights
        self._refiner = refiner
        self.saved_s = 0.0

    def __call__(self, photo: Photo, targets: list[Target]) -> list[Detection]:
        """Answer the clicks of a photo."""
        from geoloc.search.locate import locate

        key = (self._weights, self._searched.path, self._searched.gsd_m, photo.path, tuple(targets))
        if key in self._known:
            answers, seconds = self._known[key]
            self.saved_s += seconds
        else:
            started = time.perf_counter()
            answers = locate(photo, targets, self._reference, self._model, top=TOP)
            self._known[key] = answers, time.perf_counter() - started
        return answers if self._refiner is None else self._refiner.refine(photo, targets, answers)


def make_network(name: str, weights: Mapping[str, Path], device: str) -> Method:
    """Make the method of a preset, or `GEOMETRY`; `weights` are files by preset, where the packaged ones are not meant.

    Raises:
        AbsentError: it has no weights.
        WeightsError: its weights are damaged or of another network.
    """
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
    file = {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}

    def prepare(searched: SearchedMosaic) -> Locate:
        gsd_m = min(searched.gsd_m, localizer.gsd_m)
        plan = make_plan(searched.mosaic, gsd_m, localizer.window_px, Area.everywhere())
        reference = MosaicFeatures(searched.mosaic, plan, localizer)
        refiner = None
        if name == GEOMETRY:
            refiner = Refiner(searched.mosaic, plan, GuidedLook(reference, localizer))
        return CachedSearch(searched, reference, localizer, file["sha256"], refiner)

    return Method(name, prepare, weights=file, options={"top": TOP, "device": device})
