"""Attention told where to look, from which side and how large: what local features know and it has to suppose.

A search must suppose headings a quarter turn apart and few scales, everywhere. Where a plane is verified, the place is
known but for what stands above the ground, and the view exactly: attention finds the object itself there.
"""

from __future__ import annotations

from dataclasses import replace

from geoloc.features.reference import Reference
from geoloc.model.localizer import Localizer
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.results.detection import Detection
from geoloc.search.closer import close_look, known_look
from geoloc.search.known_view import KnownView
from geoloc.search.look import Looker
from tiling.plan import Middles


class GuidedLook:
    """Looks for targets at places that are known."""

    def __init__(self, reference: Reference, model: Localizer) -> None:
        """Take what is looked at, and the network that its features are of."""
        self._reference, self._model = reference, model
        self._middles = Middles(reference.plan)

    def look(self, photo: Photo, target: Target, view: KnownView) -> Detection | None:
        """Return the answer of attention; None where none can be. For photos that are no panoramas.

        It has no score; its `evidence` is the log of its mass in the closest look, that of the null class being 1.

        Args:
            photo: the photograph.
            target: what was clicked in it.
            view: how the photo sees it.

        Raises:
            GeolocError: the mosaic cannot be read.
        """
        looker = Looker(photo, [target], self._reference, self._model, self._middles)
        found = known_look(looker, 0, view)
        if found is None:
            return None
        seen = close_look(looker, found, known=True)
        return replace(seen.detection, evidence=seen.candidate.log_mass)
