"""The networks that an ablation trained, and how each searches a whole mosaic by itself."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accuracy.errors import AbsentError
from benchmarks.accuracy.methods.method import Locate, Method, SearchedMosaic
from geoloc.model.presets import PRESETS


@dataclass(frozen=True, slots=True)
class Trained:
    """One training of a preset.

    Attributes:
        preset: name of the network.
        seed: of the training.
        weights: their file.
    """

    preset: str
    seed: int
    weights: Path

    @property
    def name(self) -> str:
        """Name of the training, as its folder has it."""
        return f"{self.preset}_{self.seed}"


def trained_in(run: Path, presets: Sequence[str]) -> list[Trained]:
    """Return the trainings of some presets in a folder of `geoloc ablate`.

    Those of the first seed come first, so that a benchmark which is cut short compares all presets.

    Raises:
        AbsentError: there is none.
    """
    found = []
    for weights in run.glob("*_*/weights.safetensors"):
        preset, _, seed = weights.parent.name.rpartition("_")
        if preset in presets and seed.isdecimal():
            found.append(Trained(preset, int(seed), weights))
    if not found:
        raise AbsentError(f"{run}: no PRESET_SEED/weights.safetensors of {', '.join(presets)}; run geoloc ablate first")
    order = list(PRESETS)
    return sorted(found, key=lambda one: (one.seed, order.index(one.preset)))


def make_searcher(trained: Trained) -> Method:
    """Make the method of a trained network: attention alone, without positions, its own boxes.

    Every window is shown to the whole network, since an ablation trains no descriptors, by which `base` would choose
    windows that the others do not choose. Boxes stay as the network has them: outlines are another network's.

    What it prepares raises `WeightsError` where the weights are damaged or of another network.
    """
    from geoloc import model
    from geoloc.pipeline.request import SearchRequest
    from geoloc.pipeline.scope import Scope
    from geoloc.pipeline.source import MosaicSource
    from geoloc.search.locate import locate

    request = SearchRequest(gps=False, refine="off", preset=trained.preset)

    def prepare(searched: SearchedMosaic) -> Locate:
        # Not before: what is kept needs no network. The one before, with its features, is a circle of some 400 MB.
        gc.collect()
        localizer = model.load(trained.preset, trained.weights)
        source = MosaicSource(searched.mosaic, trained.preset, min(searched.gsd_m, localizer.gsd_m))
        reference = source.reference(Scope(source, request).plan(), localizer)
        return lambda photo, targets: locate(photo, targets, reference, localizer, top=1, exhaustive=True)

    file = {"file": trained.weights.name, "sha256": hashlib.sha256(trained.weights.read_bytes()).hexdigest()}
    return Method(trained.name, prepare, weights=file, options={"exhaustive": True})
