"""One answer of a search, and how answers of overlapping windows become one ranked list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from shapely import STRtree
from shapely.geometry import MultiPolygon, Point, Polygon

from geoloc.photo.target import Click
from geoloc.plane.map_place import MapPlace
from tiling.datum import lonlat_accuracy
from tiling.degrees import wrapped_deg
from tiling.grid import WGS84, project

PRESENT = 0.5
"""Answers that score less count as "not here"."""
MIN_IOU = 0.3
"""Answers to one click that overlap so much or more are the same object."""

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tiling.mosaic import Mosaic


@dataclass(frozen=True, slots=True)
class Detection:
    """An object on the map for one click in one photo.

    >>> from shapely.geometry import box
    >>> parts = {"box": 0.4, "mosaic pixel": 0.3}
    >>> found = Detection(1, 0.93, Click(1426, 624), "p.jpg", box(500000, 5400000, 500006, 5400004), "EPSG:32633",
    ...                   0.2, 0.5, parts, "base", "19/281234/171234+6", "attention")
    >>> found.xmax - found.xmin, found.accuracy_note
    (6.0, '0.40 m box, 0.30 m mosaic pixel')
    >>> f"{found.centre_lonlat.x:.4f} {found.centre_lonlat.y:.4f}"
    '15.0000 48.7530'

    Attributes:
        rank: 1 is the best answer to this click.
        score: how sure the model is that this is the clicked object, in [0, 1]; comparable between windows. Of a
            verified place it falls as `accuracy_m` grows beyond the object.
        click: what was clicked, pixels of the upright photo.
        photo: the photo's path as it was given.
        polygon: the object's outline in `crs`; how it was come by, `outline` says.
        crs: CRS of the mosaic, anything that pyproj accepts.
        gsd_m: metres on the ground a pixel of what it was last looked at in.
        accuracy_m: the polygon's centre is so near to the true one on the ground, metres, in 90 % of the answers that
            mean the right object, of verified places in 90 % of all: root of the squared parts' sum.
        accuracy_parts: what `accuracy_m` is made of, name to metres, each such a bound by itself.
        model: the network's preset.
        window: id of the window it was found in.
        method: how the box was found, such as "attention".
        target: number of the clicked object among those searched at a time; tells apart two boxes with one centre.
        evidence: log odds that the score was made of, before they are fitted (see `Calibration`); None where the
            score was made otherwise, as that of a place which geometry verified.
        spread_m: standard deviation of the centre under the network's own weights near it, metres on the ground.
        note: what else its reader should know, in words, such as that the photo's own position was not believed.
        outline: how `polygon` was come by: "segment", out of the mosaic's pixels; "drawn", what was drawn in the photo
            carried over; "box", a rectangle about as large as the object.
        outline_score: the probability that the outline shares more than half (IoU) with the true one; 0 for a box.
        alternatives: other plausible outlines in `crs`, smallest first, `polygon` among them; empty without any.
        place: of a place that geometry verified, all that is known of its errors; None of others, of which `score` and
            `accuracy_m` say it.
        object_id: what the object is called that several photographs were asked for together.
        photos: those of them whose evidence supports the answer; empty where one was searched for itself.
        clicks: what was clicked in each of the `photos`.
    """

    rank: int
    score: float
    click: Click
    photo: str
    polygon: Polygon
    crs: Any
    gsd_m: float
    accuracy_m: float
    accuracy_parts: Mapping[str, float] = field(hash=False)
    model: str
    window: str
    method: str
    target: int = 0
    evidence: float | None = None
    spread_m: float = 0.0
    note: str = ""
    outline: Literal["segment", "drawn", "box"] = "box"
    outline_score: float = 0.0
    alternatives: tuple[Polygon, ...] = ()
    place: MapPlace | None = field(default=None, compare=False, repr=False)
    object_id: str = ""
    photos: tuple[str, ...] = ()
    clicks: tuple[Click, ...] = ()

    @property
    def query(self) -> tuple[str, Click, int]:
        """Photo, click and target that it is an answer to."""
        return self.photo, self.click, self.target

    @property
    def centre_lonlat(self) -> Point:
        """Centre of the polygon in WGS 84, its longitude from -180 to 180."""
        centre = project(self.polygon.centroid, self.crs, WGS84)
        return Point(wrapped_deg(centre.x), centre.y)

    @property
    def xmin(self) -> float:
        """Western bound of the polygon in `crs`."""
        return float(self.polygon.bounds[0])

    @property
    def ymin(self) -> float:
        """Southern bound of the polygon in `crs`."""
        return float(self.polygon.bounds[1])

    @property
    def xmax(self) -> float:
        """Eastern bound of the polygon in `crs`."""
        return float(self.polygon.bounds[2])

    @property
    def ymax(self) -> float:
        """Northern bound of the polygon in `crs`."""
        return float(self.polygon.bounds[3])

    @property
    def accuracy_note(self) -> str:
        """Parts of the accuracy as a sentence for a table: "0.25 m box, 0.10 m pixel".

        Behind them stands how good longitudes and latitudes are that come from `crs`, where it has not the datum of
        WGS 84; coordinates in `crs` itself are as good as the parts say.
        """
        parts = ", ".join(f"{metres:.2f} m {name}" for name, metres in self.accuracy_parts.items())
        centre = self.centre_lonlat
        note = lonlat_accuracy(self.crs, centre.x, centre.y).note
        return f"{parts}; {note}" if note else parts

    def plot(self, ax: Axes | None = None, *, mosaic: Mosaic | None = None) -> Axes:
        """Draw it with matplotlib, on the mosaic where one is given.

        Args:
            ax: what to draw on; a new figure where it is None.
            mosaic: what lies under it.

        Raises:
            OutputError: matplotlib is not installed.
            MosaicError: the mosaic cannot be read.
        """
        from geoloc.results.plot import plot_polygon

        title = f"{self.rank}: score {self.score:.2f}, ± {self.accuracy_m:.1f} m"
        return plot_polygon(self.polygon, self.crs, title, ax, mosaic)


def iou(a: Polygon | MultiPolygon, b: Polygon | MultiPolygon) -> float:
    """Return the area of the intersection over that of the union; 0 where both are empty."""
    shared = a.intersection(b).area
    union = a.area + b.area - shared
    return float(shared / union) if union > 0 else 0.0


def present(detections: Iterable[Detection], threshold: float) -> list[Detection]:
    """Return all answers to the clicks whose best answer scores `threshold` or more; the other clicks are "not here".

    Lesser answers to a click that is here are kept: they are what else it could be.
    """
    detections = list(detections)
    here = {best.query for best in detections if best.score >= threshold}
    return [detection for detection in detections if detection.query in here]


def that_count(detections: Sequence[Detection], min_score: float | None) -> list[Detection]:
    """Return the answers that score enough; where nothing is asked, those to clicks that are `present`."""
    if min_score is None:
        return present(detections, PRESENT)
    return [detection for detection in detections if detection.score >= min_score]


def ranking(detections: Sequence[Detection], *, top: int) -> list[tuple[int, int]]:
    """Rank the answers to each click without those that repeat a better one (greedy non-maximum suppression).

    Two answers are the same object where their IoU is `MIN_IOU` or more, or where each one's centre lies in the other:
    neighbouring windows often agree on the place and not on the size.

    Returns:
        Index and rank of the answers that are kept, at most `top` a click, ranked from 1 within each click, clicks in
        the order in which they first appear.
    """
    groups: dict[tuple[str, Click, int], list[int]] = {}
    for index, detection in enumerate(detections):
        groups.setdefault(detection.query, []).append(index)
    kept = (_without_repeats(detections, group)[:top] for group in groups.values())
    return [(index, rank) for group in kept for rank, index in enumerate(group, start=1)]


def _without_repeats(detections: Sequence[Detection], group: Sequence[int]) -> list[int]:
    """Those of a group that repeat no better one, best first."""
    ordered = sorted(group, key=lambda index: -detections[index].score)
    polygons = [detections[index].polygon for index in ordered]
    tree = STRtree(polygons)
    dropped = np.zeros(len(ordered), bool)
    kept = []
    for i, polygon in enumerate(polygons):
        if dropped[i]:
            continue
        kept.append(ordered[i])
        for j in tree.query(polygon, predicate="intersects"):
            if j > i and not dropped[j]:
                dropped[j] = _same_object(polygon, polygons[j])
    return kept


def _same_object(a: Polygon, b: Polygon) -> bool:
    return iou(a, b) >= MIN_IOU or (a.covers(b.centroid) and b.covers(a.centroid))
