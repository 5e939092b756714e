"""What the machine could do at the best, and which engine comes nearest to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from geoloc.model.engine import ATTENTION, ENCODER, AttentionGraph, EncoderGraph, export_onnx
from geoloc.model.network.features import MARGIN, STRIDE
from geoloc.model.weights import load_network

CROPS = 8
BLOCK_PX = (60 + 2 * MARGIN) * STRIDE
REPEATS = 5


def best_s(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the seconds of the fastest of some runs, after one that does not count."""
    work()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


@torch.inference_mode()
def machine_limits() -> dict[str, float]:
    """Measure a product of matrices, 10^9 operations a second, and copying in memory, 10^9 bytes a second."""
    a, b = torch.rand(2048, 2048), torch.rand(2048, 2048)
    flops = 2 * 2048**3 / best_s(lambda: a @ b)
    big = np.ones(2**26, np.float32)
    other = np.empty_like(big)
    moved = 2 * big.nbytes / best_s(lambda: np.copyto(other, big))
    return {"gflops": flops / 1e9, "gbytes": moved / 1e9}


def flops(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> float:
    """Count the operations of one run, multiplications and additions one each."""
    from torch.utils.flop_counter import FlopCounterMode

    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        module(*inputs)
    return float(counter.get_total_flops())


def engines(folder: Any) -> dict[str, dict[str, float]]:
    """Measure the encoder on one block, and attention and head on one window with eight crops, by engine.

    Seconds, and operations. Engines that are not installed are left out.
    """
    net, _ = load_network("base", None, "cpu")
    encoder, attention = EncoderGraph(net).eval(), AttentionGraph(net).eval()
    pixels = 255 * torch.rand(1, 3, BLOCK_PX, BLOCK_PX)
    with torch.inference_mode():
        click = torch.full((CROPS, 2), 128.0)
        query = net.encode_query(255 * torch.rand(CROPS, 3, 256, 256), click)
        window = net.encode_reference(255 * torch.rand(1, 3, net.config.window_px, net.config.window_px))
    pair = tuple(part.clone() for part in (query.coarse, query.fine, click, window.coarse, window.fine))
    found = {"operations": {"encoder": flops(encoder, (pixels,)), "attention": flops(attention, pair)}}

    def torch_s(name: str, one: Any, two: Any, *, bfloat16: bool = False) -> None:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            found[name] = {"encoder": best_s(lambda: one(pixels)), "attention": best_s(lambda: two(*pair))}

    torch_s("torch", encoder, attention)
    torch_s("torch, bfloat16 autocast", encoder, attention, bfloat16=True)
    try:
        torch_s("torch.compile", torch.compile(encoder), torch.compile(attention))
    except Exception as error:
        # Without a C++ compiler it cannot work, and says so in many ways.
        found["torch.compile"] = {"failed": float("nan"), type(error).__name__: float("nan")}
    export_onnx(net, folder)
    inputs = [part.numpy() for part in pair]
    threads = torch.get_num_threads()
    try:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        sessions = [
            onnxruntime.InferenceSession(str(folder / name), options, providers=["CPUExecutionProvider"])
            for name in (ENCODER, ATTENTION)
        ]
        names = [[value.name for value in session.get_inputs()] for session in sessions]
        feeds = [{"rgb": pixels.numpy()}, dict(zip(names[1], inputs, strict=True))]
        found["ONNX Runtime"] = {
            "encoder": best_s(lambda: sessions[0].run(None, feeds[0])),
            "attention": best_s(lambda: sessions[1].run(None, feeds[1])),
        }
    except ModuleNotFoundError:
        pass
    try:
        import openvino

        for name, hint in (("OpenVINO", "f32"), ("OpenVINO, bfloat16", "bf16")):
            properties = {"INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": threads}
            core = openvino.Core()
            # Of one shape: attention for any number of crops does not run in OpenVINO 2026.4.
            shapes: tuple[Any, Any] = ([pixels.shape], [part.shape for part in inputs])
            models = [core.read_model(folder / part) for part in (ENCODER, ATTENTION)]
            for model, sizes in zip(models, shapes, strict=True):
                model.reshape({port: list(size) for port, size in zip(model.inputs, sizes, strict=True)})
            requests = [core.compile_model(model, "CPU", properties).create_infer_request() for model in models]
            found[name] = {
                "encoder": best_s(lambda: requests[0].infer([pixels.numpy()])),  # noqa: B023
                "attention": best_s(lambda: requests[1].infer(inputs)),  # noqa: B023
            }
    except ModuleNotFoundError:
        pass
    return found
