"""All methods by their names, in the order of the table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.accuracy.methods.method import Method
from benchmarks.accuracy.methods.networks import GEOMETRY, NETWORKS, make_network

NAMES = ("chance", "ncc", "sift", *NETWORKS, GEOMETRY)
"""In the order of the table."""
DRAWING = ("base", GEOMETRY)
"""Methods whose outlines are measured."""
PROBABLE = (*NETWORKS, GEOMETRY)
"""Methods whose score is meant as the probability that the answer is right."""


def make_method(name: str, weights: Mapping[str, Path], device: str) -> Method:
    """Make the method called `name`; `weights` are files by preset, where the packaged ones are not meant.

    Raises:
        AbsentError: it has no weights.
        WeightsError: its weights are damaged or of another network.
    """
    if name == "chance":
        from benchmarks.accuracy.methods import chance

        return Method(name, None, options={"places": chance.PLACES})
    if name == "ncc":
        from benchmarks.accuracy.methods import ncc

        return Method(name, ncc.prepare, options={"headings": ncc.HEADINGS, "sides_m": ncc.SIDES_M})
    if name == "sift":
        from benchmarks.accuracy.methods import sift

        return Method(name, sift.prepare, options={"ratio": sift.RATIO, "ransac_px": sift.RANSAC_PX})
    return make_network(name, weights, device)
