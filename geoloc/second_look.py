"""A second look at the likeliest places: the same click through crops that are turned and sized a little otherwise.

A first pass must suppose headings a quarter turn apart and few scales, since it shows every crop to every window. The
best of its places may have been best by chance; one that stands up to crops nearer to the truth hardly is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geoloc.candidate import Candidate
from geoloc.model.localizer import Localizer
from geoloc.photo import Photo
from geoloc.query import Query, Target, vary
from geoloc.reference import Reference

PLACES = 6
"""Looked at for each click; the right one is hardly ever farther down."""


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
        self._middles: NDArray[np.float64] = np.array(
            [[at + window.px / 2 for at in window.corner] for window in reference.plan.windows]
        )

    def at(self, candidate: Candidate) -> Candidate | None:
        """Box, mass and spread anew, in the window that shows the place nearest to its middle; None where the network
        has nothing to say of it.
        """
        proposal = candidate.proposal
        place = np.add(candidate.window.corner, proposal.box.centre)
        window = self._reference.plan.windows[int(np.abs(self._middles - place).max(1).argmin())]
        features, valid = self._reference.features(window)
        crops = vary(self._photo, self._targets[proposal.target], self._queries[proposal.target][proposal.crop])
        encoded = self._model.encode_queries(crops, [proposal.target] * len(crops))
        wanted = valid & window.inside(self._reference.plan.area)
        x, y = place - window.corner
        found = self._model.confirm(encoded, features, wanted, (float(x), float(y)))
        return None if found is None else Candidate(window, found)
