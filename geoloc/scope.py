"""Where a search looks: the limits that a user sets, and the photo's own position, as a plan of windows."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from geoloc.model.presets import preset as config_of
from geoloc.photo import Photo
from tiling.area import Area
from tiling.errors import AreaError
from tiling.mosaic import Mosaic
from tiling.plan import Plan, make_plan, shared_area

LOG = logging.getLogger(__name__)
COARSE = 3.0
"""Pixels of the mosaic that are so many times larger than those of the search hold nothing that is looked for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """All hold together. near: (lon, lat), or None. within: metres round it, or round a photo's own position."""

    bounds: tuple[float, float, float, float] | None
    aoi: Path | None
    near: tuple[float, float] | None
    within: float


class Scope:
    """What of a mosaic is searched for a photo, by the network of a preset."""

    def __init__(self, mosaic: Mosaic, preset: str, gsd_m: float | None, limits: Limits) -> None:
        """gsd_m: of the windows; None for the network's own.

        Raises:
            AreaError: a limit is senseless, or they leave nothing of the mosaic.
            WeightsError: no such preset.
        """
        config = config_of(preset)
        self._mosaic, self._limits = mosaic, limits
        self._gsd_m, self._window_px = gsd_m or config.gsd_m, config.window_px
        self._everything: Plan | None = None
        if mosaic.gsd_m > COARSE * self._gsd_m:
            text = "The mosaic's pixels are %.3g m and the network's %.3g m: too little detail to expect much"
            LOG.warning(text, mosaic.gsd_m, self._gsd_m)
        area = Area.everywhere()
        if limits.bounds is not None:
            area = area.intersect(Area.from_bounds(*limits.bounds))
        if limits.aoi is not None:
            area = area.intersect(Area.from_file(limits.aoi))
        if limits.near is not None:
            area = area.intersect(Area.near(*limits.near, limits.within))
        shared_area(mosaic, area)
        self.area = area
        """The limits without any photo's position."""

    def around(self, photo: Photo | None) -> str:
        """In words where the photo's own position limits the search; empty where it does not."""
        position = self._position(photo)
        if position is None:
            return ""
        return f"within {self._limits.within:g} m of the photo's GPS position {position[0]:.6f},{position[1]:.6f}"

    def plan(self, photo: Photo | None = None) -> Plan:
        """The windows to search; for a `photo` that says where it was taken, unless the limits do, those near it.

        Raises:
            AreaError: the position, or the limits, leave nothing of the mosaic.
            MosaicError: pixels cannot be read.
        """
        position = self._position(photo)
        if position is None:
            if self._everything is None:
                self._everything = make_plan(self._mosaic, self._gsd_m, self._window_px, self.area)
            return self._everything
        try:
            area = self.area.intersect(Area.near(*position, self._limits.within))
            return make_plan(self._mosaic, self._gsd_m, self._window_px, area)
        except AreaError as error:
            raise AreaError(f"{error}; searched was {self.around(photo)}, --no-gps leaves it out") from None

    def _position(self, photo: Photo | None) -> tuple[float, float] | None:
        return photo.position if photo is not None and self._limits.near is None else None


def network_gsd(preset: str, gsd_m: float | None) -> float:
    """What a search asked for at `gsd_m` shows the network: coarser pixels are enlarged to its own, since small objects
    have too few of its cells otherwise.
    """
    own = config_of(preset).gsd_m
    return min(gsd_m or own, own)
