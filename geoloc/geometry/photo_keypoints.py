"""Local features of a photograph, in each of the views from above that its tilt leaves open."""

from __future__ import annotations

from collections.abc import Iterator

from geoloc.keypoints.matcher import LocalFeatures, Matcher
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import Rectified, rectified_views

FEW, MOST = 3000, 20000
"""Features of a view: the strongest, which mostly tell the plane beyond doubt at a tenth of the cost, and all."""


class ViewKeypoints:
    """The local features of one view of a photo, their points in the photo; found when they are first needed."""

    def __init__(self, view: Rectified, matcher: Matcher) -> None:
        """Take the view, and what finds features."""
        self._view, self._matcher = view, matcher
        self._found: dict[int, LocalFeatures] = {}

    def strongest(self, most: int) -> LocalFeatures:
        """Return so many of them at the most, the strongest."""
        if most not in self._found:
            found = self._matcher.features(self._view.image, self._view.valid, most)
            self._found[most] = found.moved(self._view.to_photo)
        return self._found[most]


class PhotoKeypoints:
    """The views of a photo, drawn when they are first needed."""

    def __init__(self, photo: Photo, matcher: Matcher) -> None:
        """Take the photo, upright, and what finds features."""
        self._views, self._matcher = rectified_views(photo), matcher
        self._drawn: list[ViewKeypoints] = []

    def __iter__(self) -> Iterator[ViewKeypoints]:
        """Yield one view after the other, the likeliest first."""
        yield from self._drawn
        for view in self._views:
            self._drawn.append(ViewKeypoints(view, self._matcher))
            yield self._drawn[-1]
