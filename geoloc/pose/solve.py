"""The camera that took a photograph, from matches with level ground by least squares, and how well they tell it.

A plane alone tells eight numbers, which are the camera's place, its rotation and two constraints on its optics (Zhang
2000, "A flexible new technique for camera calibration"): seen straight down these say nothing, and height and focal
length are one. So the focal length that a file tells is not taken as true but as a measurement with an error, as are
the suppositions that the axis meets the middle of the photo and that the lens bends little. What the matches do not
tell, these do, and the errors say so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from geoloc.plane.homography import jacobian, map_points
from geoloc.pose.camera import GroundCamera, rotation_about

FocalSource = Literal["file", "matches", "supposed"]
"""Where a focal length comes from: the file; the matches, where they tell it; or neither."""

FILE_FOCAL = 0.04
"""Error of a focal length that a file tells, as a share of it: film's whole millimetres, a picture cut."""
HELD_FOCAL = 0.003
"""Error of a focal length that matches are to leave as it is."""
SUPPOSED_FOCAL = 0.35
"""Error, as a natural logarithm, of the focal length that most cameras have."""
TOLD_BY_MATCHES = 0.1
"""With a smaller error, as a share of it, a focal length that no file told counts as told by the matches."""
TELLING_TILT_DEG = 15.0
"""Tilted less than that against the ground, what the matches say of the focal length is more of its relief than of the
lens."""
CONTRADICTION = 3.0
"""So many of their standard deviations apart, the matches overrule the file."""
FAR_OFF = 4 / 3
"""So many times as long or as short as the file's, a focal length of matches may be of ground that is no plane."""
MIDDLE = 0.005
"""How far from the photo's middle the axis meets it, as a share of its longer side."""
BEND = 0.03
"""The distortion k1 of lenses, standard deviation."""
SLOPE_RAD = math.radians(1.0)
"""How far from level the matched ground lies."""
HEIGHTS_SLOPE_RAD = math.radians(0.75)
"""How far from what a raster of heights says the ground inclines."""
LEVEL_M = 0.5
"""How far above or below the ground the plane lies that most matches agree on."""
ALIKE = 4.0
"""Neighbouring matches are off alike, by relief above all: so many of them are one witness."""
SIDE_PX = 1600.0
"""Longer side of the picture in which local features are found; they are good to a part of its pixels."""
_STARTS = (0.5, 0.75, 1.2, 2.0)
"""Focal lengths over the longer side that are tried where no file tells one."""
_ROUNDS = 30
_ROBUST = 1.345
"""Beyond so many standard deviations a residual counts less (Huber 1964)."""
_LEAST_SCALE = 0.35
_STEP = 1e-5
_TRIALS = 8
_STILL = 1e-7
"""A step, as a share of the camera's height or in radians, that is none."""


@dataclass(frozen=True, slots=True, eq=False)
class SolvedCamera:
    """A camera, and what is not known of it.

    Attributes:
        camera: over the ground, in the metres of the matches.
        covariance: 12 x 12, of place (3, metres), rotation (3, radians about world axes), the focal length's logarithm,
            middle (2, pixels), k1, and the ground's slope (2, radians about x and y).
        focal: what tells the focal length.
    """

    camera: GroundCamera
    covariance: NDArray[np.float64]
    focal: FocalSource

    def changed(self, by: NDArray[np.float64]) -> GroundCamera:
        """Return the camera with other numbers: these, 12 in the order of the covariance, more."""
        turned = _changed(self.camera, by[:10])
        # About the ground below the middle of the world, where the matches are.
        slope = rotation_about(np.array([by[10], by[11], 0.0]))
        return replace(turned, centre=slope @ turned.centre, rotation=turned.rotation @ slope.T)


@dataclass(frozen=True, slots=True, eq=False)
class _Matches:
    """Matches of a photo with places on the ground, N x 3, and what is known before of its camera."""

    photo: NDArray[np.float64]
    places: NDArray[np.float64]
    whitening: NDArray[np.float64]
    prior: GroundCamera
    focal_error: float
    longer: float

    def residuals(self, camera: GroundCamera) -> NDArray[np.float64]:
        """What the matches are off, N x 2, in their standard deviations."""
        off = camera.project(self.places) - self.photo
        return np.asarray(np.einsum("nij,nj->ni", self.whitening, off))

    def prior_residuals(self, camera: GroundCamera) -> NDArray[np.float64]:
        """What the optics are off what was supposed, 4, in standard deviations."""
        focal = math.log(camera.focal_px / self.prior.focal_px) / self.focal_error
        middle = (camera.middle - self.prior.middle) / (MIDDLE * self.longer)
        return np.array([focal, *middle, camera.k1 / BEND])


