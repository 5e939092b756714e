"""The network is loaded while the caller goes on, once, and what is wrong with it is told to who asks for it."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from geoloc import model
from geoloc.errors import WeightsError
from geoloc.pipeline.loading import load_meanwhile, load_when_needed, tried
from geoloc.pipeline.request import SearchRequest


def test_the_caller_does_not_wait_until_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    loaded: list[tuple[str, Path | None, str]] = []

    def slow(preset: str, weights: Path | None, device: str) -> SimpleNamespace:
        assert go_on.wait(600)
        loaded.append((preset, weights, device))
        return SimpleNamespace(name=preset)

    monkeypatch.setattr(model, "load", slow)
    network = load_meanwhile(SearchRequest(preset="base", weights=Path("w.safetensors"), device="meta"))
    assert loaded == []
    go_on.set()
    assert network() is network()
    assert loaded == [("base", Path("w.safetensors"), "meta")]


def test_what_is_wrong_is_told_when_it_is_asked_for() -> None:
    network = load_meanwhile(SearchRequest(preset="none"))
    for _ in range(2):
        with pytest.raises(WeightsError, match="none"):
            network()


def test_what_is_named_is_tried_and_what_is_not_waits(tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(b"nothing of ours")
    for request, message in (
        (SearchRequest(weights=tmp_path / "w.safetensors"), "not a readable safetensors file"),
        (SearchRequest(device="cuda:99"), "device 'cuda:99' cannot be used"),
    ):
        with pytest.raises(WeightsError, match=message):
            load_when_needed(request)
        with pytest.raises(WeightsError, match=message):
            tried(load_meanwhile(request), request)
    # Neither is named: nothing is loaded, so nothing is told.
    request = SearchRequest(preset="none")
    load_when_needed(request)


def test_what_comes_before_the_network_needs_no_torch() -> None:
    """So that a mosaic is opened and a photo matched while torch is being loaded."""
    rooms = ("pipeline.finder", "pipeline.cascade", "pipeline.ground", "pipeline.source", "geometry.refine")
    imports = "; ".join(f"import geoloc.{room}" for room in rooms)
    code = f"import sys; {imports}; sys.exit('torch' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
