"""The pictures of the demonstration for the documentation: `make animation`, after `make demo`.

One animated, of a search as it is: objects are clicked in a photo, all windows of the mosaic are searched, and on the
map, which comes nearer, the outlines appear that were found; and one that stands, the demonstration's own preview.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw
from shapely.geometry import Polygon, box
from shapely.ops import unary_union

from geoloc import model
from geoloc.evaluation.labelled import read_queries
from geoloc.photo.photo import Photo, load_photo
from geoloc.photo.target import Target
from geoloc.pipeline.finder import Finder, Found
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.scope import Scope
from geoloc.pipeline.source import MosaicSource
from geoloc.results.drawing import BACKGROUND, WHITE, Colour, draw_label, draw_strokes
from geoloc.results.labels import Labels
from geoloc.results.maps import MapView, draw_scale_bar, local_crs, map_pixels
from geoloc.results.preview import COLOURS, draw_click
from tiling.grid import project
from tiling.mosaic import Mosaic, open_mosaic

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "demo"
DOCS = ROOT / "docs"
PHOTO = "photo_01"
SIZE = 990, 470
_PX = 420
"""Height of the photo, and side of the map, pixels."""
_GAP = 10
_ZOOM = 10
"""Pictures from the whole map to the outlines."""
_QUALITY = 55

Frame = tuple[Image.Image, int]
"""A picture and for how long it is shown, milliseconds."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What the pictures show.

    Attributes:
        photo: the photograph.
        targets: what is clicked in it.
        found: what the search found.
        maps: the mosaic from the whole of it to the ground round the outlines.
    """

    photo: Photo
    targets: Sequence[Target]
    found: Found
    maps: Sequence[tuple[MapView, Image.Image]]


def main() -> int:
    """Make both pictures and return the exit status."""
    queries = [query for query in read_queries(DEMO / "scene" / "queries.csv") if query.photo.stem == PHOTO]
    photo, targets = load_photo(queries[0].photo), [Target(query.click) for query in queries]
    with open_mosaic([DEMO / "scene" / "mosaic.tif"]) as mosaic:
        scene = _scene(photo, targets, search(mosaic, photo, targets), mosaic)
    save(list(story(scene)), DOCS / "demo.webp")
    still = Image.open(DEMO / f"preview_{PHOTO}.png").convert("RGB")
    still.save(DOCS / "demo.jpg", quality=80, optimize=True)
    return 0


def search(mosaic: Mosaic, photo: Photo, targets: Sequence[Target]) -> Found:
    """Search the whole mosaic, without the photo's position."""
    network, request = model.load(), SearchRequest(gps=False)
    source = MosaicSource(mosaic, network.name, None)
    return Finder(source, lambda: network, request).find(photo, targets, Scope(source, request))


def _scene(photo: Photo, targets: Sequence[Target], found: Found, mosaic: Mosaic) -> Scene:
    outline = box(*mosaic.bounds)
    crs = local_crs(outline, mosaic.crs)
    whole = MapView.about(crs, project(outline, mosaic.crs, crs), margin=1.0, least_m=0.0, px=_PX)
    answers = unary_union([project(one.polygon, one.crs, crs) for one in found.here])
    near = MapView.about(crs, answers, margin=1.5, least_m=0.0, px=_PX)
    # Nothing is to be seen beyond the mosaic.
    room = (whole.side_m - near.side_m) / 2
    x, y = (min(max(at, mid - room), mid + room) for at, mid in zip(near.centre, whole.centre, strict=True))
    near = MapView(crs, (x, y), near.side_m, _PX)
    views = [_between(whole, near, number / (_ZOOM - 1)) for number in range(_ZOOM)]
    return Scene(photo, targets, found, [(view, map_pixels(mosaic, view)) for view in views])


def _between(whole: MapView, near: MapView, share: float) -> MapView:
    """Return the view at a share of the way from one to the other, which every step enlarges as much as the last."""
    side = whole.side_m * (near.side_m / whole.side_m) ** share
    way = (whole.side_m - side) / (whole.side_m - near.side_m)
    (x, y), (to_x, to_y) = whole.centre, near.centre
    return MapView(whole.crs, (x + way * (to_x - x), y + way * (to_y - y)), side, whole.px)


