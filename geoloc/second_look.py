"""A second look at the likeliest places: the same click through crops that are turned and sized a little otherwise.

A first pass must suppose headings a quarter turn apart and few scales, since it shows every crop to every window. The
best of its places may have been best by chance; one that stands up to crops nearer to the truth hardly is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from geoloc.candidate import Candidate
from geoloc.model.localizer import Localizer
from geoloc.photo import Photo
from geoloc.query import Query, Target, vary
from geoloc.reference import Reference
from tiling.plan import Middles

PLACES = 6
"""Looked at for each click; the right one is hardly ever farther down."""


class Looked(NamedTuple):
    """crop: the one that the place says most to."""

    candidate: Candidate
    crop: Query


class SecondLook:
    """Looks at places of one photograph. queries: the crops of the first pass, by target."""

    def __init__(
        self,
        photo: Photo,
        targets: Sequence[Target],
        queries: Sequence[Sequence[Query]],
        reference: Reference,
        model: Localizer,
    ) -> None:
        self._photo, self._targets, self._queries = photo, targets, queries
        self._reference, self._model = reference, model
        self._middles = Middles(reference.plan)

    def at(self, candidate: Candidate) -> Looked | None:
        """Box, mass and spread anew, in the window that shows the place nearest to its middle; None where the network
        has nothing to say of it.
        """
        proposal = candidate.proposal
        window, place = self._middles.nearest(*(candidate.grid.affine * proposal.box.centre))
        features, valid = self._reference.features(window)
        crops = vary(self._photo, self._targets[proposal.target], self._queries[proposal.target][proposal.crop])
        encoded = self._model.encode_queries(crops, [proposal.target] * len(crops))
        wanted = valid & window.inside(self._reference.plan.area)
        found = self._model.confirm(encoded, features, wanted, place)
        return None if found is None else Looked(Candidate(window.grid, window.id, found), crops[found.crop])
