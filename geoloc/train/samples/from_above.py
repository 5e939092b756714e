"""Queries drawn onto the ground, as a search draws oblique photographs: by what is told of the camera, or supposed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from geoloc.plane.homography import map_points, similarity
from geoloc.plane.lean import lean_of

TOLD_SHARE = 0.5
"""Of queries whose tilt is told, nearly rightly; that of the others is supposed."""
TOLD_DEG, SUPPOSED_DEG = 1.5, 12.0
"""Standard deviations of the errors of tilts, degrees."""
ROLL_DEG = 1.5
FOCAL_SPREAD = 0.08
"""Standard deviation of the logarithm of the focal length that is supposed over the true one."""
MOST_TILT_DEG = 82.0
"""Of a ray, from straight down, that is supposed."""
SHARE_TILTED, SHARE_LEVEL = 0.6, 0.15
"""Of views that are tilted by more, or less, than `LEVEL_DEG`, those drawn from above."""
LEVEL_DEG = 15.0
_ANYWHERE = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class SupposedCamera:
    """A pinhole camera over the ground, in the frame of `geoloc.train.samples.perspective`.

    Attributes:
        centre: 3, metres.
        rotation: 3 x 3, its columns are the picture's right, its down and the optical axis.
        focal: pixels.
        principal: 2 pixels.
        frame: 2, half the width and height of the photo about the principal point, pixels.
    """

    centre: np.ndarray
    rotation: np.ndarray
    focal: float
    principal: np.ndarray
    frame: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """How a query is drawn of a picture.

    Attributes:
        to_camera: 3 x 3, pixels of the query to those of the picture; its third coordinate is how far off the ground
            is there over how far it is at the middle.
        low: 2, the least pixel that the picture has.
        high: 2, the greatest.
        above: whether it is drawn from above.
    """

    to_camera: np.ndarray
    low: np.ndarray
    high: np.ndarray
    above: bool

    def view(self, click: np.ndarray) -> np.ndarray:
        """Return 3 numbers, how a query whose click is (x, y) is seen, see `geoloc.plane.lean`."""
        return view_at(self.to_camera, click) if self.above else np.zeros(3)


def view_at(to_photo: np.ndarray, click: np.ndarray) -> np.ndarray:
    """Return how a query from above is seen; to_photo: 3 x 3, its pixels to the photo's."""
    return np.array([*lean_of(to_photo, (float(click[0]), float(click[1]))), 1.0])


def as_taken() -> Drawn:
    """Return the way that leaves a picture as it is."""
    return Drawn(np.eye(3), np.full(2, -_ANYWHERE), np.full(2, _ANYWHERE), above=False)


def wants_from_above(tilt: float, rng: np.random.Generator) -> bool:
    """Draw whether a view tilted by so many radians is drawn from above."""
    return rng.random() < (SHARE_TILTED if math.degrees(tilt) > LEVEL_DEG else SHARE_LEVEL)


def draw_from_above(
    camera: SupposedCamera, clicked: np.ndarray, rng: np.random.Generator, *, at: np.ndarray, scale_m: float, up: float
) -> Drawn | None:
    """Draw a picture onto the ground by what is supposed of its camera.

    Args:
        camera: the true one.
        clicked: (x, y) of the picture that the query is about.
        rng: what errors are drawn from.
        at: (x, y) of the query where that is to be.
        scale_m: metres a pixel of the query.
        up: heading of the query's up, radians.

    Returns:
        None where the ground would be seen too flat.
    """
    spread = _tilt_spread(rng)
    focal = camera.focal * math.exp(rng.normal(0, FOCAL_SPREAD))
    # About the picture's right is how the tilt is wrong, about its axis the roll.
    wrong = _about(0, rng.normal(0, spread)) @ _about(2, rng.normal(0, math.radians(ROLL_DEG)))
    rotation = camera.rotation @ wrong
    ray = rotation @ np.array([*((clicked - camera.principal) / focal), 1.0])
    if -ray[2] < math.cos(math.radians(MOST_TILT_DEG)) * float(np.linalg.norm(ray)):
        return None
    height = camera.centre[2]
    place = (ray * (height / -ray[2]))[:2]
    to_ground = similarity(scale_m, math.degrees(up), tuple(place), tuple(at))
    # Places on the ground below the camera, in its own frame.
    columns = rotation.T @ np.array([[1, 0, 0], [0, 1, 0], [0, 0, -height]])
    optics = np.array([[focal, 0, camera.principal[0]], [0, focal, camera.principal[1]], [0, 0, 1.0]])
    matrix = optics @ columns @ to_ground
    matrix = matrix / (matrix[2] @ [*at, 1.0])
    return Drawn(matrix, camera.principal - camera.frame, camera.principal + camera.frame, above=True)


