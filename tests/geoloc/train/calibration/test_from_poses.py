"""How sure poses are is told by searches on their own mosaics and on others."""

from __future__ import annotations

import math
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from geoloc.geometry.stand import DOUBT, METRES_A_DEGREE, FoundPose
from geoloc.photo.photo import Photo
from geoloc.train.calibration import from_poses
from geoloc.train.calibration.from_poses import PosedSearch, search_towns, sure_line

TRUE = Photo(Path("p.jpg"), np.zeros((8, 8, 3), np.uint8), position=(0.0, 0.0), heading_deg=350.0)


def found(east: float, heading_deg: float, weight: float) -> FoundPose:
    return FoundPose(replace(TRUE, position=(east / METRES_A_DEGREE, 0.0), heading_deg=heading_deg), weight)


def test_log_odds_are_those_that_the_weights_come_of() -> None:
    """As `find_stands` shares the weight out."""
    odds = np.array([5.0, 0.5, 0.01])
    weights = (1 - DOUBT) * odds / (1 + odds.sum())
    stands = [found(20.0 * n, 350.0, float(weight)) for n, weight in enumerate(weights)]
    search = from_poses._told(stands, TRUE)
    assert search.log_odds == pytest.approx(np.log(odds))
    assert search.right.tolist() == [True, False, False]
    assert search.told() == pytest.approx((5.0 / 6.51, 0.51 / 6.51))
    # On another town's mosaic none is right, wherever it lies.
    assert not from_poses._told(stands, None).right.any()
    assert from_poses._told([], TRUE).told() == (0.0, 0.0)


@pytest.mark.parametrize(
    ("east", "heading_deg", "right"),
    [
        (2.9, 350.0, True),
        (0.0, 355.0, True),
        (4.0, 350.0, None),
        (0.0, 359.0, None),
        (6.0, 350.0, False),
        (0.0, 3.0, False),
    ],
)
def test_what_is_neither_right_nor_wrong_is_left_out(east: float, heading_deg: float, right: bool | None) -> None:
    search = from_poses._told([found(east, heading_deg, 0.4), found(50.0, 0.0, 0.1)], TRUE)
    assert search.right.tolist() == ([False] if right is None else [right, False])


def test_losses_are_of_the_right_poses_or_of_none() -> None:
    search = PosedSearch(np.log([2.0, 1.0]), np.array([True, False]))
    assert search.loss(1.0) == pytest.approx(-math.log(2 / 4))
    assert search.loss(2.0) == pytest.approx(-math.log(4 / 6))
    assert PosedSearch(np.log([2.0, 1.0]), np.array([False, False])).loss(1.0) == pytest.approx(-math.log(1 / 4))


def test_the_factor_is_that_by_which_weights_say_how_often_poses_are_right() -> None:
    """Three of four poses with odds of 9 are right: the odds should be 3."""
    odds = np.log([9.0])
    searches = [PosedSearch(odds, np.array([number % 4 > 0])) for number in range(40)]
    line = sure_line(searches)
    assert "right poses have half of the weight in 30 of 30 searches that found one, wrong ones in 10 of 10" in line
    assert "with 0.50 times the log odds" in line


def test_each_photo_is_looked_for_on_its_own_mosaic_and_on_those_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    def town(folder: Path, *, style: str, compass: Any, **_: object) -> list[tuple[Path, Path]]:
        assert [compass(number) for number in range(3)] == [True, False, True]
        assert style == ("farm" if folder.name == "town_7" else "village")
        return [(folder / "walks" / "w.jpg", folder / "phone" / "w.jpg")]

    def load(path: Path) -> Photo:
        return replace(TRUE, path=path)

    def stands(photo: Photo, mosaic: Any, likeness: str) -> list[FoundPose]:
        asked.append((photo.path.parts[-3], mosaic.name))
        assert photo.path.parent.name == "phone"
        assert likeness == "of it"
        return [found(0.0, 350.0, 0.5)]

    monkeypatch.setattr("geoloc.town.phones.town_by_phone", town)
    monkeypatch.setattr("geoloc.photo.photo.load_photo", load)
    monkeypatch.setattr("geoloc.geometry.stand.find_stands", stands)
    opened = lambda paths: nullcontext(SimpleNamespace(name=paths[0].parent.name, read=None))  # noqa: E731
    monkeypatch.setattr("tiling.mosaic.open_mosaic", opened)
    localizer = cast(Any, SimpleNamespace(likeness=lambda photo, read: "of it"))
    lines: list[str] = []
    searches = search_towns(localizer, [4, 5, 6, 7], tmp_path, lines.append)
    assert asked[:6] == [(f"town_{a}", f"town_{b}") for a, b in ((4, 4), (4, 7), (4, 6), (5, 5), (5, 4), (5, 7))]
    assert [bool(search.right.any()) for search in searches] == [True, False, False] * 4
    assert lines[-1] == "town 7: 12 searches"
    asked.clear()
    search_towns(localizer, [4, 5], tmp_path, lines.append)
    assert asked == [(f"town_{a}", f"town_{b}") for a, b in ((4, 4), (4, 5), (5, 5), (5, 4))]


def test_one_town_alone_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["from_poses", "--towns", "5", "--work", "w"])
    with pytest.raises(SystemExit) as stop:
        from_poses.main()
    assert stop.value.code == 2
    assert "give two or more" in capsys.readouterr().err
