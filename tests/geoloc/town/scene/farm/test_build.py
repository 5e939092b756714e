"""A farm village: what stands in it, that it stands well, and that seeds differ."""

from collections import Counter

import numpy as np
import pytest
import shapely

from geoloc.town.scene import things
from geoloc.town.scene.farm import barns, leisure
from geoloc.town.scene.scene import Scene, build_scene
from tests.helpers.scenes import Build, assert_apart, assert_closed, assert_seed_decides

SEEDS = (1, 2, 3)
SOLID: dict[str, Build] = {
    "barn": lambda rng, builder: barns.build_barn(rng, builder, 30.0, 14.0),
    "tunnel": lambda rng, builder: barns.build_tunnel(rng, builder, 20.0, 8.0),
    "farmhouse": lambda rng, builder: barns.build_farmhouse(rng, builder, 15.0, 8.0),
    "row": lambda rng, builder: barns.build_row(rng, builder, 40.0, 9.0),
    "block": lambda rng, builder: barns.build_block(rng, builder, 40.0, 16.0),
    "bale": things.build_bale,
    "stack": lambda rng, builder: things.build_stack(rng, builder, 8.0, 4.0),
    "tank": lambda rng, builder: things.build_tank(rng, builder, 5.0),
    "container": things.build_container,
    "tractor": things.build_tractor,
    "stand": lambda rng, builder: leisure.build_stand(rng, builder, 12.0, 6),
}


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [build_scene(seed, 200.0, "farm") for seed in SEEDS]


def test_farms_have_what_farms_have(scenes: list[Scene]) -> None:
    every = Counter(item.kind for scene in scenes for item in scene.objects)
    wanted = {"barn", "house", "row house", "bale", "tank", "container", "trailer", "tractor", "car", "tree", "hedge"}
    assert wanted <= every.keys()
    surfaces = {surface.kind for scene in scenes for surface in scene.surfaces}
    assert {"yard", "car park", "track"} <= surfaces
    for scene in scenes:
        kinds = Counter(item.kind for item in scene.objects)
        assert kinds["barn"] >= 2
        assert [item.id for item in scene.objects] == list(range(1, len(scene.objects) + 1))


def test_seeds_make_different_farms_and_the_same_seed_the_same(scenes: list[Scene]) -> None:
    assert_seed_decides(scenes[0], build_scene(SEEDS[0], 200.0, "farm"), scenes[1])


def test_no_style_but_those_there_are() -> None:
    with pytest.raises(ValueError, match="harbour"):
        build_scene(1, 80.0, "harbour")  # type: ignore[arg-type]


def test_large_things_are_as_large_as_they_should_be(scenes: list[Scene]) -> None:
    lengths = [
        max(np.hypot(*np.diff(np.array(item.plan().minimum_rotated_rectangle.exterior.coords), axis=0).T))
        for scene in scenes
        for item in scene.objects
        if item.kind == "barn"
    ]
    assert max(lengths) > 28.0
    assert max(lengths) < 70.0


def test_solid_things_do_not_overlap_and_are_in_the_town(scenes: list[Scene]) -> None:
    for scene in scenes:
        assert_apart(scene, ("tree", "tree row", "orchard tree", "hedge"))


def test_crowns_hang_over_things(scenes: list[Scene]) -> None:
    covered = 0
    for scene in scenes:
        crowns = [item.plan() for item in scene.objects if item.kind == "tree"]
        below = [item.plan() for item in scene.objects if item.kind not in ("tree", "tree row", "hedge")]
        covered += len(shapely.STRtree(below).query(crowns, predicate="intersects").T)
    assert covered >= 5


@pytest.mark.parametrize("kind", SOLID)
def test_from_every_side_it_is_closed(kind: str) -> None:
    assert_closed(kind, SOLID[kind])
