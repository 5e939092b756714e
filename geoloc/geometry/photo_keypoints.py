"""Local features of a photograph, in each of the views from above that its tilt leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from geoloc.geometry.homography_fit import LEAST_INLIERS
from geoloc.keypoints import mosaic_keypoints
from geoloc.keypoints.matcher import LocalFeatures, Matcher
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import likely_tilts, rectify
from geoloc.photo.sight import at_eye_level


@dataclass(frozen=True, slots=True)
class Detail:
    """How closely photo and ground are looked at.

    Attributes:
        side_px: longer side of the view of the photo.
        features: of the view at the most.
        density: features a pixel of the ground at the most.
    """

    side_px: int
    features: int
    density: float


COARSE = Detail(800, 3000, 0.005)
"""Mostly tells the plane beyond doubt at a fifth of the cost."""
FINE = Detail(1600, 12000, mosaic_keypoints.DENSITY)


class PhotoKeypoints:
    """The local features of the views of a photo, their points in the photo; found when they are first needed."""

    def __init__(self, photo: Photo, matcher: Matcher) -> None:
        """Take the photo, upright, and what finds features."""
        self._photo, self._matcher = photo, matcher
        self._found: dict[tuple[float, Detail], LocalFeatures] = {}

    @cached_property
    def tilts(self) -> tuple[float, ...]:
        """Tilts of the views, degrees from straight down, the likeliest first."""
        return tuple(likely_tilts(self._photo))

    @cached_property
    def at_eye_level(self) -> bool:
        """Whether the camera was so low that these hardly match the ground."""
        return at_eye_level(self._photo)

    @property
    def are_enough(self) -> bool:
        """Whether any view has so many that ground could be verified by it at all; what is blurred has not."""
        looks = ((tilt, detail) for detail in (COARSE, FINE) for tilt in self.tilts)
        return any(len(self.of_view(tilt, detail)) >= LEAST_INLIERS for tilt, detail in looks)

    def of_view(self, tilt_deg: float, detail: Detail) -> LocalFeatures:
        """Return the features of one view; none where the photo shows no ground at that tilt."""
        key = tilt_deg, detail
        if key not in self._found:
            self._found[key] = self._find(*key)
        return self._found[key]

    def _find(self, tilt_deg: float, detail: Detail) -> LocalFeatures:
        view = rectify(self._photo, tilt_deg, detail.side_px)
        if view is None:
            return LocalFeatures.joined([])
        return self._matcher.features(view.image, view.valid, detail.features).moved(view.to_photo)
