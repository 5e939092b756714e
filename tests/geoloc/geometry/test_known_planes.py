"""What is remembered of photographs: by their pixels, so many of them, and where the last ones were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geoloc.geometry import known_planes
from geoloc.geometry.homography_fit import HomographyFit
from geoloc.geometry.known_planes import NEIGHBOURS, KnownPlanes, fingerprint
from geoloc.photo.photo import Photo


def photo(seed: int) -> Photo:
    pixels = np.random.default_rng(seed).integers(0, 255, (20, 30, 3)).astype(np.uint8)
    return Photo(Path("p.jpg"), pixels)


def plane(x: float) -> HomographyFit:
    return HomographyFit(np.eye(3), np.zeros((3, 2)), np.array([[x, 0.0], [x, 0.0], [999.0, 0.0]]))


def test_a_photo_is_known_by_its_pixels_and_by_what_is_told_of_it() -> None:
    first = photo(0)
    key = fingerprint(first)
    assert fingerprint(replace(first, path=Path("called otherwise.jpg"), pixels=first.pixels.copy())) == key
    changed = first.pixels.copy()
    changed[3, 4, 1] ^= 1
    # Another tilt makes other views, and a part of a picture that is no copy of its own is told apart too.
    others = [replace(first, pixels=changed), replace(first, pitch_deg=-45.0)]
    others.append(replace(first, pixels=first.pixels[:, ::-1]))
    assert len({key, *map(fingerprint, others)}) == 4


def test_the_last_photographs_tell_where_the_next_may_be() -> None:
    known = KnownPlanes()
    assert known.places.shape == (0, 2)
    for number in range(NEIGHBOURS + 2):
        known.keep(bytes([number]), plane(number))
    # Their middles, whatever single match lies far off.
    assert known.places.tolist() == [[number, 0.0] for number in range(2, NEIGHBOURS + 2)]


def test_what_more_matches_agree_on_is_kept() -> None:
    known, good = KnownPlanes(), plane(1)
    known.keep(b"a", good)
    worse = HomographyFit(np.eye(3), np.zeros((2, 2)), np.ones((2, 2)))
    known.keep(b"a", worse)
    assert known.get(b"a") is good
    known.keep(b"b", worse)
    known.keep(b"b", good)
    assert known.get(b"b") is good


def test_what_was_asked_for_last_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_planes, "REMEMBERED", 2)
    known = KnownPlanes()
    for number in (0, 1):
        known.keep(bytes([number]), plane(number))
    known.get(bytes([0]))
    known.keep(bytes([2]), plane(2))
    assert [known.get(bytes([number])) is not None for number in (0, 1, 2)] == [True, False, True]
