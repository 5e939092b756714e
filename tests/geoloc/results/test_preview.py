"""The preview's places, read back from its pixels: clicks on the photo, boxes on the mosaic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from PIL import Image
from shapely.geometry import Polygon, box

from geoloc.errors import OutputError
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.results import maps
from geoloc.results.detection import Detection
from geoloc.results.preview import draw_preview, photo_close_up
from tiling.area import Area
from tiling.box import PixelBox
from tiling.grid import project
from tiling.mosaic import Mosaic, open_mosaic
from tiling.plan import make_plan

Make = Callable[..., Detection]
SIDE = 500
PATCH = PixelBox(300, 100, 330, 140)
GAP, PANEL = 12, 680
FIRST, SECOND = (255, 196, 0), (0, 200, 255)
GRIDS = {
    "UTM": (32633, Affine(0.2, 0, 500_000, 0, -0.2, 5_400_000)),
    "turned": (32633, Affine.translation(400_000, 5_400_000) @ Affine.rotation(33) @ Affine.scale(0.2, -0.2)),
    "Web Mercator": (3857, Affine(0.3, 0, 1_600_000, 0, -0.3, 6_100_000)),
    "degrees": (4326, Affine(2.7e-6, 0, 15.0, 0, -1.8e-6, 48.0)),
}


def on_map(affine: Affine, pixels: PixelBox) -> Polygon:
    return Polygon([affine @ corner for corner in pixels.corners()])


def write_mosaic(path: Path, epsg: int, affine: Affine) -> None:
    """Dark grey with a red patch."""
    rgb = np.full((3, SIDE, SIDE), 90, np.uint8)
    rgb[:, int(PATCH.ymin) : int(PATCH.ymax), int(PATCH.xmin) : int(PATCH.xmax)] = [[[250]], [[10]], [[10]]]
    # Stretching must not change the colours that are looked for.
    rgb[:, :20, :20], rgb[:, -20:, -20:] = 0, 255
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8"}
    with rasterio.open(path, "w", **profile, crs=f"EPSG:{epsg}", transform=affine) as file:
        file.write(rgb)


@pytest.fixture
def utm(tmp_path: Path) -> Path:
    write_mosaic(tmp_path / "utm.tif", *GRIDS["UTM"])
    return tmp_path / "utm.tif"


def made_photo(width: int, height: int) -> Photo:
    return Photo(Path("holiday.jpg"), np.full((height, width, 3), 70, np.uint8))


def drawn(mosaic: Path, photo: Photo, clicks: list[Click], found: list[Detection]) -> NDArray[np.uint8]:
    path = mosaic.parent / "preview.png"
    with open_mosaic([mosaic]) as opened:
        draw_preview(photo, [Target(click) for click in clicks], found, opened, path, overwrite=True)
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def the_map(sheet: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return sheet[GAP : GAP + PANEL, -GAP - PANEL : -GAP]


def places(image: NDArray[np.uint8], colour: tuple[int, int, int], tolerance: int = 12) -> NDArray[np.float64]:
    """N x 2, centres (x, y) of the pixels of a colour, corner origin."""
    near = (np.abs(image.astype(int) - colour) <= tolerance).all(-1)
    return np.argwhere(near)[:, ::-1] + 0.5


def middle(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return (points.min(0) + points.max(0)) / 2


@pytest.mark.parametrize("name", GRIDS)
def test_the_box_lies_where_the_object_is(tmp_path: Path, make_detection: Make, name: str) -> None:
    epsg, affine = GRIDS[name]
    write_mosaic(tmp_path / "m.tif", epsg, affine)
    click = Click(20, 30)
    found = make_detection(0.9, (0, 0, 1, 1), rank=1, click=click, crs=f"EPSG:{epsg}", polygon=on_map(affine, PATCH))

    sheet = drawn(tmp_path / "m.tif", made_photo(300, 200), [click], [found])

    view = the_map(sheet).copy()
    # The inset shows the patch too.
    view[:138, -138:] = 0
    outline = places(view, FIRST)
    patch = places(view, (250, 10, 10), 40)
    # The label above the box has its colour too.
    outline = outline[outline[:, 1] > patch[:, 1].min() - 8]
    assert middle(outline) == pytest.approx(middle(patch), abs=1.5)
    # The outline hides the patch's edge: three pixels of colour on six of black, more across a turned corner.
    assert 4 < np.ptp(outline, 0).min() - np.ptp(patch, 0).min() < 18


def test_the_click_lies_where_it_was_clicked(utm: Path, make_detection: Make) -> None:
    photo = made_photo(340, 170)
    clicks = [Click(100, 60), Click(250.5, 120)]
    sheet = drawn(utm, photo, clicks, [])
    scale = 4
    top = sheet[GAP : GAP + PANEL, GAP : GAP + photo.size[0] * scale]
    for click, colour in zip(clicks, (FIRST, SECOND), strict=True):
        # Left of the middle third stands the file's name, in white.
        assert middle(places(top, colour)) == pytest.approx([click.x * scale, click.y * scale], abs=1)


def test_photos_of_one_object_stand_together_each_with_its_click(utm: Path, make_detection: Make) -> None:
    _, affine = GRIDS["UTM"]
    found = make_detection(
        0.9, (0, 0, 1, 1), rank=1, click=Click(100, 60), crs="EPSG:32633", polygon=on_map(affine, PATCH)
    )
    photo, other, path = made_photo(334, 334), made_photo(668, 334), utm.parent / "preview.png"
    with open_mosaic([utm]) as opened:
        draw_preview(photo, [Target(found.click)], [found], opened, path, others=[(other, Target(Click(500.0, 200.0)))])
    with Image.open(path) as image:
        sheet = np.asarray(image.convert("RGB"))
    side = (PANEL - GAP) // 2
    first, second = sheet[GAP : GAP + side], sheet[GAP + side + GAP : GAP + PANEL]
    for panel, click, width in ((first, found.click, side), (second, Click(500.0, 200.0), 2 * side)):
        assert middle(places(panel[:, GAP : GAP + width], FIRST)) == pytest.approx([click.x, click.y], abs=1)
    # Close up are both photos and the answer.
    below = sheet[2 * GAP + PANEL :]
    tiles = np.array_split(below[:, GAP:], 4, axis=1)
    assert [len(places(tile, FIRST)) > 50 for tile in tiles[:3]] == [True] * 3


def test_ranks_and_clicks_can_be_told_apart(utm: Path, make_detection: Make) -> None:
    _, affine = GRIDS["UTM"]
    clicks = [Click(20, 30), Click(60, 90)]
    corners = ((100, 100), (350, 100), (100, 350), (350, 350))
    found = [
        make_detection(
            0.9 / rank,
            (0, 0, 1, 1),
            rank=rank,
            click=clicks[i // 2],
            crs="EPSG:32633",
            polygon=on_map(affine, PixelBox(x, y, x + 30, y + 30)),
        )
        for i, ((x, y), rank) in enumerate(zip(corners, (1, 2, 1, 2), strict=True))
    ]
    view = the_map(drawn(utm, made_photo(300, 200), clicks, found[::-1]))
    upper, lower = view[: PANEL // 2], view[PANEL // 2 :]
    assert len(places(upper, FIRST)) > 200
    assert len(places(lower, SECOND)) > 200
    assert len(places(lower, FIRST)) == len(places(upper, SECOND)) == 0
    left, right = places(upper[:, : PANEL // 2], FIRST), places(upper[:, PANEL // 2 :], FIRST)
    assert len(left) > 1.5 * len(right), "the best answer is drawn stronger"


def test_nothing_found_shows_the_whole_mosaic(utm: Path) -> None:
    view = the_map(drawn(utm, made_photo(300, 200), [Click(20, 30)], []))
    assert len(places(view, FIRST)) == 0
    patch = places(view, (250, 10, 10), 40)
    expected = np.array(PATCH.centre) * PANEL / SIDE
    assert middle(patch) == pytest.approx(expected, abs=4)


def test_nothing_found_shows_only_what_was_searched(tmp_path: Path) -> None:
    """A huge mosaic without overviews takes minutes to read whole."""
    affine = Affine(2.0, 0, 500_000, 0, -2.0, 5_400_000)
    write_mosaic(tmp_path / "m.tif", 32633, affine)
    place = project(on_map(affine, PATCH).centroid, 32633, 4326)
    path = tmp_path / "preview.png"
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, 0.5, 128, Area.near(place.x, place.y, 20))
        draw_preview(made_photo(300, 200), [Target(Click(20, 30))], [], mosaic, path, plan=plan)
    with Image.open(path) as image:
        view = the_map(np.asarray(image.convert("RGB")))
    # The patch is 60 m wide, the searched windows 64 m and up to three of them; the mosaic a kilometre.
    width, _ = np.ptp(places(view, (250, 10, 10), 40), 0)
    assert width > PANEL * 60 / 200


def test_an_inset_shows_where_a_small_map_lies(
    tmp_path: Path, make_detection: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    affine = Affine(2.0, 0, 500_000, 0, -2.0, 5_400_000)
    write_mosaic(tmp_path / "m.tif", 32633, affine)
    click = Click(20, 30)
    # At the lower left of a mosaic of a kilometre.
    polygon = on_map(affine, PixelBox(20, 460, 25, 465))
    found = make_detection(0.9, (0, 0, 1, 1), rank=1, click=click, crs="EPSG:32633", polygon=polygon)
    view = the_map(drawn(tmp_path / "m.tif", made_photo(300, 200), [click], [found]))
    inset = view[8 : 8 + 130, -138:-8]
    x, y = middle(places(inset, (255, 60, 60), 5))
    assert x < 30
    assert y > 100
    # The whole mosaic, with its patch, within a frame.
    assert middle(places(inset, (250, 10, 10), 30)) == pytest.approx(np.array(PATCH.centre) * 118 / SIDE + 6, abs=3)
    monkeypatch.setattr(maps, "_MOST_READ_PX", 1)
    without = the_map(drawn(tmp_path / "m.tif", made_photo(300, 200), [click], [found]))
    assert len(places(without[:138, -138:], (255, 60, 60), 5)) == 0, "not where that takes long to read"


@pytest.mark.parametrize("size", [(40, 30), (2048, 256), (100, 900)])
def test_photos_of_any_shape_leave_the_map_its_place(utm: Path, size: tuple[int, int]) -> None:
    sheet = drawn(utm, made_photo(*size), [Click(0, 0), Click(size[0] - 0.5, size[1] - 0.5)], [])
    assert the_map(sheet).shape == (PANEL, PANEL, 3)
    assert len(places(the_map(sheet), (250, 10, 10), 40)) > 100


def test_many_clicks_get_a_close_up_each(utm: Path, make_detection: Make) -> None:
    _, affine = GRIDS["UTM"]
    clicks = [Click(10 + 30 * i, 50) for i in range(8)]
    found = [
        make_detection(0.9, (0, 0, 1, 1), rank=1, click=click, crs="EPSG:32633", polygon=on_map(affine, PATCH))
        for click in clicks
    ]
    few = drawn(utm, made_photo(300, 200), clicks[:3], found[:3])
    many = drawn(utm, made_photo(300, 200), clicks, found)
    row = few.shape[0] - 2 * GAP - PANEL
    assert many.shape[0] == few.shape[0] + 2 * row


def test_files_are_not_lost_or_left_half_written(utm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo, targets = made_photo(300, 200), [Target(Click(20, 30))]
    there = tmp_path / "there.png"
    there.write_text("precious")
    before = set(tmp_path.iterdir())
    with open_mosaic([utm]) as mosaic:
        with pytest.raises(OutputError, match="exists already"):
            draw_preview(photo, targets, [], mosaic, there)
        with pytest.raises(OutputError, match="unknown kind"):
            draw_preview(photo, targets, [], mosaic, tmp_path / "a.jpg")

        def no_space(*args: object, **kwargs: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Image.Image, "save", no_space)
        with pytest.raises(OutputError, match="No space left"):
            draw_preview(photo, targets, [], mosaic, there, overwrite=True)
    assert there.read_text() == "precious"
    assert set(tmp_path.iterdir()) == before


def test_the_mosaic_is_read_in_screenfuls(utm: Path, make_detection: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    read = Mosaic.read

    def counted(self: Mosaic, grid: object) -> object:
        sizes.append(grid.width * grid.height)  # type: ignore[attr-defined]
        return read(self, grid)  # type: ignore[arg-type]

    monkeypatch.setattr(Mosaic, "read", counted)
    click = Click(20, 30)
    bounds = box(500_010, 5_399_950, 500_014, 5_399_954)
    found = make_detection(0.9, (0, 0, 1, 1), rank=1, click=click, crs="EPSG:32633", polygon=bounds)
    drawn(utm, made_photo(300, 200), [click], [found])
    assert len(sizes) == 2, "the map and one close-up"
    assert max(sizes) == PANEL**2


@pytest.mark.parametrize(
    "target",
    [Target.from_corners(60, 40, 140, 90), Target.from_polygon([(60, 40), (140, 40), (140, 90), (60, 90)])],
    ids=["box", "polygon"],
)
def test_what_was_drawn_is_drawn(utm: Path, target: Target) -> None:
    photo, path = made_photo(340, 170), utm.parent / "preview.png"
    with open_mosaic([utm]) as mosaic:
        draw_preview(photo, [target], [], mosaic, path)
    with Image.open(path) as image:
        sheet = np.asarray(image.convert("RGB"))
    outline = places(sheet[GAP : GAP + PANEL, GAP : GAP + 340 * 4], FIRST)
    assert outline.min(0) == pytest.approx([240, 160], abs=3)
    assert outline.max(0) == pytest.approx([560, 360], abs=3)


def test_a_close_up_shows_all_that_was_drawn() -> None:
    """A quarter of the photo's shorter side would show none of its outline."""
    picture = photo_close_up(made_photo(400, 300), Target.from_corners(20, 20, 380, 280), FIRST, 270, label=False)
    outline = places(np.asarray(picture), FIRST)
    # 540 px of the photo: 360 x 260 of them in half as many of the picture, which it holds whole.
    assert np.ptp(outline, 0) == pytest.approx([180, 130], abs=4)
    assert outline.min() > 5
