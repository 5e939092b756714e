"""What an index says of itself in the attributes of its Zarr group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Polygon

from geoloc.features.blocks import BlockLayout
from geoloc.keypoints.packing import KeypointPacking
from geoloc.model.network.descriptor import SQUARES
from geoloc.model.network.features import STRIDE
from tiling.fingerprint import FilePrint
from tiling.plan import Plan, Window, window_step

FORMAT = "geoloc-index-3"
"""Name of the format's version."""
WITHOUT_KEYPOINTS = "geoloc-index-2"
"""Name of the version before, which is read too; it has no local features."""


class State(StrEnum):
    """How far an index is; an interrupted update may hold blocks of two states of the mosaic."""

    BUILDING = "building"
    UPDATING = "updating"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class IndexRequest:
    """What an index was asked for, to plan it again when its mosaic changes.

    Attributes:
        bands: of the mosaic, counted from 1; None for the first ones.
        gsd_m: ground sample distance to read the mosaic at, metres; None for the network's own.
        area: what to index, WGS 84.
    """

    bands: tuple[int, ...] | None
    gsd_m: float | None
    area: Polygon | MultiPolygon


@dataclass(frozen=True, slots=True)
class Header:
    """Everything about an index but its arrays.

    Attributes:
        preset: name of the network's shape.
        weights: checksum of the network's weights.
        request: what was asked for.
        mosaic: its files, as they were.
        crs: CRS of the mosaic, WKT.
        gsd_m: see `Mosaic`.
        finest_m: see `Mosaic`.
        middle_x: see `Mosaic`.
        zoom: see `Plan`, as all down to `area`.
        tiles_per_side: tiles along a window.
        window_px: pixels along a window.
        plan_gsd_m: ground sample distance of the windows, metres.
        area: what the windows show, WGS 84.
        layout: where the blocks lie.
        descriptor: length of each descriptor.
        columns: of blocks.
        rows: of blocks.
        coarse_steps: see `Quantiser`.
        fine_steps: see `Quantiser`.
        coarse_nothing: quantised coarse features of ground without data, one a channel.
        fine_nothing: quantised fine features of ground without data, one a channel.
        keypoints: how the blocks' local features are packed; None in an older index, which has none.
        versions: of geoloc and of what it was made with, by name.
        state: how far it is.
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
    keypoints: KeypointPacking | None
    versions: Mapping[str, str]
    state: State = State.BUILDING

    @property
    def format(self) -> str:
        """Name of the version of the format."""
        return WITHOUT_KEYPOINTS if self.keypoints is None else FORMAT

    @property
    def half(self) -> int:
        """Cells along half a window; the side of a block is a multiple of it."""
        return window_step(self.window_px) // STRIDE

    @property
    def squares(self) -> int:
        """Squares along the side of a block."""
        return SQUARES * self.layout.side // self.half

    @property
    def lacks(self) -> str | None:
        """What an older index has not, and how it gets it, in a sentence; None where nothing is missing."""
        if self.keypoints is not None:
            return None
        return "no local features, so that geometry needs the mosaic; `geoloc index update` adds them"

    def plan(self, windows: tuple[Window, ...]) -> Plan:
        """Return the plan with the windows that stand in an array of their own."""
        return Plan(windows, self.zoom, self.tiles_per_side, self.window_px, self.plan_gsd_m, self.area)

    def fits(self, other: Header) -> bool:
        """Whether blocks of one index are blocks of the other where their pixels are the same."""
        return all(getattr(self, name) == getattr(other, name) for name in _MUST_AGREE)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for the group's attributes; `from_json` brings back the same header."""
        header_json = asdict(self)
        if self.keypoints is None:
            # It stays what it is, for the versions of geoloc that made it.
            del header_json["keypoints"]
        header_json["area"] = _wkt(self.area)
        header_json["request"]["area"] = _wkt(self.request.area)
        return {"format": self.format, **header_json}

    @classmethod
    def from_json(cls, header_json: Mapping[str, Any]) -> Header:
        """Read what `to_json` wrote.

        Raises:
            KeyError: a value is missing.
            TypeError: a value is of another kind.
            ValueError: a value is impossible.
        """
        lacking = {"keypoints": None} if header_json["format"] == WITHOUT_KEYPOINTS else {}
        values = {name: {**header_json, **lacking}[name] for name in cls.__dataclass_fields__}
        for name in ("coarse_steps", "fine_steps", "coarse_nothing", "fine_nothing"):
            values[name] = tuple(values[name])
        request = values["request"]
        bands = None if request["bands"] is None else tuple(request["bands"])
        values["request"] = IndexRequest(bands, request["gsd_m"], shapely.from_wkt(request["area"]))
        values["mosaic"] = tuple(FilePrint(**{**f, "affine": tuple(f["affine"])}) for f in values["mosaic"])
        values["area"] = shapely.from_wkt(values["area"])
        values["layout"] = BlockLayout(**values["layout"])
        values["keypoints"] = None if lacking else KeypointPacking(**values["keypoints"])
        values["state"] = State(values["state"])
        return cls(**values)


_MUST_AGREE = (
    *("preset", "weights", "zoom", "tiles_per_side", "window_px", "layout", "descriptor", "columns", "rows"),
    *("coarse_steps", "fine_steps"),
)


def _wkt(shape: Polygon | MultiPolygon) -> str:
    """Write a shape so precisely that it comes back as the same."""
    # Decimals at the most: shapely writes no more than it takes, and needs more than 17 for what is near 0.
    return str(shapely.to_wkt(shape, rounding_precision=30))
