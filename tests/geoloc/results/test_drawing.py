"""Lines and labels, read back from their pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from geoloc.results.drawing import draw_label, draw_strokes, label_size

COLOUR = (255, 196, 0)


def test_a_line_lies_where_its_points_are_and_is_dark_below() -> None:
    panel = Image.new("RGB", (60, 40), (120, 120, 120))
    # Corner origin: the middle of pixel 20 is 20.5.
    draw_strokes(panel, [[(10.5, 20.5), (50.5, 20.5)]], COLOUR, 3)
    pixels = np.asarray(panel).astype(int)
    assert (pixels[20, 12:49] == COLOUR).all()
    for off in (1, 2, 3, 4, 5):
        assert pixels[20 - off, 12:49] == pytest.approx(pixels[20 + off, 12:49], abs=10)
    assert pixels[[17, 18, 22, 23], 12:49].min() < 20
    assert (pixels[[10, 30]] == 120).all()


@pytest.mark.parametrize(("text", "size"), [("not here", 24), ("1: 0.93", 18)])
def test_a_label_is_as_large_as_it_says(text: str, size: int) -> None:
    panel = Image.new("RGB", (300, 80), (120, 120, 120))
    draw_label(panel, (20, 10), text, COLOUR, size)
    pixels = np.asarray(panel).astype(int)
    width, height = label_size(text, size)
    rows, columns = np.nonzero((np.abs(pixels - 120) > 60).any(-1))
    # Its dark ground is a little larger on each side.
    assert columns.min() == pytest.approx(16, abs=2)
    assert columns.max() == pytest.approx(20 + width + 4, abs=2)
    assert rows.max() == pytest.approx(10 + height + 3, abs=2)
    assert (np.abs(pixels - COLOUR) < 12).all(-1).any()
