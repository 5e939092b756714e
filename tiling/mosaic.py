"""A mosaic: one or several georeferenced raster files, read on any grid, by window and never whole."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Point, Polygon

from tiling.area import within_turn
from tiling.coarse import coarse_grid, enlarged
from tiling.display import draw_map
from tiling.errors import MosaicError
from tiling.fingerprint import FilePrint, fingerprint
from tiling.folders import read_sources
from tiling.grid import WGS84, Grid, beside, mapped, project, transformer, turns_to, whole_turn
from tiling.names import gdal_name
from tiling.sources import Files, Source, is_picture, warp, with_collar
from tiling.stretch import Stretch, fit_stretch
from tiling.validity import covered, in_written_blocks

LOG = logging.getLogger(__name__)
_COARSER = 1.2
"""Files whose GSD is within this factor count as equally fine: the order of their names decides."""
_GREY = 3.0
"""How many times as coarse as it is a grey picture counts beside one in colour."""
_LATTICE = 9
_PLACES_PX = 512
"""Pixels a side of the grid on which places are looked up, at the most: what a photo shows to half a metre or so."""
_MARGIN = 0.05
"""How much further than a lattice of its points says a window may reach in a file's CRS, share of its extent."""


@dataclass(frozen=True, slots=True)
class WindowPixels:
    """Pixels of a mosaic on a grid.

    Attributes:
        rgb: H x W x 3 uint8, black where not valid.
        valid: H x W bool, where the mosaic has data.
    """

    rgb: NDArray[np.uint8]
    valid: NDArray[np.bool_]


PixelReader = Callable[[Grid], WindowPixels]
"""Gives a mosaic's pixels on a grid, as `Mosaic.read` does."""


