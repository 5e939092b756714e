"""What is remembered of photographs: by their pixels, so many of them, and where the last ones were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geoloc.geometry import known_planes
from geoloc.geometry.homography_fit import HomographyFit
from geoloc.geometry.known_planes import NEIGHBOURS, KnownPlanes
from geoloc.photo.photo import Photo


def photo(seed: int) -> Photo:
    pixels = np.random.default_rng(seed).integers(0, 255, (20, 30, 3)).astype(np.uint8)
    return Photo(Path("p.jpg"), pixels)


def plane(x: float) -> HomographyFit:
    return HomographyFit(np.eye(3), np.zeros((3, 2)), np.array([[x, 0.0], [x, 0.0], [999.0, 0.0]]))


def test_a_photo_is_known_by_its_pixels_and_by_what_is_told_of_it() -> None:
    known = KnownPlanes()
    first, kept = photo(0), plane(1)
    known.keep(first, kept)
    again = replace(first, path=Path("called otherwise.jpg"), pixels=first.pixels.copy())
    assert known.get(again) is kept
    changed = first.pixels.copy()
    changed[3, 4, 1] ^= 1
    assert known.get(replace(first, pixels=changed)) is None
    # Another tilt makes other views, and a part of a picture that is no copy of its own is told apart too.
    assert known.get(replace(first, pitch_deg=-45.0)) is None
    assert known.get(replace(first, pixels=first.pixels[:, ::-1])) is None


def test_the_last_photographs_tell_where_the_next_may_be() -> None:
    known = KnownPlanes()
    assert known.places.shape == (0, 2)
    for number in range(NEIGHBOURS + 2):
        known.keep(photo(number), plane(number))
    # Their middles, whatever single match lies far off.
    assert known.places.tolist() == [[number, 0.0] for number in range(2, NEIGHBOURS + 2)]


def test_what_was_asked_for_last_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_planes, "REMEMBERED", 2)
    known = KnownPlanes()
    for number in (0, 1):
        known.keep(photo(number), plane(number))
    known.get(photo(0))
    known.keep(photo(2), plane(2))
    assert [known.get(photo(number)) is not None for number in (0, 1, 2)] == [True, False, True]
