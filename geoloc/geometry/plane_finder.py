"""Which plane a photograph shows of what is searched: matched where it may be, and remembered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray
from shapely.geometry import Point

from geoloc.geometry.homography_fit import REACH_PX, HomographyFit, fit_homography
from geoloc.geometry.known_planes import REMEMBERED, KnownPlanes, fingerprint
from geoloc.geometry.photo_keypoints import COARSE, FINE, Detail, PhotoKeypoints
from geoloc.keypoints.keypoint_squares import SearchedKeypoints
from geoloc.keypoints.matcher import LocalFeatures, Matcher
from geoloc.photo.photo import Photo
from geoloc.plane.homography import map_points
from tiling.grid import WGS84, beside, project
from tiling.plan import Window

ROUND_PX = 150.0
"""How far round what agreed in coarse detail is looked in fine detail at the least, reference pixels."""
BEYOND_DOUBT = 80
"""Inliers with which no other view of a photo is tried. A view drawn at a wrong tilt may agree too, with fewer of them
and all in one part of the photo, and carries what is elsewhere metres astray."""
ENOUGH = 40
"""Inliers with which no finer detail is looked at where all views were tried on all that is searched."""


class PlaneFinder:
    """Finds the planes of photographs on the ground of one plan."""

    def __init__(self, keypoints: SearchedKeypoints, matcher: Matcher, known: KnownPlanes) -> None:
        """Take the ground's features, what matches them, and the planes that are known, of this plan or another."""
        self.keypoints, self._matcher, self._known = keypoints, matcher, known
        self._settled: LRUCache[bytes, bool] = LRUCache(REMEMBERED)
        # That of the last photo: several clicks are mostly in one.
        self._views: LRUCache[bytes, PhotoKeypoints] = LRUCache(1)

    def search(self, photo: Photo) -> PlaneSearch:
        """Begin to look for the plane of a photo."""
        key = fingerprint(photo)
        if key not in self._views:
            self._views[key] = PhotoKeypoints(photo, self._matcher)
        return PlaneSearch(
            key, self._views[key], self.keypoints, self._matcher, known=self._known, settled=self._settled
        )

    def candidates(self, photo: Photo, fit: HomographyFit) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Match all that a photo shows, in fine detail, with what lies round its plane; most are right, not all.

        Args:
            photo: the photograph.
            fit: its plane, to pixels of the plan's grid.

        Returns:
            Places in the photo and in the grid, each N x 2 pixels, of the view that agrees with the plane best.

        Raises:
            GeolocError: the mosaic or index cannot be read.
        """
        self.search(photo)
        views = self._views[fingerprint(photo)]

        def matched(tilt: float, detail: Detail) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            ground = round_fit(self.keypoints, fit, detail.density)
            features = views.of_view(tilt, detail)
            pairs = self._matcher.match(features, ground)
            return features.points[pairs[:, 0]], ground.points[pairs[:, 1]]

        def agreeing(tilt: float) -> int:
            seen, ground = matched(tilt, COARSE)
            off = np.linalg.norm(map_points(fit.matrix, seen) - ground, axis=1)
            return int(np.count_nonzero(off <= REACH_PX))

        return matched(max(views.tilts, key=agreeing), FINE)


def round_fit(keypoints: SearchedKeypoints, fit: HomographyFit, density: float) -> LocalFeatures:
    """Return what lies where a plane says that the photo was taken of, and as far again to every side."""
    low, high = fit.reference.min(axis=0), fit.reference.max(axis=0)
    reach = np.maximum(high - low, ROUND_PX)
    return keypoints.within(low - reach, high + reach, density)


class PlaneSearch:
    """The search for the plane of one photo, on one ground after the other until one is beyond doubt.

    Attributes:
        fit: the plane that most matches agree on so far, to pixels of the plan's grid; None until any do.
        elsewhere: whether the photo is known to have been taken of ground that this plan does not have.
    """

    def __init__(
        self,
        photo: bytes,
        views: PhotoKeypoints,
        keypoints: SearchedKeypoints,
        matcher: Matcher,
        *,
        known: KnownPlanes,
        settled: LRUCache[bytes, bool],
    ) -> None:
        """Begin with what is known already; `settled` has photos with which all was matched that may be."""
        self._photo, self._views, self._keypoints, self._matcher = photo, views, keypoints, matcher
        self._known, self._settled = known, settled
        plane = known.get(photo)
        moved = None if plane is None else plane.moved(-keypoints.corner)
        self.elsewhere = moved is not None and not len(keypoints.inside(moved.place[None]))
        self.fit = None if self.elsewhere else moved

    @property
    def all_are_few(self) -> bool:
        """Whether all that is searched is small enough to be matched before anything else is asked."""
        return self._keypoints.are_few

    @property
    def is_done(self) -> bool:
        """Whether the plane is beyond doubt, or what may be matched without answers of attention was."""
        return self._sure or self._photo in self._settled

    @property
    def speaks_against(self) -> bool:
        """Whether what was matched speaks against this ground: nothing agrees, of a photo that mostly would."""
        return self.fit is None and not self._views.at_eye_level and self._views.are_enough

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

    def place_of(self, click: tuple[float, float]) -> Point | None:
        """Return where the plane puts a pixel of the photo (lon, lat); None at the horizon or without a plane."""
        if self.fit is None:
            return None
        (place,) = self.fit.map_points(np.array([click]))
        grid = self._keypoints.grid
        return project(Point(grid.affine * tuple(place)), grid.crs, WGS84) if np.isfinite(place).all() else None

    def middles(self, windows: Sequence[Window]) -> NDArray[np.float64]:
        """Return the middles of windows, N x 2 pixels of the plan's grid."""
        middles = [np.array(window.corner) + window.px / 2 - self._keypoints.corner for window in windows]
        return np.array(middles).reshape(-1, 2)

    def on_all(self) -> None:
        """Match the photo with all that is searched, unless that was done before or it is too much.

        Raises:
            GeolocError: the mosaic or index cannot be read.
        """
        if not self.is_done and not self._keypoints.are_too_many:
            self._match(self._keypoints.all, thorough=True, enough=ENOUGH)
        self._settled[self._photo] = True

    def near(self, places: NDArray[np.float64], *, thorough: bool = False) -> None:
        """Match the photo with what lies round places.

        Args:
            places: N x 2, pixels of the plan's grid.
            thorough: in fine detail too, where coarse detail shows nothing at all.

        Raises:
            GeolocError: the mosaic or index cannot be read.
        """
        if not self._sure and len(places):
            self._match(partial(self._keypoints.near, places), thorough=thorough)

    @property
    def _sure(self) -> bool:
        return self.fit is not None and self.fit.inliers >= BEYOND_DOUBT

    def _match(self, ground: Callable[[float], LocalFeatures], *, thorough: bool, enough: int = BEYOND_DOUBT) -> None:
        """Take the plane that the most matches of any view agree on, if they are more than before.

        Coarse detail will do where so many agree in it; `thorough`: in fine detail too, where it shows nothing at all.
        """
        before = self.fit
        agreed: dict[float, int] = {}
        for detail in (COARSE, FINE):
            if self._sure or (detail is FINE and self.fit is before and not thorough):
                break
            if detail is FINE and max(agreed.values(), default=0) >= enough:
                break
            # What agreed in coarse detail tells where to look in fine detail.
            if detail is FINE and self.fit is not None:
                reference = round_fit(self._keypoints, self.fit, detail.density)
            else:
                reference = ground(detail.density)
            # The view that agreed best in coarse detail is likeliest to in fine; the order is theirs where none did.
            tilts = sorted(self._views.tilts, key=lambda tilt: -agreed.get(tilt, 0))
            for tilt in tilts if len(reference) else ():
                features = self._views.of_view(tilt, detail)
                pairs = self._matcher.match(features, reference)
                fit = fit_homography(features.points[pairs[:, 0]], reference.points[pairs[:, 1]])
                agreed[tilt] = 0 if fit is None else fit.inliers
                if fit is not None and (self.fit is None or fit.inliers > self.fit.inliers):
                    self.fit = fit
                if self._sure:
                    break
        if self.fit is not None and self.fit is not before:
            self._known.keep(self._photo, self.fit.moved(self._keypoints.corner))
