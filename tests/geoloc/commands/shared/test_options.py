"""Options of commands, made of the fields of a request, and those that no request has."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from geoloc.commands.main import main
from geoloc.commands.shared.options import (
    ANSWERS,
    CAMERA,
    LIMITS,
    NETWORK,
    SOURCE,
    Seconds,
    check_source,
    chosen_workers,
    click_type,
    options,
    request_option,
    takes_request,
    without,
)
from geoloc.pipeline import option_kinds as kinds
from geoloc.pipeline.option_kinds import Kind
from geoloc.pipeline.request import SearchRequest, options_of
from geoloc.results.vector_files import VECTOR_SUFFIXES
from geoloc.system.processes import Workers

DEFAULTS = SearchRequest()


class Command:
    """A command with options of a request, and the requests that it was given."""

    def __init__(self, *decorators: Any) -> None:
        self.requests: list[SearchRequest] = []

        @takes_request
        def run(*, request: SearchRequest) -> None:
            self.requests.append(request)

        for decorator in reversed(decorators):
            run = decorator(run)
        self.command = click.command()(run)

    def __call__(self, *args: str) -> Result:
        return CliRunner().invoke(self.command, args)

    def request(self, *args: str) -> SearchRequest:
        result = self(*args)
        assert result.exit_code == 0, result.output
        return self.requests[-1]


@pytest.fixture
def search() -> Command:
    return Command(options(*SOURCE, *LIMITS, *CAMERA, *ANSWERS, *NETWORK))


def test_every_field_with_a_flag_is_an_option_of_a_search() -> None:
    fields = options_of()
    flagged = [name for name, option in fields.items() if option.flag]
    assert [*SOURCE, *LIMITS, *CAMERA, *ANSWERS, *NETWORK] == flagged
    # Polygons that are no file cannot be typed.
    assert set(fields) - set(flagged) == {"area"}
    for command in ("locate", "batch"):
        names = [param.name for param in main.commands[command].params]
        assert [name for name in names if name in fields] == flagged


def test_without_options_a_request_is_the_default(search: Command) -> None:
    assert search.request() == DEFAULTS


@pytest.mark.parametrize(
    ("args", "changes"),
    [
        ("--mosaic a.tif --mosaic b", {"mosaics": (Path("a.tif"), Path("b"))}),
        ("--index i.zarr", {"index": Path("i.zarr")}),
        ("--bands 4,3,2", {"bands": (4, 3, 2)}),
        ("--bands 1", {"bands": (1,)}),
        ("--gsd 0.25", {"gsd_m": 0.25}),
        ("--bounds 1,2,3,4.5", {"bounds": (1.0, 2.0, 3.0, 4.5)}),
        ("--aoi a.gpkg", {"aoi": Path("a.gpkg")}),
        ("--near 15.5,-48", {"near": (15.5, -48.0)}),
        ("--within 30", {"within_m": 30.0}),
        ("--no-gps", {"gps": False}),
        ("--no-gps --gps", {}),
        ("--top 1", {"top": 1}),
        ("--min-score 0", {"min_score": 0.0}),
        ("--refine off", {"refine": "off"}),
        ("--exhaustive", {"exhaustive": True}),
        ("--model detgeo", {"preset": "detgeo"}),
        ("--weights w.safetensors", {"weights": Path("w.safetensors")}),
        ("--device cuda:1", {"device": "cuda:1"}),
    ],
)
def test_what_is_typed_is_in_the_request(search: Command, args: str, changes: dict[str, Any]) -> None:
    assert search.request(*args.split()) == replace(DEFAULTS, **changes)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ("--bands 1,2", "'1,2' is not one band or three, counted from 1, such as 4,3,2"),
        ("--bands 0,1,2", "'0,1,2' is not one band or three, counted from 1, such as 4,3,2"),
        ("--bands red", "'red' is not one band or three, counted from 1, such as 4,3,2"),
        ("--gsd 0", "0.0 is not in the range x>0"),
        ("--gsd nan", "nan is not a finite number"),
        ("--within inf", "inf is not a finite number"),
        ("--bounds 1,2,3", "'1,2,3' is not of the form W,S,E,N"),
        ("--near 1,nan", "'1,nan' is not of the form LON,LAT"),
        ("--top 0", "0 is not in the range x>=1"),
        ("--min-score 1.1", "1.1 is not in the range 0<=x<=1"),
        ("--min-score nan", "nan is not a finite number"),
        ("--refine on", "'on' is not one of 'auto', 'off'"),
        ("--device gpu", "'gpu' is no device; give cpu, cuda, cuda:1 or mps"),
    ],
)
def test_what_is_wrong_is_told_with_the_option(search: Command, args: str, message: str) -> None:
    result = search(*args.split())
    assert result.exit_code == 2
    assert f"Invalid value for '{args.split(maxsplit=1)[0]}': {message}" in result.stderr
    assert not search.requests


def test_the_help_says_what_is_otherwise(search: Command) -> None:
    text = " ".join(search("--help").output.split())
    for part in (
        "--bands B OR R,G,B Bands of the mosaic",
        "--gsd METRES Read the mosaic at so many metres a pixel: fewer, such as 0.1, to find small things, which takes "
        "longer. [default: 0.2, what the network was made for]",
        "--near LON,LAT",
        "GPS position. [default: 500.0; x>0]",
        "--gps / --no-gps Search round the photo's own GPS position first, and the rest if nothing shows that it was "
        "taken there. [default: gps]",
        "--top N Answers a click at most: its answer has rank 1, what else it could be has 2 and more. "
        "[default: 1; x>=1]",
        '[default: a click whose best answer scores below 0.5 is "not here"]',
        "--refine [auto|off]",
        "compared with, which come without weights: attengeo, summation+cvcam, summation+mhsam, summation, detgeo. "
        "[default: base]",
        "(.safetensors). [default: those in the package]",
        "[default: cpu]",
    ):
        assert part in text
    assert "[default: False]" not in text


@pytest.mark.parametrize("words", ["locate", "batch", "evaluate", "index build", "map", "pose", "serve", "tiles"])
def test_a_commands_own_options_come_before_those_of_every_search(words: str) -> None:
    command: click.Command = main
    for word in words.split():
        assert isinstance(command, click.Group)
        command = command.commands[word]
    shared = [param.name in options_of() for param in command.params if isinstance(param, click.Option)]
    # The last one is how much is said.
    assert shared == [*sorted(shared[:-1]), False]
    assert True in shared


def test_a_command_may_have_an_option_in_its_own_way() -> None:
    own = Command(
        request_option("mosaics", required=True),
        request_option("gps", default=False, help_text="Only there.  [default: no-gps]"),
        request_option("min_score", default=0.0, help_text="What counts."),
        options(*CAMERA, *without(ANSWERS, "top", "min_score")),
    )
    assert "Missing option '--mosaic'" in own().stderr
    request = own.request("--mosaic", "m.tif")
    # What is no option of the command is as it is otherwise.
    assert request == replace(DEFAULTS, mosaics=(Path("m.tif"),), gps=False, min_score=0.0)
    assert own.request("--mosaic", "m.tif", "--gps", "--min-score", "0.3").gps
    text = " ".join(own("--help").output.split())
    assert "--gps / --no-gps Only there. [default: no-gps]" in text
    assert "What counts. [default: 0.0; 0<=x<=1]" in text
    assert "--top" not in text


KINDS = {name: kind for name, kind in vars(kinds).items() if isinstance(kind, Kind)}
KINDS |= {"numbers": kinds.numbers("W,S,E,N"), "choice": kinds.choice("auto", "off")}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_can_be_typed_but_an_area(name: str) -> None:
    assert len(KINDS) > 10
    if KINDS[name] is kinds.AREA:
        with pytest.raises(ValueError, match="cannot be typed"):
            click_type(kinds.AREA)
    else:
        assert isinstance(click_type(KINDS[name]), click.ParamType)


@pytest.mark.parametrize(
    ("kind", "least", "shown"),
    [
        (kinds.number(whole=True), -3, "INTEGER"),
        (kinds.number(whole=True, least=2, most=4), 2, "NUMBER"),
        (kinds.number(least=2), 2.0, "NUMBER"),
        (kinds.number(least=2, above=True), 2.5, "NUMBER"),
        (kinds.number(), -3.5, "NUMBER"),
    ],
)
def test_click_takes_the_numbers_that_the_kind_takes(kind: Kind, least: float, shown: str) -> None:
    found = click_type(kind)
    assert found.name.upper() == shown
    for value in (least - 1, least - 0.5, least, least + 1, 5, float("nan"), float("inf")):
        try:
            number = found.convert(str(value).removesuffix(".0"), None, None)
        except click.BadParameter:
            with pytest.raises(ValueError):
                kind.check(value)
        else:
            kind.check(number)


def test_an_output_is_one_option_of_several_commands() -> None:
    helps = {}
    for name in ("locate", "batch"):
        (option,) = (param for param in main.commands[name].params if param.name == "output")
        assert isinstance(option, click.Option)
        helps[name], required = option.help or "", option.required
        assert required is (name == "batch")
    told = set(re.findall(r"\.[a-z]+\b", helps["batch"]))
    assert told == set(VECTOR_SUFFIXES) - {".json"}
    assert helps["locate"] == helps["batch"] + "  [default: GeoJSON to stdout]"


def test_a_search_needs_something_to_search() -> None:
    with pytest.raises(click.UsageError, match="Give --mosaic or --index, or both"):
        check_source(DEFAULTS)
    indexed = replace(DEFAULTS, index=Path("i.zarr"))
    for changes in ({"gsd_m": 0.3}, {"bands": (1,)}):
        with pytest.raises(click.UsageError, match="no --gsd or --bands with --index"):
            check_source(replace(indexed, **changes))  # type: ignore[arg-type]
        check_source(replace(DEFAULTS, mosaics=(Path("m.tif"),), **changes))  # type: ignore[arg-type]
    check_source(indexed)
    check_source(replace(indexed, mosaics=(Path("m.tif"),)))


def test_processes_are_here_or_elsewhere() -> None:
    assert not chosen_workers(None, 0)
    assert chosen_workers(None, 2) == Workers(count=2)
    assert chosen_workers("tcp://a:1", 0) == Workers(scheduler="tcp://a:1")
    with pytest.raises(click.UsageError, match="not both"):
        chosen_workers("tcp://a:1", 2)


def test_options_that_are_none_of_a_request() -> None:
    @click.command()
    @options("dataset", "task", "scheduler", "workers", "overwrite")
    def command(**values: Any) -> None:
        click.echo(sorted(values.items()))

    result = CliRunner().invoke(command, ["--dataset", "g2d", "f", "--task", "ground", "--workers", "2", "--overwrite"])
    assert (
        result.output
        == str(
            [
                ("dataset", ("g2d", Path("f"))),
                ("overwrite", True),
                ("scheduler", None),
                ("task", "ground"),
                ("workers_count", 2),
            ]
        )
        + "\n"
    )
    assert CliRunner().invoke(command, ["--dataset", "other", "f"]).exit_code == 2


@pytest.mark.parametrize(
    ("text", "seconds"), [("12.5", 12.5), ("1,5", 1.5), ("0:02", 2.0), ("1:23,5", 83.5), ("1:00:01", 3601.0)]
)
def test_times_as_players_show_them(text: str, seconds: float) -> None:
    assert Seconds().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["-1", "1:2:3:4", "nan", "soon"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Seconds().convert(text, None, None)
