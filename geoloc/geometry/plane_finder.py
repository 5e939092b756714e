"""Which plane a photograph shows of what is searched: matched where it may be, and remembered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray
from shapely.geometry import Point

from geoloc.geometry.homography_fit import HomographyFit, fit_homography
from geoloc.geometry.known_planes import REMEMBERED, KnownPlanes, fingerprint
from geoloc.geometry.photo_keypoints import COARSE, FINE, PhotoKeypoints
from geoloc.keypoints.keypoint_squares import SearchedKeypoints
from geoloc.keypoints.matcher import LocalFeatures, Matcher
from geoloc.photo.photo import Photo
from tiling.grid import WGS84, beside, project
from tiling.plan import Window

BEYOND_DOUBT = 80
"""Inliers with which no other view of a photo is tried. A view drawn at a wrong tilt may agree too, with fewer of them
and all in one part of the photo, and carries what is elsewhere metres astray."""


class PlaneFinder:
    """Finds the planes of photographs on the ground of one plan."""

    def __init__(self, keypoints: SearchedKeypoints, matcher: Matcher, known: KnownPlanes) -> None:
        """Take the ground's features, what matches them, and the planes that are known, of this plan or another."""
        self.keypoints, self._matcher, self._known = keypoints, matcher, known
        self._nowhere: LRUCache[bytes, bool] = LRUCache(REMEMBERED)

    def search(self, photo: Photo) -> PlaneSearch:
        """Begin to look for the plane of a photo."""
        return PlaneSearch(photo, self.keypoints, self._matcher, self._known, self._nowhere)


class PlaneSearch:
    """The search for the plane of one photo, on one ground after the other until one agrees.

    Attributes:
        fit: the plane, to pixels of the plan's grid; None until one agrees.
    """

    def __init__(
        self,
        photo: Photo,
        keypoints: SearchedKeypoints,
        matcher: Matcher,
        known: KnownPlanes,
        nowhere: LRUCache[bytes, bool],
    ) -> None:
        """Begin with what is known already; `nowhere` has photos of which all that is searched shows nothing."""
        self._photo, self._keypoints, self._matcher = photo, keypoints, matcher
        self._known, self._nowhere = known, nowhere
        self._views = PhotoKeypoints(photo, matcher)
        plane = known.get(photo)
        self.fit = None if plane is None else plane.moved(-keypoints.corner)

    @property
    def all_are_few(self) -> bool:
        """Whether all that is searched is small enough to be matched before anything else is asked."""
        return self._keypoints.are_few

    @property
    def neighbours(self) -> NDArray[np.float64]:
        """Places in what is searched round which the photographs found last were, N x 2 pixels of the plan's grid."""
        return self._keypoints.inside(self._known.places - self._keypoints.corner)

    def places_at(self, position: tuple[float, float] | None) -> NDArray[np.float64]:
        """Return a position (lon, lat; WGS 84) as places, N x 2 pixels of the grid; none where it is off that."""
        if position is None:
            return np.zeros((0, 2))
        grid = self._keypoints.grid
        place = beside(project(Point(position), WGS84, grid.crs), grid.crs, grid.affine.c)
        return self._keypoints.inside(np.array([~grid.affine * (place.x, place.y)]))

    def middles(self, windows: Sequence[Window]) -> NDArray[np.float64]:
        """Return the middles of windows, N x 2 pixels of the plan's grid."""
        middles = [np.array(window.corner) + window.px / 2 - self._keypoints.corner for window in windows]
        return np.array(middles).reshape(-1, 2)

    def on_all(self) -> None:
        """Match the photo with all that is searched, unless that was in vain before or it is too much.

        Raises:
            GeolocError: the mosaic or index cannot be read.
        """
        key = fingerprint(self._photo)
        if self.fit is not None or self._keypoints.are_too_many or self._nowhere.get(key):
            return
        self._match(self._keypoints.all, thorough=True)
        if self.fit is None:
            self._nowhere[key] = True

    def near(self, places: NDArray[np.float64], *, thorough: bool = False) -> None:
        """Match the photo with what lies round places.

        Args:
            places: N x 2, pixels of the plan's grid.
            thorough: in fine detail too, where coarse detail shows nothing at all.

        Raises:
            GeolocError: the mosaic or index cannot be read.
        """
        if self.fit is None and len(places):
            self._match(partial(self._keypoints.near, places), thorough=thorough)

    def _match(self, ground: Callable[[float], LocalFeatures], *, thorough: bool) -> None:
        """Take the plane that the most matches of any view agree on; the first that is beyond doubt ends the search."""
        best: HomographyFit | None = None
        for detail in (COARSE, FINE):
            if detail is FINE and best is None and not thorough:
                return
            reference = ground(detail.density)
            for tilt in self._views.tilts:
                fit = self._fit(self._views.of_view(tilt, detail), reference)
                if fit is not None and (best is None or fit.inliers > best.inliers):
                    best = fit
                if best is not None and best.inliers >= BEYOND_DOUBT:
                    return self._take(best)
        if best is not None:
            self._take(best)

    def _fit(self, features: LocalFeatures, ground: LocalFeatures) -> HomographyFit | None:
        pairs = self._matcher.match(features, ground)
        return fit_homography(features.points[pairs[:, 0]], ground.points[pairs[:, 1]])

    def _take(self, plane: HomographyFit) -> None:
        self.fit = plane
        self._known.keep(self._photo, plane.moved(self._keypoints.corner))
