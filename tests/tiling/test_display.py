"""Maps: whether what they show lies where it is on the ground."""

from __future__ import annotations

import base64
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np
import pyproj
import pytest
from affine import Affine
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from shapely.geometry import Polygon

from tests.helpers.places import NORTH_UP, PLACES, Write, grid_at
from tiling.area import Area
from tiling.display import Map, draw_map
from tiling.errors import GeolocError
from tiling.grid import WGS84, Grid
from tiling.mosaic import open_mosaic
from tiling.plan import make_plan

SVG = "{http://www.w3.org/2000/svg}"
SIDE = 300
GEOD = pyproj.Geod(ellps="WGS84")


@dataclass(frozen=True)
class ParsedMap:
    """A map, read back."""

    tree: ElementTree.Element

    @classmethod
    def of(cls, svg: str) -> ParsedMap:
        return cls(ElementTree.fromstring(svg))

    def shapes(self, layer: str) -> list[tuple[str, str]]:
        """Title and path of each outline."""
        (group,) = [group for group in self.tree.iter(f"{SVG}g") if group.get("class") == layer]
        return [(path.find(f"{SVG}title").text or "", path.get("d") or "") for path in group]  # type: ignore[union-attr]

    def polygons(self, layer: str) -> list[Polygon]:
        """Closed outlines without holes, pixels of the drawing."""
        return [Polygon(ring) for _, path in self.shapes(layer) for ring in rings(path)]

    @property
    def layers(self) -> list[str]:
        return [group.get("class") or "" for group in self.tree.iter(f"{SVG}g")]

    @property
    def image(self) -> ElementTree.Element | None:
        return self.tree.find(f"{SVG}image")

    @property
    def place(self) -> tuple[float, float, int, int]:
        """x, y, width and height of the pixels in the drawing."""
        assert self.image is not None
        x, y, width, height = (float(self.image.get(name, "nan")) for name in ("x", "y", "width", "height"))
        return x, y, round(width), round(height)

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """H x W x 4."""
        assert self.image is not None
        kind, data = self.image.get("{http://www.w3.org/1999/xlink}href", "").split(",")
        assert kind == "data:image/png;base64"
        return np.array(Image.open(io.BytesIO(base64.b64decode(data))))

    def drawn(self, layer: str) -> NDArray[np.bool_]:
        """H x W: which pixels of the image lie in an outline."""
        x, y, width, height = self.place
        canvas = Image.new("1", (width, height))
        for polygon in self.polygons(layer):
            ImageDraw.Draw(canvas).polygon([(px - x, py - y) for px, py in polygon.exterior.coords], fill=1)
        return np.array(canvas)

    @property
    def texts(self) -> list[str]:
        return ["".join(text.itertext()) for text in self.tree.iter(f"{SVG}text")]

    @property
    def corners(self) -> list[tuple[float, float]]:
        """lon, lat of the upper left, lower left, upper right and lower right corner."""
        found = [re.fullmatch(r"([\d.]+)° ([NS]), ([\d.]+)° ([EW])", text) for text in self.texts]
        return [
            (float(m[3]) * (1 if m[4] == "E" else -1), float(m[1]) * (1 if m[2] == "N" else -1)) for m in found if m
        ]

    @property
    def metres_a_pixel(self) -> float:
        """Of the scale bar."""
        (text,) = [text for text in self.texts if text.endswith("north is up")]
        number, unit = text.split(",")[0].split()
        (length,) = [
            m[1] for path in self.tree.iter(f"{SVG}path") if (m := re.search(r"h([\d.]+)v-6", path.get("d", "")))
        ]
        return float(number) * {"m": 1, "km": 1000}[unit] / float(length)


def rings(path: str) -> list[list[tuple[float, float]]]:
    found = []
    for part in filter(None, path.split("M")):
        points = (point.split(",") for point in part.rstrip("Z").split("L"))
        found.append([(float(x), float(y)) for x, y in points])
    return found


