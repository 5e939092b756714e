"""Other engines give the numbers of torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from geoloc import model
from geoloc.model.engine import export_onnx
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.weights import load_network


@pytest.fixture(scope="module")
def net() -> CrossViewNet:
    return load_network("base", None, "cpu")[0]


def _picture(rows: int, columns: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (rows, columns, 3), np.uint8)


@pytest.mark.parametrize("shape", [(256, 256), (544, 416)])
def test_openvino_encodes_as_torch_does(shape: tuple[int, int]) -> None:
    pytest.importorskip("openvino")
    slow = model.load()
    fast = slow.compiled()
    valid = np.ones(shape, bool)
    valid[:40, :70] = False
    pairs = [localizer.encode_reference(_picture(*shape), valid) for localizer in (slow, fast)]
    assert fast._encode != slow._encode
    for one, other in zip(*pairs, strict=True):
        assert one.shape == other.shape
        # A step of an index is some hundred times this.
        assert (one - other).abs().max() < 1e-3 * one.std()


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
        answer = net(query, click, window).candidates
    found = runtime.InferenceSession(str(encoder)).run(None, {"rgb": rgb.numpy()})
    for one, other in zip(found, wanted, strict=True):
        assert np.abs(one - other.numpy()).max() < 1e-3
    names = ("query_coarse", "query_fine", "click", "coarse", "fine")
    inputs = dict(zip(names, [side.numpy() for side in (*query, click, *window)], strict=True))
    logits, boxes = runtime.InferenceSession(str(attention)).run(None, inputs)
    assert np.abs(logits - answer.logits.numpy()).max() < 1e-3
    assert np.abs(boxes - answer.boxes.numpy()).max() < 1e-2
