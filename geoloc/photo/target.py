"""What was clicked or drawn in a photograph: a point, or a box or polygon that says how large the object is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from geoloc.errors import PhotoError
from geoloc.photo.photo import Photo
from geoloc.plane.shapes import enclosed, inner_point, largest_part
from geoloc.system.text import parse_numbers
from tiling.box import PixelBox

if TYPE_CHECKING:
    from shapely.geometry import Polygon

MOST_OF_IT = 0.95
"""Share of a polygon that crosses itself that one of its parts holds, where the others are slips of the hand."""


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
    """An object to find, in pixels of the upright photo, corner origin.

    Attributes:
        click: a point on it.
        box: bounds of the object in the photo, where they are known.
        polygon: its outline in the photo, where it was drawn; `box` is then its bounds.
        note: what was done to it that whoever drew it should know, in words; tells no two targets apart.
    """

    click: Click
    box: PixelBox | None = None
    polygon: Polygon | None = None
    note: str = field(default="", compare=False, repr=False)

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

    @classmethod
    def from_polygon(cls, outline: Polygon | Iterable[Sequence[float]]) -> Target:
        """Return the object with an outline, clicked in its centroid, or inside where that is outside.

        Args:
            outline: a polygon, or the corners (x, y) of one, closed or not, photo pixels. Of one that crosses itself
                all counts that it encloses, but for parts that are next to nothing; its `note` says so.

        Raises:
            ValueError: fewer than three corners, no area, a number that is not finite, or parts that only touch.

        >>> Target.from_polygon([(10, 20), (30, 20), (30, 60), (10, 60)]).box
        PixelBox(xmin=10.0, ymin=20.0, xmax=30.0, ymax=60.0)
        """
        # Not at the head: training from a pack does without the package.
        from shapely import force_2d
        from shapely.geometry import Polygon

        if not isinstance(outline, Polygon):
            corners = [tuple(map(float, corner)) for corner in outline]
            if any(len(corner) != 2 for corner in corners):
                raise ValueError("a corner of a polygon has two numbers, x and y")
            if not all(math.isfinite(number) for corner in corners for number in corner):
                raise ValueError("a polygon has finite numbers only")
            if len(set(corners)) < 3:
                raise ValueError(f"a polygon has three corners or more, not {len(set(corners))}")
            outline = Polygon(corners)
        whole = enclosed(force_2d(outline))
        valid = largest_part(whole)
        if valid is None:
            raise ValueError("a polygon whose corners lie on one line has no area")
        note, share = "", valid.area / whole.area
        if share < MOST_OF_IT:
            raise ValueError("the polygon crosses itself and falls apart; give its corners in order round the object")
        if not outline.is_valid:
            rest = "" if share == 1 else f", but for parts of {max(1, round(100 * (1 - share)))} % of it"
            note = f"the polygon crosses itself; what it encloses counts{rest}"
        middle = inner_point(valid)
        return cls(Click(middle.x, middle.y), PixelBox(*valid.bounds), valid, note)


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


def parse_polygon(text: str) -> Target:
    """Read a polygon written as `X,Y X,Y X,Y ...`: its corners in photo pixels, separated by blanks, closed or not.

    Raises:
        ValueError: a corner is not two finite numbers, or the corners make no polygon; see `Target.from_polygon`.
    """
    return Target.from_polygon([parse_numbers(corner, "X,Y") for corner in text.split()])


def check_target(photo: Photo, target: Target) -> None:
    """Refuse a click that does not lie in the photo, `0 <= x < width` and `0 <= y < height`.

    Raises:
        PhotoError: the click is outside; the text names the photo's size.
    """
    width, height = photo.size
    x, y = target.click.x, target.click.y
    if not (0.0 <= x < width and 0.0 <= y < height):
        text = f"click {x:g},{y:g} is outside the photo {photo.path.name} of {width} x {height} px (upright)"
        if -height < y < 0:
            # As QGIS has it, of a picture without a place.
            text += "; y counts downwards from the upper edge, without a minus"
        raise PhotoError(text)


def within_photo(photo: Photo, target: Target) -> Target:
    """Return a target whose box and polygon are cut to the photo; where something was cut off, its `note` says so.

    A click that was the middle of what was drawn becomes the middle of what is left of it.

    Raises:
        PhotoError: what was drawn lies outside the photo, or the click does.
    """
    from shapely.geometry import Polygon, box

    if target.box is not None:
        width, height = photo.size
        frame = box(0, 0, width, height)
        drawn = target.polygon or Polygon(target.box.corners())
        if not frame.covers(drawn):
            kind, size = "box" if target.polygon is None else "polygon", f"of {width} x {height} px (upright)"
            inside = drawn.intersection(frame)
            left = largest_part(inside)
            if left is None:
                raise PhotoError(f"the {kind} lies outside the photo {photo.path.name} {size}")
            note = f"the {kind} reaches beyond the photo {photo.path.name} {size} and is cut to it"
            if left.area < inside.area:
                note += ", where its largest part counts"
            target = replace(_cut(target, left), note="; ".join(filter(None, (target.note, note))))
    check_target(photo, target)
    return target


def _cut(target: Target, left: Polygon) -> Target:
    """What is left of a target: of its polygon where it has one, else of its box."""
    assert target.box is not None, "something was cut"
    if target.polygon is None:
        whole, cut = Target.from_box(target.box), Target.from_box(PixelBox(*left.bounds))
    else:
        whole, cut = Target.from_polygon(target.polygon), Target.from_polygon(left)
    return cut if target.click == whole.click else replace(cut, click=target.click)
