"""Labels of a mosaic: exact masks and outlines of what stands and lies there."""

import numpy as np
import pytest
from rasterio.features import rasterize

from geoloc.town.labels import LabelMap, label_map
from geoloc.town.picture.frame import Frame, MosaicGrid
from geoloc.town.picture.shade import PaintedGround, SceneRenderer, survey_day
from geoloc.town.scene.scene import Scene, build_scene
from tests.helpers.tiny_town import quick_towns

GSD_M = 0.2


@pytest.fixture(scope="module", params=["village", "farm", "camp"])
def scene(request: pytest.FixtureRequest) -> Scene:
    with quick_towns():
        return build_scene(5, 120.0, request.param)


@pytest.fixture(scope="module", params=[0.0, 25.0])
def grid(request: pytest.FixtureRequest) -> MosaicGrid:
    return MosaicGrid.over(Frame((15.31, 51.87), 32633), 120.0, GSD_M, request.param)


@pytest.fixture(scope="module")
def labels(scene: Scene, grid: MosaicGrid) -> LabelMap:
    return label_map(scene, grid)


def mask(labels: LabelMap, outline: object) -> np.ndarray:
    return rasterize([(outline, 1)], out_shape=labels.ids.shape).astype(bool)


def test_ids_are_those_that_the_survey_renders(scene: Scene, grid: MosaicGrid, labels: LabelMap) -> None:
    day = survey_day(np.random.default_rng(0))
    renderer = SceneRenderer(scene, scene.on_survey(), day, PaintedGround(scene, 5))
    last = max(item.id for item in scene.objects)
    (r0, r1, c0, c1), camera = next(iter(grid.cameras()))
    tile, valid = labels.ids[r0:r1, c0:c1], grid.valid((r0, r1, c0, c1))
    # Rendered with all rays of a pixel; the first passes beside its middle.
    rendered = renderer.render(camera, 0).ids
    assert (np.where(tile > last, 0, tile) == rendered)[valid].mean() > 0.97


def test_what_nothing_hides_fills_its_outline(labels: LabelMap, scene: Scene) -> None:
    """The outline's raster and the id map agree (IoU above 0.95) where all of the thing is seen."""
    checked: dict[str, list[float]] = {}
    for thing in labels.things:
        inside, shown = mask(labels, thing.outline), labels.ids == thing.id
        touching = set(np.unique(labels.ids[inside & ~shown]).tolist()) - {0}
        if touching or shown.sum() < 200 or thing.outline.bounds[0] < 0:
            continue
        checked.setdefault(thing.kind, []).append((inside & shown).sum() / (inside | shown).sum())
    houses = any(item.kind == "house" for item in scene.objects)
    assert ({"house", "car", "tree"} if houses else {"shelter", "car"}) <= checked.keys()
    for kind, shares in checked.items():
        # Small, notched shapes lose pixels on their borders; of a hedge small gaps count as inside.
        assert np.median(shares) > (0.85 if kind in ("bush", "hedge") else 0.95), (kind, shares)


def test_no_thing_is_seen_outside_its_outline(labels: LabelMap) -> None:
    for thing in labels.things:
        shown = labels.ids == thing.id
        assert shown.any()
        outside = shown & ~mask(labels, thing.outline)
        assert outside.sum() <= 0.05 * shown.sum() + 2, thing


def test_hedges_ground_and_fields_are_things(labels: LabelMap, scene: Scene) -> None:
    kinds = {thing.kind for thing in labels.things}
    standing = {item.kind for item in scene.objects}
    if "house" in standing:
        assert {"hedge", "field", "house"} | ({"yard"} if "barn" in standing else {"drive", "terrace"}) <= kinds
    else:
        assert {"bush", "field", "shelter", "car"} <= kinds
    assert not {"plot", "verge", ""} & kinds
    ids = [thing.id for thing in labels.things]
    assert len(set(ids)) == len(ids)
    assert set(ids) == set(np.unique(labels.ids).tolist()) - {0}
    names = {item.id: item.kind for item in scene.objects}
    assert all(names[thing.id] == thing.kind for thing in labels.things if thing.id in names)


def test_what_moved_is_not_in_the_mosaic(labels: LabelMap, scene: Scene) -> None:
    gone = {item.id for item in scene.objects if not item.surveyed}
    assert gone
    assert not gone & set(np.unique(labels.ids).tolist())
