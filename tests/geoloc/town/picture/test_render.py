"""First hits of rays, against closed formulas."""

import numpy as np
import pytest

from geoloc.town.picture.camera import Equirectangular, Parallel, Pinhole
from geoloc.town.picture.render import GROUND, SKY, cast
from geoloc.town.scene.shapes import Blob, Material, SceneObject, ShapeBuilder, pack

GREY = (Material.PLAIN, (128.0, 128.0, 128.0))


def block(number: int, plan: tuple[float, float, float, float], z: tuple[float, float]) -> SceneObject:
    builder = ShapeBuilder(0.0, 0.0, 0.0)
    builder.box(plan, z, GREY)
    return SceneObject(number, "house", tuple(builder.faces))


def ball(number: int, centre: tuple[float, float, float], radii: tuple[float, float, float]) -> SceneObject:
    return SceneObject(number, "tree", (), (Blob(np.array(centre), np.array(radii), (80.0, 120.0, 60.0)),))


def overhead(gsd: float = 0.1, side: int = 200) -> Parallel:
    corner = np.array([-gsd * side / 2, gsd * side / 2, 100.0])
    down = np.array([0.0, 0.0, -1.0])
    return Parallel(corner, np.array([gsd, 0, 0]), np.array([0, -gsd, 0]), down, side, side)


def test_ortho_sees_footprints_at_their_place_and_height() -> None:
    packed = pack([block(7, (2.0, 1.0, 5.0, 4.0), (0.0, 6.0)), ball(8, (-4.0, -3.0, 5.0), (2.0, 1.0, 3.0))])
    hits = cast(overhead(), packed)
    ids = hits.objects(packed)
    rows, columns = np.nonzero(ids == 7)
    assert (columns.min(), columns.max() + 1, rows.min(), rows.max() + 1) == (120, 150, 60, 90)
    assert hits.depth[75, 135] == pytest.approx(94.0, abs=1e-3)
    rows, columns = np.nonzero(ids == 8)
    assert (columns.min(), columns.max() + 1, rows.min(), rows.max() + 1) == (40, 80, 120, 140)
    assert hits.depth[130, 60] == pytest.approx(92.0, abs=0.01)
    assert (ids == 8).sum() == pytest.approx(np.pi * 20 * 10, rel=0.02)
    assert hits.primitive[0, 0] == GROUND
    assert hits.depth[0, 0] == pytest.approx(100.0, abs=1e-3)


@pytest.mark.parametrize("pitch", [-90.0, -70.0, -52.0])
def test_every_hit_of_a_photo_lies_on_what_it_names(pitch: float) -> None:
    box, tree = block(1, (-3.0, 8.0, 3.0, 14.0), (0.0, 5.0)), ball(2, (6.0, 18.0, 4.0), (3.0, 3.0, 2.0))
    packed = pack([box, tree])
    camera = Pinhole((0.0, 0.0, 30.0), 10.0, pitch, 120.0, 160, 120, roll_deg=4.0)
    hits = cast(camera, packed)
    ids = hits.objects(packed)
    points = camera.fixed + hits.depth[..., None] * camera.rays((0, 120, 0, 160))
    ground = points[hits.primitive == GROUND]
    assert np.abs(ground[:, 2]).max() < 2e-3
    on_box = points[ids == 1]
    if pitch > -90.0:
        assert len(on_box) > 100
        outside = np.abs(on_box - [0.0, 11.0, 2.5]) - [3.0, 3.0, 2.5]
        assert np.abs(outside.max(axis=1)).max() < 2e-3
        reach = np.linalg.norm((points[ids == 2] - [6.0, 18.0, 4.0]) / [3.0, 3.0, 2.0], axis=1)
        assert len(reach) > 100
        assert reach == pytest.approx(1.0, abs=5e-3)


def test_the_nearer_thing_hides_the_farther_one() -> None:
    wall, behind = block(1, (-5.0, 10.0, 5.0, 11.0), (0.0, 8.0)), ball(2, (0.0, 20.0, 2.0), (2.0, 2.0, 2.0))
    camera = Pinhole((0.0, 0.0, 2.0), 0.0, 0.0, 100.0, 160, 120)
    for order in ([wall, behind], [behind, wall]):
        packed = pack(order)
        ids = cast(camera, packed).objects(packed)
        assert 2 not in ids
        assert ids[60, 80] == 1
    alone = pack([behind])
    assert 2 in cast(camera, alone).objects(alone)


def test_a_low_camera_sees_what_is_close() -> None:
    packed = pack([block(1, (-1.0, 2.0, 1.0, 4.0), (0.0, 0.5))])
    camera = Pinhole((0.0, 0.0, 3.0), 0.0, -45.0, 2000.0, 100, 100)
    assert (cast(camera, packed).objects(packed)[:50, 40:60] == 1).all()


def test_a_panorama_sees_all_round_and_the_sky_above() -> None:
    around = [block(1, (-2.0, 9.0, 2.0, 10.0), (0.0, 6.0)), block(2, (-2.0, -10.0, 2.0, -9.0), (0.0, 6.0))]
    packed = pack(around)
    camera = Equirectangular((0.0, 0.0, 2.0), 0.0, 360, 180)
    hits = cast(camera, packed)
    ids = hits.objects(packed)
    assert ids[88, 180] == 1
    assert ids[88, 0] == ids[88, 359] == 2  # on the seam
    assert hits.primitive[0, 10] == SKY
    assert hits.primitive[179, 10] == GROUND
    assert hits.depth[179, 10] == pytest.approx(2.0, abs=1e-3)


def test_a_window_is_that_part_of_the_whole() -> None:
    packed = pack([block(1, (-3.0, 8.0, 3.0, 14.0), (0.0, 5.0)), ball(2, (6.0, 18.0, 4.0), (3.0, 3.0, 2.0))])
    camera = Pinhole((0.0, 0.0, 30.0), 10.0, -60.0, 120.0, 160, 120)
    whole, part = cast(camera, packed), cast(camera, packed, (20, 90, 30, 120))
    assert (whole.primitive[20:90, 30:120] == part.primitive).all()
