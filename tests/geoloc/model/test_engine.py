"""Other engines give the numbers of torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from geoloc.model import engine
from geoloc.model.engine import compiled_encoder, export_onnx
from geoloc.model.localizer import Localizer
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.weights import Calibration, load_network


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
    pytest.importorskip("openvino")
    asked: list[int] = []
    core = engine._core()

    class Core:
        def compile_model(self, graph: object, device: str, options: dict[str, Any]) -> Any:
            asked.append(options["INFERENCE_NUM_THREADS"])
            return core.compile_model(graph, device, options)

    monkeypatch.setattr(engine, "_core", Core)
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


_DROPPED = """
import gc, os, signal, torch
from geoloc.model.engine import compiled_encoder
from geoloc.model.weights import load_network

net = load_network("base", None, "cpu")[0]
signal.signal(signal.SIGINT, lambda *_: print("handled"))
for _ in range(2):
    encoders = [compiled_encoder(net) for _ in range(2)]
    for number in range(2):
        encoders[number](torch.zeros(1, 3, 32, 32))
    while encoders:
        encoders.pop(0)
        gc.collect()
        os.kill(os.getpid(), signal.SIGINT)
"""


def test_signals_are_handled_when_an_encoder_is_gone() -> None:
    pytest.importorskip("openvino")
    done = subprocess.run([sys.executable, "-c", _DROPPED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "handled\n" * 4), done.stderr


_SILENT = """
import os, socket, sys, torch
from geoloc.model.engine import compiled_encoder
from geoloc.model.weights import load_network

sys.addaudithook(lambda event, _: event in ("os.fork", "socket.connect", "socket.getaddrinfo") and print(event))
compiled_encoder(load_network("base", None, "cpu")[0])(torch.zeros(1, 3, 32, 32))
assert "openvino" in sys.modules
"""


def test_openvino_tells_nobody_of_its_use() -> None:
    pytest.importorskip("openvino")
    done = subprocess.run([sys.executable, "-c", _SILENT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_without_openvino_torch_encodes(net: CrossViewNet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geoloc.model.engine.find_spec", lambda name: None)
    assert compiled_encoder(net) is None
    localizer = Localizer(net, Calibration()).compiled()
    rgb = _picture(64, 64)
    found = localizer.encode_reference(rgb, np.ones((64, 64), bool))
    with torch.inference_mode():
        wanted = net.encode_reference(torch.from_numpy(rgb).permute(2, 0, 1)[None].float())
    assert all(torch.equal(one, other) for one, other in zip(found, wanted, strict=True))


def test_onnx_answers_as_torch_does(net: CrossViewNet, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")

    encoder, attention = export_onnx(net, tmp_path)
    assert encoder.stat().st_size + attention.stat().st_size < 16 * 2**20
    rgb = torch.from_numpy(_picture(64, 96)).permute(2, 0, 1)[None].float()
    with torch.inference_mode():
        wanted = net.encode_reference(rgb)
        query = net.encode_query(rgb[..., :64, :64].repeat(3, 1, 1, 4).repeat(1, 1, 4, 1), torch.full((3, 2), 90.0))
        window = net.encode_reference(rgb.repeat(1, 1, 6, 4))
        click = torch.tensor([[90.0, 100.0], [10.0, 20.0], [128.0, 128.0]])
        view = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.6, -0.4, 1.0]])
        answer = net(query, click, window, view).candidates
    found = runtime.InferenceSession(str(encoder)).run(None, {"rgb": rgb.numpy()})
    for one, other in zip(found, wanted, strict=True):
        assert np.abs(one - other.numpy()).max() < 1e-3
    names = ("query_coarse", "query_fine", "click", "view", "coarse", "fine")
    inputs = dict(zip(names, [side.numpy() for side in (*query, click, view, *window)], strict=True))
    logits, boxes = runtime.InferenceSession(str(attention)).run(None, inputs)
    assert np.abs(logits - answer.logits.numpy()).max() < 1e-3
    assert np.abs(boxes - answer.boxes.numpy()).max() < 1e-2
