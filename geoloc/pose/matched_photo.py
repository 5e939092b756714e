"""A photograph that was matched with the map: where each of its pixels lies, and where it was taken from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon, box

from geoloc.geometry.homography_fit import LEAST_ERROR_PX, HomographyFit
from geoloc.geometry.refine import place_by_plane
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import HORIZON_DEG, focal_px
from geoloc.plane.gaussian import HOLDING, rounding_bound
from geoloc.plane.homography import map_points
from geoloc.plane.mixture import Mixture
from geoloc.plane.shapes import before_line, largest_part
from geoloc.plane.view_line import view_line
from geoloc.pose.camera_pose import CameraPose, pose_of
from geoloc.pose.doubts import doubted
from geoloc.pose.map_frame import MapFrame
from geoloc.pose.solve import SolvedCamera, solve_camera
from geoloc.pose.terrain import Terrain

_NODE_SHARE = 1 / 24
"""Errors of many pixels are those of a lattice, so far apart as a share of the photo's longer side."""
_BACK_ROUNDS = 4
_STEEPEST_DEG = 89.0


@dataclass(frozen=True, slots=True, eq=False)
class MappedPoints:
    """Points carried over.

    Attributes:
        points: N x 2, in the mosaic's CRS or in pixels of the photo; NaN beyond the horizon.
        error_m: N, metres on the ground, made as the `accuracy_m` of an answer there; NaN beyond the horizon.
        reliable: N, whether the point is in the photo and before its far line, see `MatchedPhoto.reliable_part`.
    """

    points: NDArray[np.float64]
    error_m: NDArray[np.float64]
    reliable: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class MatchedPhoto:
    """A photograph whose local features verified where it was taken. `geoloc.Locator.match` makes it.

    Without heights ground is taken as the plane that the matches agree on, moved as those next to a place are off it:
    what stands up, such as a roof, is put where the line of sight through it meets the ground.

    Attributes:
        photo: the photograph, upright; pixels have a corner origin.
        pose: where and how it was taken.
        fit: the plane, and the matches that agree on it, or on the terrain.
        frame: what it was matched with.
        terrain: heights of the ground, where they are known: places are where lines of sight meet it then.
        flattened: `fit` as it were if the ground were level; None where it is taken as that.
    """

    photo: Photo = field(repr=False)
    pose: CameraPose
    fit: HomographyFit = field(repr=False)
    frame: MapFrame = field(repr=False)
    terrain: Terrain | None = field(default=None, repr=False)
    flattened: HomographyFit | None = field(default=None, repr=False)

    @classmethod
    def of(cls, photo: Photo, fit: HomographyFit, frame: MapFrame) -> MatchedPhoto | None:
        """Solve for the camera of a photo whose plane is verified; None where no camera sees such a plane.

        Args:
            photo: the photograph, no panorama.
            fit: its plane, to pixels of `frame.grid`.
            frame: what it was matched with.
        """
        local = frame.local_crs(fit.place)
        solved = camera_of(photo, fit, frame, local)
        if solved is None:
            return None
        return cls(photo, doubted(pose_of(solved, photo.size, frame, local), photo, heights=False), fit, frame)

    @property
    def crs(self) -> pyproj.CRS:
        """CRS of the mosaic, and so of places."""
        return self.frame.crs

    @property
    def inliers(self) -> int:
        """Matches that verified it."""
        return self.fit.inliers

    @property
    def level_m(self) -> float:
        """Height of what has height 0, in the datum of the terrain's heights; 0 without these."""
        return 0.0 if self.terrain is None else self.terrain.level_m

    @property
    def reliable_part(self) -> Polygon:
        """What of the photo shows ground near enough to be told, pixels.

        It ends at a line parallel to the horizon: there the photo's middle column sees the ground 80 degrees from
        straight down, 5.7 times as far off as the camera is high. Empty where the photo shows none.
        """
        camera = self.pose.camera
        down = -camera.directions(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))[:, 2]
        depth = np.array([down[1] - down[0], down[2] - down[0], down[0]])
        far, tilt = math.radians(HORIZON_DEG), math.radians(min(self.pose.tilt_deg, _STEEPEST_DEG))
        least = math.cos(far) / math.cos(tilt - far)
        part = before_line(box(0, 0, *self.photo.size), depth, least - 1e-9)
        return part if isinstance(part, Polygon) else Polygon()

    @property
    def footprint(self) -> Polygon:
        """What of the ground the reliable part of the photo shows, in the mosaic's CRS; empty where that is."""
        part = self.reliable_part
        if self.terrain is None or part.is_empty:
            corners = np.array(part.exterior.coords[:-1]).reshape(-1, 2)
            return Polygon(self.frame.to_map(map_points(self.fit.matrix, corners)))
        edge = part.exterior.segmentize(_NODE_SHARE * max(self.photo.size))
        shown = Polygon(self.frame.to_map(self._to_grid(np.array(edge.coords[:-1]))))
        # Where a slope hides what is behind it the edge crosses itself.
        return largest_part(shown) or Polygon()

    def to_map(self, pixels: NDArray[np.float64]) -> MappedPoints:
        """Tell where pixels of the photo lie on the map.

        Args:
            pixels: N x 2, (x, y); outside the photo the plane goes on.
        """
        pixels = np.asarray(pixels, np.float64).reshape(-1, 2)
        points = self.frame.to_map(self._to_grid(pixels))
        return MappedPoints(points, self._errors(pixels), self._reliable(pixels))

    def to_photo(self, places: NDArray[np.float64]) -> MappedPoints:
        """Tell where the photo shows places on the ground.

        Args:
            places: N x 2, (x, y) in the mosaic's CRS.

        Returns:
            Pixels, with the error of what the photo shows there in metres on the ground.
        """
        goals = self.frame.to_pixels(np.asarray(places, np.float64).reshape(-1, 2))
        found = self._from_grid(goals)
        moved, left = np.zeros_like(found), np.arange(len(found))
        for _ in range(_BACK_ROUNDS):
            left = left[np.isfinite(found[left]).all(axis=1)]
            if not len(left):
                break
            shifts = self._level.shifts(found[left])
            # What is shifted by the same as before stays where it is.
            changed = (shifts != moved[left]).any(axis=1)
            left = left[changed]
            moved[left] = shifts[changed]
            found[left] = self._from_grid(goals[left] - moved[left])
        reliable = self._reliable(found)
        if self.terrain is not None:
            reliable[reliable] = self.terrain.shows(self.pose.camera, self._on_terrain(goals[reliable]))
        return MappedPoints(found, self._errors(found), reliable)

    @property
    def ground(self) -> NDArray[np.float64]:
        """Where what was matched lies, N x 3 metres of `pose.local`; level ground has height 0."""
        if self.terrain is not None:
            return self._on_terrain(self.fit.reference)
        places = self.frame.to_metres(self.fit.reference, self.pose.local)
        return np.column_stack([places, np.zeros(self.inliers)])

    @property
    def _level(self) -> HomographyFit:
        return self.fit if self.flattened is None else self.flattened

    def _to_grid(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixels of the frame's grid, N x 2, of pixels of the photo; NaN beyond the horizon."""
        level = map_points(self.fit.matrix, pixels)
        if self.terrain is not None:
            seen = self.terrain.seen(self.pose.camera, pixels)[:, :2]
            met = np.isfinite(seen).all(axis=1)
            # What meets no ground of known height may meet level ground.
            level[met] = self.frame.metres_to_pixels(seen[met], self.pose.local)
        return np.asarray(level + self._level.shifts(pixels))

    def _from_grid(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """The way back, but for the shifts."""
        if self.terrain is not None:
            return self.pose.camera.project(self._on_terrain(pixels))
        back = np.linalg.inv(self.fit.matrix)
        # The sign in which what was matched lies before the camera.
        back = back * np.sign(np.median(self.fit.reference @ back[2, :2] + back[2, 2]))
        return map_points(back / np.abs(back[2]).max(), pixels)

    def _on_terrain(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        assert self.terrain is not None
        return self.terrain.points(self.frame.to_metres(pixels, self.pose.local))

    def _reliable(self, pixels: NDArray[np.float64]) -> NDArray[np.bool_]:
        near = self.reliable_part.buffer(1e-6)
        return np.asarray(shapely.contains_xy(near, pixels[:, 0], pixels[:, 1]))

    def _errors(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of pixels, N x 2; metres, N. Of many pixels those of a lattice, between which they go evenly."""
        errors = np.full(len(pixels), np.nan)
        gsd_m = self.frame.grid.ground_gsd(*map(float, self.fit.place))
        known = np.flatnonzero(np.isfinite(map_points(self.fit.matrix, pixels)).all(axis=1))
        step = _NODE_SHARE * max(self.photo.size)
        low = np.floor(pixels[known] / step).astype(int)
        corners = low[:, None] + np.array([(0, 0), (1, 0), (0, 1), (1, 1)])
        nodes, where = np.unique(corners.reshape(-1, 2), axis=0, return_inverse=True)
        if len(nodes) >= len(known):
            errors[known] = [self._error(pixel, gsd_m) for pixel in pixels[known]]
            return errors
        at_nodes = np.array([self._error(node * step, gsd_m) for node in nodes])[where.reshape(-1, 4)]
        right, down = (pixels[known] / step - low).T
        shares = np.column_stack([(1 - right) * (1 - down), right * (1 - down), (1 - right) * down, right * down])
        even = (shares * at_nodes).sum(axis=1)
        # Beside the horizon a node lies beyond it.
        beside = ~np.isfinite(even)
        even[beside] = [self._error(pixel, gsd_m) for pixel in pixels[known[beside]]]
        errors[known] = even
        return errors

    def _error(self, pixel: NDArray[np.float64], gsd_m: float) -> float:
        """Return how near a pixel's place is in nine cases of ten, metres; NaN beyond the horizon.

        gsd_m: of the frame's grid.
        """
        if not np.isfinite(map_points(self.fit.matrix, pixel[None])).all():
            return math.nan
        sight = view_line(self.fit.matrix, pixel, self.photo.size, focal_px(self.photo))
        place = place_by_plane(self._level, pixel, gsd_m, sight)
        radius = Mixture(((1.0, place),)).radius(place.mean, HOLDING)
        return math.hypot(radius * gsd_m, rounding_bound(self.frame.gsd_m))


def camera_of(
    photo: Photo, fit: HomographyFit, frame: MapFrame, local: pyproj.CRS, heights: NDArray[np.float64] | None = None
) -> SolvedCamera | None:
    """Solve for the camera of a photo, see `solve_camera`.

    Args:
        photo: the photograph.
        fit: its plane, to pixels of `frame.grid`, and matches.
        frame: what it was matched with.
        local: metres east and north of a place.
        heights: of the matches, metres about 0; None for level ground.
    """
    return solve_camera(
        fit.photo,
        frame.to_metres(fit.reference, local),
        affine_to_metres(frame, fit.place, local) @ fit.matrix,
        size=photo.size,
        focal_px=photo.focal_px,
        supposed_px=focal_px(photo),
        match_m=LEAST_ERROR_PX * frame.grid.ground_gsd(*map(float, fit.place)),
        heights=heights,
    )


def affine_to_metres(frame: MapFrame, pixel: NDArray[np.float64], local: pyproj.CRS) -> NDArray[np.float64]:
    """Return the way from pixels of the grid to metres near one of them, 3 x 3."""
    corners = pixel + np.array([(0, 0), (100, 0), (0, 100)])
    here, there = np.vstack([corners.T, np.ones(3)]), np.vstack([frame.to_metres(corners, local).T, np.ones(3)])
    return np.asarray(there @ np.linalg.inv(here))
