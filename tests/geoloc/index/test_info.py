"""What an index says of itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from geoloc.index.header import FORMAT
from geoloc.index.info import index_info
from geoloc.index.store import Store


def test_info_tells_what_is_finished(made: Path) -> None:
    info = index_info(made / "i.zarr")
    store = Store.open(made / "i.zarr")
    assert (info["format"], info["state"], info["model"]) == (FORMAT, "complete", "plain")
    assert info["blocks"] == info["finished"] == len(store.finished())
    assert info["windows"] == len(store.plan().windows)
    assert info["size_mb"] == pytest.approx(store.size() / 1e6)
    assert info["mb_per_km2"] == pytest.approx(info["size_mb"] / info["area_km2"])
    json.dumps(info)
