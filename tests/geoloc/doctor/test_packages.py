"""Packages are looked at one by one; what is missing, broken or of another version is told with its remedy."""

from __future__ import annotations

import importlib
import sys
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement

from geoloc.doctor import packages
from geoloc.doctor.check import Check
from geoloc.system.extras import DISTRIBUTION
from tests.helpers.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MAKERS = {"dev", "docs", "fuzz"}


def names(requirements: list[str]) -> list[str]:
    return sorted(Requirement(text).name.lower() for text in requirements)


def of(name: str) -> Check:
    return next(check for check in packages.needed() if check.name == name)


def test_what_is_looked_at_is_what_the_project_needs() -> None:
    assert sorted(packages.NEEDED) == names(PROJECT["dependencies"])
    extras = PROJECT["optional-dependencies"]
    assert packages.EXTRAS.keys() == extras.keys() - MAKERS
    for extra, distributions in packages.EXTRAS.items():
        assert sorted(distributions) == names(extras[extra])


def test_all_is_well_where_the_tests_run() -> None:
    assert [check.line for check in packages.needed() if check.wrong] == []
    assert of("numpy").found == metadata.version("numpy")


def test_a_missing_package_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)  # type: ignore[arg-type]
    check = of("opencv-python-headless")
    assert check.wrong == "the package cv2 is missing"
    assert check.mend == "pip install opencv-python-headless"


def test_a_broken_package_is_told_and_the_others_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def broken(name: str, *args: str) -> object:
        if name == "pyogrio":
            raise OSError("libgdal.so: cannot open\nshared object file")
        return real(name, *args)

    monkeypatch.setattr(importlib, "import_module", broken)
    found = {check.name: check for check in packages.needed()}
    assert found["pyogrio"].wrong == "OSError: libgdal.so: cannot open shared object file"
    assert found["pyogrio"].mend.startswith("pip install --force-reinstall 'pyogrio")
    assert [name for name, check in found.items() if check.wrong] == ["pyogrio"]


def test_a_version_that_geoloc_is_not_made_for_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "1.26.4" if name == "numpy" else real(name))
    monkeypatch.setattr(metadata, "requires", lambda name: PROJECT["dependencies"] if name == DISTRIBUTION else None)
    check = of("numpy")
    assert check.wrong == "numpy 1.26.4 is not <3,>=2.0"
    assert check.mend == "pip install 'numpy<3,>=2.0'"


def test_an_extra_that_is_not_installed_is_not_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    real = metadata.version

    def without(name: str) -> str:
        if name == "zarr":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", without)
    check = next(check for check in packages.extras() if check.name == "extra index")
    assert (check.found, check.wrong) == ("not installed (zarr)", "")
    assert check.mend == f"pip install '{DISTRIBUTION}[index]'"
