"""Scenes: what stands in them and that it stands well."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from shapely.geometry import MultiPoint

from geoloc.town.picture.camera import Pinhole
from geoloc.town.picture.frame import Frame, MosaicGrid
from geoloc.town.picture.render import cast
from geoloc.town.scene.scene import Scene, Style, a_year_later, build_scene
from geoloc.town.scene.shapes import pack


@pytest.fixture(scope="module")
def scene() -> Scene:
    return build_scene(5, 120.0)


def test_a_town_has_what_a_town_has(scene: Scene) -> None:
    kinds = [item.kind for item in scene.objects]
    assert {"house", "car", "tree", "shed"} <= set(kinds)
    assert kinds.count("house") >= 8
    assert [item.id for item in scene.objects] == list(range(1, len(kinds) + 1))


def test_seeds_make_different_towns_and_the_same_seed_the_same() -> None:
    first, again, other = build_scene(1, 80.0), build_scene(1, 80.0), build_scene(2, 80.0)
    outlines = [[item.outline().tobytes() for item in scene.objects] for scene in (first, again, other)]
    assert outlines[0] == outlines[1]
    assert outlines[0] != outlines[2]


@pytest.mark.parametrize(
    ("seed", "size", "style", "digest"),
    [
        (3, 80.0, "village", "b2bd28f68c4967d9"),
        (0, 240.0, "village", "e00dafee9cf61a44"),
        (1, 160.0, "farm", "b8dea59acefa6b3b"),
        (2, 120.0, "camp", "90a20dbb92afcd14"),
    ],
)
def test_a_scene_is_what_it_was(seed: int, size: float, style: Style, digest: str) -> None:
    """Benchmarks and the demonstration count on the same towns for ever: any other draw changes their figures."""
    every = hashlib.sha256()
    scene = build_scene(seed, size, style)
    for item in scene.objects + scene.greenery:
        every.update(f"{item.id} {item.kind} {item.surveyed} {item.flown}".encode())
        for face in item.faces:
            every.update(np.round(face.points, 6).tobytes())
            look = (int(face.material), tuple(map(float, face.colour)), face.openings, face.two_sided)
            every.update(repr(look).encode())
        for blob in item.blobs:
            every.update(np.round(np.concatenate([blob.centre, blob.radii, blob.colour]), 6).tobytes())
    assert every.hexdigest().startswith(digest)


def test_a_plan_is_valid_and_has_the_bounds_of_the_object(scene: Scene) -> None:
    for item in scene.objects:
        plan, points = item.plan(), item.outline()[:, :2]
        assert plan.is_valid
        assert plan.geom_type == "Polygon"
        assert not plan.interiors
        bounds = np.array(plan.bounds)
        # Clumps of leaves may stand apart from the crown.
        slack = 0.02 if item.kind != "tree" else 1.0
        assert np.abs(bounds - [*points.min(0), *points.max(0)]).max() < slack, item.kind


def test_only_cars_move_and_every_object_is_there_on_some_day(scene: Scene) -> None:
    assert all(item.surveyed or item.flown for item in scene.objects)
    moved = [item for item in scene.objects if not (item.surveyed and item.flown)]
    assert moved
    assert {item.kind for item in moved} == {"car"}


def test_solid_things_do_not_overlap_and_stand_on_the_ground(scene: Scene) -> None:
    solid = [item for item in scene.objects if item.kind in ("house", "shed", "car", "pool", "hall")]
    plans = [MultiPoint(item.outline()[:, :2]).convex_hull for item in solid]
    for i, plan in enumerate(plans):
        assert min(face.points[:, 2].min() for face in solid[i].faces) == pytest.approx(0.0, abs=0.01)
        for j in range(i):
            assert plan.intersection(plans[j]).area < 0.02 * min(plan.area, plans[j].area)


def test_from_every_side_a_house_is_closed(scene: Scene) -> None:
    """Faces seen from behind are not drawn: a wall turned inwards would be a hole in the silhouette."""
    for kind in ("house", "shed", "car", "hall"):
        item = next(item for item in scene.objects if item.kind == kind)
        packed = pack([item])
        every = replace(packed, two_sided=np.ones_like(packed.two_sided))
        x, y = item.outline()[:, :2].mean(0)
        for heading in (10.0, 100.0, 190.0, 280.0):
            ahead = 40.0 * np.array([np.sin(np.radians(heading)), np.cos(np.radians(heading))])
            camera = Pinhole((x - ahead[0], y - ahead[1], 30.0), heading, -36.0, 150.0, 120, 100)
            drawn, filled = cast(camera, packed), cast(camera, every)
            assert (drawn.objects(packed) == filled.objects(packed)).all(), (kind, heading)
            assert np.abs(drawn.depth - filled.depth)[filled.primitive >= 0].max() < 1e-4, (kind, heading)


@pytest.mark.parametrize(
    ("epsg", "origin", "rotation"),
    [
        (32633, (15.31, 51.87), 0.0),
        (32633, (15.31, 51.87), 33.0),
        (2193, (172.6, -43.5), 120.0),
        (3857, (10.7, 59.9), 0.0),
        (4326, (-71.1, 42.3), 15.0),
    ],
)
def test_what_the_mosaic_shows_fills_the_true_boxes(
    epsg: int, origin: tuple[float, float], rotation: float, scene: Scene
) -> None:
    frame = Frame(origin, epsg)
    gsd = 0.2
    grid = MosaicGrid.over(frame, 120.0, gsd, rotation)
    inner = [o for o in scene.objects if np.abs(o.outline()[:, :2]).max() < 55.0 and o.surveyed]
    # One of each kind, alone on the ground, so that no tree hides its edges.
    for item in {o.kind: o for o in inner}.values():
        packed = pack([item])
        shown = []
        for (r0, _, c0, _), camera in grid.cameras():
            # Twice as fine: at a sharp corner no whole pixel's centre lies within the outermost pixel.
            rows, columns = np.nonzero(cast(camera.enlarged(2), packed).objects(packed))
            shown.append(np.stack([(columns + 0.5) / 2 + c0, (rows + 0.5) / 2 + r0], axis=-1))
        x, y = _through(grid, np.concatenate(shown))
        units = np.linalg.norm(np.array(grid.affine[:6]).reshape(2, 3)[:, :2], axis=1)  # CRS units a pixel
        bounds = np.array([[x.min(), y.min()], [x.max(), y.max()]])
        truth = np.array(frame.true_box(item.outline())).reshape(2, 2)
        assert np.abs((bounds - truth) / units).max() < 1.0, item.kind


def _through(grid: MosaicGrid, pixels: np.ndarray) -> np.ndarray:
    matrix = np.array(grid.affine[:6]).reshape(2, 3)
    return (pixels @ matrix[:, :2].T + matrix[:, 2]).T


def test_a_year_changes_a_tenth_of_what_stays(scene: Scene) -> None:
    later = a_year_later(scene, 5)
    before = {item.id for item in scene.objects if item.surveyed and item.flown}
    changed = {item.id for item in later.objects if not (item.surveyed and item.flown)} & before
    assert 0.03 * len(before) < len(changed) < 0.2 * len(before)
    assert all(item.surveyed or item.flown for item in later.objects)
