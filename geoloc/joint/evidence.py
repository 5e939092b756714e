"""What one photograph tells of an object's place: its candidates with their errors, and what is left for "nowhere"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoloc.plane.gaussian import BOUND, Gaussian
from geoloc.plane.map_place import LocalFrame
from geoloc.plane.mixture import Mixture
from geoloc.results.detection import Detection
from geoloc.results.measures import measures_of

MISSED = 0.35
"""How probably a photograph whose object is on the map has it among none of its candidates. Measured, see
docs/joint.md."""
MOST = 0.99
"""No candidate is surer than this."""
ON_THING = 0.25
"""How far from its middle an answer that means a thing may lie, as a share of its sides, standard deviation."""


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A candidate of a photograph.

    Attributes:
        answer: what the photograph alone says.
        weight: how probably it is the object, wherever on it the place lies.
        place: distribution of the object's middle if it is, metres in a common frame.
        slack: 2 x 2, square metres: what answers may be apart that mean one thing.
    """

    answer: Detection
    weight: float
    place: Mixture
    slack: NDArray[np.float64]

    @property
    def verified(self) -> bool:
        """Whether geometry verified it: its `score` has fallen as its error grew beyond the object then."""
        return self.answer.place is not None

    def agreement(self, other: Sighting) -> float:
        """Return how well two candidates may be one thing, in [0, 1]: 1 where they lie on each other."""
        slack = (self.slack + other.slack) / 2
        return sum(
            share * other_share * math.exp(-one.with_error(slack).squared_distance(two) / 2)
            for share, one in self.place.parts
            for other_share, two in other.place.parts
        )


@dataclass(frozen=True, slots=True, eq=False)
class PhotoEvidence:
    """All that one photograph tells.

    Attributes:
        photo: its path as it was given.
        sightings: its candidates, the best first.
        missed: how probably the object is on the map and none of them.
        nowhere: how probably it is not on the map.
    """

    photo: str
    sightings: tuple[Sighting, ...]
    missed: float
    nowhere: float


def evidence_of(photo: str, answers: Sequence[Detection], frame: LocalFrame) -> PhotoEvidence:
    """Weigh the answers to one click in a photograph, the doubtful ones too.

    A score is the probability of an answer as if it were the only one; of several at most one is right, so they share
    what is certain by their odds, "none of them" having the odds 1. Scores mean that half of all searches are elsewhere
    (`geoloc.model.weights.Calibration`), so "none" is shared by "missed" and "nowhere" as `MISSED` is to 1.

    Args:
        photo: its path as it was given.
        answers: all candidates.
        frame: that all photographs of the object share.
    """
    odds = [_odds(answer) for answer in answers]
    none = 1 / (1 + sum(odds))
    sightings = [_sighting(answer, none * own, frame) for answer, own in zip(answers, odds, strict=True)]
    missed = none * MISSED / (1 + MISSED)
    return PhotoEvidence(photo, tuple(sorted(sightings, key=lambda one: -one.weight)), missed, none - missed)


def _odds(answer: Detection) -> float:
    sure = min(MOST, answer.score if answer.place is None else answer.place.sure)
    return sure / (1 - sure)


def _sighting(answer: Detection, weight: float, frame: LocalFrame) -> Sighting:
    place, measures = answer.place, measures_of(answer.polygon, answer.crs)
    slack = (ON_THING * np.array([measures.length_m, measures.width_m])) ** 2
    turn = math.radians(measures.azimuth_deg)
    along = np.array([[math.sin(turn), -math.cos(turn)], [math.cos(turn), math.sin(turn)]])
    if place is None:
        centre = answer.centre_lonlat
        error = np.eye(2) * (answer.accuracy_m / BOUND) ** 2 / 2
        spread = Mixture(((1.0, Gaussian(frame.metres(centre.x, centre.y), error)),))
    else:
        about = frame.metres(place.lon, place.lat)
        spread = Mixture(
            tuple((share, Gaussian(about + one.mean, one.covariance)) for share, one in place.spread.parts if share > 0)
        )
    return Sighting(answer, weight, spread, along @ np.diag(slack) @ along.T)
