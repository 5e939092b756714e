"""Chips from folders: towns that come later are drawn from too."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from geoloc.train.grounds.masked import save_ground
from geoloc.train.grounds.towns import store
from geoloc.train.grounds.towns.store import save_town, town_folder
from geoloc.train.outlines.stream import ChipStream
from tests.geoloc.train.outlines.test_chips import is_red, red_shed
from tests.helpers.tiny_town import tiny_town


def test_towns_that_come_later_are_drawn_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "LOOK_S", 0.0)
    grounds, towns = tmp_path / "grounds", tmp_path / "towns"
    save_ground(made(grounds) / "red", red_shed())
    batches = iter(ChipStream(grounds, towns, 8, 0))

    def reds() -> int:
        pictures = next(batches).mosaic.permute(0, 2, 3, 1).numpy()
        return sum(bool(is_red(picture).sum() > 200) for picture in pictures)

    assert reds() == 8
    save_town(town_folder(made(towns), 1000), tiny_town(1000))
    assert reds() < 8


def test_a_sitting_draws_what_none_before_it_drew(tmp_path: Path) -> None:
    save_ground(made(tmp_path / "grounds") / "red", red_shed())
    sittings = [ChipStream(tmp_path / "grounds", tmp_path / "towns", 2, 0, begun) for begun in (0, 0, 40)]
    first, same, later = (next(iter(stream)).mosaic for stream in sittings)
    assert torch.equal(first, same)
    assert not torch.equal(first, later)


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder
