"""What tests of the commands share: inputs, a way to run commands in their folder, a search that costs nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

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
from tests.helpers.tiny import TINY
from tests.helpers.training_files import write_own


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
    return write_own(tmp_path_factory.mktemp("mine") / "mine.tif")
