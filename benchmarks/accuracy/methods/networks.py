"""The networks as methods, with and without geometry."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from benchmarks.accuracy.errors import AbsentError
from benchmarks.accuracy.methods.method import Locate, Method, SearchedMosaic

NETWORKS = ("detgeo", "summation", "attengeo", "base")
GEOMETRY = "base + geometry"
TOP = 5
"""Answers a click, as `geoloc locate` gives."""


def make_network(name: str, weights: Mapping[str, Path], device: str) -> Method:
    """Make the method of a preset, or `GEOMETRY`; `weights` are files by preset, where the packaged ones are not meant.

    Raises:
        AbsentError: it has no weights.
        WeightsError: its weights are damaged or of another network.
    """
    from geoloc import model
    from geoloc.errors import WeightsError
    from geoloc.model.outline_weights import PACKAGED_OUTLINE
    from geoloc.model.packaged import find_weights
    from geoloc.model.sight.head import PACKAGED_SIGHT
    from geoloc.pipeline.finder import Finder
    from geoloc.pipeline.request import SearchRequest
    from geoloc.pipeline.scope import Scope
    from geoloc.pipeline.source import MosaicSource

    preset = "base" if name == GEOMETRY else name
    try:
        path = find_weights(preset, weights.get(preset))
    except WeightsError:
        if preset in weights:
            raise
        raise AbsentError("no weights") from None
    localizer = model.load(preset, path, device)
    outlines, sight = (hashlib.sha256(file.read_bytes()).hexdigest() for file in (PACKAGED_OUTLINE, PACKAGED_SIGHT))
    file = {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    request = SearchRequest(gps=False, top=TOP, refine="auto" if name == GEOMETRY else "off", preset=preset)

    def prepare(searched: SearchedMosaic) -> Locate:
        source = MosaicSource(searched.mosaic, preset, min(searched.gsd_m, localizer.gsd_m))
        asked = replace(request, gps=searched.posed)
        finder, scope = Finder(source, lambda: localizer, asked), Scope(source, asked)
        return lambda photo, targets: finder.find(photo, targets, scope).answers

    options = {"top": TOP, "device": device, "outlines": outlines}
    return Method(name, prepare, weights=file, options=options, posed={"sight": sight})
