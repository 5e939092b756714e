"""One training or test example, whatever it was made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Example:
    """A query, a click in it, a reference window and what is true of them.

    Attributes:
        query: Hq x Wq x 3 uint8 (256 x 256, a panorama 256 x 512).
        click: (x, y) in query pixels.
        reference: Hr x Wr x 3 uint8.
        box: xmin, ymin, xmax, ymax in reference pixels, None where the window does not show the object.
        gsd_m: metres on the ground a reference pixel.
        sized: whether the size of the box is that of a real object.
        matches: Hq/16 x Wq/16 x 2, the reference (x, y) of the centre of every query cell, NaN where it has none or it
            is not known.
    """

    query: np.ndarray
    click: np.ndarray
    reference: np.ndarray
    box: np.ndarray | None
    gsd_m: float
    sized: bool
    matches: np.ndarray
