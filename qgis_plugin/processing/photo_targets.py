# SPDX-License-Identifier: GPL-2.0-or-later
"""Objects marked in photos, as the parameters of an algorithm or the row of a table tell them."""

from __future__ import annotations

from qgis.core import NULL, QgsFeature, QgsGeometry

from ..worker.request import BOX, CLICK, POLYGON, PhotoTarget

BOX_COLUMNS = ("photo_xmin", "photo_ymin", "photo_xmax", "photo_ymax")
POLYGON_COLUMN = "photo_polygon"
"""Columns of a table that tell the object's box, and its polygon as WKT, in pixels of the photo: as geoloc's own."""


def box_of(numbers: list) -> PhotoTarget:
    """Return a box as it is told by two opposite corners.

    Args:
        numbers: x and y of the one, x and y of the other, pixels of the upright photo; texts will do.

    Raises:
        ValueError: these are not four numbers, or there is no area between them.
    """
    one_x, one_y, other_x, other_y = (float(number) for number in numbers)
    if one_x == other_x or one_y == other_y:
        raise ValueError(numbers)
    least = (min(one_x, other_x), min(one_y, other_y))
    return PhotoTarget(BOX, (least, (max(one_x, other_x), max(one_y, other_y))))


def polygon_of(text: str) -> PhotoTarget:
    """Return a polygon as the command line has it, "x,y x,y x,y", corner after corner, pixels of the upright photo.

    Raises:
        ValueError: these are not three corners at least.
    """
    points = [tuple(float(number) for number in corner.split(",")) for corner in text.split()]
    if len(points) < 3 or any(len(point) != 2 for point in points):
        raise ValueError(text)
    return PhotoTarget(POLYGON, tuple(points))


def row_target(row: QgsFeature, x_column: str, y_column: str) -> PhotoTarget:
    """Return what a row of a table marks: its polygon, or else its box, or else its click.

    Args:
        row: of the table, which need not have all columns.
        x_column: that of the click's x.
        y_column: that of the click's y.

    Raises:
        ValueError: the first of these that is not empty cannot be read, or all are empty.
    """

    def value(column: str):
        known = row.fields().indexOf(column) >= 0
        return row[column] if known and row[column] != NULL and row[column] != "" else None

    box = [value(column) for column in BOX_COLUMNS]
    try:
        if value(POLYGON_COLUMN) is not None:
            ring = QgsGeometry.fromWkt(str(value(POLYGON_COLUMN))).asPolygon()[0]
            return PhotoTarget(POLYGON, tuple((at.x(), at.y()) for at in ring[:-1]))
        if any(number is not None for number in box):
            return box_of(box)
        return PhotoTarget(CLICK, ((float(value(x_column)), float(value(y_column))),))
    except (TypeError, IndexError) as error:
        # What is no polygon, and what is empty.
        raise ValueError(str(error)) from error
