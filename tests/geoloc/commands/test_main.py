"""The group of commands: its help, its version, exit codes, and what it loads."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import geoloc.search.locate
from geoloc import __version__
from geoloc.commands.main import main
from geoloc.commands.shared import progress
from geoloc.commands.shared.command import help_rows
from tests.helpers.city import make_city
from tests.helpers.command_line import Run, python
from tests.helpers.paths import ROOT
from tests.helpers.search_stub import SearchStub

LOCATE = ("locate", "photo.jpg", "--mosaic", "mosaic.tif")


@pytest.mark.parametrize(
    "args",
    [
        ("locate", "photo.jpg", "--mosaic", "mosaic.tif"),
        ("locate", "photo.jpg", "--mosaic", "mosaic.tif", "--click", "1,1", "--box", "1,1,2,2"),
        ("locate", "photo.jpg", "--click", "1,1"),
        ("locate", "--mosaic", "mosaic.tif", "--click", "1,1"),
        ("locate", "photo.jpg", "--mosaic", "mosaic.tif", "--click", "1;1"),
        ("locate", "photo.jpg", "--mosaic", "mosaic.tif", "--click", "1,nan"),
        ("locate", "photo.jpg", "--mosaic", "mosaic.tif", "--box", "1,1,1,2"),
        ("locate", "photo.jpg", "--mosaic", "mosaic.tif", "--click", "1,1", "--bands", "0,1,2"),
        ("locate", "photo.jpg", "--mosaic", "mosaic.tif", "--click", "1,1", "--bounds", "1,2,3"),
        ("locate", "photo.jpg", "--mosaic", "mosaic.tif", "--click", "1,1", "--top", "0"),
        ("locate", "photo.jpg", "--mosaic", "mosaic.tif", "--click", "1,1", "--gsd", "0"),
        ("tiles", "--mosaic", "mosaic.tif", "--format", "kml"),
        ("evaluate", "--mosaic", "mosaic.tif"),
        ("batch", "clicks.csv", "--mosaic", "mosaic.tif"),
        ("batch", "clicks.csv", "-o", "found.gpkg"),
        ("batch", "--mosaic", "mosaic.tif", "-o", "found.gpkg"),
        ("nothing",),
        (*LOCATE, "--click", "1,1", "--bounds", "3,4,1,2"),
        (*LOCATE, "--click", "1,1", "--bounds", "1,2,3,400"),
        (*LOCATE, "--click", "1,1", "--near", "15,148"),
        (*LOCATE, "--click", "1,1", "--within", "-5"),
        (*LOCATE, "--click", "1,1", "--model", "huge"),
        (*LOCATE, "--click", "1,1", "--refine", "perhaps"),
        (*LOCATE, "--click", "1,1", "--min-score", "2"),
        (*LOCATE, "--click", "1,1", "-o", "found.shp"),
        (*LOCATE, "--click", "1,1", "--preview", "p.svg"),
        (*LOCATE, "--polygon", "1,1 2,2"),
        (*LOCATE, "--polygon", "1,1", "9,1", "5,7"),
        (*LOCATE, "--click", "1,1", "--index", "i.zarr", "--gsd", "0.3"),
        ("batch", "clicks.csv", "--mosaic", "mosaic.tif", "-o", "found.shp"),
        ("batch", "clicks.csv", "--mosaic", "mosaic.tif", "-o", "f.gpkg", "--workers", "2", "--scheduler", "tcp://a:1"),
        ("tiles",),
        ("tiles", "--mosaic", "mosaic.tif", "-o", "windows.gpkg"),
        ("tiles", "--mosaic", "mosaic.tif", "--model", "huge"),
        ("evaluate", "--queries", "queries.csv", "--mosaic", "mosaic.tif", "--dataset", "g2d", "here"),
        ("evaluate", "--dataset", "g2d", "here", "--truth", "t.gpkg"),
        ("evaluate", "--dataset", "g2d", "here", "--gsd", "0.3"),
        ("evaluate", "--dataset", "other", "here"),
        ("index", "build", "--mosaic", "mosaic.tif"),
        ("index", "build", "-o", "i.zarr"),
        ("index", "build", "--mosaic", "mosaic.tif", "-o", "i.zarr", "--model", "huge"),
        ("index", "update"),
        ("index", "update", "i.zarr", "--workers", "2", "--scheduler", "tcp://a:1"),
        ("index", "info"),
        ("index", "verify"),
        ("train", "--mosaic", "mosaic.tif", "-o", "run"),
        ("train", "--minutes", "1", "-o", "run"),
        ("train", "--mosaic", "mosaic.tif", "--minutes", "0", "-o", "run"),
        ("demo", "--seed", "-1"),
        ("doctor", "here"),
        ("ablate", "-o", "run"),
        ("ablate", "--pack", "pack", "-o", "run", "--presets", "base,huge"),
        ("calibrate", "--pack", "pack", "-o", "w.pt"),
        ("calibrate", "-o", "w.safetensors"),
        ("train-descriptors", "--pack", "pack", "-o", "w.pt"),
        ("train-outlines", "--data", "data", "--run", "run", "-o", "w.pt"),
        ("pack", "-o", "pack"),
        ("pack", "--mosaic", "mosaic.tif", "-o", "pack", "--size-mb", "0"),
        ("export",),
    ],
)
def test_wrong_usage_exits_with_two(run: Run, args: tuple[str, ...]) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr
    assert result.stdout == ""


def test_programming_errors_are_told_apart(run: Run, search: SearchStub, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise KeyError("oops")

    monkeypatch.setattr(geoloc.search.locate, "AttentionSearch", broken)
    result = run(*LOCATE, "--click", "1,1")
    assert result.exit_code == 1
    assert "unexpected KeyError" in result.stderr.splitlines()[-1]
    assert isinstance(run(*LOCATE, "--click", "1,1", "-v").exception, KeyError)


def test_nothing_is_said_to_be_done_behind_an_error(run: Run) -> None:
    assert run("locate", "photo.jpg", "--click", "1,1", "--mosaic", "no_crs.tif").exit_code == 1
    assert progress._told is None


def test_version(run: Run) -> None:
    assert __version__ in run("--version").stdout


def test_words_are_completed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def completed(*words: str) -> str:
        monkeypatch.setenv("_GEOLOC_COMPLETE", "zsh_complete")
        monkeypatch.setenv("COMP_WORDS", shlex.join(["geoloc", *words]))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        return CliRunner().invoke(main, prog_name="geoloc").stdout

    assert "locate" in completed("loc").split()
    assert "--exhaustive" in completed("locate", "--exh").split()
    monkeypatch.setenv("_GEOLOC_COMPLETE", "zsh_source")
    assert CliRunner().invoke(main, prog_name="geoloc").stdout.startswith("#compdef geoloc")


HEAVY = {
    *("torch", "rasterio", "numpy", "shapely", "pyproj", "geopandas", "pyogrio", "pandas", "cv2", "PIL", "zarr"),
    *("distributed", "lightning", "sklearn", "matplotlib", "openvino"),
}
"""Libraries that take tenths of seconds to load, or seconds."""


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    code = """
import runpy, sys
sys.argv = ["geoloc", "--help"]
try:
    runpy.run_module("geoloc", run_name="__main__", alter_sys=True)
