"""A QGIS where nothing is installed: the plugin explains itself, and its page of settings installs geoloc."""

from pathlib import Path
from typing import Any

import pytest

from tests.helpers import city
from tests.helpers.qgis.run import install, put_stub, run_script
from tests.helpers.qgis.wheel import make_wheel

SUCCESS, WARNING = 3, 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("options")


@pytest.fixture(scope="module")
def report(folder: Path) -> dict[str, Any]:
    city.make_city(folder)
    install(folder / "settings", "")
    inputs = {
        "mosaic": str(folder / "m.tif"),
        "photo": str(folder / "p.jpg"),
        "wheels": str(make_wheel(folder / "wheels").parent),
        "other_folder": str(folder / "other" / "venv"),
        "stub": str(put_stub(folder / "stub")),
    }
    return run_script("drive_options", folder, inputs)


def test_nothing_unexpected_was_raised(report) -> None:
    assert report["unexpected"] == []


def test_where_nothing_is_installed_it_says_what_to_do(report) -> None:
    state = report["nothing_there"]
    text = "geoloc is not installed yet: open Settings > Options > Geoloc to install it."
    assert state["messages"] == [[text, WARNING]]
    assert not state["running"]
    assert state["visible"]
    assert state["answer"] == text
    assert "/no/such/python" in state["wrong"]
    assert state["no_source"].startswith("Give the wheel or the folder of geoloc")
    assert state["base"] >= 1
    assert state["folder"].endswith("/geoloc/venv")


def test_what_failed_is_diagnosed_and_can_be_copied(report, folder: Path) -> None:
    state = report["failed"]
    # Install, Cancel and the bar while it runs.
    assert state["busy"] == [False, True, True]
    assert state["result"].startswith("What is to be installed is not there")
    assert "geoloc-crossview==99" in state["log"]
    assert "No matching distribution" in state["report"]
    assert "QGIS 3" in state["report"]


def test_cancel_stops_an_installation(report) -> None:
    state = report["cancelled"]
    assert state["result"] == "Cancelled; nothing was installed."
    assert not state["left"]


def test_geoloc_is_installed_from_a_folder_of_wheels_and_answers(report) -> None:
    state = report["installed"]
    assert "Successfully installed geoloc-crossview-9.9" in state["log"]
    assert state["result"].startswith("geoloc was installed into ")
    assert state["answer"].startswith("Works: geoloc 9.9")
    # The managed one needs no setting.
    assert state["path"] == ""
    # A window that waits for pip has none.
    assert state["turns"] > 10
    assert state["messages"][0][0].startswith("Best of 3")


def test_another_python_is_kept_on_ok_and_used(report, folder: Path) -> None:
    state = report["chosen"]
    assert state["wrong"].endswith("\ntorch: it is broken. pip install torch")
    assert "torch: 2" in state["report"].splitlines()
    assert state["answer"].startswith("Works: geoloc 9.9")
    assert state["kept"][0] == str(folder / "stub" / "python")
    assert state["kept"][1].endswith(".tif")
    assert state["messages"][0][1] == SUCCESS
