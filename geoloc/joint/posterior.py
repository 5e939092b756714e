"""The evidence of several photographs joined: a product of likelihoods over the places that any of them names.

A photograph multiplies the odds of a place against "nowhere" by what it makes of it over what it makes of "nowhere";
where it has no candidate there, by how likely it misses what is there, so that no photograph alone rules a place out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from geoloc.joint.evidence import PhotoEvidence, Sighting
from geoloc.plane.gaussian import CHI2_99, Gaussian
from geoloc.plane.mixture import Mixture

SAME_MISTAKE = 0.1
"""How probably two photographs of one object that are both mistaken mean the same wrong thing: its likes on a map are
few, and whatever looks like it to one photograph does to another. Measured, see docs/joint.md."""
ALIKE = 0.3
"""How much of the errors of two photographs is the same: they were taken and matched with the same mosaic, by the same
network. Correlation; measured, see docs/joint.md."""
LEAST_AGREEMENT = math.exp(-CHI2_99 / 2)
"""Candidates that agree less are two things; one pair of a hundred that mean one thing does."""
CONTRADICTS = 0.1
"""A photograph contradicts an answer where it makes less than so much of it as of its own best candidate."""
_KEPT = 32


@dataclass(frozen=True, slots=True, eq=False)
class JointPlace:
    """A place that one or several photographs name.

    Attributes:
        probability: that the object is there.
        members: of the photographs that have it among their candidates, by their number, the candidate that means it.
        place: joined distribution of the object's middle, metres in the photographs' frame.
    """

    probability: float
    members: dict[int, Sighting]
    place: Mixture

    def contradicted_by(self, photos: Sequence[PhotoEvidence], least: float) -> list[int]:
        """Return the numbers of the photographs that are surer than `least` of another place than this one."""
        numbers = []
        for number, photo in enumerate(photos):
            best = photo.sightings[0].weight if photo.sightings else 0.0
            member = self.members.get(number)
            if best >= least and (member is None or member.weight < CONTRADICTS * best):
                numbers.append(number)
        return numbers


def joint_places(photos: Sequence[PhotoEvidence]) -> list[JointPlace]:
    """Join what photographs of one object tell, each counting as much as another.

    Returns:
        The places that any photograph names, each once, the likeliest first. Their probabilities with those of
        "nowhere" and of a place that no photograph names have the sum 1.
    """
    groups = list(_places(photos))
    # A place that no photograph names: all of them missed it.
    unnamed = sum(math.log(photo.missed / photo.nowhere) for photo in photos)
    total = float(np.logaddexp.reduce([0.0, unnamed, *(group.log_odds(photos) for group in groups)]))
    found = [
        JointPlace(
            math.exp(group.log_odds(photos) - total),
            group.members,
            _joined([one.place for one in group.members.values()]),
        )
        for group in groups
    ]
    return sorted(found, key=lambda place: -place.probability)


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Candidates that mean one thing.

    Attributes:
        seed: that all others agree with.
        members: of each photograph that has one, by its number; the seed among them.
    """

    seed: Sighting
    members: dict[int, Sighting]

    def log_odds(self, photos: Sequence[PhotoEvidence]) -> float:
        """Return the log odds of the place against "nowhere".

        A mistaken photograph names this very place as probably as `SAME_MISTAKE`: that is what one place counts before
        any evidence, and by what a candidate there is worth more than a candidate anywhere.
        """
        log_odds = math.log(SAME_MISTAKE)
        for number, photo in enumerate(photos):
            member, named = self.members.get(number), 0.0
            if member is not None:
                named = member.weight * (1.0 if member is self.seed else self.seed.agreement(member))
            log_odds += math.log((named / SAME_MISTAKE + photo.missed) / photo.nowhere)
        return log_odds


def _places(photos: Sequence[PhotoEvidence]) -> Iterator[_Group]:
    """Yield the places that photographs name, the best supported first; no candidate is in two."""
    groups = [_group(photos, number, seed) for number, photo in enumerate(photos) for seed in photo.sightings]
    taken: set[int] = set()
    for group in sorted(groups, key=lambda group: -group.log_odds(photos)):
        if id(group.seed) not in taken:
            left = {number: one for number, one in group.members.items() if id(one) not in taken}
            taken |= {id(one) for one in left.values()}
            yield _Group(group.seed, left)


def _group(photos: Sequence[PhotoEvidence], of_photo: int, seed: Sighting) -> _Group:
    """Take of each other photograph the candidate that agrees with one best, where any does."""
    members = {}
    for number, photo in enumerate(photos):
        alike = (
            [seed] if number == of_photo else [one for one in photo.sightings if seed.agreement(one) > LEAST_AGREEMENT]
        )
        if alike:
            members[number] = max(alike, key=lambda one: one.weight * seed.agreement(one))
    return _Group(seed, members)


def _joined(places: Sequence[Mixture]) -> Mixture:
    """Multiply distributions of one place, each a mixture, and widen the product by the errors that they share."""
    chains: list[tuple[float, Gaussian, tuple[Gaussian, ...]]]
    chains = [(math.log(share), one, (one,)) for share, one in places[0].parts]
    for place in places[1:]:
        longer = [
            (log + math.log(share) + _log_overlap(product, one), product.product(one), (*sources, one))
            for log, product, sources in chains
            for share, one in place.parts
        ]
        chains = sorted(longer, key=lambda chain: -chain[0])[:_KEPT]
    total = float(np.logaddexp.reduce([log for log, _, _ in chains]))
    return Mixture(tuple((math.exp(log - total), _widened(product, sources)) for log, product, sources in chains))


def _log_overlap(one: Gaussian, other: Gaussian) -> float:
    """Log of the integral of the product of two densities."""
    both = one.with_error(other.covariance).covariance
    return -(one.squared_distance(other) + math.log(float(np.linalg.det(both)))) / 2 - math.log(2 * math.pi)


def _widened(product: Gaussian, sources: Sequence[Gaussian]) -> Gaussian:
    """Widen a product by what its sources' errors have in common.

    A mean of n values of correlation r has (1 - r) / n + r of the variance of one. How many sources count tells the
    share of the information that each has (Kish 1965, effective sample size).
    """
    shares = np.array([np.trace(np.linalg.solve(one.covariance, product.covariance)) / 2 for one in sources])
    count = 1 / float((shares**2).sum())
    return Gaussian(product.mean, product.covariance * ((1 - ALIKE) + ALIKE * count))
