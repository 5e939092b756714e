"""The backbone outside torch: compiled by OpenVINO for a CPU, and exported as ONNX together with attention and head.

What is faster on which step was measured by `benchmarks.speed`; see docs/speed.md.
"""

from __future__ import annotations

import functools
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.network.efficientnet_lite import EfficientNetLite0, MBConv
from geoloc.model.network.features import STRIDE, Features
from geoloc.system.extras import needing
from geoloc.system.output import replacing

ENCODER, ATTENTION = "encoder.onnx", "attention.onnx"
"""Names of the exported files."""
_EXAMPLE_PX = 256


class EncoderGraph(nn.Module):
    """The backbone as a graph of tensors: from images to coarse and fine features."""

    def __init__(self, net: CrossViewNet) -> None:
        """Wrap a network."""
        super().__init__()
        self.net = net

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """Return coarse and fine as in `Features`; rgb: B x 3 x H x W in [0, 255], H and W multiples of 16."""
        features = self.net.encode_reference(rgb)
        return features.coarse, features.fine


class AttentionGraph(nn.Module):
    """Attention and head as a graph of tensors: from features of crops and of one window to candidates."""

    def __init__(self, net: CrossViewNet) -> None:
        """Wrap a network."""
        super().__init__()
        self.net = net

    def forward(  # noqa: PLR0917 - a graph has its inputs by place
        self, query_coarse: Tensor, query_fine: Tensor, click: Tensor, view: Tensor, coarse: Tensor, fine: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return logits, B x M, and boxes, B x M x 4 in window pixels; see `CrossViewNet.forward`."""
        found = self.net(Features(query_coarse, query_fine), click, Features(coarse, fine), view).candidates
        return found.logits, found.boxes


def compiled_encoder(net: CrossViewNet) -> Callable[[Tensor], Features] | None:
    """Give the backbone to OpenVINO; None where that is not installed or the network is not on a CPU.

    It is compiled when it is first used, in a tenth of a second, for as many threads as torch has then.

    Returns:
        What `CrossViewNet.encode_reference` is, faster.
    """
    if next(net.parameters()).device.type != "cpu" or find_spec("openvino") is None:
        return None
    requests: dict[int, Any] = {}

    def encode(rgb: Tensor) -> Features:
        threads = torch.get_num_threads()
        if threads not in requests:
            requests[threads] = _compiled(net.backbone, threads)
        found = requests[threads].infer([rgb.contiguous().numpy()])
        return Features(*(torch.from_numpy(found[i].copy()) for i in range(2)))

    return encode


def _compiled(backbone: EfficientNetLite0, threads: int) -> Any:
    # Processors that could compute in 16 bits are told not to: features are to be those of torch.
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
    return _core().compile_model(_graph(backbone), "CPU", options).create_infer_request()


_loading = threading.Lock()


def _core() -> Any:
    """OpenVINO, once for the process.

    Its plugin for CPUs gives the thread that loads it a stack for signals, and takes that away with itself, although by
    then it may be in use: the next signal that Python handles, Ctrl-C or the end of a child, would end the process.
    """
    with _loading:
        return _only_core()


@functools.cache
def _only_core() -> Any:
    return _openvino().Core()


def openvino_devices() -> list[str]:
    """Return what OpenVINO can compute on here, such as "CPU"; it must be installed."""
    return list(_core().available_devices)


def _openvino() -> Any:
    """The package, without its telemetry.

    It tells Google Analytics of every import, unasked, from a fork of this process: nothing here leaves the machine
    unless its user says so, and a fork of a process with threads may hang for ever with the pipes of the worker open.
    """
    # The package takes its own stand-in where this is not installed.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def _graph(backbone: EfficientNetLite0) -> Any:
    """Draw `EfficientNetLite0.forward` operation by operation, coarse features before fine ones.

    To trace the module instead takes one and a half seconds, more than a search spends in it.
    """
    openvino = _openvino()
    ops = openvino.opset13

    def convolved(x: Any, layer: nn.Conv2d) -> Any:
        weight, shape = layer.weight.detach().numpy(), [layer.groups, -1, *layer.weight.shape[1:]]
        sides = list(layer.stride), list(layer.padding), list(layer.padding), [1, 1]
        if layer.groups == 1:
            y = ops.convolution(x, ops.constant(np.ascontiguousarray(weight)), *sides)
        else:
            y = ops.group_convolution(x, ops.constant(np.ascontiguousarray(weight.reshape(shape))), *sides)
        assert layer.bias is not None
        return ops.add(y, ops.constant(layer.bias.detach().numpy().reshape(1, -1, 1, 1)))

    def activated(x: Any, layer: nn.Conv2d) -> Any:
        return ops.clamp(convolved(x, layer), 0.0, 6.0)

    rgb = ops.parameter([-1, 3, -1, -1], np.float32)
    x = ops.divide(ops.subtract(rgb, ops.constant(np.float32(127))), ops.constant(np.float32(128)))
    x = activated(x, backbone.stem)
    after = []
    for stage in backbone.stages:
        for block in cast("Iterable[MBConv]", stage):
            y = x if block.expand is None else activated(x, block.expand)
            y = convolved(activated(y, block.depthwise), block.project)
            x = ops.add(x, y) if block.residual else y
        after.append(x)
    return openvino.Model([after[4], after[2]], [rgb], "encoder")


def export_onnx(net: CrossViewNet, folder: Path) -> list[Path]:
    """Write the network as two ONNX files.

    Args:
        net: the network.
        folder: where `ENCODER`, for images of any size, and `ATTENTION`, for crops and a window of the preset's own
            sizes and as many crops as one likes, are written.

    Returns:
        The paths of both.

    Raises:
        OutputError: a file cannot be written.
        WeightsError: a package of the extra `export` is missing.
    """
    with needing("export"):
        import onnxscript  # noqa: F401

    config = net.config
    height, width = config.query_shape
    with torch.inference_mode():
        query = net.encode_query(torch.zeros(2, 3, height, width), torch.zeros(2, 2))
        window = net.encode_reference(torch.zeros(1, 3, config.window_px, config.window_px))
    paths = [folder / ENCODER, folder / ATTENTION]
    any_side = torch.export.Dim.DYNAMIC
    images = torch.zeros(2, 3, _EXAMPLE_PX, _EXAMPLE_PX + STRIDE)
    encoder = _Graph(EncoderGraph(net), ("rgb",), ("coarse", "fine"))
    encoder.write(paths[0], (images,), ({0: any_side, 2: any_side, 3: any_side},))
    crops = {0: any_side}
    inputs = ("query_coarse", "query_fine", "click", "view", "coarse", "fine")
    attention = _Graph(AttentionGraph(net), inputs, ("logits", "boxes"))
    examples = (*query, torch.zeros(2, 2), torch.zeros(2, 3), *window)
    attention.write(paths[1], examples, (crops, crops, crops, crops, {}, {}))
    return paths


@dataclass(frozen=True, slots=True)
class _Graph:
    """A module to be written, and the names of its tensors."""

    module: nn.Module
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def write(self, path: Path, examples: tuple[Tensor, ...], shapes: tuple[dict[int, Any], ...]) -> None:
        """Trace the module on examples; `shapes` says which sides of each input may be of any size."""
        # What was made in inference mode cannot be traced.
        examples = tuple(example.clone() for example in examples)
        with replacing(path) as temporary, _quietly():
            torch.onnx.export(
                self.module.eval(),
                examples,
                temporary,
                input_names=self.inputs,
                output_names=self.outputs,
                dynamic_shapes=shapes,
                external_data=False,
                verbose=False,
            )


@contextmanager
def _quietly() -> Iterator[None]:
    """Silence warnings of tracing, which are of what is the same for every input here."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    log.setLevel(level)