def solve_camera(
    photo: NDArray[np.float64],
    ground: NDArray[np.float64],
    matrix: NDArray[np.float64],
    *,
    size: tuple[int, int],
    focal_px: float | None,
    supposed_px: float,
    match_m: float,
    heights: NDArray[np.float64] | None = None,
) -> SolvedCamera | None:
    """Find the camera that sees matched places of the ground where the photo shows them.

    Args:
        photo: places in the photo, N x 2 pixels.
        ground: the same on the ground, N x 2 metres (east, north), about 0.
        matrix: 3 x 3, the homography from photo to ground that they agree on.
        size: (width, height) of the photo.
        focal_px: what the file tells; None where it does not.
        supposed_px: what most cameras have.
        match_m: how exact a match is on the ground, metres along each axis.
        heights: of the places, N metres about 0; None for level ground.

    Returns:
        The camera; None where the homography is of none.
    """
    whitening = _whitening(photo, matrix, max(1.0, max(size) / SIDE_PX), match_m)
    middle = np.array(size) / 2
    places = np.column_stack([ground, np.zeros(len(ground)) if heights is None else heights])

    def solve(start_px: float, prior_px: float, error: float) -> tuple[float, GroundCamera, NDArray[np.float64]] | None:
        start = _decomposed(matrix, start_px, middle, photo)
        if start is None:
            return None
        prior = replace(start, focal_px=prior_px)
        return _fitted(start, _Matches(photo, places, whitening, prior, error, max(size)))

    told_px, error = (focal_px, FILE_FOCAL) if focal_px else (supposed_px, SUPPOSED_FOCAL)
    held = solve(told_px, told_px, HELD_FOCAL)
    if held is None:
        return None
    _, camera, covariance = held
    source: FocalSource = "file" if focal_px else "supposed"
    # Whatever the focal length is, the distance from the ground goes with it.
    away = _away(places, camera)
    along = np.concatenate([away, [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]])
    covariance = covariance + error**2 * np.outer(along, along)
    if camera.axis @ away >= -math.cos(math.radians(TELLING_TILT_DEG)) * np.linalg.norm(away):
        starts = (focal_px,) if focal_px else tuple(share * max(size) for share in _STARTS)
        free = [found for px in starts if (found := solve(px, supposed_px, SUPPOSED_FOCAL))]
        _, freed, free_covariance = min(free, key=lambda found: found[0], default=held)
        told_error = math.sqrt(free_covariance[6, 6])
        apart = abs(math.log(freed.focal_px / told_px))
        overruled = not focal_px or apart > CONTRADICTION * math.hypot(told_error, FILE_FOCAL)
        if told_error < TOLD_BY_MATCHES and overruled:
            if focal_px and apart > math.log(FAR_OFF):
                # Either may be wrong: ground that slopes or steps looks like another lens.
                between = _between(freed, camera)
                free_covariance = free_covariance + np.outer(between, between)
            camera, covariance, source = freed, free_covariance, "matches"
        elif focal_px and (weighed := solve(focal_px, focal_px, FILE_FOCAL)):
            _, camera, covariance = weighed
    whole = np.zeros((12, 12))
    whole[:10, :10] = covariance
    whole[2, 2] += LEVEL_M**2
    whole[10, 10] = whole[11, 11] = (SLOPE_RAD if heights is None else HEIGHTS_SLOPE_RAD) ** 2
    return SolvedCamera(camera, whole, source)


def _away(places: NDArray[np.float64], camera: GroundCamera) -> NDArray[np.float64]:
    """How far a camera is from the plane through places, N x 3, along its normal: 3 metres."""
    middle = places.mean(axis=0)
    normal = np.linalg.svd(places - middle, full_matrices=False)[2][2]
    return np.asarray(normal * (normal @ (camera.centre - middle)))


