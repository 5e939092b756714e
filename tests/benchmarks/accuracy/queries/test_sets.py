"""What was measured on another machine counts as long as the queries are the same ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from shapely.affinity import translate
from shapely.geometry import box

from benchmarks.accuracy.queries.sets import MosaicQueries, QuerySet
from geoloc.evaluation.labelled import LabelledQuery
from geoloc.photo.target import Click

QUERY = LabelledQuery(Path("photo.jpg"), Click(10.5, 20.5), box(0, 0, 4, 2), 32633, 2)


def _mosaic(folder: Path, grey: int, side: int = 20) -> Path:
    folder.mkdir()
    shape = {"height": side, "width": side, "count": 3, "dtype": "uint8", "compress": "deflate"}
    transform = Affine(1, 0, 5e5, 0, -1, 5e6)
    noise = np.random.default_rng(grey).integers(0, grey + 1, (3, side, side), np.uint8)
    with rasterio.open(folder / "mosaic.tif", "w", driver="GTiff", crs="EPSG:32633", transform=transform, **shape) as f:
        f.write(noise)
    return folder / "mosaic.tif"


def _digest(mosaic: Path, query: LabelledQuery = QUERY) -> str:
    return QuerySet("set", "", 0.2, (MosaicQueries(mosaic, (query,)),)).digest


def test_bytes_of_a_mosaic_and_fractions_of_a_centimetre_do_not_count(tmp_path: Path) -> None:
    here, there = _mosaic(tmp_path / "here", 4), _mosaic(tmp_path / "there", 200)
    assert here.stat().st_size != there.stat().st_size
    assert _digest(here) == _digest(there)
    assert _digest(here) == _digest(here, replace(QUERY, box=translate(QUERY.box, 1e-4, 1e-4)))


def test_other_queries_and_another_extent_do(tmp_path: Path) -> None:
    mosaic = _mosaic(tmp_path / "here", 4)
    others = [replace(QUERY, click=Click(11.5, 20.5)), replace(QUERY, box=translate(QUERY.box, 1, 0))]
    digests = {_digest(mosaic), *(_digest(mosaic, query) for query in others)}
    assert len(digests | {_digest(_mosaic(tmp_path / "larger", 4, side=30))}) == 4
