"""The Python API: a `Locator` for many photographs, `locate` for one."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from numbers import Real
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Union, Unpack, cast

from geoloc.model.packaged import find_weights
from geoloc.photo.photo import Photo, load_photo
from geoloc.photo.target import Click, Target, within_photo
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.scope import Scope
from geoloc.pipeline.source import MosaicSource, SearchSource, network_gsd, open_source
from geoloc.system.threads import fit_threads
from tiling.box import PixelBox
from tiling.mosaic import Mosaic

if TYPE_CHECKING:
    from shapely.geometry import Polygon

    from geoloc.pipeline.finder import Finder
    from geoloc.pose.matched_photo import MatchedPhoto
    from geoloc.results.detections import Detections

_LOG = logging.getLogger(__name__)
AnyPath = str | PathLike[str]
Clicked = Union[Click, PixelBox, "Polygon", Target, tuple[float, float], tuple[float, float, float, float]]
"""A point (x, y) of the upright photo in pixels from its upper left corner, a box (x0, y0, x1, y1) or an outline."""


class SearchOptions(TypedDict, total=False):
    """Where and how `Locator.locate_together` looks; see `Locator.locate`."""

    bounds: tuple[float, float, float, float] | None
    aoi: AnyPath | None
    near: tuple[float, float] | None
    within_m: float
    gps: bool
    eye_height_m: float | None
    heading_deg: float | None
    pitch_deg: float | None
    dsm: AnyPath | None
    top: int
    min_score: float | None
    refine: Literal["auto", "off"]
    exhaustive: bool


class Locator:
    """Finds what is clicked in photographs on one mosaic, or in an index of it; keeps what it has read and encoded.

    The network is loaded when it is first needed. A locator is a context manager: leaving it closes the files that it
    opened. It is for one thread.

    Where torch is not loaded yet and no `OMP_*` is set, the first locator chooses how many threads it computes with and
    how they wait, by what the machine has free (`geoloc.system.threads`): it sets variables of the environment.
    """

    def __init__(
        self,
        mosaic: Mosaic | AnyPath | Sequence[AnyPath] = (),
        *,
        index: AnyPath | None = None,
        bands: tuple[int, ...] | None = None,
        gsd_m: float | None = None,
        preset: str = "base",
        weights: AnyPath | None = None,
        device: str = "cpu",
    ) -> None:
        """Open what is to be searched.

        Args:
            mosaic: raster files or folders of them, which make one mosaic; or one that is open, which stays so. Beside
                an index it may be left out.
            index: what `geoloc index build` wrote.
            bands: one or three, counted from 1, to use as red, green, blue; of a mosaic that is opened here.
            gsd_m: metres on the ground a pixel to read a mosaic at that is opened here; None for the network's own.
            preset: of the network.
            weights: of the network; None for those that come with the package.
            device: where the network runs, such as "cuda".

        Raises:
            MosaicError: the mosaic cannot be used.
            IndexFileError: the index cannot be used, or not with these weights or this mosaic.
            WeightsError: no such preset or weights.
            ValueError: there is nothing to search, or a mosaic that is open or an index is to be read otherwise than it
                was made.
        """
        if "torch" not in sys.modules:
            fit_threads()
        opened = mosaic if isinstance(mosaic, Mosaic) else None
        self._request = SearchRequest(
            mosaics=_paths(mosaic),
            index=None if index is None else Path(index),
            bands=bands,
            gsd_m=gsd_m,
            preset=preset,
            weights=None if weights is None else Path(weights),
            device=device,
        )
        if self._request.searches_nothing:
            raise ValueError("give a mosaic, or an index, or both")
        if self._request.contradicts_index:
            raise ValueError("an index has its own GSD and bands: give neither with it")
        if opened is not None and (bands is not None or gsd_m is not None):
            raise ValueError("an open mosaic is read as it was opened: give bands and gsd_m with its path")
        # Weights that are not there are told now; they are loaded when they are needed.
        find_weights(preset, self._request.weights)
        self._stack = ExitStack()
        if opened is not None and index is None:
            self._source: SearchSource = MosaicSource(opened, preset, network_gsd(preset, None))
        else:
            self._source = self._stack.enter_context(open_source(self._request))
        self._finder: Finder | None = None

    def locate(
        self,
        photo: Photo | AnyPath,
        clicks: Clicked | Sequence[Clicked],
        *,
        bounds: tuple[float, float, float, float] | None = None,
        aoi: AnyPath | None = None,
        near: tuple[float, float] | None = None,
        within_m: float = 500.0,
        gps: bool = True,
        eye_height_m: float | None = None,
        heading_deg: float | None = None,
        pitch_deg: float | None = None,
        dsm: AnyPath | None = None,
        top: int = 1,
        min_score: float | None = None,
        refine: Literal["auto", "off"] = "auto",
        exhaustive: bool = False,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Detections:
        """Find what is clicked in a photograph. The options mean what those of `geoloc locate` mean.

        Args:
            photo: of `load_photo`, or its path. What was clicked before in a photo from eye level that is kept tells
                where it was taken, so that later clicks in it know more.
            clicks: one point (x, y), box (x0, y0, x1, y1) or outline (a shapely Polygon) in pixels of the upright
                photo, or several. What leaves the photo is cut to it, with a warning in the log.
            bounds: search inside west, south, east, north only, degrees in WGS 84.
            aoi: search inside the polygons of this vector file only.
            near: search round this (lon, lat) only.
            within_m: metres round it, or round the photo's own position.
            gps: whether the photo's own position says where to search first, where `near` does not limit it.
            eye_height_m: of the camera over the ground, where the photo does not tell it, or wrongly.
            heading_deg: of the photo's up, a panorama's middle, clockwise from true north, likewise.
            pitch_deg: of the camera, -90 straight down, 0 level, likewise.
            dsm: a raster of heights of the ground; with the photo's GPS height it tells how high a drone was over it.
            top: answers a click at most; what else it could be has a `rank` of 2 and more.
            min_score: leave out answers that score less; None leaves out those to clicks whose best answer scores below
                one half: they are "not here".
            refine: "auto", or "off" for attention alone.
            exhaustive: show every window to the whole network.
            progress: called with the number of looks done and of all, while attention searches.

        Returns:
            The answers, ranked from 1 within each click, clicks in their order.

        Raises:
            PhotoError: the photo cannot be used, or what was clicked or drawn is outside it.
            AreaError: the limits leave nothing to search.
            MosaicError: the mosaic cannot be read.
            WeightsError: the weights cannot be used.
            ValueError: what was clicked is neither points nor boxes nor outlines, or an option has a value that is
                none.
        """
        from geoloc.pipeline.cascade import Watch
        from geoloc.results.detections import Detections

        photo = photo if isinstance(photo, Photo) else load_photo(photo)
        targets = tuple(dict.fromkeys(within_photo(photo, target) for target in targets_of(clicks)))
        for target in targets:
            if target.note:
                _LOG.warning(target.note)
        request = self._asked(
            SearchOptions(
                bounds=bounds,
                aoi=aoi,
                near=near,
                within_m=within_m,
                gps=gps,
                eye_height_m=eye_height_m,
                heading_deg=heading_deg,
                pitch_deg=pitch_deg,
                dsm=dsm,
                top=top,
                min_score=min_score,
                refine=refine,
                exhaustive=exhaustive,
            )
        )
        found = self._finding(request).find(photo, targets, Scope(self._source, request), Watch(progress=progress))
        return Detections(
            tuple(found.here), tuple(found.answers), photo, targets, self._source.crs, found.plan, self._source.mosaic
        )

    def locate_together(
        self,
        views: Sequence[tuple[Photo | AnyPath, Clicked]],
        *,
        name: str = "1",
        progress: Callable[[int, int], None] = lambda done, total: None,
        **options: Unpack[SearchOptions],
    ) -> Detections:
        """Find one object that several photographs show: what they tell of its place is joined.

        Args:
            views: photographs, each with what was clicked or drawn in it.
            name: what the object is called: the answers' `object_id`.
            progress: called with the number of looks done and of all, for each photograph anew.
            options: those of `locate`.

        Returns:
            The answers, ranked from 1; the `photos` of each support it, and the `note` of the first names those that
            contradict it. All have photo and click of the photograph with the best evidence.

        Raises:
            GeolocError: as `locate`.
            ValueError: as `locate`; or there are no photographs, or one of them twice, or several clicks in one.
        """
        from geoloc.pipeline.cascade import Watch
        from geoloc.pipeline.job import find_together, photo_twice
        from geoloc.results.detections import Detections

        read = [
            (photo if isinstance(photo, Photo) else load_photo(photo), targets_of(clicked)) for photo, clicked in views
        ]
        if not read or any(len(targets) != 1 for _, targets in read):
            raise ValueError("give photographs with one click each")
        if photo_twice([photo.path for photo, _ in read]):
            raise ValueError("give each photograph once: two clicks in one are no two witnesses")
        seen = [(photo, within_photo(photo, targets[0])) for photo, targets in read]
        for _, target in seen:
            if target.note:
                _LOG.warning(target.note)
        request = self._asked(options)
        scope, watch = Scope(self._source, request), Watch(progress=progress)
        found = find_together(self._finding(request), name, seen, scope=scope, request=request, watch=watch)
        if found.note:
            _LOG.warning(found.note)
        photo, target = seen[found.asked]
        plan, others = found.alone[found.asked].plan, tuple(seen[: found.asked] + seen[found.asked + 1 :])
        crs, mosaic = self._source.crs, self._source.mosaic
        return Detections(tuple(found.here), tuple(found.answers), photo, (target,), crs, plan, mosaic, others)

    def match(
        self,
        photo: Photo | AnyPath,
        *,
        bounds: tuple[float, float, float, float] | None = None,
        aoi: AnyPath | None = None,
        near: tuple[float, float] | None = None,
        within_m: float = 500.0,
        gps: bool = True,
        dsm: AnyPath | None = None,
    ) -> MatchedPhoto | None:
        """Find where a photograph was taken from, and where each of its pixels lies. The limits are those of `locate`.

        Args:
            photo: of `load_photo`, or its path.
            bounds: match inside west, south, east, north only, degrees in WGS 84.
            aoi: match inside the polygons of this vector file only.
            near: match round this (lon, lat) only.
            within_m: metres round it, or round the photo's own position.
            gps: whether the photo's own position says where to look first, where `near` does not limit it.
            dsm: a raster of heights of the ground, on which lines of sight end then; without it ground is a plane.

        Returns:
            The photo with its pose, and the way from pixels to map and back; None where local features verify nothing.

        Raises:
            GeolocError: the photo, the limits, the mosaic or the weights cannot be used.
            ValueError: an option has a value that is none.
        """
        photo = photo if isinstance(photo, Photo) else load_photo(photo)
        request = self._asked(SearchOptions(bounds=bounds, aoi=aoi, near=near, within_m=within_m, gps=gps, dsm=dsm))
        return self._finding(request).match(photo, Scope(self._source, request))

    def close(self) -> None:
        """Close the files that were opened here, and let go of what was read."""
        self._finder = None
        self._stack.close()

    def __enter__(self) -> Locator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _asked(self, options: SearchOptions) -> SearchRequest:
        """The request for what this searches, with the options of one search."""
        aoi, dsm = (None if path is None else Path(path) for path in (options.get("aoi"), options.get("dsm")))
        given: dict[str, Any] = {**options, "aoi": aoi, "dsm": dsm}
        return replace(self._request, **given)

    def _finding(self, request: SearchRequest) -> Finder:
        """What searches as a request says, with all that was read before."""
        if self._finder is None:
            from geoloc.pipeline.finder import Finder
            from geoloc.pipeline.loading import load_when_needed

            self._finder = Finder(self._source, load_when_needed(request), request)
        return self._finder.with_request(request)


def locate(photo: Photo | AnyPath, clicks: Clicked | Sequence[Clicked], mosaic: Mosaic | AnyPath) -> Detections:
    """Find what is clicked in one photograph on a mosaic, as `Locator(mosaic).locate(photo, clicks)` does.

    Whoever asks twice is faster with a `Locator`, which keeps what it has read and encoded.

    Args:
        photo: of `load_photo`, or its path.
        clicks: one point (x, y), box (x0, y0, x1, y1) or outline (a shapely Polygon) in pixels of the upright photo,
            or several.
        mosaic: of `open_mosaic`, or the path of a raster file or of a folder of them.

    Returns:
        The answers, ranked from 1 within each click; none to a click that is "not here".

    Raises:
        GeolocError: the photo, the mosaic or the weights cannot be used, or a click is outside the photo.
        ValueError: what was clicked is neither points nor boxes nor outlines.
    """
    return Locator(mosaic).locate(photo, clicks)


def _paths(mosaic: Mosaic | AnyPath | Sequence[AnyPath]) -> tuple[Path, ...]:
    if isinstance(mosaic, Mosaic):
        return mosaic.paths
    return (Path(mosaic),) if isinstance(mosaic, str | PathLike) else tuple(map(Path, mosaic))


def targets_of(clicks: Clicked | Sequence[Clicked]) -> tuple[Target, ...]:
    """Return what was clicked: numbers in a row are one click or box, anything else that has a length several.

    >>> targets_of((1426, 624))
    (Target(click=Click(x=1426.0, y=624.0), box=None, polygon=None),)
    >>> [target.click for target in targets_of([(1426, 624), (10, 20, 30, 60)])]
    [Click(x=1426.0, y=624.0), Click(x=20.0, y=40.0)]

    Raises:
        ValueError: neither points nor boxes nor outlines, or one without width or height.
    """
    if isinstance(clicks, Click | PixelBox | Target) or _is_polygon(clicks):
        return (_target(cast(Clicked, clicks)),)
    if not isinstance(clicks, Iterable) or all(isinstance(part, Real) for part in clicks):
        return (_target(cast(Clicked, clicks)),)
    return tuple(dict.fromkeys(_target(cast(Clicked, part)) for part in clicks))


def _target(clicked: Clicked) -> Target:
    if isinstance(clicked, Target):
        return clicked
    if isinstance(clicked, Click):
        return Target(clicked)
    if isinstance(clicked, PixelBox):
        return Target.from_corners(clicked.xmin, clicked.ymin, clicked.xmax, clicked.ymax)
    if _is_polygon(clicked):
        return Target.from_polygon(cast("Polygon", clicked))
    try:
        numbers = tuple(map(float, cast(Iterable[float], clicked)))
    except (TypeError, ValueError):
        numbers = ()
    if len(numbers) == 2:
        return Target(Click(*numbers))
    if len(numbers) == 4:
        return Target.from_corners(*numbers)
    raise ValueError(f"{clicked!r} is neither a point (x, y) nor a box (x0, y0, x1, y1) nor a polygon")


def _is_polygon(clicked: object) -> bool:
    from shapely.geometry import Polygon

    return isinstance(clicked, Polygon)