def _decomposed(
    matrix: NDArray[np.float64], focal_px: float, middle: NDArray[np.float64], photo: NDArray[np.float64]
) -> GroundCamera | None:
    """Take a homography from photo to ground apart by a focal length: the rotation that is nearest (Zhang 2000)."""
    back = np.linalg.inv(matrix)
    back = np.array([[1, 0, -middle[0]], [0, 1, -middle[1]], [0, 0, focal_px]]) @ back
    first, second, shift = back.T
    scale = (np.linalg.norm(first) + np.linalg.norm(second)) / 2
    if not (np.isfinite(back).all() and scale > 0):
        return None
    # What is matched lies before the camera.
    seen = np.column_stack([map_points(matrix, photo), np.ones(len(photo))]) @ back[2]
    sign = 1.0 if np.nanmedian(seen) > 0 else -1.0
    first, second, shift = (sign / scale * part for part in (first, second, shift))
    left, _, right = np.linalg.svd(np.column_stack([first, second, np.cross(first, second)]))
    rotation = left @ np.diag([1.0, 1.0, np.linalg.det(left @ right)]) @ right
    centre = -rotation.T @ shift
    return GroundCamera(centre, rotation, focal_px, middle) if centre[2] > 0 else None


def _whitening(
    photo: NDArray[np.float64], matrix: NDArray[np.float64], view_px: float, match_m: float
) -> NDArray[np.float64]:
    """What makes residuals in the photo into standard deviations, N x 2 x 2.

    A match is off on the ground and in the view of the photo that its features were found in.
    """
    out = np.empty((len(photo), 2, 2))
    for number, point in enumerate(photo):
        slope = np.linalg.inv(jacobian(matrix, point))
        covariance = match_m**2 * slope @ slope.T + (0.5 * view_px) ** 2 * np.eye(2)
        out[number] = np.linalg.inv(np.linalg.cholesky(covariance))
    return out


def _changed(camera: GroundCamera, by: NDArray[np.float64]) -> GroundCamera:
    return GroundCamera(
        camera.centre + by[:3],
        camera.rotation @ rotation_about(by[3:6]).T,
        camera.focal_px * math.exp(by[6]),
        camera.middle + by[7:9],
        camera.k1 + by[9],
    )


def _between(camera: GroundCamera, other: GroundCamera) -> NDArray[np.float64]:
    """Return what makes another camera of a camera, 10 numbers; `_changed` is the way back."""
    turn = cv2.Rodrigues(other.rotation.T @ camera.rotation)[0].ravel()
    focal = math.log(other.focal_px / camera.focal_px)
    moved = other.centre - camera.centre, turn, [focal], other.middle - camera.middle, [other.k1 - camera.k1]
    return np.concatenate(moved)


def _fitted(camera: GroundCamera, matches: _Matches) -> tuple[float, GroundCamera, NDArray[np.float64]] | None:
    """Bring a camera to where matches and suppositions contradict it least (Levenberg 1944, Marquardt 1963).

    Returns:
        What is left of the contradiction, the camera, and the covariance of its ten numbers.
    """
    units = np.array([*[camera.centre[2]] * 3, 1, 1, 1, 1, matches.longer, matches.longer, 1.0])
    damping, normal = 1e-3, np.eye(10)
    left = math.inf
    for _ in range(_ROUNDS):
        off = matches.residuals(camera)
        if not np.isfinite(off).all():
            return None
        scale = max(1.4826 * float(np.median(np.abs(off))), _LEAST_SCALE)
        length = np.maximum(np.linalg.norm(off / scale, axis=1, keepdims=True), 1e-12)
        weights = np.sqrt(np.minimum(1.0, _ROBUST / length) / ALIKE) / scale

        def contradiction(one: GroundCamera, weights: NDArray[np.float64] = weights) -> NDArray[np.float64]:
            return np.concatenate([(weights * matches.residuals(one)).ravel(), matches.prior_residuals(one)])

        now = contradiction(camera)
        left = float(now @ now)
        moved = (contradiction(_changed(camera, step)) for step in _STEP * np.diag(units))
        slopes = np.column_stack([(after - now) / _STEP for after in moved])
        normal = slopes.T @ slopes
        for _ in range(_TRIALS):
            step = -np.linalg.solve(normal + damping * np.diag(np.diag(normal)), slopes.T @ now)
            trial = _changed(camera, step * units)
            after = contradiction(trial)
            if np.isfinite(after).all() and after @ after <= left:
                camera, damping = trial, damping / 5
                break
            damping *= 5
        if np.abs(step).max() < _STILL:
            break
    return left, camera, np.asarray(np.linalg.inv(normal) * np.outer(units, units), np.float64)
