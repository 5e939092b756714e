"""The town's files: mosaic, photographs, panoramas and queries tell the same truth."""

import csv
import filecmp
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely

from geoloc import town
from geoloc.evaluation.labelled import read_queries
from geoloc.photo.photo import Photo, load_photo
from geoloc.town.picture.camera import Camera, Equirectangular, Pinhole
from geoloc.town.picture.frame import Frame
from geoloc.town.picture.render import cast
from geoloc.town.scene.scene import Scene, build_scene
from geoloc.town.scene.shapes import Material, pack
from geoloc.town.town import DEFAULT_ORIGIN
from geoloc.town.write import GROUND_ALTITUDE_M
from tests.helpers.tiny_town import quick_towns

Built = tuple[Path, town.Town]


@pytest.fixture(scope="module")
def scene() -> Scene:
    with quick_towns():
        return build_scene(3, 80.0)


def camera_of(photo: Photo) -> Camera:
    """The camera by what the file's metadata says, nothing else."""
    assert photo.position is not None
    assert photo.altitude_m is not None
    assert photo.heading_deg is not None
    lon, lat = photo.position
    frame = Frame(DEFAULT_ORIGIN, 4326)
    x, y = frame.from_crs(np.array([[lon, lat]]))[0]
    place = (float(x), float(y), photo.altitude_m - GROUND_ALTITUDE_M)
    if photo.panorama:
        return Equirectangular(place, photo.heading_deg, *photo.size)
    assert photo.pitch_deg is not None
    assert photo.focal_px is not None
    return Pinhole(place, photo.heading_deg, photo.pitch_deg, photo.focal_px, *photo.size)


def rows_of(built: Built) -> list[dict[str, str]]:
    with built[1].queries.open() as file:
        return list(csv.DictReader(file))


def test_the_metadata_tells_the_pose(small_town: Built) -> None:
    for number, path in enumerate(small_town[1].photos):
        photo = load_photo(path)
        assert photo.size == (400, 300)
        assert photo.position is not None
        assert photo.focal_px == pytest.approx(24 / 43.2666 * 500, rel=1e-5)
        assert not photo.panorama
        if number == 3:  # like a camera without a gimbal
            assert photo.heading_deg is None
            assert photo.pitch_deg is None
        else:
            assert photo.pitch_deg is not None
            assert -90.0 <= photo.pitch_deg <= -30.0
            assert photo.relative_altitude_m is not None
            assert 40.0 <= photo.relative_altitude_m <= 120.0
            assert photo.altitude_m == pytest.approx(photo.relative_altitude_m + GROUND_ALTITUDE_M, abs=2e-3)
    panorama = load_photo(small_town[1].panoramas[0])
    assert panorama.panorama
    assert panorama.size == (512, 256)
    assert panorama.heading_deg is not None


def test_clicks_hit_the_objects_they_name_through_the_metadata(small_town: Built, scene: Scene) -> None:
    folder, _ = small_town
    packed = pack(scene.on_flight())
    checked = 0
    for row in rows_of(small_town):
        photo = load_photo(folder / row["photo"])
        if photo.heading_deg is None:
            continue
        camera = camera_of(photo)
        x, y = float(row["click_x"]), float(row["click_y"])
        one = (int(y), int(y) + 1, int(x), int(x) + 1)
        number = int(row["object"].split("_")[1])
        assert cast(camera, packed, one).objects(packed).item() == number, row
        checked += 1
    assert checked >= 12


def test_objects_are_where_the_true_boxes_project_to(small_town: Built, scene: Scene) -> None:
    """The click's ray, followed to the object's heights, passes over the true box."""
    folder, _ = small_town
    objects = {item.id: item for item in scene.objects}
    for row in rows_of(small_town):
        photo = load_photo(folder / row["photo"])
        if photo.heading_deg is None:
            continue
        camera = camera_of(photo)
        item = objects[int(row["object"].split("_")[1])]
        origin, direction = camera.ray(float(row["click_x"]), float(row["click_y"]))
        packed = pack([item])
        x, y = int(float(row["click_x"])), int(float(row["click_y"]))
        depth = cast(camera, packed, (y, y + 1, x, x + 1)).depth.item()
        hit = Frame(DEFAULT_ORIGIN, int(row["epsg"])).to_crs((origin + depth * direction)[None])[0]
        assert float(row["xmin"]) - 0.01 <= hit[0] <= float(row["xmax"]) + 0.01
        assert float(row["ymin"]) - 0.01 <= hit[1] <= float(row["ymax"]) + 0.01


def test_queries_are_read_by_the_evaluation_and_are_of_several_kinds(small_town: Built) -> None:
    rows = rows_of(small_town)
    assert len(read_queries(small_town[1].queries)) == len(rows)
    assert {"house", "car", "tree"} <= {row["kind"] for row in rows}
    assert all(float(row["seen"]) >= 0.6 for row in rows)
    boxes = {f"{item.kind}_{item.id}": item.box for item in small_town[1].objects}
    for row in rows:
        assert [float(row[name]) for name in ("xmin", "ymin", "xmax", "ymax")] == pytest.approx(boxes[row["object"]])


