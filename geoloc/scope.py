"""Where a search looks: the limits that a user sets, and the photo's own position, as a plan of windows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from geoloc.photo import Photo
from geoloc.searched import Searched
from tiling.area import Area
from tiling.errors import AreaError
from tiling.plan import Plan


@dataclass(frozen=True, slots=True)
class Limits:
    """All hold together. near: (lon, lat), or None. within: metres round it, or round a photo's own position.
    area: what `aoi` would hold, where it is no file.
    """

    bounds: tuple[float, float, float, float] | None
    aoi: Path | None
    near: tuple[float, float] | None
    within: float
    area: Area | None = None


class Scope:
    """What is searched for a photo."""

    def __init__(self, searched: Searched, limits: Limits) -> None:
        """Raises:
        AreaError: a limit is senseless, or they leave nothing of what there is to search.
        """
        self._searched, self._limits = searched, limits
        self._everything: Plan | None = None
        area = Area.everywhere()
        if limits.bounds is not None:
            area = area.intersect(Area.from_bounds(*limits.bounds))
        if limits.area is not None:
            area = area.intersect(limits.area)
        if limits.aoi is not None:
            area = area.intersect(Area.from_file(limits.aoi))
        if limits.near is not None:
            area = area.intersect(Area.near(*limits.near, limits.within))
        searched.check(area)
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
                self._everything = self._searched.plan(self.area)
            return self._everything
        try:
            area = self.area.intersect(Area.near(*position, self._limits.within))
            return self._searched.plan(area)
        except AreaError as error:
            raise AreaError(f"{error}; searched was {self.around(photo)}, --no-gps leaves it out") from None

    def _position(self, photo: Photo | None) -> tuple[float, float] | None:
        return photo.position if photo is not None and self._limits.near is None else None
