"""What the documentation tells to type is typed: every command of every page, on the demonstration's files.

What cannot be run as it stands has a row in `tests/helpers/pages/instead.py`.
"""

from __future__ import annotations

import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

from geoloc.geometry import stand
from geoloc.model import packaged
from geoloc.model.network.config import Config
from geoloc.model.presets import PRESETS, new_network
from geoloc.model.weights import Calibration, save_weights
from geoloc.train import ablate, grow_towns, workflows
from geoloc.train.grounds.towns import maker
from geoloc.train.grounds.towns.store import save_town
from geoloc.train.outlines import held_out
from geoloc.train.samples.sampler import SamplerSettings
from tests.helpers.file_server import Served
from tests.helpers.pages.instead import BEFORE, INSTEAD, instead, named_in
from tests.helpers.pages.lines import pages
from tests.helpers.pages.place import build_inputs, build_scene
from tests.helpers.pages.shell import Shell
from tests.helpers.paths import ROOT
from tests.helpers.short_pilot import shorten_pilot
from tests.helpers.tiny import TINY
from tests.helpers.tiny_town import kept_town, tiny_town

PAGES = pages()
SMALL = re.compile(
    r"^(?:geoloc (?:train|pack|ablate|calibrate)\b|python -m geoloc\.train\.)|--dataset |phone\.jpg|^geoloc export"
)
"""Commands of pages for which a network that is small and knows nothing will do: others take long."""
EXTRAS = ("distributed", "fastapi", "lightning", "zarr")
"""Packages that pages need beside geoloc's own."""
PRINTED = re.compile(r"`(found: [^`]+)`")
"""What a page says that a command prints: so it is, but for the figures, since the town is another one."""


def shape(text: str) -> str:
    """A text with a 0 for every number."""
    return re.sub(r"\d+", "0", text)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """See `build_scene`."""
    return build_scene(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def inputs(scene: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """See `build_inputs`."""
    return build_inputs(tmp_path_factory.mktemp("inputs"), scene)


@pytest.fixture(scope="module")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packaged weights of a network that is small and knows nothing."""
    folder = tmp_path_factory.mktemp("weights")
    shutil.copy(packaged.PACKAGED / "outline.safetensors", folder)
    save_weights(folder / "base.safetensors", new_network(tiny_base()), Calibration())
    return folder


def tiny_base() -> Config:
    """What is small, under the name of the default network."""
    return replace(TINY, name="base", descriptor=8)


@pytest.fixture(scope="module")
def training_town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town to train on, on the disk."""
    folder = tmp_path_factory.mktemp("towns") / "town"
    save_town(folder, tiny_town(1000, drones=1, panoramas=0))
    return folder


@pytest.fixture
def small(tiny_weights: Path, training_town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the network be small, what it is trained on, and what is searched and tried before."""
    config, build = tiny_base(), partial(kept_town, training_town)
    monkeypatch.setitem(PRESETS, "base", config)
    monkeypatch.setattr(packaged, "PACKAGED", tiny_weights)
    monkeypatch.setattr(workflows, "HELD_OUT_BATCHES", 1)
    monkeypatch.setattr(held_out, "TESTED", 6)
    shorten_pilot(monkeypatch)
    sampled = SamplerSettings(query_px=config.query_shape[0], window_px=config.window_px)
    monkeypatch.setattr(ablate, "SamplerSettings", lambda: sampled)
    for name, few in (("GLANCED", 60), ("COMPARED", 10), ("CLIMBED", 2)):
        monkeypatch.setattr(stand, name, few)
    monkeypatch.setattr(grow_towns, "grow", partial(grow_towns.grow, build=build))
    monkeypatch.setattr(maker, "build_town", build)


@pytest.fixture
def place(inputs: Path, scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own with all inputs."""
    if missing := [name for name in EXTRAS if find_spec(name) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}: make venv")
    folder = tmp_path / "place"
    shutil.copytree(inputs, folder)
    (folder / "demo").symlink_to(scene.parent)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def shell(place: Path, inputs: Path, tiny_weights: Path, tmp_path: Path) -> Iterator[Shell]:
    """A shell in that folder, and the servers that its variables name."""
    (tmp_path / "programs").mkdir()
    tile = (inputs / "mosaic.tif").read_bytes()
    with Served({"/tiles/a.tif": tile, "/bucket/tiles/b.tif": tile}) as server:
        address = server.url("")
        variables = {
            **{"WEIGHTS": str(tiny_weights / "base.safetensors"), "OMP_NUM_THREADS": "1"},
            **{"SERVER": address, "AWS_S3_ENDPOINT": address.removeprefix("http://"), "AWS_HTTPS": "NO"},
            **{"AWS_VIRTUAL_HOSTING": "FALSE", "AWS_NO_SIGN_REQUEST": "YES"},
        }
        shell = Shell(place, tmp_path / "programs", variables)
        yield shell
        shell.close()
        server.shutdown()


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_tells_to_type_works(page: str, shell: Shell, request: pytest.FixtureRequest) -> None:
    if any(SMALL.search(step.text) for step in PAGES[page]):
        request.getfixturevalue("small")
    for line in BEFORE.get(page, ()):
        shell.run(str(instead(line)))
    names: dict[str, object] = {}
    printed = ""
    for step in PAGES[page]:
        if step.kind == "python":
            exec(compile(step.text, page, "exec"), names)
        elif step.kind == "script":
            shell.script(step.text)
        elif line := instead(step.text):
            printed += shell.run(line)
    for sentence in PRINTED.findall((ROOT / page).read_text(encoding="utf-8")) if (ROOT / page).is_file() else ():
        assert shape(sentence) in shape(printed)
    if shell.missing:
        pytest.skip(f"lines with these were not run, since they are not installed: {', '.join(sorted(shell.missing))}")


def lines() -> list[str]:
    """All lines for a shell on all pages."""
    return [step.text for steps in PAGES.values() for step in steps if step.kind == "line"]


def test_what_is_run_instead_is_of_lines_that_are_there() -> None:
    typed = [*lines(), *(line for before in BEFORE.values() for line in before)]
    assert len(typed) > 120
    assert not [row.pattern for row in INSTEAD if not any(re.search(row.pattern, line) for line in typed)]
    assert BEFORE.keys() <= PAGES.keys()


def test_what_is_not_run_here_is_tested_elsewhere() -> None:
    assert not [row.pattern for row in INSTEAD if (row.run is None) != bool(row.elsewhere)]
    for row in (row for row in INSTEAD if row.elsewhere):
        told = named_in(ROOT / row.elsewhere)
        typed = " ".join(line for line in lines() if re.search(row.pattern, line))
        assert not [word for word in re.findall(row.named or "^$", typed) if word not in told]


def test_what_pip_is_told_to_install_is_there() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for line in lines():
        if "pip install" in line or "pip wheel" in line:
            words = shlex.split(line)
            named = [name for word in words if word.startswith(".[") for name in word[2:-1].split(",")]
            assert set(named) <= extras.keys(), line
            assert "-c" not in words or (ROOT / words[words.index("-c") + 1]).is_file()
