"""One typed request, and that a new option is added in one place: its field."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from shapely.geometry import box, mapping

from geoloc.batch.journal import Journal, settings_of
from geoloc.commands.evaluate import evaluate
from geoloc.commands.shared.options import fields_of, options, takes_request
from geoloc.commands.tiles import tiles
from geoloc.errors import OutputError
from geoloc.pipeline import option_kinds as kinds
from geoloc.pipeline.option_kinds import Option
from geoloc.pipeline.request import SearchRequest, options_of
from geoloc.system.output import check_output
from geoloc.worker.fields import Fields, RequestError
from tests.helpers.paths import ROOT
from tiling.area import Area

FULL = SearchRequest(
    mosaics=(Path("m.tif"), Path("/maps")),
    index=Path("i.zarr"),
    bounds=(1.0, 2.0, 3.0, 4.0),
    aoi=Path("a.gpkg"),
    area=Area.from_bounds(1, 2, 3, 4),
    near=(2.0, 3.0),
    within_m=30.0,
    gps=False,
    top=2,
    min_score=0.25,
    eye_height_m=2.5,
    heading_deg=-90.0,
    pitch_deg=-12.0,
    dsm=Path("dsm.tif"),
    refine="off",
    exhaustive=True,
    preset="detgeo",
    weights=Path("w.safetensors"),
    device="cuda",
)


# A new option: nothing but these two fields tells commands, worker, journal and other processes of it.
@dataclass(frozen=True, slots=True, kw_only=True)
class WiderRequest(SearchRequest):
    """A request with a mask of what shall not be looked at, and how sharp it is."""

    mask: Path | None = field(
        default=None,
        metadata={"option": Option("limits", kinds.PATH, "Leave out what this raster masks.", "--mask", "mask")},
    )
    margin_m: float = field(
        default=2.0,
        metadata={
            "option": Option("limits", kinds.POSITIVE, "How far round it.", "--margin", "margin", metavar="METRES")
        },
    )


def run(*args: str) -> tuple[SearchRequest | None, str]:
    """What a command makes of these words, and what it prints."""
    given: list[SearchRequest] = []

    def command(*, request: SearchRequest) -> None:
        given.append(request)

    taking = takes_request(command, WiderRequest)
    for part in ("network", "answers", "camera", "limits", "source"):
        taking = options(*fields_of(part, WiderRequest), request_type=WiderRequest)(taking)  # type: ignore[arg-type]
    result = CliRunner().invoke(click.command()(taking), args)
    return (given or [None])[0], result.output


def test_a_command_has_the_new_option() -> None:
    request, _ = run("--mosaic", "m.tif", "--mask", "mask.tif", "--margin", "0.5", "--top", "2")
    assert request == WiderRequest(mosaics=(Path("m.tif"),), mask=Path("mask.tif"), margin_m=0.5, top=2)
    assert run()[0] == WiderRequest()
    request, text = run("--margin", "0")
    assert request is None
    assert "Invalid value for '--margin'" in text
    text = " ".join(run("--help")[1].split())
    assert "--mask PATH Leave out what this raster masks. --margin METRES How far round it. [default: 2.0; x>0]" in text


def test_the_worker_reads_the_new_option() -> None:
    written: dict[str, Any] = {"mosaics": ["/m.tif"], "mask": "/mask.tif", "margin": 1, "top": 2}
    wanted = WiderRequest(mosaics=(Path("/m.tif"),), mask=Path("/mask.tif"), margin_m=1.0, top=2)
    assert Fields(written).search(WiderRequest) == wanted
    with pytest.raises(RequestError, match="field 'margin': -1 is not above 0"):
        Fields(written | {"margin": -1}).search(WiderRequest)
    with pytest.raises(RequestError, match="field 'mask': 3 is no text"):
        Fields(written | {"mask": 3}).search(WiderRequest)


def test_the_journal_holds_the_new_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("q.csv", "w.safetensors"):
        (tmp_path / name).touch()

    def settings(**changes: Any) -> dict[str, Any]:
        request = WiderRequest(**({"mask": Path("mask.tif")} | changes))
        return settings_of(tmp_path / "q.csv", request, [], tmp_path / "w.safetensors", Area.everywhere())

    mask = tmp_path / "mask.tif"
    assert settings()["--mask"] == [[str(mask)]]
    mask.write_text("one")
    assert settings()["--mask"] == [[str(mask), 3, mask.stat().st_mtime_ns]]
    assert settings()["--margin"] == 2.0
    Journal(tmp_path / "out.gpkg", settings())
    Journal(tmp_path / "out.gpkg", settings(mask=tmp_path / "mask.tif"))
    for changes, flag in (({"margin_m": 3.0}, "--margin"), ({"mask": None}, "--mask"), ({"top": 4}, "--top")):
        with pytest.raises(OutputError, match=f"was begun with another {flag}; give the same as then"):
            Journal(tmp_path / "out.gpkg", settings(**changes))
    # The file that it names has changed since: old answers are no answers to the new request.
    mask.write_text("another")
    with pytest.raises(OutputError, match="was begun with another --mask; give the same as then"):
        Journal(tmp_path / "out.gpkg", settings())


def test_an_output_does_not_replace_the_file_of_the_new_option(tmp_path: Path) -> None:
    mask = tmp_path / "mask.txt"
    mask.touch()
    request = WiderRequest(mosaics=(tmp_path / "m.tif",), mask=mask)
    assert mask in request.files
    with pytest.raises(OutputError, match="is read by this very command"):
        check_output(mask, (".txt",), True, request.files)
    # As a command does it.
    command = tiles.callback.__wrapped__  # type: ignore[union-attr]
    with pytest.raises(OutputError, match="is read by this very command"):
        command(request=request, form="ids", output=mask, overwrite=True)


def test_the_new_option_limits_a_search_which_a_published_data_set_refuses() -> None:
    nowhere = WiderRequest(gps=False, margin_m=3.0)
    assert not nowhere.limited
    masked = replace(nowhere, mask=Path("mask.tif"))
    assert masked.limited
    command = evaluate.callback.__wrapped__  # type: ignore[union-attr]
    with pytest.raises(click.UsageError, match="no bands, GSD or area with it"):
        command(
            request=masked,
            queries_path=None,
            truth=None,
            clicks_only=False,
            dataset=("g2d", Path("f")),
            task="drone",
            split="test",
            as_json=False,
        )


def test_the_new_option_is_checked() -> None:
    with pytest.raises(ValueError, match=r"^margin_m: -1 is not above 0$"):
        WiderRequest(margin_m=-1)
    with pytest.raises(ValueError, match=r"^mask: 'mask\.tif' is no Path$"):
        WiderRequest(mask="mask.tif")  # type: ignore[arg-type]


def _seen_elsewhere(request: SearchRequest) -> tuple[int, SearchRequest, dict[str, Any]]:
    return os.getpid(), request, request.settings()


@pytest.fixture(scope="module")
def other_process() -> Iterator[ProcessPoolExecutor]:
    """A process that shares nothing with this one."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def test_other_processes_have_the_new_option(other_process: ProcessPoolExecutor) -> None:
    request = WiderRequest(mosaics=(Path("/m.tif"),), area=Area.from_bounds(1, 2, 3, 4), mask=Path("/a"), margin_m=9.0)
    pid, seen, settings = other_process.submit(_seen_elsewhere, request).result(timeout=600)
    assert pid != os.getpid()
    assert seen == request
    assert type(seen) is WiderRequest
    assert settings == request.settings()


