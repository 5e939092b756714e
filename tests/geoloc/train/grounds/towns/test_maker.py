"""A small synthetic town: every photograph knows what it shows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from geoloc.plane.homography import map_points
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.gather import HELD_OUT_TOWN
from geoloc.train.grounds.masked import FlatPhoto
from geoloc.train.grounds.posed_photo import PosedPhoto
from geoloc.train.grounds.sources import CollectionBuilder
from geoloc.train.grounds.towns import cameras
from geoloc.train.grounds.towns.maker import FIRST_SEED, HELD_OUT, TrainingTown, style_of
from geoloc.train.outlines.gather import HELD_OUT_TOWNS
from tests.helpers.paths import ROOT
from tests.helpers.tiny_town import tiny_town


@pytest.fixture(scope="module")
def made() -> TrainingTown:
    return tiny_town(5)


@pytest.fixture(scope="module")
def town(made: TrainingTown) -> Collection:
    builder = CollectionBuilder()
    builder.add(made.ground, 1.0, made.photos)
    return builder.build()


def test_a_town_has_a_mosaic_objects_and_photographs(town: Collection) -> None:
    (ground,) = town.grounds
    assert ground.name == "town_5"
    assert ground.size_m == pytest.approx(90, abs=1)
    assert len(ground.boxes) > 3
    assert ((ground.boxes >= -1) & (ground.boxes <= ground.size.max() + 1)).all()
    assert (ground.heights[:, 0] == ground.heights[:, 1]).all()
    assert ground.valid is not None
    assert ground.valid.mean() > 0.8
    assert len(town.photos) == 6
    assert [view.panorama for view in town.photos] == [False] * 5 + [True]
    assert town.photos[-1].pixels.shape == (128, 256, 3)


def test_places_are_known_on_the_ground_and_not_in_the_sky(town: Collection) -> None:
    panorama = town.photos[-1]
    rows = len(panorama.places)
    known = np.isfinite(panorama.places).all(-1)
    # Above the horizon there are roofs and walls at the most; far down there is ground all round.
    assert known[: rows // 4].mean() < 0.5
    assert known[-rows // 4 :].mean() > 0.9


def test_photographs_show_what_is_at_their_places(town: Collection, difference: Callable[..., np.ndarray]) -> None:
    """Laid over each other by the places they correlate, and better than when moved aside."""
    (ground,) = town.grounds
    better = tried = 0
    for view in town.photos[:4]:
        rows, columns = view.places.shape[:2]
        at = (np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1) + 0.5) * view.step
        shown = ground.clickable(np.nan_to_num(view.places, nan=-1.0), margin=30) & np.isfinite(view.places).all(-1)
        if shown.sum() < 60:
            continue
        tried += 1
        places = view.places[shown].astype(float)
        right = np.median(difference(view.pixels, at[shown], ground.pixels, places))
        aside = [np.median(difference(view.pixels, at[shown], ground.pixels, places + s)) for s in ([25, 0], [0, -25])]
        better += right < min(aside)
    assert tried >= 2
    assert better == tried


def test_one_town_serves_both_networks(made: TrainingTown) -> None:
    assert made.masked.pixels is made.ground.pixels
    assert [taken.pixels is photo.pixels for taken, photo in zip(made.masked.photos, made.photos, strict=False)] == (
        [True] * 4
    )
    assert {"house", "field"} & {item.kind for item in made.masked.objects}
    # Where a drone looks down, the plane of the ground says the same as the places of its pixels.
    photo, taken = max(zip(made.photos, made.masked.photos, strict=False), key=lambda both: _flat_share(*both))
    assert _flat_share(photo, taken) > 0.4


def _flat_share(photo: PosedPhoto, taken: FlatPhoto) -> float:
    """Share of a photo's places that lie within half a pixel of where the plane of the ground has them."""
    rows, columns = photo.places.shape[:2]
    at = (np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1) + 0.5) * photo.step
    plane = map_points(taken.to_ground, at.reshape(-1, 2)).reshape(at.shape)
    return float((np.linalg.norm(plane - photo.places, axis=-1) < 0.5).mean())


def test_a_panorama_knows_where_it_was_taken(made: TrainingTown) -> None:
    """What lies straight down is at the stand; the middle column looks along its heading, columns go clockwise."""
    panorama = made.photos[-1]
    stand = panorama.stand
    assert stand is not None
    assert all(photo.stand is None for photo in made.photos[:-1])
    assert cameras.ON_FOOT_M[0] <= stand.height_m <= cameras.ON_POLE_M[1]
    rows, columns = panorama.places.shape[:2]
    offsets = panorama.places - [stand.x, stand.y]
    turn = np.degrees(np.arctan2(offsets[..., 0], -offsets[..., 1]))
    expected = stand.heading_deg + ((np.arange(columns) + 0.5) / columns - 0.5) * 360
    apart = (turn - expected + 180) % 360 - 180
    assert np.nanmax(np.abs(apart[rows // 2 + 1 :])) < 1.0
    lowest = np.linalg.norm(offsets[-1], axis=-1)
    depression = np.radians(90 - 90 / rows)
    assert lowest * made.ground.gsd_m == pytest.approx(stand.height_m / np.tan(depression), rel=0.2, abs=0.05)


def test_styles_follow_the_seed_but_for_towns_that_are_held_out() -> None:
    assert [style_of(seed) for seed in (1000, 1001, 999, 900, 951)] == ["village", "farm", "village", "village", "farm"]
    assert {HELD_OUT_TOWN, *HELD_OUT_TOWNS} == set(HELD_OUT)
    assert max(HELD_OUT) < FIRST_SEED


def test_days_do_not_follow_each_other() -> None:
    rng = np.random.default_rng(0)
    pairs = [(cameras.day(rng), cameras.day(rng)) for _ in range(300)]
    for name in ("sun_azimuth", "sun_elevation", "dryness", "exposure", "noise"):
        first, second = (np.array([getattr(pair[i], name) for pair in pairs]) for i in (0, 1))
        assert abs(np.corrcoef(first, second)[0, 1]) < 0.2


def test_it_needs_no_raster_library() -> None:
    code = """
import sys
for name in {absent}: sys.modules[name] = None
from tests.helpers.tiny_town import tiny_town
print(len(tiny_town(6).photos))
""".format(absent=("rasterio", "geopandas", "mercantile", "pyogrio", "click", "zarr", "PIL", "matplotlib"))
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "6\n", done.stderr
