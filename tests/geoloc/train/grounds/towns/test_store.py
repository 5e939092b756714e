"""Towns as folders: what is written is read back, by mapping, and held-out ones are left out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from geoloc.errors import OutputError, TrainingError
from geoloc.train.grounds.array_folder import HEADER
from geoloc.train.grounds.towns import store
from geoloc.train.grounds.towns.maker import TrainingTown
from geoloc.train.grounds.towns.store import GrowingTowns, load_town, save_town, town_folder, training_towns
from tests.helpers.tiny_town import tiny_town


@pytest.fixture(scope="module")
def town() -> TrainingTown:
    return tiny_town(5)


def test_what_goes_in_comes_out(town: TrainingTown, tmp_path: Path) -> None:
    path = town_folder(tmp_path, 5)
    save_town(path, town)
    assert [found.name for found in tmp_path.iterdir()] == ["town_5"]
    back = load_town(path)
    for name in ("pixels", "boxes", "heights", "crowns", "valid"):
        assert np.array_equal(getattr(back.ground, name), getattr(town.ground, name)), name
    assert (back.ground.name, back.ground.gsd_m) == (town.ground.name, town.ground.gsd_m)
    for before, after in zip(town.photos, back.photos, strict=True):
        assert (after.name, after.ground, after.step, after.panorama, after.stand) == (
            before.name, before.ground, before.step, before.panorama, before.stand
        )  # fmt: skip
        assert np.array_equal(after.pixels, before.pixels)
        assert np.array_equal(after.places, before.places, equal_nan=True)
    assert len(back.masked.objects) > 10
    for old, new in zip(town.masked.objects, back.masked.objects, strict=True):
        assert (new.kind, new.corner, new.box, new.exact) == (old.kind, old.corner, old.box, old.exact)
        assert np.array_equal(new.mask, old.mask)
    for flat, again in zip(town.masked.photos, back.masked.photos, strict=True):
        assert np.array_equal(flat.pixels, again.pixels)
        assert np.array_equal(flat.to_ground, again.to_ground)


def test_pictures_are_mapped_and_shared(town: TrainingTown, tmp_path: Path) -> None:
    save_town(tmp_path / "town_5", town)
    back = load_town(tmp_path / "town_5")
    for array in (back.ground.pixels, back.photos[0].pixels, back.masked.objects[0].mask):
        base = array
        while not isinstance(base, np.memmap):
            assert base.base is not None
            base = base.base
    assert back.masked.pixels is back.ground.pixels
    assert back.masked.photos[0].pixels is back.photos[0].pixels


def test_towns_to_train_on_are_listed_by_seed(town: TrainingTown, tmp_path: Path) -> None:
    for name in ("town_2001", "town_999", "town_1010", "town_x", ".town_3"):
        (tmp_path / name).mkdir()
    assert [path.name for path in training_towns(tmp_path)] == ["town_1010", "town_2001"]


def test_what_cannot_be_read_or_written_is_told(town: TrainingTown, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no arrays to train on"):
        load_town(tmp_path / "none")
    save_town(tmp_path / "town_5", town)
    with pytest.raises(OutputError, match="town_5: cannot be written"):
        save_town(tmp_path / "town_5", town)
    header = json.loads((tmp_path / "town_5" / HEADER).read_text())
    header["shapes"]["pixels"][0][0] += 1
    (tmp_path / "town_5" / HEADER).write_text(json.dumps(header))
    with pytest.raises(TrainingError, match="damaged"):
        load_town(tmp_path / "town_5")


def test_planners_share_the_towns_that_come_and_anyone_can_load_them(
    town: TrainingTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "LOOK_S", 0.0)
    planners = [GrowingTowns(tmp_path) for _ in range(2)]
    assert [list(towns.new(i, 2)) for i, towns in enumerate(planners)] == [[], []]
    for seed in (4, 5, 6):
        save_town(town_folder(tmp_path, seed), town)
    shares = [[path.name for path in towns.new(i, 2)] for i, towns in enumerate(planners)]
    assert shares == [["town_4", "town_5"], ["town_6"]]
    assert [list(towns.new(i, 2)) for i, towns in enumerate(planners)] == [[], []]
    monkeypatch.setattr(store, "LOOK_S", 1e6)
    save_town(town_folder(tmp_path, 8), town)
    assert list(planners[0].new(0, 1)) == []
    loaded = GrowingTowns(tmp_path).load(town_folder(tmp_path, 4))
    assert np.array_equal(loaded.grounds[0].pixels, town.ground.pixels)
    assert len(loaded.photos) == len(town.photos)
