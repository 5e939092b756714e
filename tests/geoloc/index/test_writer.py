"""Making indexes: killed and resumed, brought up to date, refused where they are of something else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from geoloc.errors import IndexFileError, OutputError
from geoloc.features.mosaic_features import MosaicFeatures
from geoloc.index.header import IndexRequest, State
from geoloc.index.reader import OpenIndex
from geoloc.index.store import Store
from geoloc.index.writer import BlockCounts
from tests.helpers import plain_index
from tests.helpers.paths import ROOT
from tests.helpers.plain_index import SIDE, Plain, built, make_older, plan_of, updated, write_mosaic
from tiling.area import Area
from tiling.mosaic import open_mosaic


def _same_blocks(one: Path, other: Path) -> bool:
    a, b = Store.open(one), Store.open(other)
    assert a.finished() == b.finished()
    pairs = [(a.read(place), b.read(place)) for place in a.finished()]
    assert all(x is not None and y is not None for x, y in pairs)
    assert all(np.array_equal(a.read_keypoints(place), b.read_keypoints(place)) for place in a.finished())
    return all(x.digest() == y.digest() for x, y in pairs if x is not None and y is not None)


def test_killed_at_any_moment_it_goes_on_without_repeating(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "i.zarr"
    command = [sys.executable, "-m", plain_index.__name__, str(made / "m.tif"), str(path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"{plain_index.LAST}\n"
        process.kill()
    there = Store.open(path)
    finished = there.finished()
    assert there.header.state is State.BUILDING
    assert 2 <= len(finished) < plain_index.LAST, "at most as many are lost as wait to be written"
    with pytest.raises(IndexFileError, match="not finished; run `geoloc index build` again"):
        OpenIndex(path)
    model, all_blocks = Plain(), len(Store.open(made / "i.zarr").finished())
    done = built(made / "m.tif", path, model)
    # One may have been killed between its features and its local features.
    assert (done.encoded + done.completed, done.kept) == (all_blocks - len(finished), len(finished))
    assert model.encoded <= done.encoded
    assert _same_blocks(path, made / "i.zarr")
    assert built(made / "m.tif", path).encoded == 0


def test_features_do_not_depend_on_where_blocks_end(made: Path, tmp_path: Path) -> None:
    built(made / "m.tif", tmp_path / "other.zarr", block=12)
    one, other = OpenIndex(made / "i.zarr"), OpenIndex(tmp_path / "other.zarr")
    for window in one.whole.windows:
        (a, valid), (b, other_valid) = (index.features(window, Plain()) for index in (one, other))  # type: ignore[arg-type]
        # GDAL's own approximation of a warp depends on where a grid begins, by less than an eighth of a pixel.
        for x, y, steps in zip(a, b, (one.header.coarse_steps, one.header.fine_steps), strict=True):
            assert (x - y).abs().max() < 1.01 * max(steps)
            assert (x == y).float().mean() > 0.9
        assert (valid == other_valid).mean() > 0.999


def test_windows_are_those_of_the_mosaic_itself(made: Path) -> None:
    model = Plain()
    with open_mosaic([made / "m.tif"]) as mosaic:
        plan = plan_of(mosaic)
        field = MosaicFeatures(mosaic, plan, model, block=5)  # type: ignore[arg-type]
        index = OpenIndex(made / "i.zarr")
        reference = index.reference(index.plan(Area.everywhere()), model, mosaic)  # type: ignore[arg-type]
        assert reference.plan == plan
        assert reference.crs == mosaic.crs
        assert (reference.gsd_m, reference.finest_m) == (mosaic.gsd_m, mosaic.finest_m)
        steps = (index.header.coarse_steps, index.header.fine_steps)
        for window in plan.windows:
            (kept, kept_valid), (now, valid) = reference.features(window), field.features(window)
            assert (kept_valid == valid).all()
            for a, b, step in zip(kept, now, steps, strict=True):
                assert (a - b).abs().max() <= max(step) / 2 + 1e-3


def test_update_encodes_only_what_changed(copied: Path) -> None:
    path, mosaic = copied / "i.zarr", copied / "m.tif"
    whole = len(Store.open(path).finished())
    with rasterio.open(mosaic, "r+") as file:
        file.write(np.full((3, 8, 8), 200, np.uint8), window=rasterio.windows.Window(40, 40, 8, 8))
    with pytest.raises(IndexFileError, match="geoloc index update"):
        _check_mosaic(path, mosaic)
    with pytest.raises(IndexFileError, match="geoloc index update"):
        built(mosaic, path)
    model = Plain()
    done = updated(mosaic, path, model)
    assert done.encoded + done.kept == whole
    assert 0 < model.encoded == done.encoded < whole
    _check_mosaic(path, mosaic)
    built(mosaic, copied / "anew.zarr")
    assert _same_blocks(path, copied / "anew.zarr")
    assert Store.open(path).plan() == Store.open(copied / "anew.zarr").plan()


def test_a_touched_file_is_read_and_nothing_encoded(copied: Path) -> None:
    os.utime(copied / "m.tif", (1, 1))
    assert updated(copied / "m.tif", copied / "i.zarr").encoded == 0
    _check_mosaic(copied / "i.zarr", copied / "m.tif")


def test_a_mosaic_that_moved_is_the_same(copied: Path) -> None:
    (copied / "new").mkdir()
    (copied / "m.tif").rename(copied / "new" / "m.tif")
    _check_mosaic(copied / "i.zarr", copied / "new" / "m.tif")


def test_an_interrupted_update_is_only_finished_by_another(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, mosaic = copied / "i.zarr", copied / "m.tif"
    pixels = np.random.default_rng(3).integers(1, 255, (3, SIDE, SIDE), np.uint8)
    pixels[:, SIDE // 3 :, SIDE // 3 :] = 0
    write_mosaic(mosaic, pixels)

    class Stopping(Plain):
        def encode_reference(self, *args: object) -> object:  # type: ignore[override]
            if self.encoded == 4:
                raise RuntimeError("stopped")
            return super().encode_reference(*args)  # type: ignore[arg-type]

    with pytest.raises(RuntimeError, match="stopped"):
        updated(mosaic, path, Stopping())
    with pytest.raises(IndexFileError, match="run `geoloc index update`"):
        OpenIndex(path)
    with pytest.raises(IndexFileError, match="run `geoloc index update`"):
        built(mosaic, path)
    assert updated(mosaic, path).kept >= 2
    built(mosaic, copied / "anew.zarr")
    assert _same_blocks(path, copied / "anew.zarr")


def test_damage_is_told_and_restored(copied: Path) -> None:
    path = copied / "i.zarr"
    chunks = sorted(file for file in (path / "coarse" / "c").rglob("*") if file.is_file())
    changed = bytearray(chunks[0].read_bytes())
    changed[len(changed) // 2] ^= 255
    chunks[0].write_bytes(changed)
    chunks[1].unlink()
    index = OpenIndex(path)
    assert len(index.damaged()) == 2
    with pytest.raises(IndexFileError, match="restores it"):
        [index.features(window, Plain()) for window in index.whole.windows]  # type: ignore[arg-type]
    assert updated(copied / "m.tif", path).encoded == 2
    assert OpenIndex(path).damaged() == []


def test_damaged_local_features_are_found_again_and_nothing_is_encoded(copied: Path) -> None:
    path = copied / "i.zarr"
    chunk = min(file for file in (path / "keypoints" / "c").rglob("*") if file.is_file())
    chunk.unlink()
    assert len(OpenIndex(path).damaged()) == 1
    model = Plain()
    done = updated(copied / "m.tif", path, model)
    assert (done.encoded, done.completed, model.encoded) == (0, 1, 0)
    assert OpenIndex(path).damaged() == []
    built(copied / "m.tif", copied / "anew.zarr")
    assert _same_blocks(path, copied / "anew.zarr")


@pytest.mark.parametrize("again", [built, updated])
def test_an_older_index_gets_local_features_and_nothing_is_encoded(
    made: Path, copied: Path, again: Callable[..., BlockCounts]
) -> None:
    path, whole = copied / "i.zarr", len(Store.open(made / "i.zarr").finished())
    make_older(path)
    assert len(Store.open(path).finished()) == whole
    model = Plain()
    assert again(copied / "m.tif", path, model) == BlockCounts(0, 0, completed=whole)
    assert model.encoded == 0
    assert _same_blocks(path, made / "i.zarr")
    header = OpenIndex(path).header
    assert (header.keypoints, header.lacks) == (Store.open(made / "i.zarr").header.keypoints, None)
    assert again(copied / "m.tif", path) == BlockCounts(0, whole)


def test_local_features_that_were_cut_off_are_found_when_it_goes_on(
    made: Path, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, whole = copied / "i.zarr", len(Store.open(made / "i.zarr").finished())
    make_older(path)
    real, written = Store.write_keypoints, []

    def write(store: Store, *args: Any) -> None:
        if len(written) == 3:
            raise OutputError("the disk is full")
        written.append(real(store, *args))

    monkeypatch.setattr(Store, "write_keypoints", write)
    with pytest.raises(OutputError, match="full"):
        built(copied / "m.tif", path)
    monkeypatch.setattr(Store, "write_keypoints", real)
    with pytest.raises(IndexFileError, match="not finished"):
        OpenIndex(path)
    assert built(copied / "m.tif", path) == BlockCounts(0, 3, completed=whole - 3)
    assert _same_blocks(path, made / "i.zarr")


def _other_request(path: Path, mosaic: Path) -> None:
    built(mosaic, path, request=IndexRequest(None, 0.5, Area.everywhere().polygon))


def _other_weights(path: Path, mosaic: Path) -> None:
    built(mosaic, path, weights="b" * 64)


def _updated_by_others(path: Path, mosaic: Path) -> None:
    updated(mosaic, path, weights="b" * 64)


def _larger(path: Path, mosaic: Path) -> None:
    with rasterio.open(mosaic) as file:
        pixels = file.read()
    pixels[pixels == 0] = 9
    moved = mosaic.parent / "west.tif"
    with rasterio.open(mosaic) as file:
        profile = file.profile | {"transform": file.transform * rasterio.Affine.translation(-SIDE, 0)}
    with rasterio.open(moved, "w", **profile) as file:
        file.write(pixels)
    updated(moved, path)


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (_other_request, "another name or --overwrite"),
        (_other_weights, "other weights made"),
        (_updated_by_others, "build a new index"),
        (_larger, "build a new index"),
    ],
)
def test_another_index_is_not_touched(copied: Path, attempt: Callable[[Path, Path], None], message: str) -> None:
    before = Store.open(copied / "i.zarr").header
    with pytest.raises(IndexFileError, match=message):
        attempt(copied / "i.zarr", copied / "m.tif")
    assert Store.open(copied / "i.zarr").header == before
    OpenIndex(copied / "i.zarr")


def test_only_an_index_is_ever_replaced(copied: Path) -> None:
    precious = copied / "precious"
    precious.mkdir()
    (precious / "file").write_text("x")
    with pytest.raises(OutputError, match="only an index is ever replaced"):
        built(copied / "m.tif", precious, overwrite=True)
    assert (precious / "file").exists()
    assert built(copied / "m.tif", copied / "i.zarr", overwrite=True).kept == 0


def _check_mosaic(path: Path, mosaic_path: Path) -> None:
    with open_mosaic([mosaic_path]) as mosaic:
        OpenIndex(path).check_mosaic(mosaic.fingerprint)
