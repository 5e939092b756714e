"""Collections to train on: what is read, what is held out, how a user's own mosaic is cut."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from geoloc.errors import TrainingError
from geoloc.train.grounds import sources
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.sources import CollectionBuilder, add_data, add_mosaic

EAST, NORTH, GSD_M = 300_000.0, 5_000_000.0, 0.25


def collected(root: Path, *, held_out: bool | None) -> Collection:
    builder = CollectionBuilder()
    add_data(builder, root, held_out=held_out)
    return builder.build()


def names(collection: Collection) -> tuple[set[str], set[str], set[str]]:
    """Orthophotos, crops, photographs."""
    grounds = {ground.name for ground in collection.grounds}
    orthophotos = {name for name in grounds if name.startswith("image")}
    return orthophotos, {n for n in grounds if n.startswith("kind")}, {photo.name for photo in collection.photos}


def test_what_is_held_out_is_not_trained_on(data_root: Path) -> None:
    training, held = (collected(data_root, held_out=apart) for apart in (False, True))
    for here, there, count in zip(names(training), names(held), (6, 45, 6), strict=True):
        assert here
        assert there
        assert not here & there
        assert len(here | there) == count
    assert names(held)[0] == {"image_15_05_02", "image_2_01_05"}


def test_boxes_become_corners_and_those_cut_by_the_edge_are_left_out(data_root: Path) -> None:
    by_name = {ground.name: ground for ground in collected(data_root, held_out=False).grounds}
    boxed = by_name["image_0_01_05"]
    assert boxed.boxes.tolist() == [[100, 120, 140, 150]]
    assert boxed.gsd_m == 0.2
    # A building.
    assert boxed.heights.tolist() == [[3.0, 14.0]]
    # Without an entry: 200 m a side.
    assert by_name["image_20_01_01"].gsd_m == pytest.approx(0.5)


def test_views_know_their_ground_and_pictures_are_red_green_blue(data_root: Path, coloured_pixels: Callable) -> None:
    whole = collected(data_root, held_out=None)
    assert {whole.grounds[view.ground].name for view in whole.photos} == {"caliterra"}
    first = next(ground for ground in whole.grounds if ground.name == "image_0_01_05")
    wrong = np.abs(first.pixels.astype(int) - coloured_pixels(400, 400))
    assert np.median(wrong) < 6
    assert len(whole.weights) == len(whole.grounds)


def _no_orthos(root: Path) -> None:
    shutil.rmtree(root / "orthos")


def _no_boxes(root: Path) -> None:
    (root / "orthos/estonia/boxes.json").unlink()


def _broken_boxes(root: Path) -> None:
    (root / "orthos/estonia/boxes.json").write_text("[")


def _no_pictures(root: Path) -> None:
    for path in root.glob("orthos/*/*.jpg"):
        path.unlink()


def _a_broken_picture(root: Path) -> None:
    (root / "orthos/estonia/image_0_01_05.jpg").write_bytes(b"\xff\xd8\xff")


def _no_site(root: Path) -> None:
    shutil.rmtree(root / "caliterra")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_no_orthos, "no training data here"),
        (_no_boxes, "boxes.json: cannot be read"),
        (_broken_boxes, "boxes.json: cannot be read"),
        (_no_pictures, "no orthophotos"),
        (_a_broken_picture, "image_0_01_05.jpg: cannot be read"),
        (_no_site, "caliterra: not a posed site"),
    ],
)
def test_unusable_data_is_told_in_one_line(
    data_root: Path, tmp_path: Path, spoil: Callable[[Path], None], says: str
) -> None:
    copy = tmp_path / "data"
    shutil.copytree(data_root, copy)
    spoil(copy)
    with pytest.raises(TrainingError, match=says) as caught:
        collected(copy, held_out=None)
    assert "\n" not in str(caught.value)


def _write(path: Path, bands: np.ndarray, affine: Affine, **more: object) -> Path:
    profile = {"driver": "GTiff", "count": len(bands), "height": bands.shape[1], "width": bands.shape[2]}
    with rasterio.open(path, "w", **profile, dtype=bands.dtype, crs="EPSG:32633", transform=affine, **more) as file:
        file.write(bands)
    return path


@pytest.fixture(scope="module")
def mosaic(tmp_path_factory: pytest.TempPathFactory, coloured_pixels: Callable) -> Path:
    """120 m wide and 200 m high, turned by 10 degrees."""
    affine = Affine.translation(EAST, NORTH) * Affine.rotation(10) * Affine.scale(GSD_M, -GSD_M)
    pixels = np.moveaxis(coloured_pixels(800, 480), -1, 0)
    return _write(tmp_path_factory.mktemp("mine") / "mine.tif", pixels, affine)


def of_mosaic(*args: object, **more: object) -> Collection:
    builder = CollectionBuilder()
    add_mosaic(builder, *args, **more)  # type: ignore[arg-type]
    return builder.build()


def test_a_mosaic_of_ones_own_is_levelled_to_metres_and_parted(mosaic: Path) -> None:
    whole = of_mosaic([mosaic])
    assert [ground.gsd_m for ground in whole.grounds] == pytest.approx([GSD_M], rel=0.02)
    held, rest = of_mosaic([mosaic], held_out=True), of_mosaic([mosaic], held_out=False)

    def area(collection: Collection) -> float:
        return sum(float(g.valid.sum()) * g.gsd_m**2 for g in collection.grounds if g.valid is not None)

    assert area(whole) == pytest.approx(120 * 200, rel=0.02)
    assert area(held) == pytest.approx(0.25 * area(whole), rel=0.03)
    assert area(held) + area(rest) == pytest.approx(area(whole), rel=0.02)
    # The northern part: of the upright grounds its first row is the whole's first row.
    assert whole.grounds[0].pixels[:40].mean() == pytest.approx(held.grounds[0].pixels[:40].mean(), abs=1)
    assert not whole.photos


def test_a_wide_mosaic_keeps_its_eastern_quarter_apart(tmp_path: Path) -> None:
    pixels = np.full((3, 160, 1200), 60, np.uint8)
    pixels[:, :, 900:] = 200
    wide = _write(tmp_path / "road.tif", pixels, Affine(GSD_M, 0, EAST, 0, -GSD_M, NORTH))
    (held,), (rest,) = (of_mosaic([wide], held_out=apart).grounds for apart in (True, False))
    for ground, colour in ((held, 200), (rest, 60)):
        assert ground.valid is not None
        assert np.median(ground.pixels[ground.valid]) == colour
    assert held.pixels.shape[1] == pytest.approx(300, abs=4)


def test_a_large_mosaic_comes_in_parts_that_overlap(mosaic: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "PART_PX", 300)
    parts = of_mosaic([mosaic])
    assert len(parts.grounds) > 4
    assert max(max(g.pixels.shape) for g in parts.grounds) <= 300
    assert len({g.name for g in parts.grounds}) == len(parts.grounds)
    assert sum(g.valid.sum() for g in parts.grounds if g.valid is not None) > 480 * 800
    monkeypatch.setattr(sources, "MOST_PARTS", 3)
    assert len(of_mosaic([mosaic]).grounds) == 3


def test_a_dsm_becomes_relief_where_it_lies(mosaic: Path, tmp_path: Path) -> None:
    heights = np.full((1, 300, 300), 100.0, np.float32)
    # A tower of 20 m, 10 x 10 m, at 60 m east and 100 m south of the mosaic's turned corner.
    affine = Affine(1, 0, EAST - 50, 0, -1, NORTH + 80)
    tower = Affine.translation(EAST, NORTH) * Affine.rotation(10) * (60, -100)
    column, row = (int(v) for v in ~affine * tower)
    heights[0, row - 5 : row + 5, column - 5 : column + 5] = 120
    heights[0, :20] = -9999
    dsm = _write(tmp_path / "dsm.tif", heights, affine, nodata=-9999)
    (ground,) = of_mosaic([mosaic], dsm).grounds
    assert ground.relief is not None
    # The lowest that is known stands for what is not.
    assert ground.relief.min() == pytest.approx(100)
    high = np.argwhere(ground.relief > 115).mean(0) + 0.5
    step = ground.pixels.shape[0] / ground.relief.shape[0]
    y, x = high * step
    red = ground.pixels[int(y), int(x)].astype(int)
    with rasterio.open(mosaic) as file:
        column, row = ~file.transform * tower
        expected = file.read()[:, int(row), int(column)].astype(int)
    assert np.abs(red - expected).max() < 12
    far = _write(tmp_path / "far.tif", heights, Affine(1, 0, EAST + 90_000, 0, -1, NORTH))
    with pytest.raises(TrainingError, match="no heights where the mosaic is"):
        of_mosaic([mosaic], far)


def test_too_small_a_mosaic_is_told(tmp_path: Path) -> None:
    tiny = _write(tmp_path / "s.tif", np.full((3, 60, 60), 90, np.uint8), Affine(0.1, 0, EAST, 0, -0.1, NORTH))
    with pytest.raises(TrainingError, match="hardly any data in its northern quarter"):
        of_mosaic([tiny], held_out=True)
