"""The last look at each target, where the plane that attention's own matches agree on has it.

The click may have led to its like next to it: one tree of several, or what stands behind a thing that leans away. The
ground round it seldom has a like. And one plane is for the whole photo: it also carries what else is clicked there and
was not found, or not surely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from geoloc.plane.gaussian import CHI2_99
from geoloc.search.candidate import Answer, merge_answers
from geoloc.search.closer import close_look, known_look
from geoloc.search.known_view import KnownView
from geoloc.search.look import Looker

SUPPORTED = 30.0
"""Support from which a plane tells where its own target is to be looked for."""
CARRIES = 45.0
"""Support from which a plane carries over what else is clicked in its photo."""
OWN_PX = 3.0
"""How far a plane is off where its cells are, standard deviation along each axis, pixels of a window."""
OFF_SHARE, UNTOLD_SHARE = 0.015, 0.1
"""How much farther it is off for each pixel from the target that it was found for: of a photo whose file tells pitch
and focal length, and of others, where they are supposed or the horizon's."""
CONTRADICTED = 3.0
"""Evidence that a place loses whose own plane has the target elsewhere."""


def last_looks(looker: Looker, answers: Sequence[Answer], top: int) -> list[Answer]:
    """Look at all targets of a photo closely.

    Args:
        looker: of the photograph.
        answers: ranked from 1 within each target, with the planes of second looks.
        top: answers a target at most.

    Returns:
        Answers ranked anew, those of rank 1 by a close look.

    Raises:
        GeolocError: the mosaic cannot be read.
    """
    by_target = [[one for one in answers if one.detection.target == n] for n in range(len(looker.targets))]
    leader = _leader(looker, [mine[0] for mine in by_target if mine])
    found: list[Answer] = []
    for target, mine in enumerate(by_target):
        guide = _guide(mine[0] if mine else None, leader)
        seen = None if guide is None else _seen_by(looker, target, guide)
        ranked = merge_answers(mine if seen is None else _rivals(looker, seen, mine, guide), top=top)
        found += [close_look(looker, answer) if answer.detection.rank == 1 else answer for answer in ranked]
    return found


def _leader(looker: Looker, firsts: Sequence[Answer]) -> Answer | None:
    """Return whose plane is the photo's: the one that the best supported answers to other targets agree with, too."""

    def votes(one: Answer) -> float:
        return sum(_support(other) for other in firsts if other is one or _agree(looker, one, other))

    return max((one for one in firsts if _support(one) >= CARRIES), key=votes, default=None)


def _agree(looker: Looker, one: Answer, other: Answer) -> bool:
    """Whether an answer lies where the plane of one to another target has it."""
    view = _view(looker, other.detection.target, one)
    if view is None:
        return False
    place = ~view.grid.affine * (other.candidate.grid.affine * other.candidate.box.centre)
    return float(view.place.squared_distances(np.array([place]))[0]) <= CHI2_99


def _guide(first: Answer | None, leader: Answer | None) -> Answer | None:
    """Return whose plane tells how a target is seen: its own answer's or the photo's; None where none is good."""
    if first is not None and _support(first) >= CARRIES:
        return first
    if leader is not None:
        return leader
    return first if first is not None and _support(first) >= SUPPORTED else None


def _rivals(looker: Looker, seen: Answer, mine: Sequence[Answer], guide: Answer | None) -> list[Answer]:
    """Return the answers to a target beside what was seen where the guide's plane has it.

    Where that is the first answer's own plane, the same object seen again is the same answer, with what its search
    found; another one speaks against it.
    """
    if not mine or guide is not mine[0]:
        return [seen, *mine]
    first = mine[0]
    evidence = first.evidence
    if len(merge_answers([seen, first], top=2)) == 1:
        return [seen.scored(looker.score(seen.detection.target, evidence), evidence), *mine[1:]]
    evidence -= CONTRADICTED
    return [seen, first.scored(looker.score(first.detection.target, evidence), evidence), *mine[1:]]


def _support(answer: Answer) -> float:
    plane = answer.candidate.plane
    return 0.0 if plane is None else plane.support


def _view(looker: Looker, target: int, guide: Answer) -> KnownView | None:
    """Return how a target is seen by the plane of an answer to this or another one; None at the horizon."""
    plane, photo = guide.candidate.plane, looker.photo
    assert plane is not None, "of those that are supported"
    assert plane.matrix is not None, "supported"
    view = KnownView.by_plane(plane.matrix, guide.candidate.grid, photo, looker.targets[target].click)
    if view is None:
        return None
    away = float(np.linalg.norm(view.place.mean - guide.candidate.box.centre))
    told = photo.pitch_deg is not None and photo.focal_px is not None
    error = OWN_PX**2 + ((OFF_SHARE if told else UNTOLD_SHARE) * away) ** 2
    return replace(view, place=view.place.with_error(error * np.eye(2)))


def _seen_by(looker: Looker, target: int, guide: Answer) -> Answer | None:
    """Look for a target where the plane of an answer has it, to this or another one; None where nothing is seen.

    Which of all places it is, a first pass would have to tell: here it is as sure as of the guide.
    """
    view = _view(looker, target, guide)
    seen = None if view is None else known_look(looker, target, view)
    if seen is None or not looker.reference.plan.area.contains(seen.detection.centre_lonlat):
        return None
    evidence = seen.candidate.log_mass + guide.evidence - guide.candidate.log_mass
    return seen.scored(looker.score(target, evidence), evidence)
