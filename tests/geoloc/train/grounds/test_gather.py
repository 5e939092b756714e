"""What is trained on and what is held out, from all that a user names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from geoloc.errors import TrainingError
from geoloc.train.grounds.gather import HELD_OUT, TRAIN, gather, training_and_held_out
from geoloc.train.grounds.towns import maker


def test_all_sources_are_in_both_parts_and_share_nothing(
    data_root: Path, coloured_pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mosaic = tmp_path / "mine.tif"
    profile = {"driver": "GTiff", "count": 3, "height": 500, "width": 400, "dtype": "uint8", "crs": "EPSG:32633"}
    with rasterio.open(mosaic, "w", **profile, transform=Affine(0.3, 0, 3e5, 0, -0.3, 5e6)) as file:
        file.write(np.moveaxis(coloured_pixels(500, 400), -1, 0))
    built: list[int] = []
    monkeypatch.setattr(maker, "add_town", lambda builder, seed, report: built.append(seed))
    lines: list[str] = []
    sites = [data_root / "caliterra"]
    splits = gather(mosaics=[mosaic], sites=sites, data=data_root, towns=2, report=lines.append)
    training, held_out = training_and_held_out(splits)
    assert list(splits) == [TRAIN, HELD_OUT]
    for part in (training, held_out):
        names = [ground.name for ground in part.grounds]
        assert names.count("caliterra") == 2
        assert "mine_0" in names
        assert part.photos
    # Seeds below 1000 are for tests and benchmarks.
    assert built == [1000, 1001, 999]
    photographs = [{view.name for view in part.photos} for part in (training, held_out)]
    assert not photographs[0] & photographs[1]
    assert any(line.startswith("train: ") for line in lines)


def test_parts_that_are_missing_are_told() -> None:
    with pytest.raises(TrainingError, match="no part called 'train'"):
        training_and_held_out({})
