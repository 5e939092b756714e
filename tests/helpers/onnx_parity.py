"""ONNX Runtime's answers beside torch's, for a process of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from geoloc.model.engine import export_onnx
from geoloc.model.weights import load_network


def compare(folder: str) -> None:
    """Export `base` into a folder and compare both graphs with it; AssertionError where they differ."""
    import onnxruntime

    net = load_network("base", None, "cpu")[0]
    encoder, attention = export_onnx(net, Path(folder))
    picture = np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8)
    rgb = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    with torch.inference_mode():
        wanted = net.encode_reference(rgb)
        query = net.encode_query(rgb[..., :64, :64].repeat(3, 1, 1, 4).repeat(1, 1, 4, 1), torch.full((3, 2), 90.0))
        window = net.encode_reference(rgb.repeat(1, 1, 6, 4))
        click = torch.tensor([[90.0, 100.0], [10.0, 20.0], [128.0, 128.0]])
        answer = net(query, click, window).candidates
    found = onnxruntime.InferenceSession(str(encoder)).run(None, {"rgb": rgb.numpy()})
    for one, other in zip(found, wanted, strict=True):
        assert np.abs(one - other.numpy()).max() < 1e-3
    names = ("query_coarse", "query_fine", "click", "coarse", "fine")
    inputs = dict(zip(names, [side.numpy() for side in (*query, click, *window)], strict=True))
    logits, boxes = onnxruntime.InferenceSession(str(attention)).run(None, inputs)
    assert np.abs(logits - answer.logits.numpy()).max() < 1e-3
    assert np.abs(boxes - answer.boxes.numpy()).max() < 1e-2
