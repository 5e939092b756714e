"""Local features of a photograph, in each of the views from above that its tilt leaves open."""

from __future__ import annotations

from collections.abc import Iterator

from geoloc.geometry.matcher import LocalFeatures, Matcher
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import rectified_views

MOST = 20000
"""Features of a view at the most."""


class PhotoKeypoints:
    """The local features of each view of a photo, their points in the photo; found when they are first needed."""

    def __init__(self, photo: Photo, matcher: Matcher) -> None:
        """Take the photo, upright, and what finds features."""
        self._views, self._matcher = rectified_views(photo), matcher
        self._found: list[LocalFeatures] = []

    def __iter__(self) -> Iterator[LocalFeatures]:
        """Yield the features of one view after the other, the likeliest first."""
        yield from self._found
        for view in self._views:
            features = self._matcher.features(view.image, view.valid, MOST)
            self._found.append(features.moved(view.to_photo))
            yield self._found[-1]
