"""The whole synthetic town as files: mosaic, photographs, panoramas and labelled queries."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from geoloc.errors import OutputError
from geoloc.town.picture.camera import Equirectangular, Parallel, Pinhole
from geoloc.town.picture.frame import Frame, MosaicGrid, TownError
from geoloc.town.picture.shade import PaintedGround, SceneRenderer, flight_day, later_day, survey_day
from geoloc.town.scene.scene import Scene, Style, a_year_later, build_scene
from geoloc.town.scene.shapes import SceneObject
from geoloc.town.truth import MAX_DISTANCE_M, MosaicCoverage, VisibleObject, choose_queries, visible_objects
from geoloc.town.write import focal_px, write_mosaic, write_panorama, write_photo, write_queries, write_walk

DEFAULT_ORIGIN = (15.31, 51.87)
"""(lon, lat): in UTM zone 33, west of Poland."""
QUERY_COLUMNS = (
    "photo", "object", "kind", "click_x", "click_y", "xmin", "ymin", "xmax", "ymax", "epsg", "seen", "geometry",
)  # fmt: skip
FILM_MM = 24
QUERIES_PER_PHOTO = 6
_MIN_SIZE_M = 50.0
_EYE_HEIGHTS_M = (1.45, 1.75)
_WALK_PITCHES_DEG = (-14.0, 0.0)
_LEAST_COVERED = 0.8
"""Share of an object that the mosaic must show, not hidden by a tree, for it to be asked for."""


@dataclass(frozen=True, slots=True)
class Flight:
    """How a photograph is taken.

    Attributes:
        tilt_deg: least and most, from straight down.
        height_m: least and most, above the ground.
    """

    tilt_deg: tuple[float, float]
    height_m: tuple[float, float]


FLIGHTS = (
    Flight((0.0, 6.0), (60.0, 95.0)),
    Flight((28.0, 40.0), (45.0, 75.0)),
    Flight((0.0, 15.0), (80.0, 120.0)),
    Flight((48.0, 60.0), (40.0, 48.0)),
)
"""From straight down to steeply oblique, in turn; oblique photos are taken from lower down."""


@dataclass(frozen=True, slots=True)
class TrueObject:
    """An object with its true place.

    Attributes:
        id: from 1, the same in the scene.
        kind: such as "house".
        box: xmin, ymin, xmax, ymax in the mosaic's CRS, of the object as the true ortho shows it.
        outline: the same object's, in the mosaic's CRS, on whole centimetres (1e-7 degrees).
    """

    id: int
    kind: str
    box: tuple[float, float, float, float]
    outline: Polygon


@dataclass(frozen=True, slots=True)
class Town:
    """The files of a town, and what is true of them.

    Attributes:
        mosaic: a GeoTIFF.
        photos: JPEGs, as of a drone.
        panoramas: JPEGs, as of a camera car.
        walks: JPEGs, as of a telephone at eye level.
        queries: the CSV file for `geoloc.evaluation.labelled`.
        objects: all that the mosaic shows.
    """

    mosaic: Path
    photos: tuple[Path, ...]
    panoramas: tuple[Path, ...]
    walks: tuple[Path, ...]
    queries: Path
    objects: tuple[TrueObject, ...]


def build(
    folder: Path,
    *,
    seed: int = 0,
    size_m: float = 240.0,
    gsd_m: float = 0.15,
    epsg: int = 32633,
    rotation_deg: float = 0.0,
    photos: int = 4,
    panoramas: int = 1,
    walks: int = 0,
    origin: tuple[float, float] = DEFAULT_ORIGIN,
    photo_px: tuple[int, int] = (1600, 1200),
    panorama_px: int = 2048,
    flights: Sequence[Flight] = FLIGHTS,
    style: Style = "village",
    later: bool = False,
    queries_per_photo: int = QUERIES_PER_PHOTO,
    farthest_m: float = MAX_DISTANCE_M,
) -> Town:
    """Write a town: `mosaic.tif`, `photos/*.jpg`, `panoramas/*.jpg`, `walks/*.jpg` and `queries.csv`, for older ones.

    The same arguments give the same pictures. Every fourth photo has a position but neither heading nor pitch, and
    those at eye level have a position and a heading, as telephones write them.

    Args:
        folder: where the files go.
        seed: another one makes another town.
        size_m: the town's side.
        gsd_m: of the mosaic, on the ground.
        epsg: CRS of the mosaic.
        rotation_deg: of the mosaic's grid, clockwise.
        photos: how many.
        panoramas: how many.
        walks: how many photographs from eye level.
        origin: (lon, lat) of the town's middle.
        photo_px: width and height of a photo.
        panorama_px: width of a panorama.
        flights: of the photos, in turn.
        style: "village", houses in gardens round a square, "farm", barns, blocks and courts among fields, or "camp",
            tents, shelters and stores on bare ground.
        later: whether the photographs are of another year than the mosaic: a tenth of the objects changed, other season
            and sensor.
        queries_per_photo: how many objects of a photo or panorama are asked for at most.
        farthest_m: from the camera, along the ground, to what is asked for.

    Raises:
        TownError: the CRS is unknown or does not reach to the origin, or a size is senseless.
        OutputError: a file cannot be written.
    """
    if not size_m >= _MIN_SIZE_M or not 0.02 <= gsd_m <= 2.0:
        raise TownError(
            f"a town of {size_m:g} m at {gsd_m:g} m a pixel: make it {_MIN_SIZE_M:g} m or more, at 0.02 to 2 m"
        )
    frame = Frame(origin, epsg)
    grid = MosaicGrid.over(frame, size_m, gsd_m, rotation_deg)
    _make_folders(folder, {"photos": photos, "panoramas": panoramas, "walks": walks})
    scene = build_scene(seed, size_m, style)
    if later:
        scene = a_year_later(scene, seed)
    painted = PaintedGround(scene, seed)
    rng = np.random.default_rng([seed, 5])
    survey = survey_day(rng, style)
    flight = later_day(rng, survey) if later else flight_day(rng, survey)

    mosaic = folder / "mosaic.tif"
    survey_renderer = SceneRenderer(scene, scene.on_survey(), survey, painted)
    coverage = MosaicCoverage([o for o in scene.objects if o.flown and _inside(o, grid)])

    def render_tile(camera: Parallel, number: int) -> NDArray[np.uint8]:
        view = survey_renderer.render(camera, number)
        coverage.add(camera, view.ids)
        return view.pixels

    write_mosaic(mosaic, grid, render_tile)
    covered = coverage.covered(_LEAST_COVERED)

    flight_renderer = SceneRenderer(scene, scene.on_flight(), flight, painted)
    rows: list[dict[str, object]] = []

    def render(
        path: Path, camera: Pinhole | Equirectangular, number: int, least_share: float, least_px: int
    ) -> NDArray[np.uint8]:
        """Render a picture and choose what is asked for in it."""
        view = flight_renderer.render(camera, number)
        visible = visible_objects(camera, view.ids, covered, least_share, least_px, farthest_m=farthest_m)
        rows.extend(_row(path, folder, frame, item) for item in choose_queries(rng, visible, queries_per_photo))
        return view.pixels

    least_px = 10 + photo_px[0] * photo_px[1] // 15_000
    photo_paths = [folder / "photos" / f"photo_{number + 1:02}.jpg" for number in range(photos)]
    for number, path in enumerate(photo_paths):
        camera = _aim(rng, scene, flights[number % len(flights)], photo_px)
        pixels = render(path, camera, number, 0.75, least_px)
        write_photo(path, pixels, camera, frame, FILM_MM, gimbal=number % 4 != 3)
    panorama_paths = [folder / "panoramas" / f"panorama_{number + 1:02}.jpg" for number in range(panoramas)]
    for number, path in enumerate(panorama_paths):
        standing = _stand(rng, scene, panorama_px)
        write_panorama(path, render(path, standing, 100 + number, 0.6, 10 + panorama_px**2 // 14_000), standing, frame)
    walk_paths = [folder / "walks" / f"walk_{number + 1:02}.jpg" for number in range(walks)]
    for number, path in enumerate(walk_paths):
        walking = _walk(rng, scene, photo_px)
        write_walk(path, render(path, walking, 200 + number, 0.6, least_px), walking, frame, FILM_MM)
    queries = folder / "queries.csv"
    write_queries(queries, rows, QUERY_COLUMNS)
    objects = tuple(
        TrueObject(o.id, o.kind, frame.true_box(o.outline()), frame.true_outline(o.plan()))
        for o in scene.objects
        if o.surveyed
    )
    return Town(mosaic, tuple(photo_paths), tuple(panorama_paths), tuple(walk_paths), queries, objects)


def _make_folders(folder: Path, counts: Mapping[str, int]) -> None:
    """Make the town's folder, and one for each kind of photographs of which there are any."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for kind, count in counts.items():
            if count:
                (folder / kind).mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror}); give another folder") from None


