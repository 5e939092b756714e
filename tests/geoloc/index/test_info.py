"""What an index says of itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from geoloc.index.header import FORMAT, WITHOUT_KEYPOINTS
from geoloc.index.info import index_info
from geoloc.index.store import Store
from tests.helpers.plain_index import make_older


def test_info_tells_what_is_finished(made: Path) -> None:
    info = index_info(made / "i.zarr")
    store = Store.open(made / "i.zarr")
    assert (info["format"], info["state"], info["model"]) == (FORMAT, "complete", "plain")
    assert info["blocks"] == info["finished"] == len(store.finished())
    assert info["windows"] == len(store.plan().windows)
    assert info["size_mb"] == pytest.approx(store.size() / 1e6)
    assert info["mb_per_km2"] == pytest.approx(info["size_mb"] / info["area_km2"])
    assert info["local_features"]["kind"] == "RootSIFT"
    assert info["lacks"] is None
    json.dumps(info)


def test_info_tells_what_an_older_index_lacks(copied: Path) -> None:
    make_older(copied / "i.zarr")
    info = index_info(copied / "i.zarr")
    assert (info["format"], info["local_features"]) == (WITHOUT_KEYPOINTS, None)
    assert info["finished"] == info["blocks"]
    assert "`geoloc index update` adds them" in info["lacks"]