finally:
    print("loaded:", *sys.modules, file=sys.stderr)
"""
    done = python(code, tmp_path)
    assert done.stdout.startswith("Usage: geoloc [OPTIONS] COMMAND")
    loaded = done.stderr.rpartition("loaded:")[2].split()
    assert "geoloc.commands.main" in loaded
    assert not HEAVY & set(loaded)


def test_no_command_loads_anything_heavy_for_its_help(tmp_path: Path) -> None:
    code = """
import sys
from click.testing import CliRunner
from geoloc.commands.main import main
from geoloc.commands.shared import progress
helps = [[name, "-h"] for name in main.commands] + [["index", name, "-h"] for name in main.commands["index"].commands]
assert len(helps) > 12
for args in (["--help"], *helps, ["--version"], ["locate"]):
    result = CliRunner().invoke(main, args)
    assert result.exit_code == (2 if args == ["locate"] else 0), result.output
print(*sys.modules)
"""
    done = python(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert not HEAVY & set(done.stdout.split())


def test_help_is_quick() -> None:
    # In CPU time, which other programs do not lengthen as they do the time that goes by.
    resource = pytest.importorskip("resource")
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "geoloc", "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(times) < 0.4


def every_command(group: click.Group = main, *above: str) -> Iterator[tuple[str, click.Command]]:
    """All commands by their names after `geoloc`, groups too."""
    yield " ".join(above), group
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every_command(command, *above, name)
        else:
            yield " ".join([*above, name]), command


@pytest.mark.parametrize("name", [pytest.param(name, id=name or "geoloc") for name, _ in every_command()])
def test_every_help_ends_with_examples(run: Run, name: str) -> None:
    """That they can be typed as they are, `tests/test_commands_on_pages.py` tells."""
    lines = run(*name.split(), "--help").stdout.partition("\n  Examples:\n")[2].splitlines()
    assert lines
    # The first of the command itself.
    assert lines[0].split()[: 1 + len(name.split())] == ["geoloc", *name.split()]
    assert all(line.startswith("    ") for line in lines)


def test_every_option_says_what_it_is_for_in_words_of_people() -> None:
    for name, command in every_command():
        for option in (param for param in command.params if isinstance(param, click.Option)):
            assert option.help, (name, option.opts)
            assert "RANGE" not in option.make_metavar(click.Context(command)), (name, option.opts)


def test_options_of_a_search_stand_under_headings(run: Run) -> None:
    heads = ["Input", "Where to look", "What is known of the camera and the ground", "Answers", "Output", "How it runs"]
    text = run("locate", "--help").stdout
    at = [text.index(f"\n{head}:\n") for head in heads]
    assert at == sorted(at)
    under = dict(zip(heads, (text[begin:end] for begin, end in pairwise([*at, len(text)])), strict=True))
    for head, flags in (
        ("Input", ("--click X,Y", "--mosaic PATH", "--gsd METRES")),
        ("Where to look", ("--near LON,LAT", "--gps / --no-gps")),
        ("What is known of the camera and the ground", ("--heading DEGREES", "--dsm PATH")),
        ("Answers", ("--top N", "--exhaustive")),
        ("Output", ("--output PATH", "--preview PATH", "--overwrite")),
        ("How it runs", ("--device TEXT", "--quiet", "--help")),
    ):
        assert all(flag in under[head] for flag in flags), head
    for name, command in every_command():
        heads = [line for line in run(*name.split(), "--help").stdout.splitlines() if re.fullmatch(r"\w[\w ]*:", line)]
        assert ("Options:" in heads) is not ("Where to look:" in heads), name
        context = click.Context(command)
        told = [names for rows in help_rows(command, context).values() for names, _ in rows]
        options = [param for param in command.get_params(context) if isinstance(param, click.Option)]
        assert len(told) == len(set(told)) == len(options), name


def test_research_stands_apart_in_the_help_and_nothing_is_cut(run: Run) -> None:
    text = run("--help").stdout
    users, _, rest = text.partition("Commands:\n")[2].partition("\nResearch:\n")
    research = rest.partition("\n\n")[0]
    assert [line.split()[0] for line in users.splitlines()] == [
        *("locate", "batch", "serve", "report", "pose", "map", "index", "tiles", "evaluate", "train", "demo", "doctor"),
    ]
    assert [line.split()[0] for line in research.splitlines()] == [
        *("ablate", "calibrate", "export", "pack", "train-descriptors", "train-outlines"),
    ]
    # One line each, a whole sentence.
    lines = [*users.splitlines(), *research.splitlines()]
    assert all(line.endswith(".") and not line.endswith("...") for line in lines)
    assert set(main.commands) == {line.split()[0] for line in lines}


def test_what_is_cheap_to_check_comes_before_torch(inputs: Path) -> None:
    code = """
