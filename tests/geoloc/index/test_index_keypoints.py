"""Local features from an index: those of its mosaic, where they are, and at the size that is promised."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import zarr
from zarr.codecs import ZstdCodec

from geoloc.errors import IndexFileError
from geoloc.index.index_keypoints import IndexKeypoints
from geoloc.index.reader import OpenIndex
from geoloc.index.store import LEVEL, Store
from geoloc.keypoints import mosaic_keypoints
from geoloc.keypoints.finding import MARGIN_PX, features_in_box
from geoloc.keypoints.keypoint_squares import SearchedKeypoints, Square
from geoloc.keypoints.matcher import RootSift
from geoloc.keypoints.mosaic_keypoints import MosaicKeypoints
from geoloc.keypoints.packing import DENSITY, KeypointPacking
from tests.helpers.plain_index import SIDE, built, write_mosaic
from tests.helpers.rough_ground import rough
from tiling.area import Area
from tiling.mosaic import WindowPixels, open_mosaic

MOST_MB_PER_KM2 = 9.0


@pytest.fixture(scope="module")
def textured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with m.tif, whose ground has texture of every size that a mosaic at 0.3 m shows, and i.zarr."""
    folder = tmp_path_factory.mktemp("textured")
    fine = rough(3)[:SIDE, :SIDE]
    coarse = cv2.resize(fine, None, fx=2 / 3, fy=2 / 3, interpolation=cv2.INTER_AREA)
    pixels = cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    built(write_mosaic(folder / "m.tif", np.moveaxis(pixels, -1, 0)), folder / "i.zarr", block=32)
    return folder


def test_they_are_the_mosaics_own_in_the_same_pixels(textured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mosaic_keypoints, "DENSITY", DENSITY)
    index = OpenIndex(textured / "i.zarr")
    plan = index.plan(Area.everywhere())
    with open_mosaic([textured / "m.tif"]) as mosaic:
        own = SearchedKeypoints(MosaicKeypoints(mosaic, plan, RootSift()), plan).all(DENSITY)
    kept = SearchedKeypoints(IndexKeypoints(index), plan).all(DENSITY)
    assert len(kept) > 1000
    assert len(np.unique(kept.points, axis=0)) > 0.7 * len(kept), "blocks that meet share no feature"
    pairs = RootSift().match(own, kept)
    off = np.linalg.norm(own.points[pairs[:, 0]] - kept.points[pairs[:, 1]], axis=1)
    # Which are the strongest depends on where squares end, and these are others.
    assert len(pairs) > 0.6 * len(kept)
    assert np.median(off) < 0.1
    assert (off < 1).mean() > 0.95


def test_a_square_is_a_block_and_read_once(textured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keypoints = IndexKeypoints(OpenIndex(textured / "i.zarr"))
    read: list[object] = []
    real = Store.read_keypoints
    monkeypatch.setattr(Store, "read_keypoints", lambda store, index: read.append(index) or real(store, index))
    found = [keypoints.features(Square(1, 0)) for _ in range(2)]
    assert read == [(1, 0)]
    corner = np.array(keypoints.origin) + np.array([keypoints.side_px, 0])
    assert ((found[0].points >= corner) & (found[0].points < corner + keypoints.side_px)).all()


def test_a_lost_block_is_an_error_that_names_the_way_out(copied: Path) -> None:
    Store.open(copied / "i.zarr", writable=True).erase((0, 0))
    with pytest.raises(IndexFileError, match="block 0,0 is missing or damaged; `geoloc index update` restores it"):
        IndexKeypoints(OpenIndex(copied / "i.zarr")).features(Square(0, 0))


def test_they_take_no_more_than_is_left_beside_the_networks_features() -> None:
    # A whole block of 960 px at 0.2 m, read at 0.3 m.
    side = 960 + 2 * MARGIN_PX
    coarse = cv2.resize(np.tile(rough(3), (2, 2, 1)), (1400 * 2 // 3, 1400 * 2 // 3), interpolation=cv2.INTER_AREA)
    rgb = np.asarray(cv2.resize(coarse, (1400, 1400), interpolation=cv2.INTER_CUBIC), np.uint8)[:side, :side]
    packing = KeypointPacking.for_squares(960)
    found = features_in_box(RootSift(), WindowPixels(rgb, np.ones((side, side), bool)), packing.density)
    assert len(found) > 0.9 * packing.density * 960**2, "there is as much texture as anywhere"
    array = zarr.create_array({}, data=packing.packed(found), chunks="auto", compressors=ZstdCodec(level=LEVEL))
    assert array.nbytes_stored() / 1e6 / (960 * 0.2 / 1000) ** 2 < MOST_MB_PER_KM2
