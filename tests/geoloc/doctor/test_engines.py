"""What computes is named; what is damaged, or does not fit the machine, comes with its remedy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import geoloc.model.devices
import geoloc.model.outline_weights
import geoloc.model.packaged
from geoloc.doctor import engines


@pytest.mark.parametrize(
    ("build", "found", "driver", "told"),
    [
        ("CPU", [], False, (False, "")),
        ("CUDA 12.8", [], False, (False, "uv pip install --python")),
        ("CUDA 12.8", [], True, (True, "newer driver")),
        ("CUDA 12.8", [], False, (False, "--torch-backend cpu --reinstall-package torch torch")),
        ("CPU", [], True, (False, "--torch-backend auto")),
        ("CUDA 12.8", ["cuda:0 (a card)"], True, (False, "")),
    ],
)
def test_a_build_that_does_not_fit_the_machine_is_told(
    build: str, found: list[str], driver: bool, told: tuple[bool, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong, words = told
    monkeypatch.setattr(geoloc.model.devices, "torch_build", lambda: build)
    monkeypatch.setattr(geoloc.model.devices, "accelerators", lambda: found)
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/nvidia-smi" if driver else None)
    check = next(check for check in engines.engines() if check.name == "torch build")
    assert check.found.startswith(build)
    assert all(device in check.found for device in found)
    assert bool(check.wrong) == wrong
    assert words in check.mend
    assert bool(words) == bool(check.mend)


def test_packaged_weights_are_whole() -> None:
    for check in engines.weights():
        assert not check.wrong
        assert "whole (sha256 " in check.found


def test_damaged_weights_are_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray((geoloc.model.packaged.PACKAGED / "base.safetensors").read_bytes())
    data[-5] ^= 1
    (tmp_path / "base.safetensors").write_bytes(data)
    monkeypatch.setattr(geoloc.model.packaged, "PACKAGED", tmp_path)
    base, outline, sight = engines.weights()
    assert "wrong checksum" in base.wrong
    assert "--force-reinstall" in base.mend
    assert not outline.wrong
    assert not sight.wrong
