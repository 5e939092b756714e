"""The search as a request asks for it: the ground of a photo, then the rest where it is not there, and "not here"."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import NamedTuple
from weakref import WeakKeyDictionary

from shapely.geometry import Point

from geoloc.geometry.known_planes import KnownPlanes, fingerprint
from geoloc.geometry.plane_finder import PlaneFinder
from geoloc.outline.answers import outlined
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import known_tilt
from geoloc.photo.sight import EYE_LEVEL_M
from geoloc.photo.target import Click, Target
from geoloc.pipeline.cascade import EDGE_M, Cascade, Step, Watch, metres_outside
from geoloc.pipeline.ground import Network, SearchGround
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.scope import Scope
from geoloc.pipeline.source import SearchSource
from geoloc.pose.map_frame import MapFrame
from geoloc.pose.matched_photo import MatchedPhoto
from geoloc.pose.terrain_fit import on_terrain
from geoloc.results.detection import PRESENT, Detection, present, that_count
from tiling.errors import NoHeightsError
from tiling.heights import height_at
from tiling.plan import Plan

LOG = logging.getLogger(__name__)
KEPT = 2
"""Plans whose features are kept, up to `blocks.MEMORY` each: with photos of which some know where they were taken,
the plan of those that do not stays beside that of the others."""


SAME_TILT_DEG = 10.0
"""How far a pitch that is told may be off the one that the picture shows, for the picture's roll to be believed."""
LOOKED_AT = ((0.5, 0.5), (0.5, 0.8))
"""What descriptors are asked about where nothing is clicked, as shares of the photo's width and height: its middle and
its foreground, which is no sky."""


class Found(NamedTuple):
    """What a search found.

    Attributes:
        answers: all answers, ranked from 1 within each target, as many as the request wants.
        here: those among them that count; a target without any is "not here".
        plan: the windows that were searched; those of all, where the photo's own position was not believed, or
            the photo shows something farther off.
        steps: what was tried, in this order.
        outside_m: how far outside what was searched the photo's plane puts targets that are "not here" for that.
    """

    answers: list[Detection]
    here: list[Detection]
    plan: Plan
    steps: tuple[Step, ...]
    outside_m: Mapping[int, float]

    def off(self, target: int) -> str:
        """Say how far outside a target lies; nothing where the photo does not show that."""
        metres = self.outside_m.get(target)
        return "" if metres is None else f"the photo shows it {metres:.0f} m outside what was searched"