def iou(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return float((a & b).sum() / (a | b).sum())


def _everywhere() -> Iterator[tuple[str, Grid]]:
    for epsg in PLACES:
        for angle in (0.0, 25.0):
            yield f"{epsg} turned {angle:g}", grid_at(epsg, 1.0, SIDE, angle=angle)
    yield "beyond 180 degrees", Grid(WGS84, Affine(1e-5, 0, 180 - 150e-5, 0, -1e-5, -17), SIDE, SIDE)


CASES = dict(_everywhere())


@pytest.mark.parametrize("name", CASES)
def test_outlines_windows_and_pixels_lie_on_each_other(write: Write, name: str) -> None:
    grid = CASES[name]
    path = write(np.full((3, SIDE, SIDE), 99, np.uint8), crs=grid.crs.to_wkt(), transform=grid.affine)
    with open_mosaic([path]) as mosaic:
        seen = ParsedMap.of(mosaic._repr_svg_())
        plan = make_plan(mosaic, 1.0, 64, Area.everywhere())
        on = ParsedMap.of(plan.on(mosaic).svg)
        alone = ParsedMap.of(plan._repr_svg_())
        ground = abs(GEOD.geometry_area_perimeter(mosaic.footprint)[0])
    assert seen.layers == ["files"]
    assert max(seen.place[2:]) == 512
    assert seen.pixels.shape == (seen.place[3], seen.place[2], 4)
    valid = seen.pixels[..., 3] > 0
    # All ground fits, and it is as large as the map.
    assert not (valid[0] | valid[-1]).any()
    assert not (valid[:, 0] | valid[:, -1]).any()
    assert max(np.ptp(np.nonzero(valid)[0]), np.ptp(np.nonzero(valid)[1])) > 460
    assert (seen.pixels[valid][:, :3] == 99).all()
    assert iou(valid, seen.drawn("files")) > 0.98
    assert valid.sum() * seen.metres_a_pixel**2 == pytest.approx(ground, rel=0.02)
    assert on.layers == ["files", "windows", "area"]
    assert alone.layers == ["windows", "area"]
    assert alone.image is None
    for map_ in (on, alone):
        assert [title for title, _ in map_.shapes("windows")] == [window.id for window in plan.windows]
        assert len(map_.shapes("area")) == 1
        sides = [math.sqrt(polygon.area) * map_.metres_a_pixel for polygon in map_.polygons("windows")]
        assert sides == pytest.approx([window.px * window.grid.ground_gsd() for window in plan.windows], rel=0.02)
    assert on.shapes("windows") == alone.shapes("windows")
    valid = on.pixels[..., 3] > 0
    assert iou(valid, on.drawn("area")) > 0.97
    # Every valid pixel is in a window, but for those that an edge cuts.
    assert (valid & ~on.drawn("windows")).sum() <= 0.002 * valid.sum()


@pytest.mark.parametrize("name", CASES)
def test_corners_and_scale_bar_agree_with_the_ground(write: Write, name: str) -> None:
    grid = CASES[name]
    with open_mosaic(
        [write(np.full((1, SIDE, SIDE), 99, np.uint8), crs=grid.crs.to_wkt(), transform=grid.affine)]
    ) as mosaic:
        seen = ParsedMap.of(mosaic._repr_svg_())
    upper_left, lower_left, upper_right, lower_right = seen.corners
    _, _, width, height = seen.place
    for one, other, side in (
        (upper_left, upper_right, width),
        (lower_left, lower_right, width),
        (upper_left, lower_left, height),
        (upper_right, lower_right, height),
    ):
        assert GEOD.inv(*one, *other)[2] == pytest.approx(side * seen.metres_a_pixel, rel=0.01)


@pytest.mark.parametrize("name", CASES)
def test_north_is_up(write: Write, name: str) -> None:
    grid = CASES[name]
    path = write(np.full((1, SIDE, SIDE), 99, np.uint8), crs=grid.crs.to_wkt(), transform=grid.affine)
    with open_mosaic([path]) as mosaic:
        upper_left, lower_left, upper_right, lower_right = ParsedMap.of(mosaic._repr_svg_()).corners
    assert upper_left[0] == pytest.approx(lower_left[0], abs=1e-5)
    assert upper_right[0] == pytest.approx(lower_right[0], abs=1e-5)
    assert upper_left[1] == pytest.approx(upper_right[1], abs=1e-5)
    assert upper_left[1] > lower_left[1]
    assert 0 < (upper_right[0] - upper_left[0]) % 360 < 0.01


def test_pixels_are_the_mosaics_own(write: Write) -> None:
    values = np.full((3, SIDE, SIDE), 20, np.uint8)
    values[:, : SIDE // 2, SIDE // 2 :] = np.array([200, 100, 50])[:, None, None]
    values[:, SIDE // 2 :, : SIDE // 2] = 0
    with open_mosaic([write(values, nodata=0)]) as mosaic:
        pixels = ParsedMap.of(mosaic._repr_svg_()).pixels
    # The north-east, the south-west without data, the rest; the map is a little larger than the mosaic.
    assert pixels[128, 384].tolist() == [200, 100, 50, 255]
    assert pixels[384, 128].tolist() == [0, 0, 0, 0]
    assert pixels[128, 128].tolist() == pixels[384, 384].tolist() == [20, 20, 20, 255]


def test_the_map_of_a_plan_shows_what_was_planned_and_cuts_the_rest(write: Write) -> None:
    path = write(np.full((3, 2000, 2000), 99, np.uint8), overviews=(2, 4))
    with open_mosaic([path]) as mosaic:
        middle = mosaic.footprint.centroid
        plan = make_plan(mosaic, 0.2, 128, Area.near(middle.x, middle.y, 40))
        on = ParsedMap.of(plan.on(mosaic).svg)
    x, y, width, height = on.place
    assert (on.pixels[..., 3] > 0).all()
    circle = np.array(on.polygons("area")[0].exterior.coords)
    assert np.ptp(circle, axis=0) * on.metres_a_pixel == pytest.approx((80, 80), rel=0.01)
    for layer in on.layers:
        for _, path_data in on.shapes(layer):
            for ring in rings(path_data):
                places = np.array(ring)
                assert (places >= (x - 0.1, y - 0.1)).all()
                assert (places <= (x + width + 0.1, y + height + 0.1)).all()


def test_captions(write: Write) -> None:
    with open_mosaic([write(np.full((3, 800, 1000), 99, np.uint8))]) as mosaic:
        plan = make_plan(mosaic, 0.25, 256, Area.everywhere())
        texts = [
            ParsedMap.of(map_.svg).texts for map_ in (draw_map(mosaic, None), draw_map(None, plan), plan.on(mosaic))
        ]
    utm, ground = "EPSG:32633, WGS 84 / UTM zone 33N", "Mosaic: 0.2 m a pixel, 200 m × 160 m, 1 file"
    planned = f"Plan: {plan.gsd_m:.3g} m a pixel, 200 m × 160 m, {len(plan.windows)} windows of {plan.window_px} px"
    assert texts[0][-2:] == [utm, ground]
    assert texts[1][-2:] == ["EPSG:3857, WGS 84 / Pseudo-Mercator", planned]
    assert texts[2][-3:] == [utm, ground, planned]


def test_names_of_files_may_hold_anything(write: Write) -> None:
    name = 'a <b> & "c".tif'
    with open_mosaic([write(np.full((3, 64, 64), 99, np.uint8), name)]) as mosaic:
        assert [title for title, _ in ParsedMap.of(mosaic._repr_svg_()).shapes("files")] == [name]


def test_of_too_many_windows_the_middle_one_is_drawn(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_mosaic([write(np.full((3, 700, 700), 99, np.uint8))]) as mosaic:
        plan = make_plan(mosaic, 0.2, 128, Area.everywhere())
        monkeypatch.setattr("tiling.display.MOST_SHAPES", len(plan.windows))
        assert len(ParsedMap.of(plan._repr_svg_()).shapes("windows")) == len(plan.windows)
        monkeypatch.setattr("tiling.display.MOST_SHAPES", len(plan.windows) - 1)
        one = ParsedMap.of(plan.on(mosaic).svg)
    ((title, _),) = one.shapes("windows")
    assert title in {window.id for window in plan.windows}
    (window,) = one.polygons("windows")
    x, y, width, height = one.place
    off = np.subtract((window.centroid.x, window.centroid.y), (x + width / 2, y + height / 2))
    assert np.abs(off).max() < math.sqrt(window.area) / 3
    assert one.texts[-1].endswith(f"{len(plan.windows)} windows of {plan.window_px} px, one drawn")


def test_hundreds_of_windows_are_drawn(write: Write) -> None:
    with open_mosaic([write(np.full((3, 600, 600), 99, np.uint8))]) as mosaic:
        plan = make_plan(mosaic, 0.2, 64, Area.everywhere())
    assert len(plan.windows) > 300
    assert len(ParsedMap.of(plan._repr_svg_()).shapes("windows")) == len(plan.windows)


def test_too_many_files_are_drawn_as_one(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [
        write(np.full((1, 64, 64), 99, np.uint8), f"{n}.tif", transform=NORTH_UP * Affine.translation(64 * n, 0))
        for n in range(4)
    ]
    with open_mosaic(paths) as mosaic:
        every = ParsedMap.of(mosaic._repr_svg_())
        monkeypatch.setattr("tiling.display.MOST_SHAPES", 3)
        union = ParsedMap.of(mosaic._repr_svg_())
    assert [title for title, _ in every.shapes("files")] == ["0.tif", "1.tif", "2.tif", "3.tif"]
    assert [title for title, _ in union.shapes("files")] == ["4 files"]
    assert every.texts[-1] == union.texts[-1] == "Mosaic: 0.2 m a pixel, 51.2 m × 12.8 m, 4 files"
    assert iou(every.drawn("files"), union.drawn("files")) > 0.99


def test_large_files_without_overviews_are_not_read(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiling.display.MOST_READ", 600**2)
    values = np.full((3, 1200, 1200), 99, np.uint8)
    without, having = write(values, "a.tif"), write(values, "b.tif", overviews=(2,))
    with open_mosaic([without]) as mosaic:
        seen = ParsedMap.of(mosaic._repr_svg_())
    assert seen.image is None
    assert "gdaladdo" in seen.texts[-1]
    assert len(seen.shapes("files")) == 1
    with open_mosaic([having]) as mosaic:
        assert ParsedMap.of(mosaic._repr_svg_()).image is not None


def test_the_whole_world(write: Write) -> None:
    values = np.full((3, 180, 360), 99, np.uint8)
    with open_mosaic([write(values, crs=WGS84.to_wkt(), transform=Affine(1, 0, -180, 0, -1, 90))]) as mosaic:
        seen = ParsedMap.of(mosaic._repr_svg_())
    (outline,) = seen.polygons("files")
    xmin, ymin, xmax, ymax = outline.bounds
    assert (xmax - xmin) / (ymax - ymin) == pytest.approx(2, rel=0.01)
    assert seen.corners == []


def test_nothing_to_draw(write: Write) -> None:
    with pytest.raises(ValueError, match="a mosaic or a plan"):
        draw_map(None, None)
    # Round a pole an outline in degrees has nothing inside.
    path = write(np.full((1, SIDE, SIDE), 99, np.uint8), crs="EPSG:3413", transform=Affine(1, 0, -150, 0, -1, 150))
    with open_mosaic([path]) as mosaic, pytest.raises(GeolocError, match="no ground to draw"):
        mosaic._repr_svg_()


def test_a_map_shows_itself() -> None:
    assert Map("<svg/>")._repr_svg_() == "<svg/>"
