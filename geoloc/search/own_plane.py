"""The plane on which attention's own matches agree: where all cells of a target's crops lie, not the target alone.

A box tells where one object is; the cells round it tell where everything else is that the crops show. Where the place
is right, most lie on one plane, each where its neighbours ask it to be; elsewhere few do, and by chance. So their
number is evidence for the place, and the plane tells where, and from which side, to look for the target closely.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from geoloc.model.network.cross_view import MatchedCells
from geoloc.photo.crop import Crop
from geoloc.plane.homography import map_points

REACH_PX = 12.0
"""How far a cell that agrees may be off, window pixels: three quarters of its side."""
SURE = 0.3
"""Cells count whose place is at least so probable by the network."""
LEAST_CELLS = 12
"""Of all crops together; what fewer tell is chance."""
FLATTEST = 8.0
"""How much longer than wide a square of the crops may come to lie."""
NARROWEST, WIDEST = 0.2, 5.0
"""Window pixels a crop pixel: crops are drawn at about the scale of windows."""
TYPICAL, GAIN = 71.0, 2.0
"""The usual support of right places, with which evidence means what it means of answers that have no plane; and what it
gains for each unit of the logarithm. See docs/model.md."""


@dataclass(frozen=True, slots=True, eq=False)
class OwnPlane:
    """A plane that attention's matches agree on.

    Attributes:
        matrix: 3 x 3, photo pixels to pixels of the window's grid; None where no plane makes sense.
        support: how many cells of a crop agree, each counted by its probability, the mean over the crops.
    """

    matrix: NDArray[np.float64] | None
    support: float

    @property
    def evidence(self) -> float:
        """What the support adds to the evidence for the place."""
        return GAIN * math.log((1 + self.support) / (1 + TYPICAL))


def own_plane(crops: Sequence[Crop], matched: MatchedCells) -> OwnPlane:
    """Fit a plane to where cells of crops lie.

    Args:
        crops: of one target, drawn from the photo alike: what one of them shows is an affine map away from the others.
        matched: where their cells lie in a window.
    """
    to_first = np.linalg.inv(crops[0].to_photo)
    cells, places, sure = [], [], []
    for crop, place, share in zip(crops, matched.places, matched.sure, strict=True):
        seen = map_points(to_first @ crop.to_photo, matched.cells)
        asked = (share > SURE) & np.isfinite(seen).all(1) & np.isfinite(map_points(crop.to_photo, matched.cells)).all(1)
        cells.append(seen[asked])
        places.append(place[asked])
        sure.append(share[asked])
    source, target, weight = map(np.concatenate, (cells, places, sure))
    if len(source) < LEAST_CELLS:
        return OwnPlane(None, 0.0)
    fit, mask = cv2.estimateAffine2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=REACH_PX, maxIters=3000, confidence=0.999
    )
    if fit is None or np.linalg.det(fit[:, :2]) <= 0:
        return OwnPlane(None, 0.0)
    long, wide = np.linalg.svd(fit[:, :2], compute_uv=False)
    if long > FLATTEST * wide or not NARROWEST < math.sqrt(long * wide) < WIDEST:
        return OwnPlane(None, 0.0)
    support = float(weight[mask.ravel().astype(bool)].sum()) / len(crops)
    return OwnPlane(np.vstack([fit, [0.0, 0.0, 1.0]]) @ to_first, support)
