"""The animated picture of the demonstration: what its frames show, and that a page can carry it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from shapely.geometry import box

from geoloc.photo.target import Click, Target
from geoloc.results.maps import MapView, local_crs
from scripts import animate
from tests.helpers.paths import ROOT
from tiling.plan import Window

MOST_BYTES = 1_500_000


@pytest.fixture(scope="module")
def scene() -> animate.Scene:
    """A grey photo with two clicks, one of them found, on a black map searched in two windows."""
    windows = [Window(z=19, x=283989 + 3 * i, y=181455, n=6, px=384, valid=1.0) for i in range(2)]
    ground = windows[0].grid.footprint("EPSG:3857")
    crs = local_crs(ground, "EPSG:3857")
    clicks = [Click(200, 200), Click(900, 600)]
    found = SimpleNamespace(click=clicks[1], rank=1, polygon=box(-10, -10, 10, 10), crs=crs, score=0.9, accuracy_m=1.5)
    whole, near = MapView(crs, (0, 0), 200, 420), MapView(crs, (0, 0), 60, 420)
    return animate.Scene(
        SimpleNamespace(pixels=np.full((900, 1200, 3), 128, np.uint8), size=(1200, 900)),
        [Target(click) for click in clicks],
        SimpleNamespace(here=[found], plan=SimpleNamespace(windows=windows)),
        [(view, Image.new("RGB", (420, 420))) for view in [*([whole] * (animate._ZOOM - 1)), near]],
    )


def bright(picture: Image.Image, left: bool) -> int:
    """How many coloured pixels the photo's half or the map's has."""
    half = picture.crop((0, 0, 560, 370) if left else (570, 0, 990, 370))
    pixels = np.asarray(half, int)
    return int((pixels.max(axis=-1) - pixels.min(axis=-1) > 60).sum())


def test_a_story_has_clicks_windows_and_outlines(scene: animate.Scene) -> None:
    frames = list(animate.story(scene))
    pictures = [picture for picture, _ in frames]
    assert len(frames) == 1 + 2 + 2 + animate._ZOOM + 2
    assert {picture.size for picture in pictures} == {animate.SIZE}
    assert bright(pictures[0], left=True) == 0 < bright(pictures[1], left=True) < bright(pictures[2], left=True)
    # Colour comes onto the map with the answers alone.
    assert all(bright(picture, left=False) == 0 for picture in pictures[:-2])
    assert bright(pictures[-1], left=False) > 0


def test_the_map_comes_nearer_evenly() -> None:
    crs = local_crs(box(15, 51, 15.1, 51.1), "EPSG:4326")
    whole, near = MapView(crs, (0, 0), 400, 100), MapView(crs, (50, -20), 100, 100)
    ways = [animate._between(whole, near, share) for share in (0, 0.5, 1)]
    assert [round(view.side_m) for view in ways] == [400, 200, 100]
    assert (ways[0], ways[2].centre) == (whole, near.centre)


def test_frames_become_one_animated_picture(scene: animate.Scene, tmp_path: Path) -> None:
    animate.save(list(animate.story(scene))[:4], tmp_path / "a.webp")
    with Image.open(tmp_path / "a.webp") as picture:
        assert picture.n_frames == 4


def test_the_page_carries_it() -> None:
    path = ROOT / "docs/demo.webp"
    assert path.stat().st_size <= MOST_BYTES
    with Image.open(path) as picture:
        assert picture.n_frames > 20
