"""Where a search looks, as local features and as the network see it; each is made when it is first needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from geoloc.geometry.known_planes import KnownPlanes
from geoloc.geometry.plane_finder import PlaneFinder
from geoloc.keypoints.keypoint_squares import SearchedKeypoints
from geoloc.keypoints.matcher import RootSift
from geoloc.photo.photo import Photo
from geoloc.photo.sight import at_eye_level
from geoloc.photo.target import Click, Target
from geoloc.pipeline.source import SearchSource
from tiling.plan import Plan

if TYPE_CHECKING:
    from geoloc.features.reference import Reference
    from geoloc.geometry.refine import Refiner
    from geoloc.geometry.stand import FoundPose
    from geoloc.model.localizer import Localizer
    from geoloc.model.sight.head import Ahead

Network = Callable[[], "Localizer"]
"""Gives the network, which may be loaded only then, or meanwhile."""


class SearchGround:
    """The windows of a plan, and all that is found out about them.

    Attributes:
        plan: the windows.
    """

    def __init__(self, source: SearchSource, plan: Plan, network: Network, known: KnownPlanes) -> None:
        """Take what is searched; nothing is read yet.

        Args:
            source: what the plan is of.
            plan: the windows.
            network: gives the network.
            known: planes of photographs that were found on any plan of the source.
        """
        self.plan = plan
        self._source, self._network, self._known = source, network, known
        # Every click in a photo asks.
        self._stands: WeakKeyDictionary[Photo, list[FoundPose]] = WeakKeyDictionary()
        self._clicked: WeakKeyDictionary[Photo, list[Target]] = WeakKeyDictionary()
        self._ahead: WeakKeyDictionary[Photo, dict[Click, Ahead | None]] = WeakKeyDictionary()

    @property
    def network(self) -> Localizer:
        """The network, which is waited for where it is being loaded.

        Raises:
            WeightsError: it cannot be loaded.
        """
        return self._network()

    @cached_property
    def reference(self) -> Reference:
        """The windows with the network's features."""
        return self._source.reference(self.plan, self.network)

    @cached_property
    def planes(self) -> PlaneFinder | None:
        """Finds planes of photographs on this ground; None where there are neither pixels nor local features."""
        matcher = RootSift()
        squares = self._source.keypoints(self.plan, matcher)
        if squares is None:
            return None
        return PlaneFinder(SearchedKeypoints(squares, self.plan), matcher, self._known)

    def stands(self, photo: Photo) -> list[FoundPose]:
        """Return poses of a photo that was taken at eye level; none where there are no pixels of the mosaic.

        Raises:
            GeolocError: the mosaic or the network cannot be read.
        """
        from geoloc.geometry.stand import find_stands

        if self._source.mosaic is None:
            return []
        if photo not in self._stands:
            # For photos from the air the network may not be needed at all.
            likeness = self.network.likeness(photo, self._source.mosaic.read) if at_eye_level(photo) else None
            self._stands[photo] = find_stands(photo, self._source.mosaic, likeness)
        return self._stands[photo]

    def clicked(self, photo: Photo, targets: Sequence[Target]) -> list[Target]:
        """Return what else was looked for in a photo before; its targets are known from now on."""
        known = self._clicked.setdefault(photo, [])
        earlier = [one for one in known if one not in targets]
        known[:] = [*earlier, *targets]
        return earlier

    def ahead(self, posed: Photo, click: Click) -> Ahead | None:
        """Return where before a camera, in a pose of `stands`, a thing is that was clicked; None if untold.

        Raises:
            MosaicError: the mosaic cannot be read.
        """
        assert self._source.mosaic is not None, "a pose was found on it"
        told = self._ahead.setdefault(posed, {})
        if click not in told:
            told[click] = self.network.ahead(posed, click, self._source.mosaic.read)
        return told[click]

    @cached_property
    def refiner(self) -> Refiner:
        """Carries clicks over, where there are `planes`."""
        from geoloc.geometry.guided_look import GuidedLook
        from geoloc.geometry.refine import Refiner

        assert self.planes is not None, "asked for where there is geometry"
        return Refiner(self.reference, self.planes, GuidedLook(self.reference, self.network))