def test_queries_tell_the_outline_of_what_they_ask_for(small_town: Built, scene: Scene) -> None:
    frame = Frame(DEFAULT_ORIGIN, 32633)
    true = {f"{item.kind}_{item.id}": item for item in small_town[1].objects}
    plans = {item.id: item.plan() for item in scene.objects}
    for row in rows_of(small_town):
        outline = shapely.from_wkt(row["geometry"])
        assert outline.is_valid
        assert outline.equals(true[row["object"]].outline)
        box = [float(row[name]) for name in ("xmin", "ymin", "xmax", "ymax")]
        assert np.abs(np.array(outline.bounds) - box).max() < (0.05 if row["kind"] != "tree" else 1.0)
        corners = np.array(outline.exterior.coords)
        assert np.abs(corners - corners.round(2)).max() < 1e-6
        back = shapely.transform(outline, frame.from_crs)
        plan = plans[true[row["object"]].id]
        assert back.symmetric_difference(plan).area < 0.02 * plan.area


def test_the_mosaic_is_a_tiled_geotiff_with_overviews_and_a_mask(small_town: Built) -> None:
    with rasterio.open(small_town[1].mosaic) as file:
        assert file.crs.to_epsg() == 32633
        assert file.profile["tiled"]
        assert file.overviews(1)
        mask, pixels = file.dataset_mask(), file.read()
        assert not mask[0, 0]
        assert (mask > 0).sum() * 0.25**2 == pytest.approx(80.0**2, rel=0.01)
        assert pixels[:, mask > 0].std() > 20  # no empty picture
        small = file.read_masks(1, out_shape=(file.height // 2, file.width // 2))
        assert not small[0, 0]


def test_white_roofs_of_cars_are_bright_in_the_mosaic_where_the_geotransform_says(
    small_town: Built, scene: Scene
) -> None:
    """Not only ids but the written pixels are at the true place."""
    frame = Frame(DEFAULT_ORIGIN, 32633)
    checked = 0
    with rasterio.open(small_town[1].mosaic) as file:
        pixels = file.read().astype(float).mean(axis=0)
        for item in scene.objects:
            tops = [face for face in item.faces if np.ptp(face.points[:, 2]) < 1e-6 and face.material == Material.PAINT]
            if item.kind != "car" or not item.surveyed or not tops or min(tops[-1].colour) < 200:
                continue
            top = max(tops, key=lambda face: face.points[0, 2])
            outside = item.outline()[:, :2].mean(0) + 3.5 * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
            here, *around = frame.to_crs(np.concatenate([top.points[[0, 2], :2].mean(0)[None], outside]))
            column, row = ~file.transform * tuple(here)
            beside = [pixels[int(y), int(x)] for x, y in (~file.transform * tuple(point) for point in around)]
            assert pixels[int(row), int(column)] > np.median(beside) + 20, item.id
            checked += 1
    assert checked, "the town of this seed has no white car: take another seed"


def test_the_same_arguments_make_the_same_files(
    small_town: Built, build_small: Callable[[Path], town.Town], tmp_path: Path
) -> None:
    again = build_small(tmp_path)
    first = small_town[1]
    for a, b in zip(
        (first.queries, *first.photos, *first.panoramas), (again.queries, *again.photos, *again.panoramas), strict=True
    ):
        assert filecmp.cmp(a, b, shallow=False), a
    with rasterio.open(first.mosaic) as one, rasterio.open(again.mosaic) as other:
        assert (one.read() == other.read()).all()


def test_a_farm_has_files_and_queries_too(tmp_path: Path) -> None:
    with quick_towns():
        made = town.build(
            tmp_path, seed=4, size_m=160.0, gsd_m=0.4, photo_px=(400, 300), panorama_px=256, photos=3, style="farm"
        )
    rows = rows_of((tmp_path, made))
    assert len(rows) > 6
    assert {row["kind"] for row in rows} - {"house", "car", "tree", "shed", "pool", "hall"}
    assert {"barn", "hedge"} <= {item.kind for item in made.objects}
    assert all(shapely.from_wkt(row["geometry"]).is_valid for row in rows)
    with rasterio.open(made.mosaic) as file:
        assert file.read().std() > 20


def test_photos_are_of_another_day(small_town: Built) -> None:
    photo = load_photo(small_town[1].photos[0]).pixels
    assert 60 < photo.mean() < 190
    assert photo.std() > 20


@pytest.mark.parametrize("wrong", [{"size_m": 10.0}, {"gsd_m": 0.0}, {"gsd_m": float("nan")}, {"epsg": 999999}])
def test_senseless_wishes_are_refused(tmp_path: Path, wrong: dict[str, float]) -> None:
    with pytest.raises(town.TownError) as error:
        town.build(tmp_path / "x", **wrong)  # type: ignore[arg-type]
    assert "\n" not in str(error.value)
    assert not (tmp_path / "x").exists()


def test_photos_at_eye_level_tell_position_and_heading_alone(tmp_path: Path) -> None:
    with quick_towns():
        built = town.build(
            tmp_path, seed=3, size_m=80.0, gsd_m=0.5, photos=0, panoramas=0, walks=2, photo_px=(400, 300), later=True
        )
    assert len(built.walks) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mosaic.tif", "queries.csv", "walks"]
    for path in built.walks:
        photo = load_photo(path)
        assert photo.position is not None
        assert photo.heading_deg is not None
        assert photo.compass
        assert photo.pitch_deg is None
        assert photo.focal_px is not None
