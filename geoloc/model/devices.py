"""What torch and OpenVINO can compute on here, in words."""

from __future__ import annotations

from importlib.util import find_spec


def accelerators() -> list[str]:
    """Return the accelerators that torch can use, as `--device` names them, each with what it is."""
    import torch

    cards = [f"cuda:{i} ({torch.cuda.get_device_name(i)})" for i in range(torch.cuda.device_count())]
    return cards + (["mps"] if torch.backends.mps.is_available() else [])


def torch_build() -> str:
    """Return what torch was built for: "CPU", "CUDA 12.8" or "ROCm 6.2"."""
    import torch

    if torch.version.hip:
        return f"ROCm {torch.version.hip}"
    return f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU"


def cpu_engine() -> str:
    """Return what encodes on a CPU: "OpenVINO" where it is installed and has a CPU, else "torch".

    Raises:
        RuntimeError: OpenVINO is there and has none.
    """
    if find_spec("openvino") is None:
        return "torch"
    from geoloc.model.engine import openvino_devices

    if "CPU" not in (there := openvino_devices()):
        raise RuntimeError(f"OpenVINO knows no CPU here, but {there or 'nothing'}")
    return "OpenVINO"
