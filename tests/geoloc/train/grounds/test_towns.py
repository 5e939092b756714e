"""A small synthetic town: every photograph knows what it shows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from geoloc.train.grounds import towns
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.sources import CollectionBuilder


@pytest.fixture(scope="module")
def town() -> Collection:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(towns, "SIZE_M", 90.0)
        patch.setattr(towns, "GSD_M", 0.3)
        patch.setattr(towns, "DRONE_PX", (160, 120))
        patch.setattr(towns, "PANORAMA_PX", 256)
        builder = CollectionBuilder()
        towns.add_town(builder, 5, drones=4, walkers=1, panoramas=1)
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
