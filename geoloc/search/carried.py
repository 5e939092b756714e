"""The last look at each target, where the plane that attention's own matches agree on has it.

The click may have led to its like next to it: one tree of several, or what stands behind a thing that leans away. The
ground round it seldom has a like. And one plane is for the whole photo: it also carries what else is clicked there and
was not found, or not surely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from geoloc.search.candidate import Answer, merge_answers
from geoloc.search.closer import close_look, known_look
from geoloc.search.known_view import KnownView
from geoloc.search.look import Looker
from geoloc.search.own_plane import TYPICAL

CARRIES = 45.0
"""Support from which a plane carries over what else is clicked in its photo."""
OWN_PX = 3.0
"""How far a plane is off where its cells are, standard deviation along each axis, pixels of a window."""
OFF_SHARE, UNTOLD_SHARE = 0.015, 0.1
"""How much farther it is off for each pixel from the target that it was found for: of a photo whose file tells the
pitch, and of others, whose tilt is the horizon's or supposed."""


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
    leader = max((mine[0] for mine in by_target if mine), key=_support, default=None)
    found: list[Answer] = []
    for target, mine in enumerate(by_target):
        first = mine[0] if mine else None
        found += merge_answers(_last_looks(looker, target, mine, _guide(first, leader)), top=top)
    return found


def _guide(first: Answer | None, leader: Answer | None) -> Answer | None:
    """Return whose plane tells how a target is seen: its own answer's or the photo's; None where none is good."""
    if first is not None and _support(first) >= CARRIES:
        return first
    if leader is not None and _support(leader) >= CARRIES:
        return leader
    return first if first is not None and _support(first) >= TYPICAL else None


def _last_looks(looker: Looker, target: int, mine: list[Answer], guide: Answer | None) -> list[Answer]:
    """Look at a target closely: its answers, with what the guide's plane shows where that is better."""
    seen = None if guide is None else _seen_by(looker, target, guide)
    if mine and guide is mine[0]:
        if seen is not None:
            own = guide.detection
            return [replace(seen, detection=replace(seen.detection, score=own.score, evidence=own.evidence)), *mine[1:]]
    elif seen is not None and (not mine or seen.evidence > mine[0].evidence):
        return [seen, *mine]
    return [close_look(looker, mine[0]), *mine[1:]] if mine else []


def _support(answer: Answer) -> float:
    plane = answer.candidate.plane
    return 0.0 if plane is None or plane.matrix is None else plane.support


def _seen_by(looker: Looker, target: int, guide: Answer) -> Answer | None:
    """Look for a target where the plane of an answer has it, to this or another one; None where nothing is seen.

    What a first pass would have to tell, which of all places it is, the plane tells.
    """
    plane, grid = guide.candidate.plane, guide.candidate.grid
    assert plane is not None, "of those that are supported"
    assert plane.matrix is not None, "supported"
    view = KnownView.by_plane(plane.matrix, grid, looker.photo, looker.targets[target].click)
    if view is None:
        return None
    away = float(np.linalg.norm(view.place.mean - guide.candidate.box.centre))
    share = UNTOLD_SHARE if looker.photo.pitch_deg is None else OFF_SHARE
    error = OWN_PX**2 + (share * away) ** 2
    seen = known_look(looker, target, replace(view, place=view.place.with_error(error * np.eye(2))), exactly=False)
    if seen is None or not looker.reference.plan.area.contains(seen.detection.centre_lonlat):
        return None
    evidence = seen.candidate.log_mass + plane.evidence
    return seen.scored(looker.score(target, evidence), evidence)
