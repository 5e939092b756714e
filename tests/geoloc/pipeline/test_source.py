"""What a request searches: at what GSD, and what is said where it has too little detail."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from geoloc.photo.photo import Photo
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.scope import Scope
from geoloc.pipeline.source import MosaicSource, network_gsd, open_source
from tiling.errors import MosaicError
from tiling.mosaic import Mosaic


def test_a_mosaic_without_detail_is_told_once(mosaic: Mosaic, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        scope = Scope(MosaicSource(mosaic, "base", 0.1), SearchRequest(within_m=30.0))
        scope.plan(Photo(Path("p.jpg"), np.zeros((2, 2, 3), np.uint8), (15.001, 48.752)))
    assert [record.message for record in caplog.records] == [
        "The mosaic's pixels are 0.5 m and the network's 0.1 m: too little detail to expect much"
    ]


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
