"""Weights files: what is written comes back, and anything else is refused with its reason."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from geoloc import model
from geoloc.errors import WeightsError
from geoloc.model.packaged import PACKAGED
from geoloc.model.presets import new_network, preset_config
from geoloc.model.weights import FORMAT, Calibration, checksum_of, load_weights, read_tensors, save_weights

TINY = replace(preset_config("base"), dim=16, attention_heads=2, rounds=1, mhsam_groups=1)
CALIBRATION = Calibration(3.5, 0.7, 0.8, -0.4, -2.5)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    torch.manual_seed(1)
    path = tmp_path / "tiny.safetensors"
    save_weights(path, new_network(TINY), CALIBRATION)
    return path


def test_tensors_and_calibration_come_back_as_they_were(tmp_path: Path) -> None:
    torch.manual_seed(1)
    net, other = new_network(TINY), new_network(TINY)
    save_weights(tmp_path / "w.safetensors", net, CALIBRATION, half=False)
    assert load_weights(tmp_path / "w.safetensors", other) == CALIBRATION
    expected, loaded = net.state_dict(), other.state_dict()
    assert expected.keys() == loaded.keys()
    assert all(torch.equal(expected[name], loaded[name]) for name in expected)


def test_half_precision_halves_the_file_and_changes_little(tmp_path: Path, saved: Path) -> None:
    torch.manual_seed(1)
    net, other = new_network(TINY), new_network(TINY)
    save_weights(tmp_path / "full.safetensors", net, CALIBRATION, half=False)
    assert saved.stat().st_size < 0.6 * (tmp_path / "full.safetensors").stat().st_size
    load_weights(saved, other)
    for name, value in net.state_dict().items():
        torch.testing.assert_close(other.state_dict()[name], value, rtol=1e-3, atol=1e-6)


def test_a_shared_backbone_is_stored_once(saved: Path) -> None:
    names = load_file(saved).keys()
    assert any(name.startswith("backbone.") for name in names)
    assert not any(name.startswith("backbones.reference.") for name in names)


def _flip_last_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _pickle(path: Path) -> None:
    torch.save({"a": torch.zeros(1)}, path)


def _without_metadata(path: Path) -> None:
    save_file(load_file(path), path)


def _with_metadata(path: Path, change: Callable[[dict[str, str]], object]) -> None:
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    change(header["__metadata__"])
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])


def _without_calibration(path: Path) -> None:
    _with_metadata(path, lambda metadata: metadata.pop("calibration"))


def _doubt_that_is_none(path: Path) -> None:
    values = asdict(replace(CALIBRATION, unverified_offset=0.5))
    _with_metadata(path, lambda metadata: metadata.update(calibration=json.dumps(values)))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_flip_last_byte, "wrong checksum"),
        (_truncate, "not a readable safetensors file"),
        (_pickle, "not a readable safetensors file"),
        (_without_metadata, f"does not say {FORMAT}"),
        (_without_calibration, "no valid calibration"),
        (_doubt_that_is_none, "no valid calibration"),
        (Path.unlink, "not a readable safetensors file"),
    ],
)
def test_damaged_or_foreign_files_are_refused(saved: Path, damage: object, message: str) -> None:
    assert callable(damage)
    damage(saved)
    with pytest.raises(WeightsError, match=message):
        load_weights(saved, new_network(TINY))


def test_files_that_were_written_before_doubt_was_measured_have_none(saved: Path) -> None:
    values = asdict(CALIBRATION)
    del values["unverified_offset"]
    checksum = checksum_of(load_file(saved), f"base\n{json.dumps(values)}\n")
    _with_metadata(saved, lambda metadata: metadata.update(calibration=json.dumps(values), sha256=checksum))
    assert load_weights(saved, new_network(TINY)) == replace(CALIBRATION, unverified_offset=0.0)


def test_weights_of_another_preset_or_shape_are_refused(saved: Path) -> None:
    with pytest.raises(WeightsError, match="weights for preset 'base', not 'other'"):
        load_weights(saved, new_network(replace(TINY, name="other")))
    with pytest.raises(WeightsError, match="another version of the network"):
        load_weights(saved, new_network(replace(TINY, dim=32)))


def test_a_refused_file_leaves_the_network_as_it_was(saved: Path) -> None:
    torch.manual_seed(2)
    net = new_network(TINY)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    _flip_last_byte(saved)
    with pytest.raises(WeightsError):
        load_weights(saved, net)
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


def test_the_packaged_weights_load_and_are_small() -> None:
    localizer = model.load()
    assert localizer.name == "base"
    path = Path(model.__file__).parent.parent / "weights" / "base.safetensors"
    assert path.stat().st_size < 16 * 2**20


@pytest.mark.parametrize("path", sorted(PACKAGED.glob("*.safetensors")), ids=lambda path: path.stem)
def test_packaged_weights_carry_a_card_of_their_own(path: Path) -> None:
    metadata, _ = read_tensors(path)
    assert f"sha256 {metadata['sha256']}" in path.with_suffix(".md").read_text()


def test_presets_without_weights_say_so() -> None:
    with pytest.raises(WeightsError, match="no weights come with preset 'attengeo'"):
        model.load("attengeo")


def test_an_unknown_device_is_one_sentence() -> None:
    with pytest.raises(WeightsError, match="device 'cuda:99' cannot be used") as error:
        model.load(device="cuda:99")
    assert "\n" not in str(error.value)
