"""A camp: what stands in it, that it stands well, that its ground is dry, and that no training draws it."""

from collections import Counter

import numpy as np
import pytest
import shapely
from shapely.geometry import Point

from geoloc.town.picture.camera import Parallel
from geoloc.town.picture.shade import PaintedGround, SceneRenderer, survey_day
from geoloc.town.scene.camp import services, shelters
from geoloc.town.scene.scene import Scene, build_scene
from geoloc.town.scene.shapes import SceneObject, ShapeBuilder
from geoloc.train.grounds.towns.maker import FIRST_SEED, style_of
from tests.helpers.scenes import Build, assert_apart, assert_closed, assert_seed_decides

SEEDS = (1, 2, 3)
SOLID: dict[str, Build] = {
    "tent": lambda rng, builder: shelters.build_tent(rng, builder, shelters.draw_model(rng)),
    "shelter": lambda rng, builder: shelters.build_shelter(rng, builder, 5.0, 3.6),
    "latrine": lambda rng, builder: shelters.build_latrine(rng, builder, 4),
    "stall": lambda rng, builder: shelters.build_stall(rng, builder, 3.0, 2.4),
    "store": lambda rng, builder: services.build_store(rng, builder, 20.0, 9.0),
    "tank": lambda rng, builder: services.build_water_tank(rng, builder, 1.2),
    "lorry": services.build_lorry,
    "screen": lambda rng, builder: shelters.build_screen(rng, builder, 4.0),
}


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [build_scene(seed, 220.0, "camp") for seed in SEEDS]


def test_camps_have_what_camps_have(scenes: list[Scene]) -> None:
    every = Counter(item.kind for scene in scenes for item in scene.objects)
    assert {"tent", "shelter", "latrine", "stall", "store", "tank", "lorry", "container", "car", "tree"} <= every.keys()
    for scene in scenes:
        kinds = Counter(item.kind for item in scene.objects)
        assert kinds["tent"] >= 8
        assert kinds["shelter"] >= 20
        assert [item.id for item in scene.objects] == list(range(1, len(scene.objects) + 1))


def test_seeds_make_different_camps_and_the_same_seed_the_same(scenes: list[Scene]) -> None:
    assert_seed_decides(scenes[0], build_scene(SEEDS[0], 220.0, "camp"), scenes[1])


@pytest.mark.parametrize("seed", range(4))
def test_the_smallest_camp_has_shelters(seed: int) -> None:
    assert "shelter" in {item.kind for item in build_scene(seed, 50.0, "camp").objects}


def test_shelters_stand_outside_the_blocks_too(scenes: list[Scene]) -> None:
    for scene in scenes:
        blocks = shapely.union_all([plot.polygon for plot in scene.layout.plots])
        outside = [o for o in scene.objects if o.kind == "shelter" and not blocks.intersects(o.plan())]
        assert len(outside) > 4


def test_things_do_not_overlap_and_are_in_the_camp(scenes: list[Scene]) -> None:
    for scene in scenes:
        assert_apart(scene, ("tree", "pile"))


def test_nothing_but_wheels_stands_on_a_track(scenes: list[Scene]) -> None:
    for scene in scenes:
        carriageways = [street.line.buffer(street.width / 2) for street in scene.layout.streets]
        for plot in scene.layout.plots:
            assert not any(road.intersects(plot.polygon) for road in carriageways)
        standing = [o for o in scene.objects if o.kind not in ("car", "lorry", "tree")]
        roads = shapely.union_all(carriageways)
        assert [o.kind for o in standing if roads.intersection(o.plan()).area > 0.01] == []


@pytest.mark.parametrize("kind", SOLID)
def test_it_has_one_outline(kind: str) -> None:
    """Of a thing in parts the true outline would be that of the largest one."""
    for seed in range(8):
        builder = ShapeBuilder(0.0, 0.0, 0.4)
        SOLID[kind](np.random.default_rng(seed), builder)
        plan, points = (
            SceneObject(1, kind, tuple(builder.faces)).plan(),
            np.concatenate([f.points for f in builder.faces]),
        )
        assert all(plan.distance(Point(point[:2])) < 0.02 for point in points)


@pytest.mark.parametrize("kind", SOLID)
def test_from_every_side_it_is_closed(kind: str) -> None:
    assert_closed(kind, SOLID[kind])


def test_its_ground_is_dry() -> None:
    """Redder than green nearly everywhere, where a village is green."""

    def red_over_green(scene: Scene, style: str) -> float:
        day = survey_day(np.random.default_rng(0), style)  # type: ignore[arg-type]
        renderer = SceneRenderer(scene, [], day, PaintedGround(scene, 1))
        along, down = np.array([1.0, 0.0, 0.0]), np.array([0.0, -1.0, 0.0])
        camera = Parallel(np.array([-35.0, 35.0, 90.0]), along, down, np.array([0.0, 0.0, -1.0]), 70, 70)
        pixels = renderer.render(camera, 0).pixels.astype(float)
        return float((pixels[..., 0] > pixels[..., 1]).mean())

    assert red_over_green(build_scene(1, 80.0, "camp"), "camp") > 0.95
    assert red_over_green(build_scene(1, 80.0), "village") < 0.7


def test_no_training_draws_one() -> None:
    assert "camp" not in {style_of(seed) for seed in (*range(1000), *range(FIRST_SEED, FIRST_SEED + 5000))}
