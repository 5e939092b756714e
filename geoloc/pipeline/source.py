"""What a request searches: a mosaic, an index of one, or an index beside its mosaic."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyproj
import shapely
from cachetools import LRUCache
from numpy.typing import NDArray

from geoloc.model.packaged import find_weights
from geoloc.model.presets import preset_config
from geoloc.pipeline.request import SearchRequest
from geoloc.system.extras import needing
from tiling.area import Area
from tiling.datum import warn_of_crs
from tiling.degrees import wrapped_deg
from tiling.errors import MosaicError
from tiling.grid import WGS84, transformer
from tiling.mosaic import Mosaic, open_mosaic
from tiling.names import gdal_name, local_file
from tiling.plan import Plan, make_plan, shared_area

if TYPE_CHECKING:
    from geoloc.features.reference import Reference
    from geoloc.index.reader import OpenIndex
    from geoloc.keypoints.keypoint_squares import KeypointSquares
    from geoloc.keypoints.matcher import Matcher
    from geoloc.keypoints.mosaic_keypoints import MosaicKeypoints
    from geoloc.model.localizer import Localizer

LOG = logging.getLogger(__name__)
_PLANS = 8
"""Plans of a source that are kept: making one takes as long as a match."""
COARSE = 3.0
"""Pixels of the mosaic that are so many times larger than those of the search hold nothing that is looked for."""
TOO_COARSE = 20.0
"""Pixels that are so many times larger are refused, unless a GSD asks for them: a search would take tens of thousands
of windows to find nothing. Mostly they are of a mosaic that was never georeferenced."""

_FINEST_M = 1e-4
"""A tenth of a millimetre: no ground is mapped more finely."""
TOO_FINE = 10.0
"""Pixels that are read so many times finer than they are hold nothing more, and take a hundred times as long."""


class SearchSource(Protocol):
    """Something to search, open; see `open_source`. For one thread."""

    @property
    def crs(self) -> pyproj.CRS:
        """CRS of the mosaic, and so of the answers."""

    @property
    def gsd_m(self) -> float:
        """GSD of the mosaic, metres a pixel, or the finest at which it is read; see `Mosaic.gsd_m`."""

    @property
    def middle_x(self) -> float:
        """An x of the mosaic, in its CRS: in which turn round the world it is counted."""

    @property
    def finest_m(self) -> float:
        """Finest GSD, metres a pixel, at which pixels are read; see `Mosaic.finest_m`."""

    @property
    def mosaic(self) -> Mosaic | None:
        """Mosaic with the pixels, where they are at hand."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """Files that change where the source does."""

    def check(self, area: Area) -> None:
        """Check, without reading pixels, that something of the source lies in an area.

        Raises:
            AreaError: nothing does.
        """

    def shows(self, places: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which places, N x 2 in its CRS, the source has data of; an index alone goes by its files' outlines.

        Raises:
            MosaicError: pixels cannot be read.
        """

    def plan(self, area: Area) -> Plan:
        """Plan the windows that show what of the source lies in an area.

        Raises:
            AreaError: nothing does.
            GeolocError: the source cannot be read.
        """

    def reference(self, plan: Plan, model: Localizer) -> Reference:
        """Return the windows of a plan as a network sees them."""

    def keypoints(self, plan: Plan, matcher: Matcher) -> KeypointSquares | None:
        """Return the local features of the ground that a plan shows, found or kept; None where none are to be had.

        Args:
            plan: of this source.
            matcher: what finds features, where they are not kept.
        """


class MosaicSource:
    """A mosaic, encoded as it is searched."""

    def __init__(self, mosaic: Mosaic, preset: str, gsd_m: float | None) -> None:
        """Search a mosaic.

        Args:
            mosaic: the mosaic, open as long as this is used.
            preset: name of the network, which says how wide windows are.
            gsd_m: GSD of the windows, metres a pixel; None for the network's own.

        Raises:
            MosaicError: its pixels are so coarse that nothing can be found in them, and no GSD asks for that.
            WeightsError: no such preset.
        """
        config = preset_config(preset)
        self.mosaic = mosaic
        self._gsd_m, self._window_px = gsd_m or config.gsd_m, config.window_px
        self._keypoints = _KeptKeypoints(mosaic)
        self._plans = _KeptPlans(lambda area: make_plan(mosaic, self._gsd_m, self._window_px, area))
        _check_detail(mosaic, preset, self._gsd_m)
        for path, crs, place in mosaic.places:
            warn_of_crs(gdal_name(path), crs, place.x, place.y)
        if mosaic.gsd_m > COARSE * self._gsd_m:
            text = "The mosaic's pixels are %.3g m and the network's %.3g m: too little detail to expect much"
            LOG.warning(text, mosaic.gsd_m, self._gsd_m)

    @property
    def crs(self) -> pyproj.CRS:
        """CRS of the mosaic, and so of the answers."""
        return self.mosaic.crs

    @property
    def gsd_m(self) -> float:
        """GSD of the mosaic, metres a pixel, or the finest at which it is read."""
        return self.mosaic.gsd_m

    @property
    def middle_x(self) -> float:
        """An x of the mosaic, in its CRS."""
        return self.mosaic.middle_x

    @property
    def finest_m(self) -> float:
        """Finest GSD, metres a pixel, at which pixels of the mosaic are read."""
        return self.mosaic.finest_m

    @property
    def paths(self) -> tuple[Path, ...]:
        """Files of the mosaic."""
        return tuple(map(local_file, self.mosaic.paths))

    def check(self, area: Area) -> None:
        """Check, without reading pixels, that something of the mosaic lies in an area."""
        shared_area(self.mosaic, area)

    def shows(self, places: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which places, N x 2 in its CRS, the mosaic has data of."""
        return self.mosaic.shows(places)

    def plan(self, area: Area) -> Plan:
        """Plan the windows that show what of the mosaic lies in an area; those asked for last are kept."""
        return self._plans.of(area)

    def reference(self, plan: Plan, model: Localizer) -> Reference:
        """Return the windows of a plan, encoded as they are looked at."""
        from geoloc.features.mosaic_features import MosaicFeatures

        return MosaicFeatures(self.mosaic, plan, model)

    def keypoints(self, plan: Plan, matcher: Matcher) -> KeypointSquares:
        """Return the local features of the mosaic, found when they are asked for; the same for plans of one lattice."""
        return self._keypoints.of(plan, matcher)


class IndexSource:
    """An index, with the pixels of its mosaic where they are at hand."""

    def __init__(self, index: OpenIndex, mosaic: Mosaic | None) -> None:
        """Search an index; an older one needs its mosaic, open, for geometry."""
        self._index = index
        self.mosaic = mosaic
        place = index.whole.area.centroid
        warn_of_crs(str(index.path), index.crs, place.x, place.y)
        self._found = None if mosaic is None else _KeptKeypoints(mosaic)
        self._kept: KeypointSquares | None = None
        self._plans = _KeptPlans(index.plan)

    @property
    def crs(self) -> pyproj.CRS:
        """CRS of the indexed mosaic, and so of the answers."""
        return self._index.crs

    @property
    def gsd_m(self) -> float:
        """GSD of the indexed mosaic, metres a pixel, or the finest at which it was read."""
        return self._index.header.gsd_m

    @property
    def middle_x(self) -> float:
        """An x of the indexed mosaic, in its CRS."""
        return self._index.header.middle_x

    @property
    def finest_m(self) -> float:
        """Finest GSD, metres a pixel, at which the mosaic was read when it was indexed."""
        return self._index.header.finest_m

    @property
    def paths(self) -> tuple[Path, ...]:
        """Files that change where the source does; those of the mosaic too, since geometry looks at its pixels."""
        return self._index.header_path, *map(local_file, self.mosaic.paths if self.mosaic is not None else ())

    def check(self, area: Area) -> None:
        """Check, without reading features, that something of what was indexed lies in an area."""
        self._index.whole.shared(area)

    def shows(self, places: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which places, N x 2 in its CRS, the mosaic has data of, or lie in the outlines that were indexed."""
        if self.mosaic is not None:
            return self.mosaic.shows(places)
        lon, lat = transformer(self.crs, WGS84).transform(*places.T)
        return np.asarray(shapely.intersects_xy(self._index.whole.area, wrapped_deg(lon), lat))

    def plan(self, area: Area) -> Plan:
        """Return the windows of the index that show an area; those asked for last are kept."""
        return self._plans.of(area)

    def reference(self, plan: Plan, model: Localizer) -> Reference:
        """Return the windows of a plan with the features that the index holds."""
        return self._index.reference(plan, model, self.mosaic)

    def keypoints(self, plan: Plan, matcher: Matcher) -> KeypointSquares | None:
        """Return the local features that the index keeps, or those of its mosaic where that is at hand."""
        if self._index.header.keypoints is None:
            return None if self._found is None else self._found.of(plan, matcher)
        if self._kept is None:
            from geoloc.index.index_keypoints import IndexKeypoints

            self._kept = IndexKeypoints(self._index)
        return self._kept


def _check_detail(mosaic: Mosaic, preset: str, gsd_m: float) -> None:
    """Refuse a mosaic far coarser than what the network is shown and what was asked for, or than the GSD asked for."""
    if mosaic.own_gsd_m < _FINEST_M:
        raise MosaicError(
            f"{gdal_name(mosaic.paths[0])}: its pixels are {mosaic.own_gsd_m:.3g} m on the ground, finer than any"
            " picture's; its coordinates may be degrees and its CRS one of metres: georeference it again"
        )
    own_m, needed_m = mosaic.own_gsd_m, TOO_COARSE * max(gsd_m, mosaic.finest_m)
    finest_m = min(own_m / TOO_FINE, network_gsd(preset, None))
    if 0 < mosaic.finest_m < finest_m:
        raise MosaicError(
            f"{gdal_name(mosaic.paths[0])}: its pixels are {own_m:.3g} m on the ground; read at {mosaic.finest_m:g} m"
            f" they show nothing more, and take far longer; give a --gsd of {finest_m:.3g} or more"
        )
    if own_m > needed_m:
        raise MosaicError(
            f"{gdal_name(mosaic.paths[0])}: its pixels are {own_m:.3g} m on the ground; what {preset!r} looks for needs"
            f" {needed_m:.3g} m or finer, best {gsd_m:g} m. Is it georeferenced as it should be? --gsd {own_m:.3g}"
            " searches it all the same"
        )


class _KeptPlans:
    """The plans that were asked for last: a search asks for one several times, and the next click in a photo again."""

    def __init__(self, make: Callable[[Area], Plan]) -> None:
        self._make = make
        self._kept: LRUCache[bytes, Plan] = LRUCache(_PLANS)

    def of(self, area: Area) -> Plan:
        key = area.polygon.wkb
        if key not in self._kept:
            self._kept[key] = self._make(area)
        return self._kept[key]


class _KeptKeypoints:
    """The local features that were found in a mosaic, those of the lattice that was asked for last."""

    def __init__(self, mosaic: Mosaic) -> None:
        self._mosaic = mosaic
        self._by_lattice: LRUCache[tuple[int, int, int], MosaicKeypoints] = LRUCache(1)

    def of(self, plan: Plan, matcher: Matcher) -> MosaicKeypoints:
        from geoloc.keypoints.mosaic_keypoints import MosaicKeypoints

        if plan.lattice not in self._by_lattice:
            self._by_lattice[plan.lattice] = MosaicKeypoints(self._mosaic, plan, matcher)
        return self._by_lattice[plan.lattice]


@contextmanager
def open_source(request: SearchRequest) -> Iterator[SearchSource]:
    """Open what a request searches, for the network that the request names.

    An index has its own bands and GSD, in which its mosaic is read too. An index alone takes the mosaic from where it
    was when it was indexed, if it is there and unchanged.

    Raises:
        MosaicError: a mosaic cannot be used.
        IndexFileError: an index cannot be used, or not with these weights or this mosaic.
        WeightsError: no such preset or weights.
    """
    preset, gsd_m = request.preset, request.gsd_m
    with ExitStack() as stack:
        if request.index is None:
            mosaic = stack.enter_context(open_mosaic(request.mosaics, request.bands, gsd_m or 0.0))
            yield MosaicSource(mosaic, preset, network_gsd(preset, gsd_m))
            return
        with needing("index"):
            from geoloc.index.reader import OpenIndex
        index = OpenIndex(request.index)
        index.check_model(preset, find_weights(preset, request.weights))
        if index.header.lacks is not None:
            LOG.warning("%s has %s", request.index, index.header.lacks)
        yield IndexSource(index, _beside(stack, request.mosaics, index))


def network_gsd(preset: str, gsd_m: float | None) -> float:
    """Return the GSD, metres a pixel, at which a search that reads its mosaic at `gsd_m` shows it to the network.

    Coarser pixels are enlarged to the network's own, since small objects have too few of its cells otherwise.

    Args:
        preset: name of the network.
        gsd_m: metres a pixel; None for the network's own.
    """
    own = preset_config(preset).gsd_m
    return min(gsd_m or own, own)


def _beside(stack: ExitStack, mosaics: Sequence[Path], index: OpenIndex) -> Mosaic | None:
    """Open the mosaic of an index: that which is given, or else that which it was made of, if it is there."""
    header = index.header
    paths = mosaics or [Path(file.path) for file in header.mosaic]
    try:
        mosaic = stack.enter_context(open_mosaic(paths, header.request.bands, header.finest_m))
    except MosaicError as error:
        if mosaics:
            raise
        without = "no close look, coarser boxes" if header.keypoints is not None else "no geometry, coarser boxes"
        LOG.warning("The index alone is searched: %s. Give --mosaic for more (%s)", without, error)
        return None
    index.check_mosaic(mosaic.fingerprint)
    return mosaic
