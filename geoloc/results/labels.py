"""Labels of things in a picture, beside them: none covers what is shown, or another label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from PIL import Image
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points

from geoloc.results.drawing import Colour, draw_label, draw_strokes, label_size

_BORDER = 4
"""Of the dark ground round a text, and to the picture's edge, pixels."""
_AWAY = (10, 26, 48, 80, 120, 180)
"""How far off its thing a label may stand, pixels; from the second on a leader says whose it is."""


class Labels:
    """Writes labels on one picture where there is room for them."""

    def __init__(self, panel: Image.Image, shown: Iterable[BaseGeometry]) -> None:
        """Take the picture.

        Args:
            panel: what to write on.
            shown: what no label may cover, pixels of the picture, corner origin.
        """
        self._panel, self._taken = panel, list(shown)

    def beside(self, shape: BaseGeometry, text: str, colour: Colour, size: int, *, needed: bool) -> None:
        """Write a text beside a shape, as near as there is room.

        Args:
            shape: what it is about, pixels.
            text: of the label.
            colour: of the text and of its leader.
            size: of the text.
            needed: whether it is written over others rather than not at all.
        """
        extent = label_size(text, size)
        places = [(away, at) for away in _AWAY for at in _around(shape, extent, away)]
        found = next(((away, at) for away, at in places if self._is_free(_ground(at, extent))), None)
        if found is None:
            if not needed:
                return
            width, height = self._panel.size
            x, y = places[0][1]
            inside = (
                max(_BORDER, min(x, width - extent[0] - _BORDER)),
                max(_BORDER, min(y, height - extent[1] - _BORDER)),
            )
            found = _AWAY[0], inside
        away, at = found
        ground = _ground(at, extent)
        if away > _AWAY[0]:
            leader = [(point.x, point.y) for point in nearest_points(ground, shape)]
            draw_strokes(self._panel, [leader], colour, 1)
        self._write(ground, at, text, colour, size)

    def in_corner(self, text: str, colour: Colour, size: int = 16) -> None:
        """Write a text into a corner where nothing is, the upper left one if nothing is there, or if all are taken."""
        (width, height), extent, edge = self._panel.size, label_size(text, size), 2 * _BORDER
        right, low = width - extent[0] - edge, height - extent[1] - edge
        corners = [(x, y) for y in (edge, low) for x in (edge, right)]
        at = next((at for at in corners if self._is_free(_ground(at, extent))), corners[0])
        self._write(_ground(at, extent), at, text, colour, size)

    def _is_free(self, ground: BaseGeometry) -> bool:
        inside = box(0, 0, *self._panel.size).contains(ground)
        return inside and not any(ground.intersects(other) for other in self._taken)

    def _write(self, ground: BaseGeometry, at: tuple[float, float], text: str, colour: Colour, size: int) -> None:
        self._taken.append(ground)
        draw_label(self._panel, at, text, colour, size)


def _ground(at: tuple[float, float], extent: tuple[float, float]) -> BaseGeometry:
    """The dark ground of a text."""
    (x, y), (width, height) = at, extent
    return box(x - _BORDER, y - _BORDER, x + width + _BORDER, y + height + _BORDER)


def _around(shape: BaseGeometry, extent: tuple[float, float], away: float) -> Iterator[tuple[float, float]]:
    """Upper left corners of a text so far off a shape's bounds: above, below, right, left, then at the corners."""
    (xmin, ymin, xmax, ymax), (width, height) = shape.bounds, extent
    left, x, right = xmin - away - width, (xmin + xmax - width) / 2, xmax + away
    above, y, below = ymin - away - height, (ymin + ymax - height) / 2, ymax + away
    yield from ((x, above), (x, below), (right, y), (left, y))
    yield from ((right, above), (left, above), (right, below), (left, below))
