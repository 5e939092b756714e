"""Indexes as a request asks for them, with a network that costs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from geoloc import model
from geoloc.errors import IndexFileError, OutputError, WeightsError
from geoloc.features.blocks import BlockIndex, Cells
from geoloc.index.store import Store
from geoloc.index.writer import BlockCounts
from geoloc.pipeline.index_build import build_index, update_index, with_known_mosaic
from geoloc.pipeline.request import SearchRequest
from tests.helpers.plain_index import Plain, write_mosaic
from tiling.area import Area
from tiling.errors import AreaError, MosaicError


class PlainBase(Plain):
    name = "base"


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the network was loaded by: preset, weights and device."""
    calls: list[tuple[Any, ...]] = []

    def load(*args: Any) -> SimpleNamespace:
        calls.append(args)
        return SimpleNamespace(compiled=PlainBase)

    monkeypatch.setattr(model, "load", load)
    return calls


@pytest.fixture
def mosaic(tmp_path: Path) -> Path:
    return write_mosaic(tmp_path / "m.tif")


def build(path: Path, request: SearchRequest, **changes: Any) -> BlockCounts:
    options: dict[str, Any] = {"overwrite": False, "progress": lambda done, total: None} | changes
    return build_index(path, request, **options)


def test_bands_gsd_and_limits_of_the_request_are_those_of_the_index(
    mosaic: Path, tmp_path: Path, loaded: list[tuple[Any, ...]]
) -> None:
    path = tmp_path / "i.zarr"
    west, south, east, north = 15.0, 48.7529, 15.0008, 48.754
    # An index that is searched is none of what is built, nor are a photo's position and what is asked of answers.
    request = SearchRequest(
        mosaics=(mosaic,), index=tmp_path / "other.zarr", bands=(3, 2, 1), gsd_m=0.25, device="cuda", top=1, gps=True
    )
    done = build(path, replace(request, bounds=(west, south, east, north)))
    assert done.encoded > 0
    assert done.kept == 0
    header = Store.open(path).header
    assert (header.request.bands, header.request.gsd_m, header.preset) == ((3, 2, 1), 0.25, "base")
    assert header.request.area.equals(Area.from_bounds(west, south, east, north).polygon)
    assert loaded == [("base", None, "cuda")]
    assert build(path, replace(request, bounds=(west, south, east, north))) == BlockCounts(0, done.encoded)
    with pytest.raises(IndexFileError, match="another"):
        build(path, request)


def test_an_update_asks_the_index_what_it_is(mosaic: Path, tmp_path: Path, loaded: list[tuple[Any, ...]]) -> None:
    path = tmp_path / "i.zarr"
    encoded = build(path, SearchRequest(mosaics=(mosaic,), bands=(3, 2, 1))).encoded
    before = Store.open(path).header
    # Another preset, bands and limits are not looked at.
    request = SearchRequest(mosaics=(mosaic,), preset="nothing", bands=(1,), bounds=(1, 2, 3, 4), device="mps")
    assert update_index(path, request, progress=lambda done, total: None) == BlockCounts(0, encoded)
    assert Store.open(path).header == before
    assert loaded[-1] == ("base", None, "mps")


def test_an_update_knows_the_mosaic(mosaic: Path, tmp_path: Path) -> None:
    path = tmp_path / "i.zarr"
    encoded = build(path, SearchRequest(mosaics=(mosaic,))).encoded
    assert update_index(path, SearchRequest(), progress=lambda done, total: None) == BlockCounts(0, encoded)
    moved = mosaic.rename(tmp_path / "moved.tif")
    with pytest.raises(MosaicError, match=r"m\.tif: no such file"):
        update_index(path, SearchRequest(), progress=lambda done, total: None)
    assert with_known_mosaic(path, SearchRequest(mosaics=(moved,))).mosaics == (moved,)


def test_others_may_make_the_blocks(mosaic: Path, tmp_path: Path) -> None:
    steps: list[str] = []

    def make_blocks(todo: Mapping[BlockIndex, Cells]) -> Iterable[BlockCounts]:
        steps.append(f"{len(todo)} blocks")
        raise OutputError("far away a disk is full")

    @contextmanager
    def makers() -> Iterator[Any]:
        steps.append("entered")
        yield make_blocks

    # What is cheap to check comes before other processes are looked for.
    with pytest.raises(AreaError):
        build(tmp_path / "i.zarr", SearchRequest(mosaics=(mosaic,), bounds=(1, 2, 3, 4)), makers=makers())
    assert not steps
    with pytest.raises(OutputError, match="far away"):
        build(tmp_path / "i.zarr", SearchRequest(mosaics=(mosaic,)), makers=makers())
    assert steps[0] == "entered"
    assert int(steps[1].split()[0]) > 0


def test_what_cannot_be_built(mosaic: Path, tmp_path: Path, loaded: list[tuple[Any, ...]]) -> None:
    request = SearchRequest(mosaics=(mosaic,))
    for path, changed, error, message in (
        (tmp_path / "no/i.zarr", request, OutputError, "no such folder to write i.zarr into"),
        (tmp_path / "i.zarr", replace(request, preset="huge"), WeightsError, "huge"),
        (tmp_path / "i.zarr", replace(request, mosaics=(tmp_path / "none.tif",)), MosaicError, "none.tif"),
    ):
        with pytest.raises(error, match=message):
            build(path, changed)
    assert not loaded
    assert not (tmp_path / "i.zarr").exists()
