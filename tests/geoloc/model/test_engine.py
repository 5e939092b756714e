"""Other engines give the numbers of torch."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from geoloc.model.engine import compiled_encoder
from geoloc.model.localizer import Localizer
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.weights import Calibration, load_network
from tests.helpers.paths import ROOT


@pytest.fixture(scope="module")
def net() -> CrossViewNet:
    return load_network("base", None, "cpu")[0]


def _picture(rows: int, columns: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (rows, columns, 3), np.uint8)


@pytest.mark.parametrize("shape", [(256, 256), (544, 416)])
def test_openvino_encodes_as_torch_does(shape: tuple[int, int]) -> None:
    pytest.importorskip("openvino")
    slow = Localizer(*load_network("base", None, "cpu"))
    fast = slow.compiled()
    valid = np.ones(shape, bool)
    valid[:40, :70] = False
    pairs = [localizer.encode_reference(_picture(*shape), valid) for localizer in (slow, fast)]
    assert fast._encode != slow._encode
    for one, other in zip(*pairs, strict=True):
        assert one.shape == other.shape
        # A step of an index is some hundred times this.
        assert (one - other).abs().max() < 1e-3 * one.std()


def test_openvino_follows_the_number_of_threads(net: CrossViewNet, monkeypatch: pytest.MonkeyPatch) -> None:
    openvino = pytest.importorskip("openvino")
    asked: list[int] = []

    class Core(openvino.Core):  # type: ignore[misc]
        def compile_model(self, graph: object, device: str, options: dict[str, Any]) -> Any:
            asked.append(options["INFERENCE_NUM_THREADS"])
            return super().compile_model(graph, device, options)

    monkeypatch.setattr(openvino, "Core", Core)
    encode = compiled_encoder(net)
    assert encode is not None
    assert asked == [], "compiled when it is first used"
    before = torch.get_num_threads()
    try:
        for count in (1, 1, 2, 1):
            torch.set_num_threads(count)
            encode(torch.zeros(1, 3, 32, 32))
    finally:
        torch.set_num_threads(before)
    assert asked == [1, 2]


def test_without_openvino_torch_encodes(net: CrossViewNet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geoloc.model.engine.find_spec", lambda name: None)
    assert compiled_encoder(net) is None
    localizer = Localizer(net, Calibration()).compiled()
    rgb = _picture(64, 64)
    found = localizer.encode_reference(rgb, np.ones((64, 64), bool))
    with torch.inference_mode():
        wanted = net.encode_reference(torch.from_numpy(rgb).permute(2, 0, 1)[None].float())
    assert all(torch.equal(one, other) for one, other in zip(found, wanted, strict=True))


def test_onnx_answers_as_torch_does(tmp_path: Path) -> None:
    for module in ("onnxscript", "onnxruntime"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    # In a process of its own: after ONNX Runtime, beside all else that the suite loads, the next child that is started
    # takes the tests' process with it (SIGSEGV from the kernel in `subprocess`, Linux 6.18 on an EPYC).
    code = "import sys; from tests.helpers.onnx_parity import compare; compare(sys.argv[1])"
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert 0 < sum(sizes.values()) < 16 * 2**20, sizes
