"""Chips from folders: towns that come later are drawn from too."""

from __future__ import annotations

from pathlib import Path

import pytest

from geoloc.train.grounds.masked import save_ground
from geoloc.train.grounds.towns.store import save_town, town_folder
from geoloc.train.outlines import stream
from geoloc.train.outlines.stream import ChipStream
from tests.geoloc.train.outlines.test_chips import is_red, red_shed
from tests.helpers.tiny_town import tiny_town


def test_towns_that_come_later_are_drawn_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LOOK_S", 0.0)
    grounds, towns = tmp_path / "grounds", tmp_path / "towns"
    grounds.mkdir()
    save_ground(grounds / "red", red_shed())
    batches = iter(ChipStream(grounds, towns, 8, 0))

    def reds() -> int:
        pictures = next(batches).mosaic.permute(0, 2, 3, 1).numpy()
        return sum(bool(is_red(picture).sum() > 200) for picture in pictures)

    assert reds() == 8
    save_town(town_folder(towns_made(towns), 1000), tiny_town(1000))
    assert reds() < 8


def towns_made(folder: Path) -> Path:
    folder.mkdir()
    return folder
