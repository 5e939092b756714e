"""One training or test example, whatever it was made from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

QUERY_PX = 256
REFERENCE_PX = 384
STRIDE = 16
QUERY_CELLS = QUERY_PX // STRIDE


@dataclass(frozen=True, slots=True)
class Record:
    """A query, a click in it, a reference window and what is true of them.

    query: Hq x Wq x 3 uint8 (256 x 256, a panorama 256 x 512). click: (x, y) in query pixels. reference: Hr x Wr x 3
    uint8. box: xmin, ymin, xmax, ymax in reference pixels, None where the window does not show the object. gsd_m: metres
    on the ground a reference pixel. sized: whether the size of the box is that of a real object. matches: Hq/16 x Wq/16
    x 2, the reference (x, y) of the centre of every query cell, NaN where it has none or it is not known.
    """

    query: np.ndarray
    click: np.ndarray
    reference: np.ndarray
    box: np.ndarray | None
    gsd_m: float
    sized: bool
    matches: np.ndarray

    def without_object(self, reference: np.ndarray, gsd_m: float) -> Record:
        """The same query with a reference that does not show the object."""
        matches = np.full_like(self.matches, np.nan)
        return replace(self, reference=reference, gsd_m=gsd_m, box=None, sized=False, matches=matches)


def cell_centres(rows: int, columns: int, stride: int = STRIDE) -> np.ndarray:
    """Pixel positions (x, y) of the centres of feature cells, rows x columns x 2."""
    y, x = np.mgrid[:rows, :columns]
    return (np.stack([x, y], axis=-1) + 0.5) * stride
