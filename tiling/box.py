"""Boxes in pixels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PixelBox:
    """Half-open box in pixels: x right, y down, (0, 0) the outer corner of the upper left pixel.

    Attributes:
        xmin: left edge; like all of them it may lie inside a pixel.
        ymin: upper edge.
        xmax: right edge.
        ymax: lower edge.

    Examples:
        >>> box = PixelBox(10, 20, 14, 22)
        >>> box.width, box.height, box.centre
        (4, 2, (12.0, 21.0))
        >>> box.shifted(-10, -20)
        PixelBox(xmin=0, ymin=0, xmax=4, ymax=2)
        >>> box.corners()
        ((10, 20), (14, 20), (14, 22), (10, 22))
        >>> PixelBox.about(12, 21, width=4, height=2) == box
        True
    """

    xmin: float
    ymin: float
    xmax: float
    ymax: float

    @classmethod
    def about(cls, x: float, y: float, width: float, height: float) -> PixelBox:
        """The box of a given size whose middle is (x, y).

        Args:
            x: of the middle, pixels.
            y: of the middle, pixels.
            width: extent along x, pixels.
            height: extent along y, pixels.
        """
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    @property
    def width(self) -> float:
        """Extent along x, pixels."""
        return self.xmax - self.xmin

    @property
    def height(self) -> float:
        """Extent along y, pixels."""
        return self.ymax - self.ymin

    @property
    def centre(self) -> tuple[float, float]:
        """The middle (x, y), pixels."""
        return (self.xmin + self.xmax) / 2, (self.ymin + self.ymax) / 2

    def shifted(self, dx: float, dy: float) -> PixelBox:
        """The same box `dx` further right and `dy` further down."""
        return PixelBox(self.xmin + dx, self.ymin + dy, self.xmax + dx, self.ymax + dy)

    def corners(self) -> tuple[tuple[float, float], ...]:
        """The four corners (x, y): upper left, upper right, lower right, lower left."""
        return (self.xmin, self.ymin), (self.xmax, self.ymin), (self.xmax, self.ymax), (self.xmin, self.ymax)
