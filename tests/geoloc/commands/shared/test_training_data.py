"""What commands train on: options as one value, and wrong usage that is told before anything is loaded."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from geoloc.commands.shared.training_data import TrainingData, training_data
from tests.helpers.command_line import invoke, python


def test_options_become_one_value() -> None:
    given: list[TrainingData] = []

    @click.command()
    @training_data(packed=True)
    @click.option("--steps", type=int)
    def command(*, data: TrainingData, steps: int) -> None:
        given.append(data)
        assert steps == 3

    sources = ["--mosaic", "a.tif", "--mosaic", "b.tif", "--dsm", "d.tif", "--site", "s", "--data", "f", "--towns", "2"]
    for args in (sources, ["--pack", "p"]):
        result = CliRunner().invoke(command, [*args, "--steps", "3"])
        assert result.exit_code == 0, result.output
    mosaics = (Path("a.tif"), Path("b.tif"))
    assert given[0] == TrainingData(mosaics, Path("d.tif"), (Path("s"),), Path("f"), 2)
    assert given[0].makes_views
    assert given[1] == TrainingData((), None, (), None, 0, packed=Path("p"))
    assert not given[1].makes_views


def test_a_command_that_writes_packs_takes_none() -> None:
    result = invoke("pack", "--pack", "p", "-o", "q")
    assert result.exit_code == 2
    assert "No such option '--pack'" in result.stderr


WRONG = [
    ([], "Nothing to train on"),
    (["--dsm", "d.tif"], "Nothing to train on"),
    (["--towns", "1", "--dsm", "d.tif"], "--dsm belongs to a --mosaic"),
]
WRONG_WITH_A_PACK = [
    (["--pack", "p", "--towns", "1"], "--pack and what to make views of are two ways"),
    (["--pack", "p", "--dsm", "d.tif"], "--pack and what to make views of are two ways"),
]
CASES = [
    *(("pack", *wrong) for wrong in WRONG),
    *((name, *wrong) for name in ("ablate", "calibrate", "train-descriptors") for wrong in WRONG + WRONG_WITH_A_PACK),
]


@pytest.mark.parametrize(("command", "args", "says"), CASES)
def test_wrong_usage_is_told(
    command: str, args: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = invoke(command, "-o", "w.safetensors", *args)
    assert result.exit_code == 2
    assert says in result.stderr
    assert not list(tmp_path.iterdir())


def test_it_is_told_before_torch_is_loaded(tmp_path: Path) -> None:
    code = """
import sys
from click.testing import CliRunner
from geoloc.commands.main import main
for args in (["calibrate", "-o", "w.safetensors"], ["train-descriptors", "-o", "w.safetensors"], ["pack", "-o", "p"],
             ["ablate", "-o", "r"], ["train", "-o", "r", "--steps", "1"]):
    assert CliRunner().invoke(main, args).exit_code == 2
print("torch" in sys.modules)
"""
    done = python(code, tmp_path)
    assert done.stdout.strip() == "False", done.stderr