def story(scene: Scene) -> Iterator[Frame]:
    """Yield the frames: photo and map, the clicks, the search, and one outline after the other."""
    whole = scene.maps[0][0]
    windows = [Polygon(whole.ring(one.grid.footprint(), one.grid.crs)) for one in scene.found.plan.windows]
    count, clicks = len(windows), len(scene.targets)
    yield frame(scene, 0, "A drone photograph, and a map of the place"), 1400
    for number in range(1, clicks + 1):
        yield frame(scene, number, "Click what you want to find"), 250 if number < clicks else 900
    for number in range(count):
        text = f"All of the map is searched, without GPS: window {number + 1} of {count}"
        yield frame(scene, clicks, text, over=_lit(windows, number)), 70
    for number in range(_ZOOM):
        yield frame(scene, clicks, "Found", nearness=number), 90
    for number in range(1, clicks + 1):
        text = "Outlines on the map, each with a score and an error in metres"
        yield frame(scene, clicks, text, nearness=-1, outlines=number), 550 if number < clicks else 4000


def frame(
    scene: Scene,
    clicks: int,
    text: str,
    *,
    nearness: int = 0,
    outlines: int = 0,
    over: Callable[[Image.Image], Image.Image] = Image.Image.copy,
) -> Image.Image:
    """Draw photo and map beside each other, with so many clicks and outlines, and a line of text below."""
    sheet = Image.new("RGB", SIZE, BACKGROUND)
    scale = _PX / scene.photo.size[1]
    panel = Image.fromarray(scene.photo.pixels).resize((round(scene.photo.size[0] * scale), _PX))
    for target, colour in list(_coloured(scene))[:clicks]:
        draw_click(panel, target.click.x * scale, target.click.y * scale, colour, 11)
    sheet.paste(panel, (0, 0))
    view, ground = scene.maps[nearness]
    ground = over(ground)
    draw_scale_bar(ground, view)
    _draw_outlines(scene, view, ground, outlines)
    sheet.paste(ground, (SIZE[0] - _PX, 0))
    draw_label(sheet, (_GAP, _PX + _GAP + 4), text, WHITE, 19)
    return sheet


def _coloured(scene: Scene) -> Iterator[tuple[Target, Colour]]:
    yield from ((target, COLOURS[i % len(COLOURS)]) for i, target in enumerate(scene.targets))


def _draw_outlines(scene: Scene, view: MapView, ground: Image.Image, count: int) -> None:
    of_click = {found.click: found for found in scene.found.here if found.rank == 1}
    shown = [(of_click[target.click], colour) for target, colour in _coloured(scene) if target.click in of_click][
        :count
    ]
    shapes = [Polygon(view.ring(found.polygon, found.crs)) for found, _ in shown]
    for shape, (_, colour) in zip(shapes, shown, strict=True):
        draw_strokes(ground, [list(shape.exterior.coords)], colour, 2)
    labels = Labels(ground, shapes)
    for shape, (found, colour) in zip(shapes, shown, strict=True):
        labels.beside(shape, f"{found.score:.2f}  ± {found.accuracy_m:.1f} m", colour, 15, needed=True)


def _lit(windows: Sequence[Polygon], number: int) -> Callable[[Image.Image], Image.Image]:
    """Return what darkens ground that was not searched yet, with a frame round the window that is looked at."""

    def over(ground: Image.Image) -> Image.Image:
        mask = Image.new("L", ground.size, 110)
        for shape in getattr(seen := unary_union(windows[: number + 1]), "geoms", [seen]):
            ImageDraw.Draw(mask).polygon(list(shape.exterior.coords), fill=255)
        lit = Image.composite(ground, Image.new("RGB", ground.size), mask)
        draw_strokes(lit, [list(windows[number].exterior.coords)], WHITE, 2)
        return lit

    return over


def save(frames: Sequence[Frame], path: Path) -> None:
    """Write the frames as an animated WebP that begins anew when it is over, and tell its size."""
    first, *others = (picture for picture, _ in frames)
    durations = [shown for _, shown in frames]
    first.save(path, save_all=True, append_images=others, duration=durations, loop=0, quality=_QUALITY, method=4)
    sys.stderr.write(f"{path}: {path.stat().st_size / 1e6:.2f} MB, {sum(durations) / 1000:.1f} s\n")


if __name__ == "__main__":
    sys.exit(main())