def test_paths_of_the_new_option_hold_in_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    request = WiderRequest(mosaics=(Path("m.tif"),), mask=Path("mask.tif")).absolute()
    assert request == WiderRequest(mosaics=(tmp_path / "m.tif",), mask=tmp_path / "mask.tif")
    assert type(request) is WiderRequest


# What holds of all fields


@pytest.mark.parametrize("request_type", [SearchRequest, WiderRequest])
def test_every_field_says_how_it_is_written(request_type: type[SearchRequest]) -> None:
    written = options_of(request_type)
    assert list(written) == [one.name for one in fields(request_type)]
    assert all(isinstance(option, Option) for option in written.values())
    flags = [option.flag for option in written.values() if option.flag]
    keys = [option.key for option in written.values()]
    assert len(set(flags)) == len(flags)
    assert len(set(keys)) == len(keys)
    assert all(option.help.endswith(".") for option in written.values())
    # Without a default a field would have to be given everywhere.
    assert request_type() == request_type(**{one.name: one.default for one in fields(request_type)})


def test_every_field_survives_json_and_pickling(other_process: ProcessPoolExecutor) -> None:
    assert {one.name for one in fields(FULL) if getattr(FULL, one.name) == one.default} == {"bands", "gsd_m"}
    written = {
        option.key: option.kind.to_json(getattr(FULL, name))
        for name, option in options_of().items()
        if getattr(FULL, name) is not None
    }
    assert written["mosaics"] == ["m.tif", "/maps"]
    read = Fields(written).search()
    assert read.area is not None
    assert read.area.polygon.equals(FULL.area.polygon)  # type: ignore[union-attr]
    assert replace(read, area=FULL.area) == FULL
    assert other_process.submit(_seen_elsewhere, FULL).result(timeout=600)[1] == FULL
    with pytest.raises(FrozenInstanceError):
        FULL.top = 3  # type: ignore[misc]


