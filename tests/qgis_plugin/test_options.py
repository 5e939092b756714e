"""A QGIS where nothing is installed: the plugin explains itself, and its page of settings installs geoloc."""

from pathlib import Path
from typing import Any

import pytest
from qgis_run import install, put_stub, run_script
from wheel import make_wheel

from tests.helpers import city

SUCCESS, WARNING = 3, 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("options")


@pytest.fixture(scope="module")
def said(folder: Path) -> dict[str, Any]:
    city.make_city(folder)
    install(folder / "settings", "")
    asked = {
        "mosaic": str(folder / "m.tif"),
        "photo": str(folder / "p.jpg"),
        "wheels": str(make_wheel(folder / "wheels").parent),
        "other_folder": str(folder / "other" / "venv"),
        "stub": str(put_stub(folder / "stub")),
    }
    return run_script("drive_options.py", folder, asked, 200)


def test_nothing_unexpected_was_raised(said) -> None:
    assert said["unexpected"] == []


def test_where_nothing_is_installed_it_says_what_to_do(said) -> None:
    seen = said["nothing_there"]
    text = "geoloc is not installed yet: open Settings > Options > Geoloc to install it."
    assert seen["messages"] == [[text, WARNING]]
    assert not seen["running"]
    assert seen["visible"]
    assert seen["answer"] == text
    assert "/no/such/python" in seen["wrong"]
    assert seen["no_source"].startswith("Give the wheel or the folder of geoloc")
    assert seen["base"] >= 1
    assert seen["folder"].endswith("/geoloc/venv")


def test_what_failed_is_diagnosed_and_can_be_copied(said, folder: Path) -> None:
    seen = said["failed"]
    # Install, Cancel and the bar while it runs.
    assert seen["busy"] == [False, True, True]
    assert seen["result"].startswith("What is to be installed is not there")
    assert "no-such-package" in seen["log"]
    assert "No matching distribution" in seen["report"]
    assert "QGIS 3" in seen["report"]


def test_cancel_stops_an_installation_within_two_seconds(said) -> None:
    seen = said["cancelled"]
    assert seen["seconds"] < 2
    assert seen["result"] == "Cancelled; nothing was installed."
    assert not seen["left"]


def test_geoloc_is_installed_from_a_folder_of_wheels_and_answers(said) -> None:
    seen = said["installed"]
    assert "Successfully installed geoloc-9.9" in seen["log"]
    assert seen["result"].startswith("geoloc was installed into ")
    assert seen["answer"].startswith("Works: geoloc 9.9")
    # The managed one needs no setting.
    assert seen["path"] == ""
    assert seen["longest_gap_s"] < 1
    assert seen["messages"][0][0].startswith("Best of 3")


def test_another_python_is_kept_on_ok_and_used(said, folder: Path) -> None:
    seen = said["chosen"]
    assert seen["answer"].startswith("Works: geoloc 9.9")
    assert seen["kept"] == str(folder / "stub" / "python")
    assert seen["messages"][0][1] == SUCCESS
