"""Packs: what goes in comes out, within the size asked for; what is damaged is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geoloc.errors import TrainingError
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.pack import INDEX, read_pack, thin_out, write_pack
from geoloc.train.grounds.posed_photo import Stand


@pytest.fixture
def part(collection: Collection) -> Collection:
    """With all that a ground may have."""
    rng = np.random.default_rng(0)
    boxed = collection.grounds[0]
    mask = rng.random(boxed.pixels.shape[:2]) > 0.3
    crowns = rng.uniform(0, 600, (7, 3))
    full = replace(boxed, crowns=crowns, valid=mask, click_in=~mask, relief=rng.uniform(0, 9, (5, 6)))
    stood = replace(collection.photos[0], stand=Stand(12.5, 40.25, 1.7, 200.0))
    return replace(collection, grounds=(full, *collection.grounds[1:]), photos=(stood, *collection.photos[1:]))


def test_what_goes_in_comes_out(part: Collection, tmp_path: Path) -> None:
    other = Collection(part.grounds[1:2], (), (0.25,))
    quality = write_pack(tmp_path / "pack", {"train": part, "held out": other}, size_mb=20)
    assert quality == 90
    back = read_pack(tmp_path / "pack")
    assert list(back) == ["train", "held out"]
    assert back["held out"].weights == (0.25,)
    assert back["train"].weights == part.weights
    for before, after in zip(part.grounds, back["train"].grounds, strict=True):
        assert (after.name, after.gsd_m) == (before.name, before.gsd_m)
        for name in ("boxes", "heights", "crowns"):
            assert getattr(after, name) == pytest.approx(getattr(before, name), rel=1e-6)
        for name in ("valid", "click_in"):
            masks = getattr(before, name), getattr(after, name)
            assert (masks[0] is None) == (masks[1] is None)
            assert masks[0] is None or np.array_equal(*masks)
        assert np.abs(after.pixels.astype(int) - before.pixels).mean() < 2
    assert back["train"].grounds[0].relief == pytest.approx(part.grounds[0].relief)
    assert back["train"].grounds[1].relief is None
    for before, after in zip(part.photos, back["train"].photos, strict=True):
        assert (after.name, after.ground, after.step, after.panorama, after.stand) == (
            before.name, before.ground, before.step, before.panorama, before.stand
        )  # fmt: skip
        size = part.grounds[before.ground].size
        on = np.isfinite(before.places).all(-1) & ((before.places >= 0) & (before.places < size)).all(-1)
        assert on.any()
        assert after.places[on] == pytest.approx(before.places[on], abs=0.25)
        assert np.isnan(after.places[np.isnan(before.places)]).all()


def test_sizes_are_kept(part: Collection, tmp_path: Path) -> None:
    assert write_pack(tmp_path / "whole", {"train": part}, size_mb=20) == 90
    most = 0.97 * sum(path.stat().st_size for path in (tmp_path / "whole").iterdir())
    quality = write_pack(tmp_path / "pack", {"train": part}, size_mb=most / 1e6, shard_mb=0.2)
    files = list((tmp_path / "pack").iterdir())
    assert quality < 90
    assert sum(path.stat().st_size for path in files) <= most
    shards = [path for path in files if path.name != INDEX]
    assert len(shards) > 1
    assert max(path.stat().st_size for path in shards) <= 0.2e6 * 1.02
    assert len(read_pack(tmp_path / "pack")["train"].grounds) == 3


def test_what_does_not_fit_is_told_and_nothing_is_written(part: Collection, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"need 1 MB at the least, not 0\.1"):
        write_pack(tmp_path / "pack", {"train": replace(part, grounds=part.grounds * 4)}, size_mb=0.1)
    assert not (tmp_path / "pack").exists()


def _nothing(folder: Path) -> None:
    (folder / INDEX).unlink()


def _no_json(folder: Path) -> None:
    (folder / INDEX).write_text("[")


def _another_version(folder: Path) -> None:
    index = json.loads((folder / INDEX).read_text())
    (folder / INDEX).write_text(json.dumps(index | {"version": 99}))


def _a_shard_gone(folder: Path) -> None:
    (folder / "shard_000.safetensors").unlink()


def _a_shard_cut(folder: Path) -> None:
    path = folder / "shard_000.safetensors"
    path.write_bytes(path.read_bytes()[:2000])


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_nothing, "not a pack"),
        (_no_json, "not a pack"),
        (_another_version, "a pack of version 99, not 2"),
        (_a_shard_gone, "damaged"),
        (_a_shard_cut, "damaged"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(
    part: Collection, tmp_path: Path, spoil: Callable[[Path], None], says: str
) -> None:
    write_pack(tmp_path, {"train": part}, size_mb=20)
    spoil(tmp_path)
    with pytest.raises(TrainingError, match=says) as caught:
        read_pack(tmp_path)
    assert "\n" not in str(caught.value)


def many(part: Collection, count: int) -> Collection:
    """With so many grounds more, between which those are that photographs show."""
    lone = replace(part.grounds[-1], name="lone")
    half = (lone,) * (count // 2)
    photos = tuple(replace(photo, ground=photo.ground + len(half)) for photo in part.photos)
    grounds = (*half, *part.grounds, *half)
    return Collection(grounds, photos, (1.0,) * len(grounds))


def test_what_does_not_fit_is_thinned_out_evenly(part: Collection, tmp_path: Path) -> None:
    splits = {"train": many(part, 60), "held out": part}
    assert thin_out(splits, "train", size_mb=1000, quality=70) == splits
    thinned = thin_out(splits, "train", size_mb=2.5, quality=70)
    kept = thinned["train"]
    assert thinned["held out"] == part
    assert write_pack(tmp_path / "pack", thinned, size_mb=2.5) >= 70
    shown = [kept.grounds[photo.ground].name for photo in kept.photos]
    assert shown == [part.grounds[photo.ground].name for photo in part.photos]
    free = set(range(len(kept.grounds))) - {photo.ground for photo in kept.photos}
    assert 5 < len(free) < 60
    # As often as before, all together, and from the first half as many as from the other.
    assert sum(kept.weights[i] for i in free) == pytest.approx(len(splits["train"].grounds) - len({*shown}))
    first = sum(ground.name == "lone" for ground in kept.grounds[: kept.photos[0].ground])
    assert abs(2 * first - len(free)) <= 3
