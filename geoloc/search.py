"""The search: the windows of a reference against the crops of the photograph, merged to one ranked list a click."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from shapely.prepared import prep

from geoloc.candidate import Answers, Candidate
from geoloc.close_look import CloseLook
from geoloc.detection import Detection, merge, place
from geoloc.model.localizer import EncodedQueries, Localizer, Proposal
from geoloc.photo import Photo
from geoloc.query import Target, make_queries
from geoloc.reference import Reference
from geoloc.second_look import PLACES, SecondLook
from geoloc.shortlist import LOOKS, Look, shortlist
from geoloc.text import path_text

PRESENT = 0.5
"""Answers that score less count as "not here"."""
PEAKS = 5
"""Answers asked of a window at least: its best single place need not be where the most mass is."""
LEAST_SHARE = 1e-4
"""Answers with a smaller share of what was searched are not kept: they would only fill memory on a large mosaic."""
_Progress = Callable[[int, int], None]


def locate(
    photo: Photo,
    targets: Sequence[Target],
    reference: Reference,
    model: Localizer,
    *,
    top: int = 5,
    exhaustive: bool = False,
    progress: _Progress = lambda done, total: None,
) -> list[Detection]:
    """Find each target in the windows of a reference.

    Args:
        photo: the photograph, upright.
        targets: what was clicked in it, in pixels of the photo.
        reference: what to search, at the model's GSD or another one; encoded by the same weights.
        model: the network with its weights.
        top: answers a target at most.
        exhaustive: show every window to the whole network, however many there are.
        progress: called with the number of windows done and of all.

    Returns:
        Detections ranked from 1 within each target, targets in their order. Polygons are in the mosaic's CRS, their
        centres inside the plan's area.

    Raises:
        PhotoError: a click is outside the photo.
        GeolocError: the mosaic cannot be read.
    """
    queries = [make_queries(photo, target, model.query_shape) for target in targets]
    crops = [(index, query) for index, group in enumerate(queries) for query in group]
    encoded = model.encode_queries([query for _, query in crops], [index for index, _ in crops])
    on_map = Answers(path_text(photo.path), targets, reference, model)
    plan = reference.plan
    asked = prep(plan.area)
    found: list[tuple[Candidate, Detection]] = []
    searched = np.full(len(targets), -math.inf)
    parts, compared = [[Look(window, tuple(range(len(crops)))) for window in plan.windows]], 0
    if not exhaustive and model.descriptor and len(plan.windows) > LOOKS:
        parts, compared = _worthwhile(reference, encoded, model, progress), len(plan.windows)
    total = compared + sum(map(len, parts))
    # Windows overlap, and what each place has is to count once.
    overlap = math.log(plan.overlap)

    def log_share(proposal: Proposal) -> float:
        return _log_share(proposal.log_mass, searched[proposal.target] - overlap)

    def certain() -> bool:
        """Whether every target has a place with more of the mass than all others and "nowhere"."""
        sure = {candidate.proposal.target for candidate, _ in found if log_share(candidate.proposal) > math.log(0.5)}
        return len(sure) == len(targets)

    done = 0
    for done, look in enumerate(_until(certain, parts), start=1):
        window = look.window
        features, valid = reference.features(window)
        wanted = valid & window.inside(plan.area)
        if wanted.any():
            shown = encoded if len(look.crops) == len(crops) else encoded.some(look.crops)
            matches = model.propose(shown, features, wanted, max(top, PEAKS))
            for target, log_mass in matches.log_mass.items():
                searched[target] = np.logaddexp(searched[target], log_mass)
            # What was searched only grows: a share that is too small now stays so.
            grid = window.grid
            likely = [Candidate(grid, window.id, p) for p in matches.proposals if log_share(p) > math.log(LEAST_SHARE)]
            answers = ((candidate, on_map.of(candidate)) for candidate in likely)
            found.extend((candidate, answer) for candidate, answer in answers if asked.contains(place(answer)))
        progress(compared + done, total)
    if done < total:
        progress(total, total)
    shares = [replace(d, score=math.exp(log_share(candidate.proposal))) for candidate, d in found]
    # A polygon is the same object before and after.
    by_polygon = {id(d.polygon): candidate for candidate, d in found}
    second_look = SecondLook(photo, targets, queries, reference, model)
    scored, crop_of = [], {}
    for first in merge(shares, top=max(top, PLACES)):
        second = second_look.at(by_polygon[id(first.polygon)])
        if second is None:
            continue
        answer = on_map.of(second.candidate)
        if asked.contains(place(answer)):
            evidence = math.log(first.score) + second.candidate.proposal.log_mass
            scored.append(replace(answer, score=model.score(evidence)))
            crop_of[id(answer.polygon)] = second.crop
    merged = sorted(merge(scored, top=top), key=lambda d: (d.target, d.rank))
    closer = CloseLook(reference, model)
    for number, answer in enumerate(merged):
        if answer.rank == 1:
            merged[number] = closer.at(photo, targets[answer.target], answer, crop_of[id(answer.polygon)])
    return merged


def _until(enough: Callable[[], bool], parts: Sequence[Sequence[Look]]) -> Iterator[Look]:
    """What to look at, part by part, until there is no need of more."""
    for part in parts:
        yield from part
        if enough():
            return


def _worthwhile(
    reference: Reference, encoded: EncodedQueries, model: Localizer, progress: _Progress
) -> list[list[Look]]:
    """What descriptors speak for, of many windows."""
    total = len(reference.plan.windows)
    described = model.describe_queries(encoded)
    # How many looks there will be is not known before, and hardly matters beside so many windows.
    return shortlist(reference, described, progress=lambda done: progress(done, total + LOOKS))


def _log_share(log_mass: float, log_searched: float) -> float:
    """Log of the share of a place in what all places have and the null class, "nowhere", whose mass is 1."""
    return float(log_mass - np.logaddexp(0.0, max(log_mass, log_searched)))