def wrong_plane(to_ground: np.ndarray, place: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a homography from photo to ground as a search would suppose it: with its tilt wrong.

    Close round the place a wrong tilt stretches the ground along the line of sight; farther off scales would change
    along it too, which is left out.

    Args:
        to_ground: 3 x 3, the true one.
        place: (x, y) on the ground about which it is wrong.
        rng: what the error is drawn from.
    """
    lean = np.array(lean_of(np.linalg.inv(to_ground), (float(place[0]), float(place[1]))))
    sine = float(np.linalg.norm(lean))
    if sine < 1e-3:
        return to_ground
    tilt = math.asin(min(sine, 0.999))
    off = rng.normal(0, _tilt_spread(rng))
    supposed = min(max(tilt + off, 0.0), math.radians(MOST_TILT_DEG))
    stretch = min(max(math.cos(tilt) / math.cos(supposed), 0.4), 2.5)
    along = lean / sine
    linear = np.eye(2) + (stretch - 1) * np.outer(along, along)
    wrong = np.eye(3)
    wrong[:2, :2] = linear
    wrong[:2, 2] = place - linear @ place
    return np.asarray(wrong @ to_ground)


def plane_of(photo_xy: np.ndarray, ground_xy: np.ndarray, slack: float) -> np.ndarray | None:
    """Fit the homography from photo to ground to pixels and their places, N x 2 each; None where there is none.

    Args:
        photo_xy: pixels of the photo.
        ground_xy: what they show, pixels of the ground.
        slack: how far a place may be off the plane, pixels of the ground.
    """
    cv2.setRNGSeed(0)
    matrix, inliers = cv2.findHomography(
        photo_xy.astype(np.float64), ground_xy.astype(np.float64), cv2.RANSAC, slack, maxIters=300
    )
    if matrix is None or inliers.sum() < max(12, 0.3 * len(photo_xy)):
        return None
    # Positive where the ground is seen.
    matrix = matrix * np.sign(matrix[2] @ [*photo_xy[int(inliers.argmax())], 1.0])
    return np.asarray(matrix) if np.isfinite(map_points(matrix, photo_xy[inliers[:, 0] > 0])).all() else None


def filled_beyond(images: Tensor, shows: Tensor) -> Tensor:
    """Fill queries, B x 3 x h x w, with their mean colours where they show nothing; shows: B x h x w bool."""
    shown = shows[:, None]
    mean = (images * shown).sum((2, 3), keepdim=True) / shown.sum((2, 3), keepdim=True).clamp(min=1)
    return torch.where(shown, images, mean)


def _tilt_spread(rng: np.random.Generator) -> float:
    """Draw whether a tilt is told or supposed; returns the standard deviation of its error, radians."""
    return math.radians(TOLD_DEG if rng.random() < TOLD_SHARE else SUPPOSED_DEG)


def _about(axis: int, angle: float) -> np.ndarray:
    c, s = math.cos(angle), math.sin(angle)
    i, j = [k for k in range(3) if k != axis]
    out = np.eye(3)
    out[i, i], out[i, j], out[j, i], out[j, j] = c, -s, s, c
    return out
