"""Where a camera contradicts its photograph's own file, and what is told then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geoloc.pose.doubts import doubted
from geoloc.pose.matched_photo import MatchedPhoto
from geoloc.pose.rows import rows_of

METRE = 1 / 111_000
"""Degrees of latitude of a metre, about."""


@pytest.mark.parametrize(
    ("north_m", "error_m", "said", "told_m"),
    [
        (10.0, None, "", None),
        # As far as ground that is no plane can put a camera off, and farther.
        (60.0, None, "60 m from the photo's own position: on sloping or stepped ground give --dsm", 74),
        (60.0, 100.0, "", None),
        (5000.0, None, "m from the photo's own position", None),
    ],
)
def test_a_position_that_contradicts_the_camera_is_told(
    oblique: tuple[MatchedPhoto, np.ndarray], north_m: float, error_m: float | None, said: str, told_m: float | None
) -> None:
    matched, _ = oblique
    lon, lat = matched.pose.lonlat
    photo = replace(matched.photo, position=(lon, lat + north_m * METRE), position_error_m=error_m)
    pose = doubted(matched.pose, photo, heights=False)
    assert (said in pose.doubt) if said else pose.doubt == ""
    assert pose.place_error_m == pytest.approx(matched.pose.place_error_m if told_m is None else told_m, abs=1)


def test_a_focal_length_far_from_the_files_is_told(oblique: tuple[MatchedPhoto, np.ndarray]) -> None:
    matched, _ = oblique
    assert matched.photo.focal_px is not None
    odd = replace(matched.photo, focal_px=matched.photo.focal_px / 2)
    again = MatchedPhoto.of(odd, matched.fit, matched.frame)
    assert again is not None
    assert again.pose.focal == "matches"
    camera = rows_of("a.jpg", again)[0].properties
    assert "the focal length is 2 times what the file says: on sloping or stepped ground give --dsm" in camera["note"]
    # Wide enough for the file's being right.
    assert camera["focal_error_px"] > matched.photo.focal_px / 2
    assert "errors are told wider" in doubted(again.pose, odd, heights=True).doubt
