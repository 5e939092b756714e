"""The town's local metres, and how they lie in any CRS.

The scene always lives in a transverse Mercator frame of scale 1 about the town's origin: x true east, y true north, z
up, and metres are metres on the ground, whatever the mosaic's CRS is. Every point goes to the CRS through pyproj, so
grid convergence, scale factor and the stretching of EPSG:3857 and 4326 are all there. The ground is flat.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyproj
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry import Polygon

from geoloc.town.picture.camera import Parallel, PixelWindow
from geoloc.town.scene.shapes import Floats, largest_part
from tiling.errors import GeolocError

_TILE_PX = 512
_ABOVE_M = 100.0


class TownError(GeolocError, ValueError):
    """A town cannot be made with these arguments."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Local metres about an origin, and their place in a CRS.

    Attributes:
        origin: (lon, lat).
        epsg: code of the CRS.

    Raises:
        TownError: no such CRS, or it does not reach to the origin.
    """

    origin: tuple[float, float]
    epsg: int
    _to_crs: pyproj.Transformer = field(init=False, repr=False, compare=False)
    _to_lonlat: pyproj.Transformer = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare the transformations."""
        lon, lat = self.origin
        local = pyproj.CRS.from_proj4(f"+proj=tmerc +lon_0={lon!r} +lat_0={lat!r} +k=1 +datum=WGS84 +units=m")
        try:
            crs = pyproj.CRS.from_epsg(self.epsg)
        except pyproj.exceptions.CRSError:
            raise TownError(f"EPSG:{self.epsg} is not a known CRS; give the code of another") from None
        object.__setattr__(self, "_to_crs", pyproj.Transformer.from_crs(local, crs, always_xy=True))
        object.__setattr__(self, "_to_lonlat", pyproj.Transformer.from_crs(local, "EPSG:4326", always_xy=True))
        if not np.isfinite(self.to_crs(np.zeros((1, 2)))).all():
            raise TownError(f"EPSG:{self.epsg} does not reach to {lon:g},{lat:g}; give another CRS or origin")

    def to_crs(self, points: Floats) -> Floats:
        """Turn local metres (N x 2 or more, x y first) into the CRS's (x, y), N x 2."""
        return np.stack(self._to_crs.transform(points[:, 0], points[:, 1]), axis=-1)

    def from_crs(self, points: Floats) -> Floats:
        """Turn the CRS's (x, y), N x 2, into local metres, N x 2."""
        x, y = self._to_crs.transform(points[:, 0], points[:, 1], direction=pyproj.enums.TransformDirection.INVERSE)
        return np.stack([x, y], axis=-1)

    def lonlat(self, x: float, y: float) -> tuple[float, float]:
        """Return longitude and latitude, WGS 84, of a local point."""
        lon, lat = self._to_lonlat.transform(x, y)
        return float(lon), float(lat)

    def true_box(self, outline: Floats) -> tuple[float, float, float, float]:
        """Return xmin, ymin, xmax, ymax in the CRS of local points (N x 2 or 3), seen from straight above."""
        points = self.to_crs(outline)
        return (*map(float, points.min(0)), *map(float, points.max(0)))  # type: ignore[return-value]

    def true_outline(self, plan: Polygon) -> Polygon:
        """Return a polygon of local metres in the CRS, valid, its corners on whole centimetres (1e-7 degrees)."""
        step = 1e-7 if pyproj.CRS.from_epsg(self.epsg).is_geographic else 0.01
        moved = shapely.transform(plan, self.to_crs)
        return largest_part(shapely.set_precision(moved, step))


