"""Which file of weights is meant, and what of it features depend on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from geoloc.errors import WeightsError
from geoloc.model.packaged import PACKAGED, find_weights, network_checksum
from geoloc.model.presets import BASE, new_network
from geoloc.model.weights import Calibration, save_weights

TINY = replace(BASE, dim=16, attention_heads=2, rounds=1, mhsam_groups=1)


def test_the_packaged_file_is_meant_unless_another_is_given(tmp_path: Path) -> None:
    assert find_weights("base", None) == PACKAGED / "base.safetensors"
    other = tmp_path / "other.safetensors"
    with pytest.raises(WeightsError, match="no such weights file"):
        find_weights("base", other)
    other.touch()
    assert find_weights("base", other) == other
    with pytest.raises(WeightsError, match="no model preset 'none'"):
        find_weights("none", other)
    with pytest.raises(WeightsError, match=r"no weights come with preset 'detgeo' \(there are: base\)"):
        find_weights("detgeo", None)


def test_the_checksum_of_a_network_is_that_of_its_tensors_and_preset_alone(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net, path = new_network(TINY), tmp_path / "w.safetensors"

    def checksum() -> str:
        save_weights(path, net, calibration)
        return network_checksum(path)

    calibration = Calibration()
    first = checksum()
    calibration = Calibration(score_offset=3.0)
    assert checksum() == first
    with torch.no_grad():
        net.place_query.weight[0, 0] += 1
    assert checksum() != first


def test_what_are_no_weights_have_no_checksum(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    for content in (b"", b"not weights at all", b"\2\0\0\0\0\0\0\0{}", b"\2\0\0\0\0\0\0\0[]"):
        path.write_bytes(content)
        with pytest.raises(WeightsError, match="not a readable safetensors file of geoloc"):
            network_checksum(path)
    with pytest.raises(WeightsError, match="not a readable"):
        network_checksum(tmp_path / "none.safetensors")


def test_weights_that_are_far_too_large_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"12345")
    monkeypatch.setenv("GEOLOC_MAX_WEIGHTS_BYTES", "5")
    assert find_weights("base", path) == path
    monkeypatch.setenv("GEOLOC_MAX_WEIGHTS_BYTES", "4")
    with pytest.raises(WeightsError, match="5 bytes, over the limit of 4; set GEOLOC_MAX_WEIGHTS_BYTES to allow it"):
        find_weights("base", path)


@pytest.mark.parametrize("header", [b"[" * 50_000, b"[1]", b'{"__metadata__": 3}', b"\xff"])
def test_headers_that_are_none(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(WeightsError, match="not a readable safetensors file"):
        network_checksum(path)
