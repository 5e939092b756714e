from __future__ import annotations

import pytest

from tiling.box import PixelBox


def test_box_knows_its_size_centre_and_corners() -> None:
    box = PixelBox(1, 2, 5, 10)
    assert (box.width, box.height, box.centre) == (4, 8, (3, 6))
    assert box.corners() == ((1, 2), (5, 2), (5, 10), (1, 10))
    assert box.shifted(10, -1) == PixelBox(11, 1, 15, 9)


def test_box_about_a_place() -> None:
    box = PixelBox.about(3.5, 7.0, 4.0, 9.0)
    assert box == PixelBox(1.5, 2.5, 5.5, 11.5)
    assert (box.centre, box.width, box.height) == ((3.5, 7.0), 4.0, 9.0)


def test_box_is_a_value() -> None:
    box = PixelBox(1, 2, 5, 10)
    assert {box, PixelBox(1.0, 2.0, 5.0, 10.0)} == {box}
    with pytest.raises(AttributeError):
        box.xmin = 3  # type: ignore[misc]