def _inside(item: SceneObject, grid: MosaicGrid) -> bool:
    return bool(np.abs(item.outline()[:, :2]).max() < grid.half_m)


def _aim(rng: np.random.Generator, scene: Scene, flight: Flight, size: tuple[int, int]) -> Pinhole:
    """Draw the camera of a photograph of a point of the inner town."""
    tilt = rng.uniform(*flight.tilt_deg)
    height = rng.uniform(*flight.height_m)
    heading = rng.uniform(0.0, 360.0)
    plots = scene.layout.plots
    aim = np.array(plots[rng.integers(len(plots))].polygon.centroid.coords[0]) if plots else np.zeros(2)
    aim = np.clip(aim, -0.6 * scene.layout.half_m, 0.6 * scene.layout.half_m)
    back = height * math.tan(math.radians(tilt))
    x, y = aim - back * np.array([math.sin(math.radians(heading)), math.cos(math.radians(heading))])
    return Pinhole(
        position=(float(x), float(y), round(height, 3)),
        heading_deg=round(heading, 6),
        pitch_deg=round(tilt - 90.0, 6),
        focal_px=focal_px(FILM_MM, size),
        width=size[0],
        height=size[1],
    )


def _stand(rng: np.random.Generator, scene: Scene, width: int) -> Equirectangular:
    """Draw the camera of a panorama from the middle of a street, at a camera car's height."""
    x, y = _in_street(rng, scene)
    heading = round(rng.uniform(0.0, 360.0), 6)
    return Equirectangular((x, y, 2.5), heading, width, width // 2)


def _walk(rng: np.random.Generator, scene: Scene, size: tuple[int, int]) -> Pinhole:
    """Draw the camera of somebody who walks in a street and looks a little down, the horizon still in the picture."""
    x, y = _in_street(rng, scene)
    return Pinhole(
        position=(x, y, round(rng.uniform(*_EYE_HEIGHTS_M), 3)),
        heading_deg=round(rng.uniform(0.0, 360.0), 6),
        pitch_deg=round(rng.uniform(*_WALK_PITCHES_DEG), 6),
        focal_px=focal_px(FILM_MM, size),
        width=size[0],
        height=size[1],
        roll_deg=round(rng.normal(0.0, 1.5), 6),
    )


def _in_street(rng: np.random.Generator, scene: Scene) -> tuple[float, float]:
    """Draw a place in the middle of a street, clear of parked cars where there is such a place."""
    streets = scene.layout.streets
    near = 0.7 * scene.layout.half_m
    cars = np.array([item.outline()[:, :2].mean(0) for item in scene.objects if item.kind == "car"]).reshape(-1, 2)
    for _ in range(200):
        line = streets[rng.integers(len(streets))].line
        point = line.interpolate(rng.uniform(0.0, line.length))
        away = np.hypot(*(cars - [point.x, point.y]).T)
        if max(abs(point.x), abs(point.y)) < near and (away > 5.5).all():
            break
    else:
        point = streets[0].line.interpolate(streets[0].line.length / 2)
    return point.x, point.y


def _row(path: Path, folder: Path, frame: Frame, visible: VisibleObject) -> dict[str, object]:
    item = visible.item
    values = (
        path.relative_to(folder).as_posix(), f"{item.kind}_{item.id}", item.kind, *visible.click,
        *frame.true_box(item.outline()), frame.epsg, round(visible.share, 3),
        shapely.to_wkt(frame.true_outline(item.plan()), rounding_precision=7),
    )  # fmt: skip
    return dict(zip(QUERY_COLUMNS, values, strict=True))
