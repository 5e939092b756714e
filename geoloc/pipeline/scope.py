"""Where a search looks: the limits of a request, and the photo's own position, as a plan of windows.

The rule about a photo's GPS position stands here and nowhere else: it says where to search first where the request
lets it (`gps`) and names no other position (`near`), which is a limit.
"""

from __future__ import annotations

from geoloc.photo.files.moment import split_moment
from geoloc.photo.photo import Photo
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.source import SearchSource
from geoloc.system.text import counted
from tiling.area import Area
from tiling.errors import AreaError
from tiling.plan import Plan

_OF_PHOTO = "the photo's GPS position"


class Scope:
    """Where a request searches its source, for any photo.

    Attributes:
        area: what all limits leave, without any photo's position.
    """

    def __init__(self, source: SearchSource, request: SearchRequest) -> None:
        """Check the limits against what there is to search, without reading pixels.

        Raises:
            AreaError: a limit is senseless, or together they leave nothing of the source.
        """
        self._source, self._request = source, request
        self._everything: Plan | None = None
        area = Area.everywhere()
        if request.bounds is not None:
            area = area.intersect(Area.from_bounds(*request.bounds))
        if request.area is not None:
            area = area.intersect(request.area)
        if request.aoi is not None:
            area = area.intersect(Area.from_file(request.aoi))
        if request.near is not None:
            area = area.intersect(Area.near(*request.near, request.within_m))
        source.check(area)
        self.area = area

    def check(self) -> None:
        """Make the plan for all photos, if there is one, so that an error in it comes before the network is loaded.

        Raises:
            AreaError: the limits leave nothing of the mosaic.
            MosaicError: pixels cannot be read.
        """
        if not self._request.gps:
            self.plan()

    def around(self, photo: Photo) -> str:
        """Say in words where the photo's own position says to search first; nothing where it does not."""
        position = self._position(photo)
        if position is None:
            return ""
        return f"within {self._request.within_m:g} m of {_told_by(photo)} {position[0]:.6f},{position[1]:.6f}"

    def unused(self, photo: Photo) -> str:
        """Say in words why a photo's own position does not say where to search; nothing where it, or `near`, does."""
        if self._request.near is not None or self.near(photo) is not None:
            return ""
        if photo.position is None:
            return "the photo has no GPS position"
        if not self._request.gps:
            return f"{_told_by(photo)} is not used"
        return f"nothing that is searched lies {self.around(photo)}"

    def searched(self, photo: Photo, plan: Plan) -> str:
        """Say in words where was looked for what is in a photo.

        Args:
            photo: the photograph.
            plan: the windows that were looked at.
        """
        near, windows = self.near(photo), counted(len(plan.windows), "window")
        if near is not None and near.windows == plan.windows:
            return f"in {windows} {self.around(photo)}"
        if self._request.near is not None:
            lon, lat = self._request.near
            return f"in {windows} within {self._request.within_m:g} m of {lon:.6f},{lat:.6f}"
        limited = any(limit is not None for limit in (self._request.bounds, self._request.aoi, self._request.area))
        where = "in the limits that were given" if limited else "of all that there is"
        return "in {} {}, {:.5f},{:.5f} to {:.5f},{:.5f}".format(windows, where, *plan.area.bounds)

    def doubt(self, photo: Photo) -> str:
        """Say in words that the photo's own position was not believed; nothing where it does not count."""
        if self._position(photo) is None:
            return ""
        text = f"the photo's GPS position was not believed: nothing was found within {self._request.within_m:g} m of it"
        return text.replace(_OF_PHOTO, _told_by(photo))

    def plan(self, photo: Photo | None = None) -> Plan:
        """Plan the windows to search first: those near the photo where its own position counts, else all in the limits.

        Raises:
            AreaError: the limits leave nothing of the mosaic.
            MosaicError: pixels cannot be read.
        """
        if photo is not None and (near := self.near(photo)) is not None:
            return near
        if self._everything is None:
            self._everything = self._source.plan(self.area)
        return self._everything

    def told(self, photo: Photo) -> tuple[float, float] | None:
        """Return where (lon, lat) objects are said to be near, by the request or else by the photo; None if nowhere."""
        return self._request.near or self._position(photo)

    def near(self, photo: Photo) -> Plan | None:
        """Plan the windows near a photo; None where its own position does not count, or leaves nothing of the mosaic.

        Raises:
            MosaicError: pixels cannot be read.
        """
        position = self._position(photo)
        if position is None:
            return None
        area = Area.near(*position, self._request.within_m)
        try:
            return self._source.plan(self.area.intersect(area))
        except AreaError:
            return None

    def _position(self, photo: Photo) -> tuple[float, float] | None:
        """Return the photo's own position (lon, lat) where it counts; None else."""
        return photo.position if self._request.gps and self._request.near is None else None


def _told_by(photo: Photo) -> str:
    """Return what to call a photo's own position: that of a picture of a video is in the subtitles beside it."""
    video, moment = split_moment(photo.path)
    return _OF_PHOTO if moment is None else f"the position in {video.stem}.SRT"
