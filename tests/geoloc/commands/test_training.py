"""`geoloc train`, `geoloc calibrate`, `geoloc pack` and `geoloc ablate` as a user types them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from click.testing import CliRunner, Result

from cli import main
from geoloc.model.network.config import Config
from geoloc.model.presets import new_network
from geoloc.model.weights import Calibration, load_weights, save_weights
from geoloc.train import ablate
from geoloc.train import workflows as recipes
from geoloc.train.calibration import score_law as train_calibrate
from geoloc.train.calibration import trials
from geoloc.train.calibration.score_law import TrialAnswer
from geoloc.train.grounds.pack import read_pack
from geoloc.train.samples.sampler import SamplerSettings


@pytest.fixture
def geoloc():
    def run(*args: object) -> Result:
        return CliRunner().invoke(main, [str(arg) for arg in args])

    return run


@pytest.fixture(scope="module")
def mosaic(tmp_path_factory: pytest.TempPathFactory, coloured_pixels) -> Path:
    path = tmp_path_factory.mktemp("mine") / "mine.tif"
    pixels = coloured_pixels(500, 400)
    # What stands out, so that there are segments.
    pixels[40:460:60, 40:360:50][:] = 0
    for x in range(30, 370, 60):
        for y in range(30, 470, 60):
            pixels[y : y + 12, x : x + 16] = [250, 20, 20]
    profile = {"driver": "GTiff", "count": 3, "height": 500, "width": 400, "dtype": "uint8", "crs": "EPSG:32633"}
    with rasterio.open(path, "w", **profile, transform=Affine(0.3, 0, 3e5, 0, -0.3, 5e6)) as file:
        file.write(np.moveaxis(pixels, -1, 0))
    return path


@pytest.fixture(autouse=True)
def _few_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipes, "HELD_OUT_BATCHES", 1)


def test_adapting_to_a_mosaic_of_ones_own(geoloc, mosaic: Path, tmp_path: Path, tiny: Config) -> None:
    common = [
        "--mosaic",
        mosaic,
        "--batch",
        2,
        "--workers",
        0,
        "--trials",
        0,
        "--model",
        "tiny",
        "-o",
        tmp_path / "run",
    ]
    result = geoloc("train", *common, "--steps", 1)
    assert result.exit_code == 0, result.output
    weights = tmp_path / "run/weights.safetensors"
    assert f"wrote {weights}" in result.stdout
    assert "no weights come with tiny" in result.stderr
    assert "held out" in result.stderr
    load_weights(weights, new_network(tiny))
    frozen = geoloc("train", *common, "--steps", 2, "--cached", 16)
    assert frozen.exit_code == 1
    assert "last.ckpt: trained with its backbone frozen, or not" in frozen.stderr
    frozen = geoloc("train", *common[:-1], tmp_path / "frozen", "--steps", 1, "--cached", 16)
    assert frozen.exit_code == 0, frozen.output
    assert "encoding 16 records once" in frozen.stderr


def test_packing_and_training_from_the_pack(geoloc, mosaic: Path, tmp_path: Path, monkeypatch) -> None:
    packed = tmp_path / "pack"
    result = geoloc("pack", "--mosaic", mosaic, "-o", packed, "--size-mb", 2)
    assert result.exit_code == 0, result.output
    assert "pictures as JPEG of quality 90" in result.stdout
    assert set(read_pack(packed)) == {"train", "held out"}
    args = ["--batch", 2, "--workers", 0, "--trials", 0, "--model", "tiny", "--steps", 1]
    result = geoloc("train", "--pack", packed, *args, "-o", tmp_path / "run")
    assert result.exit_code == 0, result.output
    again = geoloc("pack", "--mosaic", mosaic, "-o", packed)
    assert again.exit_code == 1
    assert "holds files already" in again.stderr
    monkeypatch.setattr(ablate, "Recipe", lambda: SamplerSettings(query_px=64, window_px=128))
    result = geoloc(
        *("ablate", "--pack", packed, "-o", tmp_path / "a", "--results", tmp_path / "results", "--presets", "tiny"),
        *("--steps", 1, "--batch", 2, "--seeds", 1, "--records", 32, "--test-records", 16, "--cached"),
    )
    assert result.exit_code == 0, result.output
    assert "| tiny |" in result.stdout
    assert json.loads((tmp_path / "results/ablation.json").read_text())["plan"]["records"] == 32


def test_scores_are_fitted_afterwards(geoloc, mosaic: Path, tmp_path: Path, tiny: Config, monkeypatch) -> None:
    start, output = tmp_path / "start.safetensors", tmp_path / "fitted.safetensors"
    net = new_network(tiny)
    save_weights(start, net, Calibration())
    answers = [TrialAnswer(float(i % 7 - 3), i % 7 > 3, 2.0, 1.0) for i in range(40)]
    monkeypatch.setattr(train_calibrate, "run_trials", lambda model, trials, report: answers)
    monkeypatch.setattr(trials, "draw_trials", lambda *_: ["of a small mosaic"])
    args = ["calibrate", "--mosaic", mosaic, "--model", "tiny", "--weights", start, "--trials", 2]
    result = geoloc(*args, "-o", output)
    assert result.exit_code == 0, result.output
    assert f"wrote {output}" in result.stdout
    assert load_weights(output, net).score(3.0) > 0.5 > load_weights(output, net).score(-3.0)
    assert "exists already" in geoloc(*args, "-o", output).stderr
    assert geoloc(*args, "-o", start, "--overwrite").exit_code == 1


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["train", "-o", "run"], "how long to train"),
        (["train", "-o", "run", "--minutes", "1"], "Nothing to train on"),
        (["train", "-o", "run", "--minutes", "1", "--scratch", "--weights", "w"], "contradict"),
        (["train", "-o", "run", "--minutes", "1", "--towns", "1", "--dsm", "d.tif"], "--dsm belongs to a --mosaic"),
        (["train", "-o", "run", "--minutes", "1", "--pack", "p", "--towns", "1"], "--pack"),
        (["train", "-o", "run", "--minutes", "1", "--pack", "p", "--dataset", "cvogl", "c"], "--pack"),
        (["pack", "-o", "p"], "Nothing to train on"),
        (["ablate", "-o", "run"], "Nothing to train on"),
        (["calibrate", "-o", "w.safetensors"], "Nothing to train on"),
        (["calibrate", "-o", "w.safetensors", "--pack", "p", "--towns", "1"], "--pack"),
    ],
)
def test_wrong_usage_is_told(geoloc, args: list[str], says: str) -> None:
    result = geoloc(*args)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_missing_package_is_told_with_its_cure(geoloc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("geoloc.train.")]:
        if name != "geoloc.commands.training":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "lightning", None)
    monkeypatch.setitem(sys.modules, "lightning.pytorch", None)
    result = geoloc("train", "--towns", 1, "--minutes", 1, "-o", tmp_path / "run")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].endswith("pip install 'geoloc[train]'")
