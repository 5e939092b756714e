"""What tests of the commands share: inputs, a way to run commands in their folder, a search that costs nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

import geoloc.features.mosaic_features
import geoloc.geometry.refine
import geoloc.model
import geoloc.pipeline.finder
import geoloc.pipeline.ground
import geoloc.search.locate
from geoloc.model.network.config import Config
from geoloc.model.presets import PRESETS, new_network, preset_config
from geoloc.model.weights import Calibration, save_weights
from tests.helpers.command_line import Run, invoke
from tests.helpers.noise import write_inputs
from tests.helpers.search_stub import SearchStub
from tests.helpers.tiny import TINY, coloured


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with photos, mosaics and queries, see `write_inputs`."""
    folder = tmp_path_factory.mktemp("inputs")
    write_inputs(folder)
    return folder


@pytest.fixture(scope="session")
def own_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained weights of the default network that are sure of all they say."""
    path = tmp_path_factory.mktemp("weights") / "own.safetensors"
    save_weights(path, new_network(preset_config("base")), Calibration(score_offset=12.0))
    return path


@pytest.fixture
def run(inputs: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in the folder of the inputs."""
    monkeypatch.chdir(inputs)
    return invoke


@pytest.fixture
def search(monkeypatch: pytest.MonkeyPatch) -> SearchStub:
    """What stands in the place of network and search."""
    stub = SearchStub([0.9, 0.3, 0.1])
    monkeypatch.setattr(geoloc.model, "load", stub.load)
    monkeypatch.setattr(geoloc.features.mosaic_features, "MosaicFeatures", stub.reference)
    monkeypatch.setattr(geoloc.search.locate, "AttentionSearch", stub.search)
    monkeypatch.setattr(geoloc.geometry.refine, "Refiner", stub.refiner)
    monkeypatch.setattr(geoloc.pipeline.ground, "PlaneFinder", stub.planes)
    monkeypatch.setattr(geoloc.pipeline.finder, "outlined", stub.outlined)
    return stub


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Config:
    """A small preset called "tiny", whose training checks one batch only."""
    from geoloc.train import workflows

    monkeypatch.setitem(PRESETS, TINY.name, TINY)
    monkeypatch.setattr(workflows, "HELD_OUT_BATCHES", 1)
    return TINY


@pytest.fixture(scope="session")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An orthophoto to train on."""
    path = tmp_path_factory.mktemp("mine") / "mine.tif"
    y, x = np.mgrid[:500, :400] + 0.5
    pixels = coloured(x, y)
    # What stands out, so that there are segments.
    pixels[40:460:60, 40:360:50][:] = 0
    for left in range(30, 370, 60):
        for top in range(30, 470, 60):
            pixels[top : top + 12, left : left + 16] = [250, 20, 20]
    profile = {"driver": "GTiff", "count": 3, "height": 500, "width": 400, "dtype": "uint8", "crs": "EPSG:32633"}
    with rasterio.open(path, "w", **profile, transform=Affine(0.3, 0, 3e5, 0, -0.3, 5e6)) as file:
        file.write(np.moveaxis(pixels, -1, 0))
    return path
