"""What was clicked in a photograph: a point, or a box that says how large the object is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoloc.errors import PhotoError
from geoloc.photo.photo import Photo
from geoloc.system.text import parse_numbers
from tiling.box import PixelBox


@dataclass(frozen=True, slots=True)
class Click:
    """A point of the upright photo in pixels, corner origin: the centre of the first pixel is (0.5, 0.5).

    >>> Click(1426, 624)
    Click(x=1426, y=624)
    """

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Target:
    """An object to find: where it was clicked and, if known, its box in the photo."""

    click: Click
    box: PixelBox | None = None

    @classmethod
    def from_box(cls, box: PixelBox) -> Target:
        """Return the object that fills a box, clicked in its centre.

        >>> Target.from_box(PixelBox(10, 20, 30, 60)).click
        Click(x=20.0, y=40.0)
        """
        return cls(Click(*box.centre), box)

    @classmethod
    def from_corners(cls, x0: float, y0: float, x1: float, y1: float) -> Target:
        """Return the object that fills a box, given by two opposite corners in any order, photo pixels.

        Args:
            x0: of the one corner.
            y0: of the one corner.
            x1: of the other corner.
            y1: of the other corner.

        Raises:
            ValueError: the box has no width or no height, or a number is not finite.

        >>> Target.from_corners(30, 60, 10, 20).box
        PixelBox(xmin=10, ymin=20, xmax=30, ymax=60)
        """
        corners = f"{x0:.10g},{y0:.10g},{x1:.10g},{y1:.10g}"
        if not all(map(math.isfinite, (x0, y0, x1, y1))):
            raise ValueError(f"{corners} are not four finite numbers")
        if x0 == x1 or y0 == y1:
            raise ValueError(f"{corners} has no width or no height")
        return cls.from_box(PixelBox(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))


def parse_click(text: str) -> Click:
    """Read a click written as `X,Y`, in photo pixels.

    Raises:
        ValueError: not two finite numbers.
    """
    return Click(*parse_numbers(text, "X,Y"))


def parse_box(text: str) -> Target:
    """Read a box written as `X0,Y0,X1,Y1`: two opposite corners in any order, in photo pixels.

    Raises:
        ValueError: not four finite numbers, or a box without width or height.
    """
    return Target.from_corners(*parse_numbers(text, "X0,Y0,X1,Y1"))


def check_target(photo: Photo, target: Target) -> None:
    """Refuse a click that does not lie in the photo, `0 <= x < width` and `0 <= y < height`.

    Raises:
        PhotoError: the click is outside; the text names the photo's size.
    """
    width, height = photo.size
    x, y = target.click.x, target.click.y
    if not (0.0 <= x < width and 0.0 <= y < height):
        name = photo.path.name
        raise PhotoError(f"click {x:g},{y:g} is outside the photo {name} of {width} x {height} px (upright)")
