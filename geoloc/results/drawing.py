"""Lines and labels that show on any ground, photo or map."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from geoloc.plane.homography import to_opencv

BACKGROUND = (24, 26, 30)
BLACK = (0, 0, 0)
WHITE = (255, 255, 255)

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""


def draw_strokes(
    panel: Image.Image, lines: Sequence[Sequence[tuple[float, float]]], colour: Colour, width: int
) -> None:
    """Draw smooth lines, dark below and bright above, to show on any ground.

    Args:
        panel: what to draw on.
        lines: points (x, y) of each line, pixels, corner origin.
        colour: of the bright line.
        width: of the bright line, pixels.
    """
    pixels = np.array(panel)
    # OpenCV takes sixteenths of pixels.
    points = [np.round(to_opencv(np.array(line)) * 16).astype(np.int32) for line in lines]
    for line_colour, line_width in ((BLACK, width + 3), (colour, width)):
        cv2.polylines(pixels, points, False, line_colour, line_width, cv2.LINE_AA, 4)
    panel.paste(Image.fromarray(pixels))


def draw_label(panel: Image.Image, at: tuple[float, float], text: str, colour: Colour, size: int = 16) -> None:
    """Draw text on a dark ground, its upper left corner at `at`."""
    draw = ImageDraw.Draw(panel)
    left, top, right, bottom = draw.textbbox(at, text, font=_font(size))
    draw.rectangle((left - 4, top - 3, right + 4, bottom + 3), fill=BLACK)
    draw.text(at, text, font=_font(size), fill=colour)


def label_size(text: str, size: int) -> tuple[float, float]:
    """Return how far a text reaches to the right of and below where it is drawn, pixels."""
    draw = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    _, _, right, bottom = draw.textbbox((0, 0), text, font=_font(size))
    return right, bottom


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