@dataclass(frozen=True, slots=True)
class MosaicGrid:
    """The mosaic's pixels.

    Attributes:
        frame: local metres and the CRS.
        half_m: half the town's side.
        affine: leads from (column, row), corner origin, to the CRS.
        width: columns.
        height: rows.
    """

    frame: Frame
    half_m: float
    affine: Affine
    width: int
    height: int

    @classmethod
    def over(cls, frame: Frame, size_m: float, gsd_m: float, rotation_deg: float) -> MosaicGrid:
        """Make the smallest grid that holds a town.

        Args:
            frame: local metres and the CRS.
            size_m: the town's side.
            gsd_m: of a pixel, on the ground.
            rotation_deg: clockwise from the CRS's own axes, on the ground (a sheared geotransform where degrees are no
                squares).
        """
        middle = frame.to_crs(np.zeros((1, 2)))[0]
        ends = frame.to_crs(np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]))
        jacobian = np.stack([ends[0] - ends[1], ends[2] - ends[3]], axis=1) / 2.0
        # CRS units along each of its own axes for a metre on the ground.
        units = 1.0 / np.linalg.norm(np.linalg.inv(jacobian), axis=0)
        turned = (
            Affine.translation(*middle)
            * Affine.scale(*units)
            * Affine.rotation(-rotation_deg)
            * Affine.scale(gsd_m, -gsd_m)
        )
        half = size_m / 2.0
        along = np.linspace(-half, half, 33)
        edge = np.full_like(along, half)
        square = np.concatenate(
            [np.stack(p, axis=1) for p in ((along, edge), (along, -edge), (edge, along), (-edge, along))]
        )
        columns, rows = _apply(~turned, frame.to_crs(square)).T
        x0, y0 = np.floor(columns.min() + 1e-3), np.floor(rows.min() + 1e-3)
        width, height = int(np.ceil(columns.max() - 1e-3) - x0), int(np.ceil(rows.max() - 1e-3) - y0)
        return cls(frame, half, turned * Affine.translation(float(x0), float(y0)), width, height)

    def to_local(self, pixels: Floats) -> Floats:
        """Turn pixels (N x 2, corner origin) into local metres, N x 2."""
        return self.frame.from_crs(_apply(self.affine, np.asarray(pixels, np.float64)))

    def cameras(self) -> Iterator[tuple[PixelWindow, Parallel]]:
        """Yield the window and the true ortho's camera of every tile of the grid that the town reaches into.

        Within a tile the way from pixels to local metres is taken as affine; over 80 m it is so to 0.3 mm.
        """
        for r0 in range(0, self.height, _TILE_PX):
            for c0 in range(0, self.width, _TILE_PX):
                r1, c1 = min(r0 + _TILE_PX, self.height), min(c0 + _TILE_PX, self.width)
                corners = self.to_local(np.array([[c0, r0], [c1, r0], [c1, r1], [c0, r1]]))
                if (corners.min(0) >= self.half_m).any() or (corners.max(0) <= -self.half_m).any():
                    continue
                ul, ur, lr, ll = np.column_stack([corners, np.zeros(4)])
                along_x, along_y = ((ur - ul) + (lr - ll)) / 2 / (c1 - c0), ((ll - ul) + (lr - ur)) / 2 / (r1 - r0)
                base = corners.mean(0) - (along_x * (c1 - c0) / 2 + along_y * (r1 - r0) / 2)[:2]
                start = np.array([*base, _ABOVE_M])
                yield (r0, r1, c0, c1), Parallel(start, along_x, along_y, np.array([0.0, 0.0, -1.0]), c1 - c0, r1 - r0)

    def to_pixels(self, shape: Polygon) -> Polygon:
        """Turn a polygon of local metres into one of pixels, corner origin."""
        return shapely.transform(shape, lambda points: _apply(~self.affine, self.frame.to_crs(points)))

    def valid(self, window: PixelWindow) -> NDArray[np.bool_]:
        """Tell for each pixel of a window whether its centre lies in the town, rows x columns."""
        r0, r1, c0, c1 = window
        x, y = np.meshgrid(np.arange(c0, c1) + 0.5, np.arange(r0, r1) + 0.5)
        local = self.to_local(np.stack([x.ravel(), y.ravel()], axis=-1))
        return (np.abs(local) <= self.half_m).all(1).reshape(x.shape)


def _apply(affine: Affine, points: Floats) -> Floats:
    """Apply an affine to points (N x 2)."""
    matrix = np.array(affine[:6]).reshape(2, 3)
    return points @ matrix[:, :2].T + matrix[:, 2]
