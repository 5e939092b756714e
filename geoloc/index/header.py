"""What an index says of itself, in the attributes of its Zarr group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Polygon

from geoloc.features.blocks import BlockLayout
from geoloc.model.network.descriptor import SQUARES
from geoloc.model.network.features import STRIDE
from tiling.fingerprint import FilePrint
from tiling.plan import Plan, Window

FORMAT = "geoloc-index-2"


class State(StrEnum):
    """How far an index is. An interrupted update may hold blocks of two states of the mosaic."""

    BUILDING = "building"
    UPDATING = "updating"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class IndexRequest:
    """What was asked for. gsd_m: to read the mosaic at, None for the network's own; area: WGS 84."""

    bands: tuple[int, ...] | None
    gsd_m: float | None
    area: Polygon | MultiPolygon


@dataclass(frozen=True, slots=True)
class Header:
    """Everything about an index but its arrays.

    weights: their checksum. crs: of the mosaic, WKT; gsd_m, finest_m, middle_x: see `Mosaic`. descriptor: length of
    each. columns, rows: of the blocks. coarse_steps, fine_steps: see `Quantiser`. coarse_nothing, fine_nothing:
    quantised features, one a channel, of ground without data.
    """

    preset: str
    weights: str
    request: IndexRequest
    mosaic: tuple[FilePrint, ...]
    crs: str
    gsd_m: float
    finest_m: float
    middle_x: float
    zoom: int
    tiles_per_side: int
    window_px: int
    plan_gsd_m: float
    area: Polygon | MultiPolygon
    layout: BlockLayout
    descriptor: int
    columns: int
    rows: int
    coarse_steps: tuple[float, ...]
    fine_steps: tuple[float, ...]
    coarse_nothing: tuple[int, ...]
    fine_nothing: tuple[int, ...]
    versions: Mapping[str, str]
    state: State = State.BUILDING

    @property
    def half(self) -> int:
        """Cells along half a window, of which the side of a block is a multiple."""
        return self.window_px // (2 * STRIDE)

    @property
    def squares(self) -> int:
        """Squares along the side of a block."""
        return SQUARES * self.layout.side // self.half

    def plan(self, windows: tuple[Window, ...]) -> Plan:
        """With the windows that stand in an array of their own."""
        return Plan(windows, self.zoom, self.tiles_per_side, self.window_px, self.plan_gsd_m, self.area)

    def fits(self, other: Header) -> bool:
        """Whether blocks of one are blocks of the other where their pixels are the same."""
        return all(getattr(self, name) == getattr(other, name) for name in _MUST_AGREE)

    def to_json(self) -> dict[str, Any]:
        """For the attributes; `from_json` brings back the same."""
        told = asdict(self)
        told["area"] = _wkt(self.area)
        told["request"]["area"] = _wkt(self.request.area)
        return {"format": FORMAT, **told}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Header:
        """Raises KeyError, TypeError or ValueError where it is none of ours."""
        values = {name: told[name] for name in cls.__dataclass_fields__}
        for name in ("coarse_steps", "fine_steps", "coarse_nothing", "fine_nothing"):
            values[name] = tuple(values[name])
        asked = values["request"]
        bands = None if asked["bands"] is None else tuple(asked["bands"])
        values["request"] = IndexRequest(bands, asked["gsd_m"], shapely.from_wkt(asked["area"]))
        values["mosaic"] = tuple(FilePrint(**{**f, "affine": tuple(f["affine"])}) for f in values["mosaic"])
        values["area"] = shapely.from_wkt(values["area"])
        values["layout"] = BlockLayout(**values["layout"])
        values["state"] = State(values["state"])
        return cls(**values)


_MUST_AGREE = (
    *("preset", "weights", "zoom", "tiles_per_side", "window_px", "layout", "descriptor", "columns", "rows"),
    *("coarse_steps", "fine_steps"),
)


def _wkt(shape: Polygon | MultiPolygon) -> str:
    """Precise enough to come back as the same."""
    return str(shapely.to_wkt(shape, rounding_precision=17))
