"""Configurations of the published networks, known without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from geoloc.model.network.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineConfig(Config):
    """Everything that fixes the shape of a published network.

    Attributes:
        fusion: how query and reference meet: `cvcam`; `sum`, the clicked token added to all of the reference; or
            `pooled`, DetGeo's cosine map of the query's mean.
    """

    fusion: Literal["cvcam", "sum", "pooled"]


BASELINES = (
    BaselineConfig(name="attengeo", fusion="cvcam", mhsam=True),
    BaselineConfig(name="summation+cvcam", fusion="cvcam"),
    BaselineConfig(name="summation+mhsam", fusion="sum", mhsam=True),
    BaselineConfig(name="summation", fusion="sum"),
    BaselineConfig(name="detgeo", fusion="pooled"),
)
"""The network of the paper (arXiv 2510.27139), its ablations, and DetGeo's."""