class Mosaic:
    """One or several raster files as one picture.

    Where they overlap, the finer one counts, of equally fine ones the first, that has data there; black or white round
    a picture that is not declared to be none counts only where no other file has anything.

    `open_mosaic` opens it. A context manager: leaving it closes the files. Not to be shared between threads. In a
    notebook it shows itself on a map.
    """

    def __init__(self, sources: Sequence[Source], files: Files, stretch: Stretch | None, finest_m: float = 0.0) -> None:
        """Take what `open_mosaic` has found.

        Args:
            sources: at least one file, those that count first first.
            files: closed with the mosaic.
            stretch: of the values of files that are not 8 bit.
            finest_m: see `open_mosaic`.
        """
        self.finest_m = finest_m
        self._sources = tuple(sources)
        self._files = files
        self._stretch = stretch
        self._by_crs: dict[pyproj.CRS, list[int]] = {}
        for index, source in enumerate(self._sources):
            self._by_crs.setdefault(source.grid.crs, []).append(index)
        self._metres: dict[pyproj.CRS, float] = {}
        self._bounds = np.array([source.outline.bounds for source in self._sources])

    def __enter__(self) -> Mosaic:
        """Return the mosaic itself."""
        return self

    def _repr_svg_(self) -> str:
        return draw_map(self, None).svg

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the files."""
        self._files.close()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Paths of its files, in their order."""
        return tuple(source.path for source in self._sources)

    @property
    def crs(self) -> pyproj.CRS:
        """CRS of the mosaic: that of its first file (of its control points, or WGS 84 with RPCs)."""
        return self._sources[0].grid.crs

    @cached_property
    def gsd_m(self) -> float:
        """Ground sample distance, metres a pixel, in the middle of the first file, or `finest_m` where that is more."""
        return max(self.own_gsd_m, self.finest_m)

    @cached_property
    def own_gsd_m(self) -> float:
        """Ground sample distance of the first file's own pixels, metres, in its middle."""
        return self._sources[0].grid.ground_gsd()

    @property
    def places(self) -> list[tuple[Path, pyproj.CRS, Point]]:
        """Of each CRS the first file in it, and where its middle lies, WGS 84."""
        firsts = [(self._sources[numbers[0]], crs) for crs, numbers in self._by_crs.items()]
        return [(source.path, crs, project(source.outline.centroid, crs, WGS84)) for source, crs in firsts]

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """Bounds (xmin, ymin, xmax, ymax) of all files in the mosaic's CRS."""
        xmin, ymin, xmax, ymax = shapely.total_bounds([self.in_turn(shape) for shape in self.outlines(self.crs)])
        return float(xmin), float(ymin), float(xmax), float(ymax)

    @cached_property
    def footprint(self) -> Polygon | MultiPolygon:
        """Outlines of all files, united, in WGS 84, cut at the antimeridian; pixels without data are inside."""
        return shapely.union_all([within_turn(shape) for shape in self.outlines(WGS84)])

    def outlines(self, crs: Any) -> list[Polygon]:
        """Outlines of its files in a CRS, in their order, edges bent where the projection bends them.

        Raises:
            GeolocError: a file reaches where the CRS is not defined.
        """
        return [project(source.outline, source.grid.crs, crs) for source in self._sources]

    @cached_property
    def fingerprint(self) -> tuple[FilePrint, ...]:
        """State of its files now, to tell later whether they changed.

        Raises:
            MosaicError: a file has gone.
        """
        return fingerprint(self._sources, self._files)

    def read(self, grid: Grid) -> WindowPixels:
        """Read the mosaic on any grid in any CRS: averaged where it shrinks, interpolated where it grows.

        Raises:
            MosaicError: pixels cannot be read.
        """
        coarse = coarse_grid(grid, self.finest_m / self._metre(grid.crs)) if self.finest_m else None
        if coarse is None:
            return self._read(grid)
        pixels = self._read(coarse)
        return WindowPixels(*enlarged(pixels.rgb, pixels.valid, coarse, grid))

    def _metre(self, crs: pyproj.CRS) -> float:
        """Metres on the ground of one unit of a CRS in the middle of the mosaic: the same for all its windows."""
        if crs not in self._metres:
            middle = project(self.footprint.centroid, WGS84, crs)
            self._metres[crs] = Grid.north_up(crs, middle.x, middle.y, 1, width=0, height=0).ground_gsd()
        return self._metres[crs]

    def _read(self, grid: Grid) -> WindowPixels:
        rgb = np.zeros((grid.height, grid.width, 3), np.uint8)
        valid = np.zeros((grid.height, grid.width), bool)

        def show(values: NDArray[Any], where: NDArray[np.bool_]) -> None:
            fresh = where & ~valid
            if fresh.any():
                # One band is grey.
                rgb[fresh] = np.moveaxis(np.broadcast_to(values, (3, *valid.shape)), 0, -1)[fresh]
                valid[fresh] = True

        collars: list[tuple[NDArray[Any], NDArray[np.bool_]]] = []
        for source in self._touching(grid):
            part = warp(source, self._files, grid)
            where = part.valid
            if source.sparse:
                where &= in_written_blocks(source, self._files, grid)
            values = self._stretch.apply(part.values) if self._stretch and source.stretched else part.values
            if part.empty is not None:
                collars.append((values, where & part.empty))
                where &= ~part.empty
            show(values, where)
            if valid.all():
                break
        for values, where in collars:
            show(values, where)
        return WindowPixels(rgb, valid)

    def read_valid(self, grid: Grid, detail: int = 1) -> NDArray[np.bool_]:
        """Which pixels of a coarse grid touch valid ones, H x W.

        Args:
            grid: the coarse grid.
            detail: validity is read from the overview that a grid `detail` times finer would be read from.

        Raises:
            MosaicError: pixels cannot be read.
        """
        valid = np.zeros((grid.height, grid.width), bool)
        for source in self._touching(grid):
            valid |= covered(source, self._files, grid, detail)
            if valid.all():
                break
        return valid

    def shows(self, places: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which places have valid pixels: all together on one coarse grid, so that some beside them count too.

        Args:
            places: N x 2, in the mosaic's CRS.

        Raises:
            MosaicError: pixels cannot be read.
        """
        if not len(places):
            return np.zeros(0, bool)
        first = self._sources[0].grid.affine
        west, south = places.min(axis=0).tolist()
        across, down = np.ptp(places, axis=0).tolist()
        step = max(np.hypot(first.a, first.d), across / _PLACES_PX, down / _PLACES_PX)
        columns, rows = int(across / step) + 1, int(down / step) + 1
        north = south + rows * step
        valid = self.read_valid(Grid.north_up(self.crs, west, north, step, width=columns, height=rows))
        column = ((places[:, 0] - west) / step).astype(int).clip(0, columns - 1)
        row = ((north - places[:, 1]) / step).astype(int).clip(0, rows - 1)
        return np.asarray(valid[row, column])

    def may_hold(self, grid: Grid) -> bool:
        """Whether anything on a coarse grid may be valid. Looks at no pixels: True wherever only those could tell."""
        return any(
            source.masked or not source.affine or covered(source, self._files, grid, 1).any()
            for source in self._touching(grid)
        )

    def read_cost(self, grid: Grid) -> int:
        """How many pixels of files and overviews `read` has to look at for a grid, about; looks at none itself."""
        return sum(source.read_cost(grid) for source in self._touching(grid))

    @property
    def middle_x(self) -> float:
        """Middle of its first file along x in the mosaic's CRS: tells in which turn round the world x is counted."""
        return float(self._sources[0].outline.centroid.x)

    def in_turn(self, shape: Polygon) -> Polygon:
        """Move a shape in the mosaic's CRS by whole turns round the world to where its first file counts x."""
        return beside(shape, self.crs, self.middle_x)

    def _touching(self, grid: Grid) -> Iterator[Source]:
        """Files that may show something on a grid, in their order."""
        share = np.linspace(0, 1, _LATTICE)
        x, y = (values.ravel() for values in np.meshgrid(share * grid.width, share * grid.height))
        found: list[int] = []
        for crs, numbers in self._by_crs.items():
            map_x, map_y = transformer(grid.crs, crs).transform(*mapped(grid.affine, x, y))
            if not (np.isfinite(map_x).all() and np.isfinite(map_y).all()):
                found.extend(numbers)
                continue
            turn = whole_turn(crs)
            if turn:
                map_x = np.unwrap(map_x, period=turn)
            more_x, more_y = np.ptp(map_x) * _MARGIN, np.ptp(map_y) * _MARGIN
            xmin, ymin, xmax, ymax = self._bounds[numbers].T
            low, high = map_x.min() - more_x, map_x.max() + more_x
            if turn:
                away = turns_to((low + high) / 2, (xmin + xmax) / 2, turn)
                low, high = low + away, high + away
            meets = (low <= xmax) & (high >= xmin)
            meets &= (map_y.min() - more_y <= ymax) & (map_y.max() + more_y >= ymin)
            found.extend(np.asarray(numbers)[meets].tolist())
        return (self._sources[number] for number in sorted(found))


def open_mosaic(
    paths: Path | str | Sequence[Path | str], bands: tuple[int, ...] | None = None, finest_m: float = 0.0
) -> Mosaic:
    """Open files, or folders of them, as one mosaic.

    Args:
        paths: one or several GeoTIFF, COG, VRT or other files that GDAL reads, or folders or .zip archives of them, of
            which GeoTIFF, VRT, JPEG 2000 and MBTiles are taken, and JPEG, PNG and WebP with a world file, in the order
            of their names; folders of web map tiles z/x/y; what GDAL calls a part of a file (`GPKG:a.gpkg:ortho`,
            `/vsizip/a.zip/b.tif`); addresses (`https://`). What of a folder is no picture is left out with a warning,
            and so are single bands of heights beside pictures.
        bands: one band or three, counted from 1, to use as grey or as red, green, blue.
        finest_m: metres on the ground a pixel. What is read on finer grids is enlarged from this, as if the mosaic had
            no more detail.

    Raises:
        MosaicError: no such file, nothing in a folder, not a raster, no CRS or geotransform (neither is ever assumed),
            no such bands, nothing but pixels without data.

    Examples:
        >>> from tempfile import TemporaryDirectory
        >>> import rasterio
        >>> from affine import Affine
        >>> profile = {"driver": "GTiff", "count": 3, "width": 20, "height": 10, "dtype": "uint8"}
        >>> profile |= {"crs": "EPSG:32633", "transform": Affine(0.5, 0, 500_000, 0, -0.5, 5_400_000)}
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder) / "mosaic.tif"
        ...     with rasterio.open(path, "w", **profile) as file:
        ...         file.write(np.full((3, 10, 20), 127, np.uint8))
        ...     with open_mosaic(path) as mosaic:
        ...         print(mosaic.crs.name, round(mosaic.gsd_m, 2), mosaic.bounds)
        ...         # Twice as coarse, and half beyond the right edge.
        ...         pixels = mosaic.read(Grid.north_up(mosaic.crs, 500_005, 5_400_000, 1, width=10, height=5))
        WGS 84 / UTM zone 33N 0.5 (500000.0, 5399995.0, 500010.0, 5400000.0)
        >>> pixels.rgb[0, 0].tolist(), pixels.valid[0].tolist()
        ([127, 127, 127], [True, True, True, True, True, False, False, False, False, False])
    """
    if bands is not None and len(bands) not in (1, 3):
        raise MosaicError(f"{len(bands)} bands were asked for; give one or three")
    several = [paths] if isinstance(paths, str | Path) else paths
    files = Files()
    try:
        sources = _ordered(_pictures(read_sources([Path(path) for path in several], bands), files, bands))
        if len(sources) > 1:
            sources = [with_collar(source, files) for source in sources]
        return Mosaic(sources, files, fit_stretch(sources, files), finest_m)
    except BaseException:
        files.close()
        raise


def _pictures(sources: Sequence[Source], files: Files, bands: tuple[int, ...] | None) -> list[Source]:
    """The files without those of one band that are no picture, where there are pictures in colour."""
    coloured = any(len(source.bands) == 3 or source.palette is not None for source in sources)
    if not coloured or bands is not None:
        return list(sources)
    taken = []
    for source in sources:
        if is_picture(source, files):
            taken.append(source)
        else:
            LOG.warning(
                "%s: left out of the mosaic, since it holds one band of heights, of an index or of a mask and others"
                " hold pictures; name it alone to search in it",
                gdal_name(source.path),
            )
    return taken


def _ordered(sources: Sequence[Source]) -> list[Source]:
    """Those first that count where they overlap: the finer ones, of equally fine ones those that come first."""
    if len(sources) < 2:
        return list(sources)
    coloured = any(len(source.bands) == 3 for source in sources)
    gsds = [
        source.grid.ground_gsd() * (_GREY if coloured and len(source.bands) == 1 and source.palette is None else 1)
        for source in sources
    ]
    level, levels = 0.0, {}
    for gsd in sorted(gsds):
        if gsd > _COARSER * level:
            level = gsd
        levels[gsd] = level
    return [sources[number] for number in sorted(range(len(sources)), key=lambda number: levels[gsds[number]])]