def test_the_page_of_the_worker_names_every_field() -> None:
    text = (ROOT / "docs/worker.md").read_text(encoding="utf-8")
    tables = text.partition("| source fields |")[2]
    rows = [line.split("`")[1] for line in tables.splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted(option.key for option in options_of().values())


def test_every_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert FULL.absolute() == replace(
        FULL,
        mosaics=(tmp_path / "m.tif", Path("/maps")),
        index=tmp_path / "i.zarr",
        aoi=tmp_path / "a.gpkg",
        weights=tmp_path / "w.safetensors",
        dsm=tmp_path / "dsm.tif",
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"refine": "on"}, "refine: 'on' is neither auto nor off"),
        ({"top": 0}, "top: 0 is not 1 or more"),
        ({"top": None}, "top: None is no whole number"),
        ({"within_m": -5}, "within_m: -5 is not above 0"),
        ({"within_m": float("nan")}, "within_m: nan is not above 0"),
        ({"min_score": 7}, "min_score: 7 is not between 0 and 1"),
        ({"min_score": float("nan")}, "min_score: nan is not between 0 and 1"),
        ({"near": (float("inf"), 2)}, "near: inf is not a finite number"),
        ({"near": (1, 2, 3)}, r"near: \(1, 2, 3\) is no list of 2 numbers"),
        ({"bounds": (1, 2, 3, float("nan"))}, "bounds: nan is not a finite number"),
        ({"bands": (1, 2)}, r"bands: \[1, 2\] is not one band or three, counted from 1"),
        ({"gsd_m": 0}, "gsd_m: 0 is not above 0"),
        ({"mosaics": "m.tif"}, "mosaics: 'm.tif' is no tuple of Paths"),
        ({"index": "i.zarr"}, "index: 'i.zarr' is no Path"),
        ({"area": (1, 2, 3, 4)}, r"area: \(1, 2, 3, 4\) is no Area"),
        ({"gps": "yes"}, "gps: 'yes' is neither true nor false"),
        ({"preset": None}, "preset: None is no text"),
    ],
)
def test_values_that_no_search_can_have_are_refused_by_the_name_of_the_field(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        SearchRequest(**changes)
    with pytest.raises(ValueError, match=f"^{message}$"):
        replace(FULL, **changes)


def test_requests_of_one_source_share_it() -> None:
    same = SearchRequest(mosaics=FULL.mosaics, index=FULL.index, preset="detgeo", weights=FULL.weights, device="cuda")
    assert FULL.source == same == same.source
    for changes in ({"gsd_m": 0.3}, {"bands": (1,)}, {"device": "cpu"}, {"weights": None}, {"index": None}):
        assert replace(FULL, **changes).source != FULL.source  # type: ignore[arg-type]


def test_what_is_searched() -> None:
    assert SearchRequest().searches_nothing
    assert not SearchRequest(mosaics=(Path("m.tif"),)).searches_nothing
    assert not SearchRequest(index=Path("i.zarr")).searches_nothing
    assert not FULL.contradicts_index
    assert replace(FULL, bands=(1,)).contradicts_index
    assert replace(FULL, gsd_m=0.3).contradicts_index
    assert not replace(FULL, gsd_m=0.3, index=None).contradicts_index


@pytest.mark.parametrize("name", ["bounds", "aoi", "area", "near"])
def test_whether_anything_says_where_to_search(name: str) -> None:
    assert SearchRequest().limited
    nowhere = SearchRequest(gps=False, within_m=30.0, top=1)
    assert not nowhere.limited
    assert replace(nowhere, **{name: getattr(FULL, name)}).limited


def test_an_output_must_not_replace_what_is_read() -> None:
    read = {Path("m.tif"), Path("/maps"), Path("i.zarr"), Path("a.gpkg"), Path("w.safetensors"), Path("dsm.tif")}
    assert set(FULL.files) == read
    assert SearchRequest().files == ()


def test_polygons_are_told_as_geojson() -> None:
    shape = mapping(box(1, 2, 3, 4))
    request = Fields({"mosaics": ["/m"], "area": shape}).search()
    assert request.area == FULL.area
