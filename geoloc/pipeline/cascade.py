"""What is tried to find targets on a ground, the cheapest evidence that is enough first.

1. The photograph's plane is known from an earlier click: the click is carried over, and attention looks there once.
2. What is searched is small enough to be matched whole; or a position, or the photographs found before,
   tell where: local features there. Verified, the same look ends the search.
3. What is searched is larger: local features round the windows that descriptors speak for.
4. What this leaves open is looked for by attention, on the windows that descriptors speak for or on all.
5. Geometry once more, round the answers of attention, and on all that is searched if that is not too much. Where it
   verifies nothing, where it mostly would, the answers score less.

`refine="off"` is attention alone, and so is an index without local features and mosaic; `exhaustive` begins with
attention, since it asks that every window be looked at. A click that the plane puts on other ground than is searched
is not looked for by attention.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from shapely.affinity import scale
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points

from geoloc.geometry.plane_finder import PlaneSearch
from geoloc.geometry.refine import METHOD, VERIFIED
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.pipeline.ground import SearchGround
from geoloc.pipeline.request import SearchRequest
from geoloc.results.detection import PRESENT, Detection
from tiling.degrees import angle_between_deg
from tiling.grid import WGS84, ground_distance_m

if TYPE_CHECKING:
    from geoloc.geometry.homography_fit import HomographyFit
    from geoloc.model.sight.head import Ahead
    from geoloc.search.locate import AttentionSearch

LOG = logging.getLogger(__name__)
"""With -v every step is told, and how long it took."""
KNOWN_STEP = "the photo's plane, known before"
EDGE_M = 20.0
"""What a plane puts so near the edge of what is searched may lie inside: ground is no plane."""
SURE, SAME_WAY_DEG = 0.6, 30.0
"""Weight of poses that look the same way, within so many degrees, from which on the photo's crops are cut by them."""
CANDIDATES = 5
"""Answers of attention round which geometry looks, for each target, however few are wanted: the right one need not be
the first."""
TEXTURE_M = 0.35
"""GSD of the mosaic, metres, up to which it counts that local features verify nothing. Coarser ones are mostly
satellites', of another day and sensor: how seldom these are verified was not measured. Nor was it of finer ones of
another day, satellites' of 0.3 m and orthophotos, which are doubted all the same: `refine="off"` is the remedy."""
LIKELY_WINDOWS = 5
"""Windows that descriptors speak for most, round which local features are matched before attention is asked."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was taken.

    Attributes:
        name: what was tried.
        seconds: wall time that it took.
        cpu_s: time of the processor that it took, that of all threads.
        answered: how many targets it found, or verified.
    """

    name: str
    seconds: float
    cpu_s: float
    answered: int


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told how far a search is.

    Attributes:
        stage: called with the name of what begins: "matching" (local features), "searching" (attention) or "verifying"
            (geometry round its answers).
        progress: called with the number of looks done and of all, while attention searches.
        steps: takes the steps that were taken.
    """

    stage: Callable[[str], None] = lambda name: None
    progress: Callable[[int, int], None] = lambda done, total: None
    steps: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[list[Detection]]:
        """Take a step; its answers are to be put into the list."""
        begun, begun_cpu = time.perf_counter(), time.process_time()
        found: list[Detection] = []
        yield found
        seconds, cpu_s = time.perf_counter() - begun, time.process_time() - begun_cpu
        done = Step(name, seconds, cpu_s, len({answer.target for answer in found if answer.score >= PRESENT}))
        self.steps.append(done)
        LOG.debug("%s: %.2f s, CPU %.2f s, found %d", name, seconds, cpu_s, done.answered)


def metres_outside(area: BaseGeometry, place: Point) -> float:
    """Return how far a place lies outside an area, both (lon, lat); 0 inside."""
    if area.contains(place):
        # What every click asks of areas that may have many corners.
        return 0.0
    # As wide as it is on the ground: what is nearest in degrees is not.
    narrow = math.cos(math.radians(place.y))
    edge = nearest_points(scale(area, narrow, 1.0, origin=place), place)[0]
    return ground_distance_m(place.x + (edge.x - place.x) / narrow, edge.y, place.x, place.y, WGS84)


class Cascade:
    """The search for targets of one photo on one ground."""

    def __init__(
        self,
        photo: Photo,
        targets: Sequence[Target],
        ground: SearchGround,
        *,
        told: tuple[float, float] | None,
        request: SearchRequest,
        watch: Watch,
        posed: bool = False,
    ) -> None:
        """Begin; nothing is looked at yet.

        Args:
            photo: the photograph, upright.
            targets: what was clicked in it.
            ground: where they may be.
            told: a place (lon, lat) that they are said to be near; None where nothing is.
            request: its top, refine and exhaustive count.
            watch: who is told how far the search is.
            posed: whether the photo's own position, heading and tilt say which places are likelier.
        """
        self._posed = posed
        self._photo, self._targets, self._ground, self._told = photo, targets, ground, told
        self._request, self._watch = request, watch
        self._planes = ground.planes if request.refine == "auto" and not photo.panorama else None

    @property
    def verifies(self) -> bool:
        """Whether geometry can tell where the photo was taken at all."""
        return self._planes is not None

    @property
    def verified(self) -> bool:
        """Whether it has: the photo was taken of this ground."""
        return self.verifies and self._plane.fit is not None

    @property
    def known_elsewhere(self) -> bool:
        """Whether it is known from an earlier click that the photo was taken of other ground."""
        return self.verifies and self._plane.elsewhere

    def outside(self) -> dict[int, Point]:
        """Targets that the photo's plane, where it is verified, puts on ground that is not searched.

        Returns:
            By number of the target its place (lon, lat), which lies farther than `EDGE_M` outside the plan's area.
        """
        if not self.verifies or self._request.exhaustive:
            return {}
        area = self._ground.plan.area
        found: dict[int, Point] = {}
        for number, target in enumerate(self._targets):
            place = self._plane.place_of((target.click.x, target.click.y))
            if place is not None and metres_outside(area, place) > EDGE_M:
                found[number] = place
        return found

    def carried(self) -> list[Detection]:
        """Return the verified places by the photo's plane, where an earlier search found it; nothing is matched."""
        return self._carried(KNOWN_STEP) if self.verifies and self._plane.fit is not None else []

    def answers(self) -> list[Detection]:
        """Find the targets by all steps.

        Returns:
            Answers ranked from 1 within each target, targets in their order.

        Raises:
            PhotoError: a click is outside the photo.
            GeolocError: the mosaic or index cannot be read.
        """
        found = self.by_geometry()
        answered = {answer.target for answer in found}
        found += self.by_attention([number for number in range(len(self._targets)) if number not in answered])
        return sorted(found, key=lambda answer: (answer.target, answer.rank))

    def by_geometry(self) -> list[Detection]:
        """Take the steps 1 to 3.

        Returns:
            Verified places, those alone that are sure, one a target.

        Raises:
            PhotoError: a click is outside the photo.
            GeolocError: the mosaic or index cannot be read.
        """
        if self._planes is None or self._request.exhaustive:
            return []
        self._watch.stage("matching")
        step = KNOWN_STEP if self._known else "a look where it is verified"
        self._match()
        return self._carried(step) if self._plane.fit is not None else []

    def plane(self) -> HomographyFit | None:
        """Find the photo's plane by the same steps, for its own sake; attention only tells where else to match.

        Returns:
            The plane, to pixels of the grid of the ground's local features; None where nothing is verified.

        Raises:
            GeolocError: the mosaic or index cannot be read.
        """
        if self._planes is None:
            return None
        self._watch.stage("matching")
        self._match()
        if self._plane.fit is None and not self._plane.all_are_few:
            self.by_attention(range(len(self._targets)))
        return self._plane.fit

    def by_attention(self, numbers: Sequence[int]) -> list[Detection]:
        """Take the steps 4 and 5 for the targets of these numbers, but those that are known to lie `outside`.

        Raises:
            PhotoError: a click is outside the photo.
            GeolocError: the mosaic or index cannot be read.
        """
        numbers = sorted(set(numbers) - set(self.outside()))
        if not numbers:
            return []
        watch, targets = self._watch, [self._targets[number] for number in numbers]
        watch.stage("searching")
        with watch.step("attention") as found:
            # What was encoded for the descriptors serves where all are looked for.
            search = self._attention if len(numbers) == len(self._targets) else self._search(targets)
            found.extend(search.answers(max(self._request.top, CANDIDATES)))
        answers = list(found)
        if self._planes is not None:
            watch.stage("verifying")
            with watch.step("local features, round the answers of attention") as verified:
                answers = self._ground.refiner.refine(self._photo, targets, answers, self._plane)
                if self._plane.speaks_against and self._ground.reference.gsd_m <= TEXTURE_M:
                    answers = [self._doubted(answer) for answer in answers]
                verified.extend(answer for answer in answers if answer.method == METHOD)
        answers = [replace(answer, target=numbers[answer.target]) for answer in answers]
        contradicted = set(self.outside())
        return [
            replace(answer, score=min(answer.score, 1 - VERIFIED)) if answer.target in contradicted else answer
            for answer in answers
        ]

    def _doubted(self, answer: Detection) -> Detection:
        """An answer of attention on ground that local features speak against."""
        assert answer.evidence is not None, "of attention"
        return replace(answer, score=self._ground.network.score(answer.evidence, unverified=True))

    @property
    def _known(self) -> bool:
        """Whether an earlier click in the photo left nothing to match."""
        return self._plane.fit is not None and self._plane.is_done

    def _match(self) -> None:
        """Match local features until the plane is beyond doubt, or nothing tells where else it may be."""
        if self._known:
            return
        if self._plane.all_are_few:
            with self._watch.step("local features, on all that is searched"):
                self._plane.on_all()
        else:
            self._match_where_told()

    def _match_where_told(self) -> None:
        """Match ground that is too large to be matched whole where something tells the place, until that is enough."""
        plane = self._plane
        for name, places in (("the position", plane.places_at(self._told)), ("earlier photos", plane.neighbours)):
            if len(places) and not plane.is_done:
                with self._watch.step(f"local features, round {name}"):
                    plane.near(places)
        if not plane.is_done:
            with self._watch.step("local features, round windows that descriptors speak for"):
                plane.near(plane.middles(self._attention.likeliest_windows(LIKELY_WINDOWS)))

    @cached_property
    def _plane(self) -> PlaneSearch:
        assert self._planes is not None, "asked for where there is geometry"
        return self._planes.search(self._photo)

    @cached_property
    def _attention(self) -> AttentionSearch:
        return self._search(self._targets)

    def _search(self, targets: Sequence[Target]) -> AttentionSearch:
        from geoloc.search.locate import AttentionSearch
        from geoloc.search.prior import priors_of

        earlier = self._ground.clicked(self._photo, targets) if self._poses else []
        return AttentionSearch(
            self._posed_photo,
            targets,
            self._ground.reference,
            self._ground.network,
            exhaustive=self._request.exhaustive,
            priors=priors_of(self._poses, targets, self._ahead, earlier),
            progress=self._watch.progress,
        )

    @cached_property
    def _poses(self) -> list[tuple[float, Photo]]:
        """The photo as its metadata have it and as the ground round the camera shows it, the likeliest first."""
        if not self._posed:
            return []
        with self._watch.step("the ground round the camera"):
            stands = self._ground.stands(self._photo)
        told = (1.0 - sum(stand.weight for stand in stands), self._photo)
        return sorted([*((stand.weight, stand.photo) for stand in stands), told], key=lambda pose: -pose[0])

    def _ahead(self, target: Target, posed: Photo) -> Ahead | None:
        """Where before the camera a target is, by a pose that was found; metadata's own is not good enough."""
        return None if posed is self._photo else self._ground.ahead(posed, target.click)

    @property
    def _posed_photo(self) -> Photo:
        """The photo with the metadata of its likeliest pose, where the likely ones look about the same way."""
        if not self._poses:
            return self._photo
        best = self._poses[0][1]
        looks = [(weight, photo.heading_deg) for weight, photo in self._poses]
        alike = sum(weight for weight, heading in looks if _turn(heading, best.heading_deg) < SAME_WAY_DEG)
        return best if alike > SURE else self._photo

    def _carried(self, step: str) -> list[Detection]:
        """The targets' places by the plane, those that are sure."""
        fit = self._plane.fit
        assert fit is not None
        with self._watch.step(step) as found:
            refiner = self._ground.refiner
            for number, target in enumerate(self._targets):
                place = refiner.carry(self._photo, number, target, fit)
                found.extend(answer for answer in place[:1] if answer.score >= PRESENT)
        return found


def _turn(one: float | None, other: float | None) -> float:
    """Return the angle between two headings, degrees; half a turn where one is not known."""
    return 180.0 if one is None or other is None else angle_between_deg(one, other)
