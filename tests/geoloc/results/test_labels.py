"""Labels: beside what they are about, over nothing that is shown."""

from __future__ import annotations

from itertools import product

import numpy as np
from PIL import Image
from shapely.geometry import Polygon, box

from geoloc.results.labels import Labels

COLOUR = (255, 196, 0)
GROUND = (90, 90, 90)


def test_no_label_covers_an_outline_or_another_label() -> None:
    """Cars in a row, each of which has its neighbours' labels beside it."""
    shapes = [box(60 + 30 * i, 150, 82 + 30 * i, 170) for i in range(6)]
    grounds = []
    for number in range(6):
        # What a label alone covers is what is dark, and its text; leaders are thin.
        panel = Image.new("RGB", (400, 320), GROUND)
        labels = Labels(panel, shapes)
        for shape in shapes[: number + 1]:
            labels.beside(shape, "1: 0.97", COLOUR, 18, needed=True)
        picture = np.asarray(panel)
        assert all((picture[151:169, int(s.bounds[0]) + 4 : int(s.bounds[2]) - 4] == GROUND).all() for s in shapes)
        grounds.append(float((picture == 0).all(-1).sum()))
    # None lies on another: every one adds as much dark.
    assert min(np.diff(grounds)) > 0.9 * grounds[0]


def test_a_leader_goes_from_a_label_that_stands_off() -> None:
    shape = box(100, 140, 120, 160)
    # All places near it are taken.
    ring = Polygon(shape.buffer(45).exterior, [shape.buffer(2).exterior.coords])
    panel = Image.new("RGB", (300, 300), GROUND)
    Labels(panel, [ring]).beside(shape, "1", COLOUR, 14, needed=False)
    touched = (np.asarray(panel)[130:170, 90:130] != GROUND).any(-1)
    assert touched.any()
    near = Image.new("RGB", (300, 300), GROUND)
    Labels(near, [shape]).beside(shape, "1", COLOUR, 14, needed=False)
    assert not (np.asarray(near)[139:161, 99:121] != GROUND).any()


def test_a_lesser_label_goes_without_where_there_is_no_room() -> None:
    whole = box(0, 0, 200, 200)
    for needed in (False, True):
        panel = Image.new("RGB", (200, 200), GROUND)
        Labels(panel, [whole]).beside(box(90, 90, 110, 110), "2: 0.5", COLOUR, 14, needed=needed)
        assert (np.asarray(panel) != GROUND).any() == needed


def test_a_corner_that_is_free() -> None:
    for taken, row, column in ((box(0, 0, 1, 1), 0, 0), (box(0, 0, 60, 60), 0, 1), (box(0, 0, 300, 60), 1, 0)):
        panel = Image.new("RGB", (300, 300), GROUND)
        Labels(panel, [taken]).in_corner("a.jpg", COLOUR)
        written = [
            (i, j)
            for i, j in product((0, 1), repeat=2)
            if (np.asarray(panel)[i * 150 : i * 150 + 150, j * 150 : j * 150 + 150] != GROUND).any()
        ]
        assert set(written) == {(row, column)}