class Finder:
    """Finds what is clicked in photographs in one source; photos that search the same plan share its features."""

    def __init__(self, source: SearchSource, network: Network, request: SearchRequest) -> None:
        """Search a source by a network.

        Args:
            source: what is searched, open as long as this is used.
            network: gives the network; an index in the source is of the same one.
            request: how to search: its top, min_score, refine and exhaustive count.
        """
        self._source, self._network, self._request = source, network, request
        self._grounds: list[SearchGround] = []
        self._planes: defaultdict[tuple[int, int, int], KnownPlanes] = defaultdict(KnownPlanes)
        self._told: WeakKeyDictionary[Photo, list[Photo]] = WeakKeyDictionary()

    def with_request(self, request: SearchRequest) -> Finder:
        """Return a finder for the same source and network, which shares with this one all that was read and encoded."""
        other = Finder(self._source, self._network, request)
        other._grounds, other._planes, other._told = self._grounds, self._planes, self._told
        return other

    def find(self, photo: Photo, targets: Sequence[Target], scope: Scope, watch: Watch | None = None) -> Found:
        """Search for targets in a photo.

        Where the photo's own position limits the search and nothing shows that it was taken there, the rest is searched
        too: by geometry, and by attention for what it did not find near the position either. An answer from there says
        so in its `note`. What the photo's plane puts beyond those limits, a barn far off in an oblique photo, is
        carried over there by it.

        Args:
            photo: the photograph, upright.
            targets: what was clicked in it, in pixels of the photo.
            scope: where to look in the source.
            watch: who is told how far the search is.

        Raises:
            PhotoError: a click is outside the photo.
            AreaError: the limits leave nothing of the mosaic.
            MosaicError: the mosaic, or the heights of the request, cannot be read.
        """
        watch = Watch() if watch is None else watch
        photo = self._told_photo(photo)
        near, answers = scope.near(photo), []
        if near is not None:
            first = self._cascade(photo, targets, near, scope.told(photo), watch, posed=True)
            # What an earlier click showed to lie elsewhere is not looked for here.
            answers = [] if first.known_elsewhere else first.answers()
            if _same(near, scope.plan()):
                return self._found(photo, targets, answers, near, watch, outside=first.outside())
            if _believed(first, answers):
                outside = first.outside()
                farther = self._farther(photo, targets, outside, scope, watch)
                whole = scope.plan() if farther else near
                return self._found(photo, targets, _joined(answers, farther), whole, watch, outside=outside)
        plan, doubt = scope.plan(), scope.doubt(photo)
        rest = self._cascade(photo, targets, plan, None if doubt else scope.told(photo), watch)
        beyond = rest.by_geometry()
        if rest.verified:
            # The photo was not taken near the position, whatever attention saw there.
            answers = []
        found = {answer.target for answer in (*beyond, *present(answers, PRESENT))}
        beyond += rest.by_attention([number for number in range(len(targets)) if number not in found])
        answers = _better(answers, beyond)
        if doubt:
            answers = [
                answer if near is not None and near.area.contains(answer.centre_lonlat) else replace(answer, note=doubt)
                for answer in answers
            ]
        return self._found(photo, targets, answers, plan, watch, outside=rest.outside())

    def match(self, photo: Photo, scope: Scope, watch: Watch | None = None) -> MatchedPhoto | None:
        """Find the plane that a photo shows, whatever is clicked in it: near its own position first, as `find` does.

        Args:
            photo: the photograph, upright.
            scope: where to look in the source.
            watch: who is told how far the search is.

        Returns:
            The photo, matched; None where local features verify nothing.

        Raises:
            AreaError: the limits leave nothing of the mosaic.
            GeolocError: the mosaic, the index or the heights of the request cannot be read.
        """
        watch = Watch() if watch is None else watch
        width, height = photo.size
        targets = [Target(Click(across * width, down * height)) for across, down in LOOKED_AT]
        near = scope.near(photo)
        plans = [plan for plan in (near, scope.plan()) if plan is not None]
        if near is not None and _same(near, plans[-1]):
            plans = plans[:1]
        for plan in plans:
            fit = self._cascade(photo, targets, plan, scope.told(photo) if plan is near else None, watch).plane()
            if fit is not None:
                planes = self._ground(plan).planes
                assert planes is not None, "what verified it"
                source = self._source
                frame = MapFrame(planes.keypoints.grid, source.crs, source.middle_x, source.gsd_m)
                matched = MatchedPhoto.of(photo, fit, frame)
                return matched if matched is None or self._request.dsm is None else self._on_terrain(matched, planes)
        return None

    def _told_photo(self, photo: Photo) -> Photo:
        """The photo as the request has it: the very same as in an earlier click, so that what was found is known."""
        told = told_photo(photo, self._request)
        if told is photo:
            return photo
        known = self._told.setdefault(photo, [])
        same = next((other for other in known if _metadata(other) == _metadata(told)), None)
        if same is None:
            known[:] = [*known[1 - KEPT :], told]
        return same or told

    def _on_terrain(self, matched: MatchedPhoto, planes: PlaneFinder) -> MatchedPhoto:
        """The photo on ground of the request's heights; as it is, with a warning, where these know none of it.

        So too where matches contradict them.
        """
        assert self._request.dsm is not None
        try:
            found = on_terrain(matched, self._request.dsm, planes.candidates(matched.photo, matched.fit))
        except NoHeightsError as error:
            LOG.warning("%s: %s; the ground is taken as a plane", matched.photo.path.name, error)
            return matched
        if found is None:
            LOG.warning(
                "%s: the heights of %s contradict the matches; the ground is taken as a plane",
                matched.photo.path.name,
                self._request.dsm,
            )
            return matched
        return found

    def _farther(
        self, photo: Photo, targets: Sequence[Target], outside: Mapping[int, Point], scope: Scope, watch: Watch
    ) -> list[Detection]:
        """What the photo shows from near its position, farther off than was searched, carried over by its plane."""
        numbers = [number for number, place in outside.items() if scope.plan().area.contains(place)]
        if not numbers:
            return []
        chosen = [targets[number] for number in numbers]
        found = self._cascade(photo, chosen, scope.plan(), scope.told(photo), watch).carried()
        return [replace(answer, target=numbers[answer.target]) for answer in found]

    def _found(
        self,
        photo: Photo,
        targets: Sequence[Target],
        answers: list[Detection],
        plan: Plan,
        watch: Watch,
        *,
        outside: Mapping[int, Point],
    ) -> Found:
        # What is not wanted needs no outline; until here it told what the wanted ones are.
        answers = [answer for answer in answers if answer.rank <= self._request.top]
        mosaic = self._source.mosaic
        if mosaic is not None and answers:
            with watch.step("outlines") as found:
                fit = self._planes[plan.lattice].get(fingerprint(photo))
                answers = outlined(answers, photo, targets, mosaic=mosaic, plan=plan, fit=fit)
                found.extend(answers)
        answers = [
            replace(answer, note="; ".join(filter(None, (answer.note, targets[answer.target].note))))
            for answer in answers
        ]
        here = that_count(answers, self._request.min_score)
        answered = {answer.target for answer in here}
        # Of what lay outside at first some of it may have been searched since.
        metres = {number: metres_outside(plan.area, place) for number, place in outside.items()}
        outside_m = {number: away for number, away in metres.items() if away > EDGE_M and number not in answered}
        return Found(answers, here, plan, tuple(watch.steps), outside_m)

    def _cascade(
        self,
        photo: Photo,
        targets: Sequence[Target],
        plan: Plan,
        told: tuple[float, float] | None,
        watch: Watch,
        *,
        posed: bool = False,
    ) -> Cascade:
        ground = self._ground(plan)
        return Cascade(photo, targets, ground, told=told, request=self._request, watch=watch, posed=posed)

    def _ground(self, plan: Plan) -> SearchGround:
        known = [ground for ground in self._grounds if ground.plan == plan]
        others = [ground for ground in self._grounds if ground.plan != plan]
        # What has to go goes before anything new is read.
        self._grounds[:] = others[-(KEPT - 1) :] + known
        if not known:
            self._grounds.append(SearchGround(self._source, plan, self._network, self._planes[plan.lattice]))
        return self._grounds[-1]


