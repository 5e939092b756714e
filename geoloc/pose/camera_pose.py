"""Where a camera was, how it looked and how well that is known, on the map."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pyproj
from numpy.typing import NDArray

from geoloc.pose.camera import GroundCamera
from geoloc.pose.map_frame import MapFrame
from geoloc.pose.solve import FocalSource, SolvedCamera
from tiling.degrees import wrapped_deg
from tiling.grid import WGS84, transformer

NINE_OF_TEN = 1.645
"""Standard deviations within which nine of ten values of a normal distribution lie."""
NINE_OF_TEN_PLACES = 2.146
"""The same of places, whose errors are alike in both directions: standard deviations of one of them."""
_STEP = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class CameraPose:
    """A camera's place, directions and field of view. Nine of ten errors are smaller than those that are told.

    Attributes:
        place: (x, y) in the mosaic's CRS.
        lonlat: (lon, lat), WGS 84.
        height_m: over the ground that was matched.
        heading_deg: where the photo's up points on the ground, clockwise from true north, [0, 360).
        tilt_deg: of the optical axis from straight down.
        roll_deg: how far the camera's right points below level.
        focal_px: focal length, pixels of the upright photo.
        focal: what tells it: the file, the matches, or neither.
        size: (width, height) of the upright photo.
        place_error_m: of the place, along the ground.
        height_error_m: of the height.
        heading_error_deg: of the heading.
        tilt_error_deg: of the tilt.
        roll_error_deg: of the roll.
        focal_error_px: of the focal length.
        camera: in metres of `local`.
        local: CRS of metres east and north of the middle of what was matched.
        doubt: where it contradicts the photo's own file, in words; empty where it does not.
    """

    place: tuple[float, float]
    lonlat: tuple[float, float]
    height_m: float
    heading_deg: float
    tilt_deg: float
    roll_deg: float
    focal_px: float
    focal: FocalSource
    size: tuple[int, int]
    place_error_m: float
    height_error_m: float
    heading_error_deg: float
    tilt_error_deg: float
    roll_error_deg: float
    focal_error_px: float
    camera: GroundCamera = field(repr=False)
    local: pyproj.CRS = field(repr=False)
    doubt: str = ""

    @property
    def field_of_view_deg(self) -> tuple[float, float]:
        """(across, down): angles between opposite edges of the photo."""
        across, down = (2 * math.degrees(math.atan(side / 2 / self.focal_px)) for side in self.size)
        return across, down


def pose_of(solved: SolvedCamera, size: tuple[int, int], frame: MapFrame, local: pyproj.CRS) -> CameraPose:
    """Put a camera on the map.

    Args:
        solved: the camera, in metres of `local`.
        size: (width, height) of the photo.
        frame: what it was matched with.
        local: metres east and north of a place.
    """
    camera = solved.camera
    covariance = _covariance(solved)
    along, across = np.linalg.eigvalsh(covariance[:2, :2])[::-1]
    errors = NINE_OF_TEN * np.sqrt(np.diag(covariance))
    (place,) = frame.from_metres(camera.centre[None, :2], local)
    lon, lat = transformer(local, WGS84).transform(*camera.centre[:2])
    return CameraPose(
        place=(float(place[0]), float(place[1])),
        lonlat=(float(lon), float(lat)),
        height_m=float(camera.centre[2]),
        heading_deg=camera.heading_deg,
        tilt_deg=camera.tilt_deg,
        roll_deg=camera.roll_deg,
        focal_px=camera.focal_px,
        focal=solved.focal,
        size=size,
        # Exact for one direction that is much the worse and for two alike.
        place_error_m=math.sqrt(NINE_OF_TEN**2 * along + (NINE_OF_TEN_PLACES**2 - NINE_OF_TEN**2) * across),
        height_error_m=float(errors[2]),
        heading_error_deg=min(float(errors[3]), 180.0),
        tilt_error_deg=float(errors[4]),
        roll_error_deg=float(errors[5]),
        focal_error_px=float(errors[6]) * camera.focal_px,
        camera=camera,
        local=local,
    )


def _covariance(solved: SolvedCamera) -> NDArray[np.float64]:
    """Of place (3), heading, tilt, roll (degrees) and the focal length's logarithm, 7 x 7; first-order propagation."""

    def told(camera: GroundCamera) -> NDArray[np.float64]:
        angles = (camera.heading_deg, camera.tilt_deg, camera.roll_deg)
        return np.array([*camera.centre, *angles, math.log(camera.focal_px)])

    size = len(solved.covariance)
    slopes = np.array([told(solved.changed(step)) - told(solved.camera) for step in _STEP * np.eye(size)]).T
    slopes[3] = wrapped_deg(slopes[3])
    slopes /= _STEP
    return np.asarray(slopes @ solved.covariance @ slopes.T)
