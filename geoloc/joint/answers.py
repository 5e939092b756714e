"""Answers to one object in several photographs, ranked as those of one photograph are, and who supports them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry import Point

from geoloc.joint.evidence import PhotoEvidence, Sighting, evidence_of
from geoloc.joint.posterior import JointPlace, joint_places
from geoloc.plane.gaussian import HOLDING, Gaussian
from geoloc.plane.map_place import LocalFrame, MapPlace
from geoloc.plane.mixture import Mixture
from geoloc.results.detection import PRESENT, Detection, ranking
from tiling.grid import WGS84, project

PIXEL = "mosaic pixel"
"""The part of every answer's accuracy that is the mosaic's own, the same for all photographs."""


@dataclass(frozen=True, slots=True)
class PhotoAnswers:
    """All that was found for one object in one photograph.

    Attributes:
        photo: its path as it was given.
        answers: all candidates, the doubtful ones too, ranked from 1.
    """

    photo: str
    answers: tuple[Detection, ...]


@dataclass(frozen=True, slots=True)
class JointAnswers:
    """What several photographs of one object come to.

    Attributes:
        answers: ranked from 1, each with the `photos` that have it among their candidates. All have the photo, click
            and target of one photograph: that with the best evidence for the first of them.
        asked: number of that photograph.
        note: which photographs contradict the first answer, or each other where it is more likely wrong than right;
            empty where none does. It is in the answer's note too.
    """

    answers: tuple[Detection, ...]
    asked: int
    note: str = ""


def join_answers(name: str, found: Sequence[PhotoAnswers], top: int) -> JointAnswers:
    """Join what was found for one object in several photographs.

    The outline of an answer is that of the photograph with the best evidence for its place: the likeliest by that
    photograph's candidate and its error, which is least for photographs from straight above. Segments of the mosaic
    stay where they are; other outlines move to the joined place.

    Args:
        name: what the object is called.
        found: of each photograph, at least one. Their order tells nothing.
        top: answers at most.

    Returns:
        The answers, doubtful ones too. Those of one photograph alone stay as they are.
    """
    if len(found) == 1:
        (one,) = found
        alone = [
            replace(answer, object_id=name, photos=(one.photo,), clicks=(answer.click,)) for answer in one.answers[:top]
        ]
        return JointAnswers(tuple(alone), 0)
    first = next((one.answers[0] for one in found if one.answers), None)
    if first is None:
        return JointAnswers((), 0)
    frame = LocalFrame(*first.centre_lonlat.coords[0])
    photos = [evidence_of(one.photo, one.answers, frame) for one in found]
    places = joint_places(photos)
    # Whatever they are told of, they are answers to one question.
    joined = [_told_of(first, _answer(place, frame)) for place in places]
    ranks = ranking(joined, top=top)
    likeliest = places[ranks[0][0]]
    asked, best = _best_member(likeliest)
    note = _contradiction(photos, likeliest, frame, told=joined[ranks[0][0]].score >= PRESENT)
    answers = []
    for index, rank in ranks:
        members = sorted(places[index].members)
        notes = filter(None, (joined[index].note, note if rank == 1 else ""))
        answers.append(
            replace(
                _told_of(best.answer, joined[index]),
                rank=rank,
                object_id=name,
                photos=tuple(photos[number].photo for number in members),
                clicks=tuple(places[index].members[number].answer.click for number in members),
                note="; ".join(notes),
            )
        )
    return JointAnswers(tuple(answers), asked, note)


def _best_member(place: JointPlace) -> tuple[int, Sighting]:
    """The photograph, by its number, that has the best evidence for a place, and its candidate."""
    middle = place.place.mean
    return max(place.members.items(), key=lambda item: item[1].weight * item[1].place.density(middle))


def _told_of(asked: Detection, answer: Detection) -> Detection:
    """An answer as one to the question that another answers."""
    return replace(answer, photo=asked.photo, click=asked.click, target=asked.target)


def _answer(place: JointPlace, frame: LocalFrame) -> Detection:
    """A place as an answer, not ranked yet."""
    _, best = _best_member(place)
    answer = replace(best.answer, rank=1, evidence=None)
    if len(place.members) == 1:
        # What its own score takes off for an error that is large beside the object stays off.
        share = answer.score / answer.place.sure if answer.place is not None else 1.0
        return replace(answer, score=place.probability * share)
    if answer.outline != "segment":
        answer = _moved(answer, place.place.mean, frame)
    centre = answer.centre_lonlat
    about = frame.metres(centre.x, centre.y)
    verified = any(member.answer.place is not None for member in place.members.values())
    on_it = place.place.probability_within(about, _size_m(answer)) if verified else 1.0
    parts = {"photos joined": place.place.radius(about, HOLDING)}
    if PIXEL in answer.accuracy_parts:
        parts[PIXEL] = answer.accuracy_parts[PIXEL]
    lon, lat = frame.lonlat(about)
    spread = Mixture(tuple((share, Gaussian(one.mean - about, one.covariance)) for share, one in place.place.parts))
    return replace(
        answer,
        score=place.probability * on_it,
        accuracy_m=math.hypot(*parts.values()),
        accuracy_parts=parts,
        place=MapPlace(lon, lat, place.probability, spread) if verified else None,
    )


def _moved(answer: Detection, middle: NDArray[np.float64], frame: LocalFrame) -> Detection:
    """An answer whose outline has its middle at a place of the frame."""
    old = answer.polygon.centroid
    new = project(Point(*frame.lonlat(middle)), WGS84, answer.crs)
    off = new.x - old.x, new.y - old.y
    return replace(
        answer,
        polygon=translate(answer.polygon, *off),
        alternatives=tuple(translate(other, *off) for other in answer.alternatives),
    )


def _size_m(answer: Detection) -> NDArray[np.float64]:
    """From west to east and from south to north of an outline, metres."""
    west, south, east, north = project(answer.polygon, answer.crs, WGS84).bounds
    low, high = LocalFrame(west, south), LocalFrame((west + east) / 2, south)
    return np.array([low.metres(east, south)[0], high.metres((west + east) / 2, north)[1]])


def _contradiction(photos: Sequence[PhotoEvidence], place: JointPlace, frame: LocalFrame, *, told: bool) -> str:
    """Name the photographs that are sure of another place; where this one is not told, those that are sure of it too.

    What is not told is no place that anybody could contradict: the photographs exclude each other then.
    """
    middle = place.place.mean
    others = place.contradicted_by(photos, PRESENT)
    named = []
    for number in others:
        best = photos[number].sightings[0]
        off = float(np.linalg.norm(best.place.mean - middle))
        named.append((photos[number].photo, off, best.answer.score))
    sure = [
        f"{photos[number].photo} (score {member.answer.score:.2f})"
        for number, member in sorted(place.members.items())
        if member.weight >= PRESENT and number not in others
    ]
    if told or not sure or not named:
        return "; ".join(
            f"{photo} contradicts: it has the object {off:.0f} m off, score {score:.2f}" for photo, off, score in named
        )
    *most, last = [*sure, *(f"{photo} (score {score:.2f}, {off:.0f} m from there)" for photo, off, score in named)]
    return f"{', '.join(most)} and {last} contradict each other"
