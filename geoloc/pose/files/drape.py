"""A matched photograph laid over the map: a GeoTIFF with nothing where the photo cannot tell."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from geoloc.errors import OutputError, PhotoError
from geoloc.photo.files.moment import stem_of
from geoloc.plane.homography import jacobian, to_opencv
from geoloc.pose.matched_photo import MatchedPhoto
from geoloc.pose.pixel_mapping import PixelMapping
from geoloc.system.output import check_output, make_folder, replacing

if TYPE_CHECKING:
    from affine import Affine

SUFFIXES = (".tif", ".tiff")
BLOCK_PX = 512
"""Side of the blocks that are drawn, written and read as one."""
MOST_TIMES = 4
"""A drape has at most so many times the photo's pixels, its empty corners counted: the far part of an oblique photo
covers much ground and shows little of it."""
_NODE_PX = 16
"""Places are followed back into the photo at nodes so far apart; between them they go evenly."""
_EDGE_POINTS = 25
_SAMPLES = 9


@dataclass(frozen=True, slots=True)
class Drape:
    """What was written.

    Attributes:
        path: the file.
        size: (width, height), pixels.
        gsd_m: metres on the ground a pixel.
    """

    path: Path
    size: tuple[int, int]
    gsd_m: float


def drape_paths(path: Path, photos: Sequence[Path]) -> list[Path]:
    """Return where the drapes of photos go: `path` itself where it is named as a file, else into it as a folder.

    Raises:
        OutputError: one file for several photos, or two photos of a folder's have one name.
    """
    if path.suffix and not path.is_dir():
        if len(photos) > 1:
            raise OutputError(f"{path}: is one file for {len(photos)} photos; give a folder")
        return [path]
    paths = [path / f"{stem_of(photo)}{SUFFIXES[0]}" for photo in photos]
    for one, count in Counter(paths).items():
        if count > 1:
            raise OutputError(f"{one}: {count} photos would have this name; write them apart")
    return paths


def check_drapes(path: Path, photos: Sequence[Path], overwrite: bool, inputs: Collection[Path] = ()) -> None:
    """Fail early where drapes of photos could not be written later; see `drape_paths` and `check_output`.

    Raises:
        OutputError: they could not.
    """
    paths = drape_paths(path, photos)
    if paths != [path]:
        make_folder(path)
    for one in paths:
        check_output(one, SUFFIXES, overwrite, inputs)


def write_drape(
    path: Path,
    matched: MatchedPhoto,
    *,
    overwrite: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Drape:
    """Write the reliable part of a photo as a GeoTIFF in the mosaic's CRS: red, green, blue and alpha.

    It lies where `PixelMapping` puts it, north up, in tiles with overviews, compressed without loss. A pixel is as
    large as the middle one of the photo on the ground, or larger: see `MOST_TIMES`. Memory grows with the photo, not
    with the file.

    Args:
        path: the file, `.tif`.
        matched: the photo.
        overwrite: replace a file that is there.
        progress: called with the number of blocks done and of all.

    Raises:
        OutputError: see `check_output`; or the disk is full.
        PhotoError: the photo shows no ground that can be told.
    """
    import rasterio
    from rasterio.windows import Window

    check_output(path, SUFFIXES, overwrite)
    mapping = PixelMapping.of(matched)
    affine, (width, height), gsd_m = _layout(matched, mapping)
    draw = _Painter(matched.photo.pixels, mapping, affine)
    blocks = list(_blocks(width, height))
    profile = {"driver": "GTiff", "width": width, "height": height, "count": 4, "dtype": "uint8", "tiled": True}
    profile |= {"blockxsize": BLOCK_PX, "blockysize": BLOCK_PX, "compress": "deflate", "predictor": 2}
    profile |= {"photometric": "RGB", "alpha": "YES", "sparse_ok": True, "bigtiff": "IF_SAFER"}
    with replacing(path) as temporary:
        try:
            with rasterio.open(temporary, "w", **profile, crs=mapping.crs.to_wkt(), transform=affine) as file:
                for number, (left, top, right, bottom) in enumerate(blocks, start=1):
                    pixels = draw.block(left, top, right - left, bottom - top)
                    if pixels is not None:
                        file.write(np.moveaxis(pixels, -1, 0), window=Window(left, top, right - left, bottom - top))
                    progress(number, len(blocks))
            _add_overviews(temporary, max(width, height))
        except rasterio.errors.RasterioError as error:
            raise OutputError(f"{path}: cannot be written ({error})") from error
    return Drape(path, (width, height), gsd_m)


def _add_overviews(path: Path, side: int) -> None:
    """Add halves of a file, the half of the half and so on, until one block holds it; `side`: its longer one."""
    import rasterio
    from rasterio.enums import Resampling

    halvings = math.ceil(math.log2(max(side / BLOCK_PX, 1.0)))
    if halvings:
        with rasterio.Env(GDAL_TIFF_OVR_BLOCKSIZE=BLOCK_PX), rasterio.open(path, "r+") as file:
            file.build_overviews([2**step for step in range(1, halvings + 1)], Resampling.average)


def _layout(matched: MatchedPhoto, mapping: PixelMapping) -> tuple[Affine, tuple[int, int], float]:
    """Where the file's pixels lie, how many there are, and how large they are on the ground, metres."""
    from affine import Affine

    part, fit = mapping.reliable, matched.fit
    if part.is_empty:
        raise PhotoError(f"{matched.photo.path}: shows no ground that can be told; there is nothing to drape")
    slope = matched.frame.slope(fit.place)
    # Square on the ground: a degree of longitude is shorter than one of latitude.
    geographic = mapping.crs.is_geographic
    units = np.linalg.norm(slope, axis=1) if geographic else np.full(2, math.sqrt(abs(np.linalg.det(slope))))
    left, top, right, bottom = part.bounds
    x, y = np.meshgrid(np.linspace(left, right, _SAMPLES), np.linspace(top, bottom, _SAMPLES))
    samples = np.column_stack([x.ravel(), y.ravel()])
    samples = samples[mapping.is_reliable(samples)]
    size = float(np.median([math.sqrt(abs(np.linalg.det(jacobian(fit.matrix, one)))) for one in samples]))
    corners = np.array(part.exterior.coords)
    shares = np.linspace(0, 1, _EDGE_POINTS)[:, None, None]
    edge = ((1 - shares) * corners[:-1] + shares * corners[1:]).reshape(-1, 2)
    places = mapping.to_map(edge)
    low, high = places.min(axis=0), places.max(axis=0)
    most = MOST_TIMES * matched.photo.size[0] * matched.photo.size[1]
    size *= max(1.0, math.sqrt(float(np.prod((high - low) / (size * units))) / most))
    step = size * units
    first, last = np.floor(low / step), np.ceil(high / step)
    affine = Affine(step[0], 0, first[0] * step[0], 0, -step[1], last[1] * step[1])
    width, height = (last - first).astype(int).tolist()
    return affine, (width, height), size * matched.frame.grid.ground_gsd(*map(float, fit.place))