def _metadata(photo: Photo) -> list[object]:
    return [getattr(photo, field.name) for field in fields(photo) if field.name != "pixels"]


def told_photo(photo: Photo, request: SearchRequest) -> Photo:
    """Return a photo with what a request tells of its pose, in place of what its file tells.

    Heights of the ground count for a photo with a position and a height above the sea. What is less than `EYE_LEVEL_M`
    over the ground by these is at eye level for all that such heights tell.

    Raises:
        MosaicError: the heights cannot be read, or do not know the photo's position.
    """
    if request.dsm is not None and photo.position is not None and photo.altitude_m is not None:
        over_m = photo.altitude_m - height_at(request.dsm, *photo.position)
        photo = replace(photo, relative_altitude_m=over_m if over_m >= EYE_LEVEL_M else None)
    if request.eye_height_m is not None:
        photo = replace(photo, height_m=request.eye_height_m, height_sd_m=0.1 * request.eye_height_m)
    if request.heading_deg is not None:
        photo = replace(photo, heading_deg=request.heading_deg % 360.0, compass=False)
    if request.pitch_deg is not None:
        shown = known_tilt(photo) if photo.pitch_deg is None and not photo.panorama else None
        # What the picture shows of the roll nobody tells.
        alike = shown is not None and abs(shown.degrees - 90.0 - request.pitch_deg) < SAME_TILT_DEG
        roll_deg = shown.roll_deg if shown is not None and alike else photo.roll_deg
        photo = replace(photo, pitch_deg=request.pitch_deg, roll_deg=roll_deg)
    return photo


def _better(near: Sequence[Detection], beyond: Sequence[Detection]) -> list[Detection]:
    """For each target the answers of the search that has the better best one, targets in their order."""
    best: dict[int, float] = {}
    for answer in near:
        best[answer.target] = max(answer.score, best.get(answer.target, 0.0))
    better = {answer.target for answer in beyond if answer.score >= best.get(answer.target, 0.0)}
    return _joined(near, [answer for answer in beyond if answer.target in better])


def _joined(answers: Sequence[Detection], instead: Sequence[Detection]) -> list[Detection]:
    """Other answers instead of those to the same targets, targets in their order."""
    replaced = {answer.target for answer in instead}
    kept = [answer for answer in answers if answer.target not in replaced]
    return sorted([*kept, *instead], key=lambda answer: (answer.target, answer.rank))


def _same(near: Plan, everything: Plan) -> bool:
    """Whether a photo's position leaves all that there is to search."""
    return near.windows == everything.windows and near.area.equals(everything.area)


def _believed(cascade: Cascade, answers: Sequence[Detection]) -> bool:
    """Whether what was found shows that the photo was taken on that ground: by geometry, where that can tell at all."""
    return cascade.verified if cascade.verifies else any(answer.score >= PRESENT for answer in answers)
