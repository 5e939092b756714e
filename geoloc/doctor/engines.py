"""What computes: torch, its accelerators, OpenVINO, and the weights that come with the package."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from geoloc.doctor.check import Check
from geoloc.doctor.packages import attempt, version_of
from geoloc.system.extras import DISTRIBUTION

_REINSTALL = f"pip install --force-reinstall --no-deps {DISTRIBUTION}"


def engines() -> Iterator[Check]:
    """Look at what computes."""
    yield attempt("torch build", _torch_build, "pip install --force-reinstall torch")
    yield attempt("encoding on a CPU", _cpu_engine, f"pip install --force-reinstall '{DISTRIBUTION}[openvino]'")


def weights() -> Iterator[Check]:
    """Look at the weights that come with the package: there, and whole by their own checksums."""
    yield attempt("weights base", _base, _REINSTALL)
    yield attempt("weights outline", _outline, _REINSTALL)
    yield attempt("weights sight", _sight, _REINSTALL)


def _torch_build() -> Check:
    from geoloc.model.devices import accelerators, torch_build

    build, found = torch_build(), accelerators()
    if found:
        return Check("torch build", f"{build}; --device can be cpu, {', '.join(found)}")
    told = f"{build}; --device can be cpu"
    has_driver = shutil.which("nvidia-smi") is not None
    if build == "CPU" and has_driver:
        mend = f"there is an NVIDIA driver: to use --device cuda, {_other_torch('auto')}"
        return Check("torch build", told, mend=mend)
    if build.startswith("CUDA") and has_driver:
        wrong = "there is an NVIDIA driver, but torch finds no CUDA device"
        return Check("torch build", told, wrong, "nvidia-smi tells what the driver sees; a newer driver may be needed")
    if build != "CPU":
        mend = (
            "no accelerator here: torch for the CPU does the same and takes gigabytes less disk: "
            f"{_other_torch('cpu')}, then uninstall what is called nvidia-"
        )
        return Check("torch build", told, mend=mend)
    return Check("torch build", told)


def _other_torch(backend: str) -> str:
    """Return what to type to have torch for something else; pip has no word for it."""
    return (
        f"pip install uv; uv pip install --python {sys.executable} --torch-backend {backend} "
        "--reinstall-package torch torch"
    )


def _cpu_engine() -> Check:
    from geoloc.model.devices import cpu_engine

    name = cpu_engine()
    if name == "torch":
        mend = f"pip install '{DISTRIBUTION}[openvino]' makes indexes 2.4 times as fast"
        return Check("encoding on a CPU", "torch", mend=mend)
    return Check("encoding on a CPU", f"OpenVINO {version_of('openvino')}")


def _base() -> Check:
    from geoloc.model.packaged import find_weights
    from geoloc.model.weights import load_network

    load_network("base", None, "cpu")
    return _whole("weights base", find_weights("base", None))


def _outline() -> Check:
    from geoloc.model.outline_weights import PACKAGED_OUTLINE, load_outline_net

    load_outline_net()
    return _whole("weights outline", PACKAGED_OUTLINE)


def _sight() -> Check:
    from geoloc.model.sight.head import PACKAGED_SIGHT, read_sight

    read_sight()
    return _whole("weights sight", PACKAGED_SIGHT)


def _whole(name: str, path: Path) -> Check:
    from geoloc.model.weights import read_tensors

    metadata, _ = read_tensors(path)
    return Check(name, f"{path.stat().st_size / 1e6:.1f} MB, whole (sha256 {metadata['sha256']})")
