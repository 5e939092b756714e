"""Each side of a ground is made when it is first needed: local features without the network, the rest with it."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from geoloc.geometry.known_planes import KnownPlanes
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.pipeline.ground import SearchGround
from geoloc.pipeline.source import MosaicSource
from tiling.area import Area
from tiling.mosaic import Mosaic


@pytest.fixture
def asked() -> list[str]:
    return []


def ground_of(source: Any, plan: Any, asked: list[str]) -> SearchGround:
    def network() -> Any:
        asked.append("network")
        return SimpleNamespace(window_px=384, gsd_m=0.2)

    return SearchGround(source, plan, network, KnownPlanes())


def test_planes_need_no_network(mosaic: Mosaic, asked: list[str]) -> None:
    source = MosaicSource(mosaic, "base", None)
    plan = source.plan(Area.everywhere())
    ground = ground_of(source, plan, asked)
    assert ground.planes is not None
    assert ground.planes is ground.planes
    assert asked == []
    assert ground.reference.plan is plan
    assert asked == ["network"]
    assert ground.refiner.planes is ground.planes


def test_plans_of_another_lattice_have_features_of_their_own(mosaic: Mosaic) -> None:
    """Their pixels are others, and so would be where the features lie."""
    source = MosaicSource(mosaic, "base", None)
    plan = source.plan(Area.everywhere())
    matcher = cast(Any, None)
    assert source.keypoints(replace(plan, windows=plan.windows[:1]), matcher) is source.keypoints(plan, matcher)
    other = replace(plan, zoom=plan.zoom - 1)
    assert source.keypoints(other, matcher) is not source.keypoints(plan, matcher)


def test_where_there_are_no_local_features(asked: list[str]) -> None:
    blind = SimpleNamespace(keypoints=lambda plan, matcher: None)
    assert ground_of(blind, "plan", asked).planes is None


def test_what_was_clicked_in_a_photo_is_told_to_later_clicks_in_it() -> None:
    ground = ground_of(SimpleNamespace(), "plan", [])
    photo, other = (Photo(Path("p.jpg"), np.zeros((100, 60, 3), np.uint8)) for _ in range(2))
    first, second, third = (Target(Click(x, 1)) for x in (0, 20, 40))
    assert ground.clicked(photo, [first, second]) == []
    assert ground.clicked(photo, [third]) == [first, second]
    assert ground.clicked(photo, [second]) == [first, third]
    assert ground.clicked(other, [second]) == []
    # What is clicked beside another is another target here; the prior knows that it is the same thing.
    again = Target(Click(21, 2))
    assert ground.clicked(photo, [again]) == [first, third, second]


def test_what_is_before_a_pose_is_asked_once_a_click(asked: list[str]) -> None:
    def ahead(photo: Photo, click: Click, read: object) -> None:
        asked.append(f"{click.x:g}")

    network: Any = SimpleNamespace(ahead=ahead)
    ground = SearchGround(
        cast(Any, SimpleNamespace(mosaic=SimpleNamespace(read=None))), cast(Any, "plan"), lambda: network, KnownPlanes()
    )
    posed, other = (Photo(Path("p.jpg"), np.zeros((9, 9, 3), np.uint8)) for _ in range(2))
    for photo, x in ((posed, 1), (posed, 2), (posed, 1), (other, 1)):
        assert ground.ahead(photo, Click(x, 1)) is None
    assert asked == ["1", "2", "1"]


def test_what_was_asked_of_a_photo_goes_when_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """In QGIS one ground answers for as long as the map is open."""
    monkeypatch.setattr("geoloc.geometry.stand.find_stands", lambda photo, mosaic, likeness: [])
    source = cast(Any, SimpleNamespace(mosaic=SimpleNamespace(read=None)))
    network: Any = SimpleNamespace(ahead=lambda photo, click, read: click, likeness=lambda photo, read: photo)
    ground = SearchGround(source, cast(Any, "plan"), lambda: network, KnownPlanes())
    photo = Photo(Path("p.jpg"), np.zeros((9, 9, 3), np.uint8), position=(15.0, 51.0), height_m=1.6)
    ground.stands(photo)
    ground.clicked(photo, [Target(Click(1, 1))])
    ground.ahead(photo, Click(1, 1))
    known = weakref.ref(photo)
    del photo
    gc.collect()
    assert known() is None


@pytest.mark.parametrize("high_m", [1.6, 80.0])
def test_the_network_compares_poses_of_cameras_at_eye_level_alone(
    high_m: float, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of photos from the air it may not be needed at all."""
    given: list[object] = []
    monkeypatch.setattr("geoloc.geometry.stand.find_stands", lambda photo, mosaic, likeness: given.append(likeness))
    source = cast(Any, SimpleNamespace(mosaic=SimpleNamespace(read="read")))

    def network() -> Any:
        asked.append("network")
        return SimpleNamespace(likeness=lambda photo, read: (photo, read))

    ground = SearchGround(source, cast(Any, "plan"), network, KnownPlanes())
    photo = Photo(Path("p.jpg"), np.zeros((9, 9, 3), np.uint8), position=(15.0, 51.0), height_m=high_m)
    ground.stands(photo)
    ground.stands(photo)
    assert (given, asked) == (([(photo, "read")], ["network"]) if high_m < 6 else ([None], []))