import sys
from click.testing import CliRunner
from geoloc.commands.main import main
from geoloc.commands.shared import progress
for args in (
    ["locate", "none.jpg", "--click", "1,1", "--mosaic", "mosaic.tif"],
    ["locate", "photo.jpg", "--click", "999,1", "--mosaic", "mosaic.tif"],
    ["locate", "photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "-o", "no/found.gpkg"],
    ["locate", "photo.jpg", "--click", "1,1", "--mosaic", "no_crs.tif"],
    ["locate", "photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "--bounds", "1,2,3,4"],
    ["evaluate", "--queries", "none.csv", "--mosaic", "mosaic.tif"],
    ["batch", "none.csv", "--mosaic", "mosaic.tif", "-o", "found.gpkg"],
    ["batch", "clicks.csv", "--mosaic", "mosaic.tif", "--bounds", "1,2,3,4", "-o", "found.gpkg"],
):
    assert CliRunner().invoke(main, args).exit_code == 1
assert CliRunner().invoke(main, ["tiles", "--mosaic", "mosaic.tif"]).exit_code == 0
print("torch" in sys.modules)
"""
    done = python(code, inputs)
    assert done.stdout.strip() == "False", done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_stopped_exits_with_130_and_leaves_nothing_behind(tmp_path: Path, number: int) -> None:
    make_city(tmp_path)
    before = set(tmp_path.iterdir())
    # A search of pixels far finer than the mosaic's takes minutes.
    args = ["locate", "p.jpg", "--click", "128,120", "--mosaic", "m.tif", "--refine", "off", "--gsd", "0.03"]
    # What runs in the background of a shell ignores Ctrl-C, and so would this, which is about what does not.
    heard = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        " signal.signal(signal.SIGHUP, signal.SIG_DFL)"
    )
    code = f"{heard}; from geoloc.commands.main import run; run()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *args, "--exhaustive", "-o", "found.geojson"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    # It says what it searches when it begins to.
    begun = next(line for line in process.stderr if line.startswith("Searching"))
    process.send_signal(number)
    rest = process.stderr.read()
    assert process.wait() == 130, begun + rest
    assert rest.splitlines()[-1] == "Stopped."
    assert "Traceback" not in rest
    assert set(tmp_path.iterdir()) == before


def test_under_nohup_a_terminal_that_is_closed_stops_nothing(tmp_path: Path) -> None:
    code = """
import signal
from geoloc.commands import main as commands

def closed(**_):
    signal.raise_signal(signal.SIGHUP)
    print("goes on")

commands.tiles.callback = closed
signal.signal(signal.SIGHUP, signal.SIG_IGN)
import sys
sys.argv[1:] = ["tiles", "--mosaic", "m.tif"]
commands.run()
"""
    assert python(code, tmp_path).stdout.strip() == "goes on"


def test_what_was_stopped_does_not_wait_for_its_threads() -> None:
    code = """
import threading
from geoloc.commands import main as commands

def stopped(**_):
    threading.Thread(target=threading.Event().wait).start()
    raise KeyboardInterrupt

commands.tiles.callback = stopped
import sys
sys.argv[1:] = ["tiles", "--mosaic", "m.tif"]
commands.run()
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "Stopped.\n")
