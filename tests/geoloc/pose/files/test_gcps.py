"""Ground control points of several photos."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geoloc.errors import OutputError
from geoloc.pose.files.gcps import check_gcps, control_points, write_gcps
from geoloc.pose.matched_photo import MatchedPhoto


def test_a_place_that_two_photos_were_matched_with_is_one_point(
    oblique: tuple[MatchedPhoto, np.ndarray], tmp_path: Path
) -> None:
    matched, _ = oblique
    shifted = replace(matched, fit=replace(matched.fit, photo=matched.fit.photo + 1.0))
    alone = control_points([(Path("a.jpg"), matched)])
    found = [(Path("a.jpg"), matched), (Path("b.jpg"), shifted)]
    both = control_points(found)
    assert [set(point.seen) for point in alone] == [{0}] * 20
    assert both[0].seen.keys() == {0, 1}
    # The other photo is as well matched there, or it is no point of that photo.
    assert len({point.place for point in both}) == len(both) < 40
    assert np.subtract(both[0].seen[1], both[0].seen[0]) == pytest.approx([1, 1])
    write_gcps(tmp_path / "gcp_list.txt", found)
    rows = [line.split() for line in (tmp_path / "gcp_list.txt").read_text().splitlines()[1:]]
    assert [row[5] for row in rows if row[6] == "1"] == ["a.jpg", "b.jpg"]
    assert len({tuple(row[:3]) for row in rows}) == len({row[6] for row in rows}) == len(both)


def test_photos_that_markers_cannot_tell_apart_are_refused(tmp_path: Path) -> None:
    check_gcps(tmp_path / "markers.xml", [Path("a.MP4#t=5"), Path("a.MP4#t=5.5"), Path("a.jpg")], overwrite=False)
    with pytest.raises(OutputError, match="2 photos are called a; rename them"):
        check_gcps(tmp_path / "markers.xml", [Path("a.jpg"), Path("b/a.png"), Path("c.jpg")], overwrite=False)
