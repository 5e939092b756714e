"""What a request searches: at what GSD, and what is said where it has too little detail."""

from __future__ import annotations

import logging
import zipfile
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from geoloc.keypoints.matcher import RootSift
from geoloc.keypoints.mosaic_keypoints import MosaicKeypoints
from geoloc.photo.photo import Photo
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.scope import Scope
from geoloc.pipeline.source import IndexSource, MosaicSource, network_gsd, open_source
from tiling.area import Area
from tiling.errors import MosaicError
from tiling.mosaic import Mosaic, open_mosaic


def write_noise(path: Path, pixel_m: float, crs: str = "EPSG:32633") -> Path:
    """A grey square of 100 pixels."""
    profile = {"driver": "GTiff", "width": 100, "height": 100, "count": 1, "dtype": "uint8", "crs": crs}
    place = Affine(pixel_m, 0, 500_000, 0, -pixel_m, 5_400_000)
    with rasterio.open(path, "w", **profile, transform=place) as file:
        file.write(np.random.default_rng(0).integers(0, 255, (1, 100, 100), np.uint8))
    return path


def test_a_mosaic_without_detail_is_told_once(mosaic: Mosaic, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        scope = Scope(MosaicSource(mosaic, "base", 0.1), SearchRequest(within_m=30.0))
        scope.plan(Photo(Path("p.jpg"), np.zeros((2, 2, 3), np.uint8), (15.001, 48.752)))
    assert [record.message for record in caplog.records] == [
        "The mosaic's pixels are 0.5 m and the network's 0.1 m: too little detail to expect much"
    ]


def test_a_mosaic_far_coarser_than_the_network_is_refused_unless_asked_for(tmp_path: Path) -> None:
    path = write_noise(tmp_path / "m.tif", 7.0)
    with (
        pytest.raises(MosaicError, match=r"m\.tif: its pixels are 7 m .* needs 4 m or finer.* --gsd 7 searches"),
        open_source(SearchRequest(mosaics=(path,))),
    ):
        pass
    with open_source(SearchRequest(mosaics=(path,), gsd_m=7.0)) as source:
        assert source.finest_m == 7.0
    # A finer one that has little detail is only warned of.
    with open_source(SearchRequest(mosaics=(write_noise(tmp_path / "n.tif", 3.0),))) as source:
        assert source.mosaic is not None


def test_a_gsd_far_finer_than_the_mosaic_is_refused_with_one_that_makes_sense(tmp_path: Path) -> None:
    fine, coarse = write_noise(tmp_path / "m.tif", 0.2), write_noise(tmp_path / "n.tif", 3.0)
    for path, gsd_m, least in ((fine, 0.0005, "0.02"), (fine, 0.019, "0.02"), (coarse, 0.1, "0.2")):
        with (
            pytest.raises(MosaicError, match=rf"read at {gsd_m} m .* give a --gsd of {least} or more"),
            open_source(SearchRequest(mosaics=(path,), gsd_m=gsd_m)),
        ):
            pass
    # The network's own is never too fine.
    for path, gsd_m in ((fine, 0.021), (coarse, 0.2)):
        with open_source(SearchRequest(mosaics=(path,), gsd_m=gsd_m)) as source:
            assert source.finest_m == gsd_m


def test_a_part_of_a_file_changes_as_the_file_does(tmp_path: Path) -> None:
    write_noise(tmp_path / "m.tif", 0.5)
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.write(tmp_path / "m.tif", "m.tif")
    request = SearchRequest(mosaics=(Path(f"/vsizip/{tmp_path}/m.zip/m.tif"),), aoi=tmp_path / "a.gpkg|west")
    with open_source(request) as source:
        assert source.paths == (tmp_path / "m.zip",)
    assert request.files == (tmp_path / "m.zip", tmp_path / "a.gpkg")


def test_a_crs_that_leads_astray_is_told_of_a_mosaic(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_noise(tmp_path / "m.tif", 0.5, "+proj=utm +zone=33 +ellps=bessel +type=crs")
    with caplog.at_level(logging.WARNING), open_source(SearchRequest(mosaics=(path,))):
        pass
    (told,) = [record.message for record in caplog.records]
    assert told.startswith(f"{path}: its CRS")
    assert "gdal_edit.py -a_srs" in told


def test_degrees_that_are_called_metres_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.tif"
    profile = {"driver": "GTiff", "width": 90, "height": 90, "count": 3, "dtype": "uint8", "crs": "EPSG:32633"}
    with rasterio.open(path, "w", **profile, transform=Affine(2e-6, 0, 15.0, 0, -2e-6, 48.7)) as file:
        file.write(np.full((3, 90, 90), 90, np.uint8))
    with pytest.raises(MosaicError, match="may be degrees"), open_source(SearchRequest(mosaics=(path,))):
        pass


def test_coarse_searches_show_the_network_its_own_pixels() -> None:
    assert [network_gsd("base", gsd_m) for gsd_m in (None, 0.5, 0.15)] == [0.2, 0.2, 0.15]


def test_a_mosaic_is_opened_as_the_request_says(mosaic_path: Path) -> None:
    with open_source(SearchRequest(mosaics=(mosaic_path,), gsd_m=0.6)) as source:
        assert source.mosaic is not None
        assert source.paths == (mosaic_path,)
        assert source.finest_m == 0.6
        assert source.crs.to_epsg() == 32633
    with (
        pytest.raises(MosaicError, match="has no band 2"),
        open_source(SearchRequest(mosaics=(mosaic_path,), bands=(2,))),
    ):
        pass


def test_local_features_come_from_the_index_else_from_its_mosaic_else_from_nowhere(tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    from geoloc.index.index_keypoints import IndexKeypoints
    from geoloc.index.reader import OpenIndex
    from tests.helpers.plain_index import built, make_older, write_mosaic

    path = tmp_path / "i.zarr"
    built(write_mosaic(tmp_path / "m.tif"), path)
    with open_mosaic([tmp_path / "m.tif"]) as opened:
        for beside in (None, opened):
            source = IndexSource(OpenIndex(path), beside)
            plan = source.plan(Area.everywhere())
            kept = source.keypoints(plan, RootSift())
            assert isinstance(kept, IndexKeypoints)
            assert source.keypoints(plan, RootSift()) is kept, "what was read is kept from plan to plan"
            west, south, east, north = opened.bounds
            # Pixels alone know that the south-east has no data.
            places = np.array([(west + 1, north - 1), (east - 1, south + 1), (west - 50, south), (east, north + 50)])
            assert source.shows(places).tolist() == [True, beside is None, False, False]
        make_older(path)
        assert IndexSource(OpenIndex(path), None).keypoints(plan, RootSift()) is None
        assert isinstance(IndexSource(OpenIndex(path), opened).keypoints(plan, RootSift()), MosaicKeypoints)
