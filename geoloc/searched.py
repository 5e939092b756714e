"""What a command was asked to search: a mosaic, an index of one, or both; where in it, and how finely."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyproj

from geoloc.errors import needing_index
from geoloc.model.packaged import find_weights, told_checksum
from geoloc.model.presets import preset as config_of
from geoloc.photo import Photo
from tiling.area import Area
from tiling.errors import AreaError
from tiling.mosaic import Mosaic, open_mosaic
from tiling.plan import Plan, make_plan

if TYPE_CHECKING:
    from geoloc.index.reference import Index
    from geoloc.model.localizer import Localizer
    from geoloc.reference import Reference

LOG = logging.getLogger("geoloc")
COARSE = 3.0
"""Pixels of the mosaic that are so many times larger than those of the search hold nothing that is looked for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where to search; all that are given hold together. bounds: west, south, east, north; within: metres round `near`
    (lon, lat), or round a photo's position.
    """

    bounds: tuple[float, float, float, float] | None = None
    aoi: Path | None = None
    near: tuple[float, float] | None = None
    within: float = 0.0

    def area(self, position: tuple[float, float] | None = None) -> Area:
        """position: stands in for `near`.

        Raises:
            AreaError: senseless limits.
        """
        area = Area.everywhere()
        if self.bounds is not None:
            area = area.intersect(Area.from_bounds(*self.bounds))
        if self.aoi is not None:
            area = area.intersect(Area.from_file(self.aoi))
        if at := self.near or position:
            area = area.intersect(Area.near(*at, self.within))
        return area

    def plan(self, make: Callable[[Area], Plan], photo: Photo | None) -> Plan:
        """What `make` plans for these limits and, where it has one, the position of a photo.

        Raises:
            AreaError: nothing to search is there; its text says where it may have come from.
        """
        by_gps = photo.position if photo is not None and self.near is None else None
        if by_gps is None:
            return make(self.area())
        hint = f"within {self.within:g} m of the photo's GPS position {by_gps[0]:.6f},{by_gps[1]:.6f}"
        LOG.info("Looking only %s; --no-gps leaves it out", hint)
        try:
            return make(self.area(by_gps))
        except AreaError as error:
            raise AreaError(f"{error}; searched was {hint}, --no-gps leaves it out") from None


@dataclass(frozen=True, slots=True)
class Searched:
    """A mosaic, an index, or an index with the mosaic that it is of. gsd_m: to search a mosaic at."""

    mosaic: Mosaic | None
    index: Index | None
    window_px: int
    gsd_m: float

    @property
    def crs(self) -> pyproj.CRS:
        """Of the mosaic."""
        if self.index is not None:
            return self.index.crs
        assert self.mosaic is not None
        return self.mosaic.crs

    @property
    def finest_m(self) -> float:
        """See `Mosaic.finest_m`."""
        if self.index is not None:
            return self.index.header.finest_m
        assert self.mosaic is not None
        return self.mosaic.finest_m

    def plan(self, area: Area) -> Plan:
        """The windows that show what of it lies in an area.

        Raises:
            AreaError: nothing does.
            GeolocError: what is searched cannot be read.
        """
        if self.index is not None:
            return self.index.plan(area)
        assert self.mosaic is not None
        return plan_of(self.mosaic, self.gsd_m, self.window_px, area)

    def reference(self, plan: Plan, model: Localizer) -> Reference:
        """Those windows as the network sees them."""
        if self.index is not None:
            return self.index.reference(plan, model)
        from geoloc.field import Field

        assert self.mosaic is not None
        return Field(self.mosaic, plan, model)


@contextmanager
def opened(
    mosaics: Sequence[Path],
    index: Path | None,
    *,
    preset: str,
    weights: Path | None,
    bands: tuple[int, ...] | None = None,
    gsd: float | None = None,
) -> Iterator[Searched]:
    """Open what is to be searched by the network of a preset.

    bands, gsd: how to read a mosaic; an index has its own, in which the mosaic beside it is read too.

    Raises:
        MosaicError: a mosaic cannot be used.
        IndexFileError: an index cannot be used, or not with these weights or this mosaic.
        WeightsError: no such preset or weights.
    """
    config = config_of(preset)
    with ExitStack() as stack:
        if index is None:
            mosaic = stack.enter_context(open_mosaic(mosaics, bands, gsd or 0.0))
            yield Searched(mosaic, None, config.window_px, network_gsd(preset, gsd))
            return
        with needing_index():
            from geoloc.index.reference import Index
        there = Index(index)
        there.check_model(preset, told_checksum(find_weights(preset, weights)))
        beside: Mosaic | None = None
        if mosaics:
            beside = stack.enter_context(open_mosaic(mosaics, there.header.request.bands, there.header.finest_m))
            there.check_mosaic(beside.fingerprint)
        yield Searched(beside, there, config.window_px, there.whole.gsd_m)


def network_gsd(preset: str, gsd: float | None) -> float:
    """What a search asked for at `gsd` shows the network: coarser pixels are enlarged to its own, since small objects
    have too few of its cells otherwise.
    """
    own = config_of(preset).gsd_m
    return min(gsd or own, own)


def plan_of(mosaic: Mosaic, gsd_m: float, window_px: int, area: Area) -> Plan:
    """`make_plan`, with a warning where the mosaic has too little detail for it."""
    if mosaic.gsd_m > COARSE * gsd_m:
        text = "The mosaic's pixels are %.3g m and the network's %.3g m: too little detail to expect much"
        LOG.warning(text, mosaic.gsd_m, gsd_m)
    return make_plan(mosaic, gsd_m, window_px, area)