def _blocks(width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    """Left, top, right and bottom of blocks, row by row."""
    for top in range(0, height, BLOCK_PX):
        for left in range(0, width, BLOCK_PX):
            yield left, top, min(left + BLOCK_PX, width), min(top + BLOCK_PX, height)


class _Painter:
    """Draws blocks of a drape out of a photo."""

    def __init__(self, pixels: NDArray[np.uint8], mapping: PixelMapping, affine: Affine) -> None:
        self._halved, self._mapping, self._affine = [pixels], mapping, affine

    def block(self, left: int, top: int, width: int, height: int) -> NDArray[np.uint8] | None:
        """Return red, green, blue and alpha, height x width x 4; None where the photo shows nothing of it."""
        at = self._in_photo(left, top, width, height)
        seen = self._mapping.is_reliable(at.reshape(-1, 2)).reshape(height, width)
        if not seen.any():
            return None
        drawn = np.zeros((height, width, 4), np.uint8)
        halvings = self._halvings(at, seen)
        source = self._photo(halvings)
        sides = np.array(self._mapping.size) / source.shape[1::-1]
        at = to_opencv(np.where(seen[..., None], at, at[seen][0]) / sides).astype(np.float32)
        # OpenCV takes no pictures of 32,768 pixels and more.
        low = np.maximum(np.floor(at.min(axis=(0, 1))).astype(int) - 1, 0)
        high = np.ceil(at.max(axis=(0, 1))).astype(int) + 2
        part = source[low[1] : high[1], low[0] : high[0]]
        at -= low.astype(np.float32)
        drawn[..., :3] = cv2.remap(part, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        drawn[~seen] = 0
        drawn[seen, 3] = 255
        return drawn

    def _in_photo(self, left: int, top: int, width: int, height: int) -> NDArray[np.float64]:
        """Pixels of the photo, height x width x 2, of the middles of a block's pixels; NaN where there are none."""
        across, down = _between(width), _between(height)
        x, y = np.meshgrid(
            left + _NODE_PX * np.arange(across.shape[1]) + 0.5, top + _NODE_PX * np.arange(down.shape[1]) + 0.5
        )
        places = np.column_stack(self._affine * (x.ravel(), y.ravel()))
        nodes = self._mapping.to_photo(places).reshape(*x.shape, 2)
        known = np.asarray(np.isfinite(nodes).all(axis=2))
        values = np.dstack([np.where(known[..., None], nodes, 0.0), known])
        found = np.einsum("ij,jkc,lk->ilc", down, values, across, optimize=True)
        found[found[..., 2] < 1 - 1e-9] = np.nan
        return np.asarray(found[..., :2])

    def _halvings(self, at: NDArray[np.float64], seen: NDArray[np.bool_]) -> int:
        """How often the photo is to be halved, so that no pixel of it is passed over."""
        steps = [np.linalg.norm(np.diff(at, axis=axis), axis=2) for axis in (0, 1)]
        longest = max((float(np.nanmedian(step)) for step in steps if np.isfinite(step).any()), default=1.0)
        return max(math.floor(math.log2(max(longest, 1.0))), 0)

    def _photo(self, halvings: int) -> NDArray[np.uint8]:
        while len(self._halved) <= halvings and min(self._halved[-1].shape[:2]) > 1:
            height, width = self._halved[-1].shape[:2]
            half = cv2.resize(self._halved[-1], (-(-width // 2), -(-height // 2)), interpolation=cv2.INTER_AREA)
            self._halved.append(np.asarray(half, np.uint8))
        return self._halved[min(halvings, len(self._halved) - 1)]


def _between(count: int) -> NDArray[np.float64]:
    """Shares that nodes have in each of `count` pixels in a row, count x nodes."""
    nodes = -(-(count - 1) // _NODE_PX) + 1
    away = np.abs(np.arange(count)[:, None] / _NODE_PX - np.arange(nodes))
    return np.maximum(1 - away, 0.0)
