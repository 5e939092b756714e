"""Presets are known by name, and looking one up is quick: torch is not loaded for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from geoloc.errors import WeightsError
from geoloc.model.baselines.network import BaselineNet
from geoloc.model.network.dual_attention import DualAttentionNet
from geoloc.model.presets import PRESETS, new_network, preset_config

LIGHT = ("geoloc.model", "geoloc.model.presets", "geoloc.model.packaged")


@pytest.mark.parametrize("module", LIGHT)
def test_names_are_known_without_torch(module: str) -> None:
    code = f"import sys, {module}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_unknown_presets_name_the_known_ones() -> None:
    with pytest.raises(WeightsError, match=r"known are base, attengeo, summation\+cvcam"):
        preset_config("bas")


def test_presets_are_ours_or_published() -> None:
    assert all(preset_config(name).name == name for name in PRESETS)
    kinds = {name: type(new_network(preset_config(name))) for name in ("base", "detgeo")}
    assert kinds == {"base": DualAttentionNet, "detgeo": BaselineNet}
