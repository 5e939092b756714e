"""Where a camera contradicts its photograph's own file: errors told so wide that they hold both, and words for it."""

from __future__ import annotations

import math
from dataclasses import replace

from geoloc.photo.photo import Photo
from geoloc.photo.sight import position_sd_m
from geoloc.pose.camera_pose import NINE_OF_TEN_PLACES, CameraPose
from geoloc.pose.solve import FAR_OFF
from tiling.grid import WGS84, ground_distance_m

BEYOND = 2.0
"""So many times as far apart as both errors together, two places contradict each other."""


def doubted(pose: CameraPose, photo: Photo, *, heights: bool) -> CameraPose:
    """Return a pose that tells where it contradicts the photo's own position or focal length.

    The error of its place reaches to the photo's position then, as far as ground that is no plane can put a camera
    off: no farther than the camera is from what it looks at. A position that is farther off is of another place.

    Args:
        pose: of the camera.
        photo: the photograph.
        heights: whether the heights of the ground are known.
    """
    said, place_error_m = [], pose.place_error_m
    lens = _lens(pose, photo)
    if photo.position is not None:
        apart_m = ground_distance_m(*pose.lonlat, *photo.position, WGS84)
        own_m = NINE_OF_TEN_PLACES * position_sd_m(photo)
        if apart_m > BEYOND * (own_m if lens else math.hypot(own_m, place_error_m)):
            said.append(f"the camera is {apart_m:.0f} m from the photo's own position")
            if apart_m < pose.height_m / max(math.cos(math.radians(pose.tilt_deg)), 0.1):
                place_error_m = max(place_error_m, apart_m + own_m)
    if lens:
        said.append(f"{'its' if said else 'the'} focal length is {lens:.2g} times what the file says")
    if not said:
        return pose
    advice = "errors are told wider" if heights else "on sloping or stepped ground give --dsm"
    return replace(pose, place_error_m=place_error_m, doubt=f"{' and '.join(said)}: {advice}")


def _lens(pose: CameraPose, photo: Photo) -> float:
    """How many times the file's focal length a camera's is, where that is far off; else 0."""
    if photo.focal_px is None:
        return 0.0
    times = pose.focal_px / photo.focal_px
    return times if abs(math.log(times)) > math.log(FAR_OFF) else 0.0
