"""Which plane a photograph shows of what is searched: matched where it may be, and remembered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from cachetools import LRUCache

from geoloc.geometry.homography_fit import HomographyFit, fit_homography
from geoloc.geometry.matcher import LocalFeatures, Matcher, RootSift
from geoloc.geometry.mosaic_keypoints import MosaicKeypoints
from geoloc.geometry.photo_keypoints import PhotoKeypoints
from geoloc.photo.photo import Photo
from geoloc.results.detection import Detection
from tiling.grid import Grid
from tiling.mosaic import Mosaic
from tiling.plan import Plan

BEYOND_DOUBT = 80
"""Inliers with which no other view of a photo is tried. A view drawn at a wrong tilt may agree too, with fewer of them
and all in one part of the photo, and carries what is elsewhere metres astray."""
STRONGEST = 3000
"""Features of a view that are matched first, the strongest: mostly they are beyond doubt, at a tenth of the cost."""
REMEMBERED = 256
"""Photographs whose plane is kept, those asked for last."""


class PlaneFinder:
    """Finds the plane of photographs on a plan's ground; what was found, or not, is kept by the photo's pixels."""

    def __init__(self, mosaic: Mosaic, plan: Plan) -> None:
        """Take the pixels, and the windows that are searched."""
        self._matcher: Matcher = RootSift()
        self._keypoints = MosaicKeypoints(mosaic, plan, self._matcher)
        self._whole: LRUCache[bytes, HomographyFit | None] = LRUCache(REMEMBERED)

    @property
    def grid(self) -> Grid:
        """Pixels that planes map to."""
        return self._keypoints.grid

    @property
    def matches_whole(self) -> bool:
        """Whether all that is searched is small enough to be matched at once."""
        return self._keypoints.is_small

    def remembers(self, photo: Photo) -> bool:
        """Say whether a plane of this photo was found before."""
        return self._whole.get(_fingerprint(photo)) is not None

    def on_everything(self, photo: Photo) -> HomographyFit | None:
        """Match a photo with all that is searched, unless it was before; None where nothing agrees.

        Raises:
            MosaicError: the mosaic cannot be read.
        """
        key = _fingerprint(photo)
        if key not in self._whole:
            self._whole[key] = self._first_fit(photo, self._keypoints.grounds(()))
        return self._whole[key]

    def round_answers(self, photo: Photo, answers: Sequence[Detection]) -> HomographyFit | None:
        """Match a photo with the ground round answers, then with all of it; what is remembered is taken.

        Raises:
            MosaicError: the mosaic cannot be read.
        """
        if self.matches_whole or self.remembers(photo):
            return self.on_everything(photo)
        fit = self._first_fit(photo, self._keypoints.grounds(answers))
        if fit is not None:
            self._whole[_fingerprint(photo)] = fit
        return fit

    def _first_fit(self, photo: Photo, grounds: Iterable[LocalFeatures]) -> HomographyFit | None:
        views = PhotoKeypoints(photo, self._matcher)
        fits = (self._fit(views, ground) for ground in grounds)
        return next((fit for fit in fits if fit is not None), None)

    def _fit(self, views: PhotoKeypoints, ground: LocalFeatures) -> HomographyFit | None:
        """The plane that the most matches of any view agree on; the first that is beyond doubt ends the search."""
        best: HomographyFit | None = None
        if not len(ground):
            return None
        for features in views:
            for some in (features.strongest(STRONGEST), features):
                pairs = self._matcher.match(some, ground)
                fit = fit_homography(some.points[pairs[:, 0]], ground.points[pairs[:, 1]])
                if fit is not None and (best is None or fit.inliers > best.inliers):
                    best = fit
                if best is not None and best.inliers >= BEYOND_DOUBT:
                    return best
        return best


def _fingerprint(photo: Photo) -> bytes:
    """What tells one picture from another, whatever its file is called."""
    digest = blake2b(repr((photo.size, photo.pitch_deg, photo.focal_px, photo.panorama)).encode(), digest_size=16)
    digest.update(photo.pixels.data)
    return digest.digest()
