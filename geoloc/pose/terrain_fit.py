"""The camera of a photograph anew, by heights of the ground that its matches lie on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geoloc.geometry.homography_fit import LEAST_INLIERS, REACH_PX, HomographyFit, one_of_each
from geoloc.plane.homography import map_points
from geoloc.pose.camera import GroundCamera
from geoloc.pose.camera_pose import pose_of
from geoloc.pose.doubts import doubted
from geoloc.pose.matched_photo import MatchedPhoto, affine_to_metres, camera_of
from geoloc.pose.solve import SIDE_PX
from geoloc.pose.terrain import Terrain

_ROUNDS = 4
_LEAST_SHARE = 0.9
"""Matches that agree on the heights, as a share of those that agree on a plane; with fewer the heights are others."""


def on_terrain(
    matched: MatchedPhoto, dsm: Path, candidates: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> MatchedPhoto | None:
    """Solve for the camera by all matches that agree on the ground's heights, not on one plane only.

    Begun with the plane's, the camera tells which others of the candidates it sees where the photo shows them, and
    these tell the camera, until they stay the same. Heights count from the middle one of what was matched: a raster of
    any vertical datum will do.

    Args:
        matched: the photo, by its plane.
        dsm: a raster of heights.
        candidates: matches of which most are right: places in the photo, and in pixels of the frame's grid, each N x 2.

    Returns:
        The photo, with its terrain; None where matches agree on the heights less than on the plane.

    Raises:
        MosaicError: the heights cannot be read, or there are none.
    """
    frame, fit, local = matched.frame, matched.fit, matched.pose.local
    photo, reference = candidates
    ground = frame.to_metres(reference, local)
    corners = frame.to_pixels(np.array(matched.footprint.exterior.coords).reshape(-1, 2))
    terrain = Terrain.read(dsm, local, frame.to_metres(fit.reference, local), frame.to_metres(corners, local))
    gsd_m = frame.grid.ground_gsd(*map(float, fit.place))
    on_plane = one_of_each(reference, np.linalg.norm(map_points(fit.matrix, photo) - reference, axis=1) <= REACH_PX)
    chosen, kept, solved = np.zeros(0, int), fit, None
    for _ in range(_ROUNDS):
        solved = camera_of(
            matched.photo, kept, frame, local, terrain.surface.height(frame.to_metres(kept.reference, local))
        )
        if solved is None:
            return None
        reach = _reach_px(solved.camera, terrain.points(ground), gsd_m, max(matched.photo.size))
        off = np.linalg.norm(solved.camera.project(terrain.points(ground)) - photo, axis=1)
        before, chosen = chosen, one_of_each(reference, off <= reach)
        if len(chosen) < max(LEAST_INLIERS, _LEAST_SHARE * len(on_plane)):
            return None
        kept = HomographyFit(fit.matrix, photo[chosen], reference[chosen])
        if np.array_equal(before, chosen):
            break
    assert solved is not None
    level = HomographyFit(_to_level(matched, solved.camera), kept.photo, kept.reference)
    pose = doubted(pose_of(solved, matched.photo.size, frame, local), matched.photo, heights=True)
    found = replace(matched, pose=pose, fit=level, terrain=terrain, flattened=None)
    seen = frame.metres_to_pixels(terrain.seen(solved.camera, level.photo)[:, :2], local)
    off = np.where(np.isfinite(seen), level.reference - seen, 0.0)
    return replace(
        found, flattened=HomographyFit(level.matrix, level.photo, map_points(level.matrix, level.photo) + off)
    )


def _reach_px(camera: GroundCamera, points: NDArray[np.float64], gsd_m: float, longer: int) -> NDArray[np.float64]:
    """How far a match may be off in the photo, N pixels: as much as one of the plane on the ground."""
    away = np.linalg.norm(points - camera.centre, axis=1)
    return np.maximum(REACH_PX * gsd_m * camera.focal_px / away, longer / SIDE_PX)


def _to_level(matched: MatchedPhoto, camera: GroundCamera) -> NDArray[np.float64]:
    """The homography from the photo to the frame's grid of ground at height 0, as a camera sees it, 3 x 3."""
    optics = np.array([[camera.focal_px, 0, camera.middle[0]], [0, camera.focal_px, camera.middle[1]], [0, 0, 1]])
    view = np.column_stack([camera.rotation[:, :2], -camera.rotation @ camera.centre])
    metres = affine_to_metres(matched.frame, matched.fit.place, matched.pose.local)
    return np.asarray(np.linalg.inv(optics @ view @ metres))
