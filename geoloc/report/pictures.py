"""Pictures of a report: what was clicked, the ground round each answer, and the ground round all of them."""

from __future__ import annotations

import base64
import io
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

import pyproj
import shapely
from PIL import Image
from shapely.geometry import MultiPolygon, Polygon, box

from geoloc.errors import PhotoError
from geoloc.photo.files.moment import file_of
from geoloc.photo.photo import load_photo
from geoloc.photo.target import Click, Target
from geoloc.report.found_file import FoundFile
from geoloc.results.drawing import Colour
from geoloc.results.maps import MapView, close_up_view, local_crs, map_pixels
from geoloc.results.preview import photo_close_up
from tiling.grid import project
from tiling.mosaic import Mosaic

LOG = logging.getLogger(__name__)
MOST_PICTURED = 600
"""Answers that get pictures, the best to each click first: they make a page of some 20 MB."""
_PX = 320
"""Side of a close-up, pixels."""
_OVERVIEW_PX = 2048
"""Side of the overview at the most, pixels."""
_ROUND_ALL = 2.0
"""Side of the overview over the longer side of what was found: maps are wide on a desk and tall on a telephone."""
_LEAST_M = 60.0
_QUALITY = 75
_MOST_READ_PX = 400_000_000
"""Pixels of files that are read for the overview at most: some seconds' work."""
_COLOUR: Colour = (255, 196, 0)


@dataclass(frozen=True, slots=True)
class GroundPicture:
    """A picture of the mosaic and where it lies.

    Attributes:
        url: the picture itself, a data URI.
        bounds: western, southern, eastern and northern bound, metres in the local CRS of the report.
    """

    url: str
    bounds: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Pictures:
    """All pictures of a report.

    Attributes:
        clicked: by photo and click, data URIs.
        ground: by number of the row.
        overview: the ground round all answers; None without a mosaic, or where it takes too long to read.
        missing: photos that were not found or cannot be read, each once, and why.
        left_out: how many rows have no pictures since others have them.
    """

    clicked: Mapping[tuple[str, Click], str] = field(default_factory=dict)
    ground: Mapping[int, GroundPicture] = field(default_factory=dict)
    overview: GroundPicture | None = None
    missing: Mapping[str, str] = field(default_factory=dict)
    left_out: int = 0


def local_frame(found: FoundFile) -> pyproj.CRS | None:
    """Return metres round the first answer, in which a report's map is drawn; None where there is no answer."""
    shape = next((row.shape for row in found.rows if row.shape is not None), None)
    if shape is None:
        return None
    # The parts of one that was cut at the antimeridian have a middle on the other side of the world.
    return local_crs(shape.geoms[0] if isinstance(shape, MultiPolygon) else shape, found.crs)


def draw_pictures(
    found: FoundFile,
    mosaic: Mosaic | None,
    photos: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Pictures:
    """Draw the pictures of a report, each photo read once.

    Args:
        found: what was found.
        mosaic: the ground; None to draw photos only.
        photos: folder where photos lie that are not where the rows say.
        progress: called with the number of photos and pieces of ground done and of all.

    Raises:
        MosaicError: the mosaic cannot be read.
    """
    chosen = sorted(found.rows, key=lambda row: (row.rank or 1) > 1)[:MOST_PICTURED]
    of_photo: dict[str, dict[Click, None]] = {}
    for row in chosen:
        of_photo.setdefault(row.photo, {})
        for name, click in row.views:
            of_photo.setdefault(name, {})[click] = None
    clicked: dict[tuple[str, Click], str] = {}
    missing: dict[str, str] = {}
    local = local_frame(found)
    grounds = [] if mosaic is None or local is None else [row for row in chosen if row.shape is not None]
    total = len(of_photo) + len(grounds)
    for done, (name, clicks) in enumerate(of_photo.items()):
        progress(done, total)
        try:
            photo = load_photo(find_photo(name, found.path.parent, photos))
        except PhotoError as error:
            missing[name] = str(error)
            continue
        width, height = photo.size
        for click in clicks:
            if 0 <= click.x <= width and 0 <= click.y <= height:
                picture = photo_close_up(photo, Target(click), _COLOUR, _PX, label=False)
                clicked[name, click] = _data_uri(picture)
    left_out = len(found.rows) - len(chosen)
    if mosaic is None or local is None:
        progress(total, total)
        return Pictures(clicked, {}, None, missing, left_out)
    ground: dict[int, GroundPicture] = {}
    for done, row in enumerate(grounds, start=len(of_photo)):
        progress(done, total)
        if row.shape is not None:
            view = close_up_view(row.shape, found.crs, local, _PX)
            ground[row.number] = GroundPicture(_data_uri(map_pixels(mosaic, view)), view.bounds)
    progress(total, total)
    shapes = [row.shape for row in found.rows if row.shape is not None]
    return Pictures(clicked, ground, _overview(mosaic, shapes, found.crs, local), missing, left_out)


def find_photo(name: str, beside: Path, folder: Path | None) -> Path:
    """Return where the photo of a row lies, or its name where it is nowhere.

    A row's path counts from the current folder, or from that of the file. In a folder of photos its longest ending that
    is there counts: of `a/b/c.jpg` that is `a/b/c.jpg`, `b/c.jpg` or `c.jpg`.

    Args:
        name: path as the row has it, of any system.
        beside: folder of the file.
        folder: of photos.
    """
    parts = (PureWindowsPath(name) if "\\" in name else PurePosixPath(name)).parts
    places = [Path(name), beside / name]
    if folder is not None:
        endings = [parts[start:] for start in range(len(parts)) if ".." not in parts[start:]]
        places = [*(folder.joinpath(*ending) for ending in endings if not ending[0].startswith(("/", "\\"))), *places]
    return next((place for place in places if file_of(place).is_file()), Path(name))


def _overview(
    mosaic: Mosaic, shapes: Sequence[Polygon | MultiPolygon], crs: pyproj.CRS, local: pyproj.CRS
) -> GroundPicture | None:
    around = box(*shapely.total_bounds([project(shape, crs, local) for shape in shapes]))
    # Not finer than the mosaic.
    view = MapView.about(local, around, margin=_ROUND_ALL, least_m=_LEAST_M, px=_OVERVIEW_PX)
    view = MapView(local, view.centre, view.side_m, min(_OVERVIEW_PX, math.ceil(view.side_m / mosaic.gsd_m)))
    if mosaic.read_cost(view.grid()) > _MOST_READ_PX:
        LOG.warning("No overview: the mosaic has none of its own (gdaladdo makes them); close-ups are on the map.")
        return None
    return GroundPicture(_data_uri(map_pixels(mosaic, view)), view.bounds)


def _data_uri(picture: Image.Image) -> str:
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=_QUALITY)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode("ascii")
