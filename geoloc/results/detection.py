"""One answer of a search, and how answers of overlapping windows become one ranked list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from shapely import STRtree
from shapely.geometry import Point, Polygon

from geoloc.photo.target import Click
from tiling.grid import WGS84, project


@dataclass(frozen=True, slots=True)
class Detection:
    """A box on the map for one click in one photo."""

    rank: int
    """1 is the best answer to this click."""
    score: float
    """In [0, 1], comparable between windows: how sure the model is that this is the clicked object."""
    click: Click
    photo: str
    """The photo's path as it was given."""
    polygon: Polygon
    """In `crs`, four corners; a rectangle along the window's axes."""
    crs: Any
    """CRS of the mosaic: anything that pyproj accepts."""
    gsd_m: float
    """Metres on the ground a pixel of what it was last looked at in."""
    accuracy_m: float
    """Expected error of the polygon's centre on the ground, in metres: root of the squared parts' sum."""
    accuracy_parts: Mapping[str, float] = field(hash=False)
    """What `accuracy_m` is made of: name to metres."""
    model: str
    window: str
    """Id of the window it was found in."""
    method: str
    """How the box was found, such as "attention"."""
    target: int = 0
    """Which of the objects asked for at a time; tells apart two boxes with one centre."""
    evidence: float | None = None
    """What the score was made of, see `Calibration`: log odds before they are fitted; None where nothing was searched."""
    spread_m: float = 0.0
    """Standard deviation of the centre under the network's own weights near it, metres on the ground."""

    @property
    def asked(self) -> tuple[str, Click, int]:
        """What it is an answer to."""
        return self.photo, self.click, self.target

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
        """`accuracy_parts` as a sentence for a table: "0.25 m box, 0.10 m pixel"."""
        return ", ".join(f"{metres:.2f} m {name}" for name, metres in self.accuracy_parts.items())


def place(detection: Detection) -> Point:
    """Where its centre is, WGS 84, longitude from -180 to 180."""
    centre = project(detection.polygon.centroid, detection.crs, WGS84)
    return Point((centre.x + 180) % 360 - 180, centre.y)


def iou(a: Polygon, b: Polygon) -> float:
    """Area of the intersection over that of the union; 0 where both are empty."""
    shared = a.intersection(b).area
    union = a.area + b.area - shared
    return float(shared / union) if union > 0 else 0.0


def present(detections: Iterable[Detection], threshold: float) -> list[Detection]:
    """All answers to the clicks whose best answer scores `threshold` or more; the other clicks are "not here".

    Lesser answers to a click that is here are kept: they are what else it could be.
    """
    detections = list(detections)
    here = {best.asked for best in detections if best.score >= threshold}
    return [found for found in detections if found.asked in here]


def merge(detections: Iterable[Detection], *, min_iou: float = 0.3, top: int | None = None) -> list[Detection]:
    """Rank the answers to each click and drop those that repeat a better one; see `ranking`."""
    detections = list(detections)
    return [replace(detections[i], rank=rank) for i, rank in ranking(detections, min_iou=min_iou, top=top)]


def ranking(detections: Sequence[Detection], *, min_iou: float = 0.3, top: int | None = None) -> list[tuple[int, int]]:
    """Rank the answers to each click without those that repeat a better one (greedy non-maximum suppression).

    Two answers are the same object where their IoU is `min_iou` or more, or where each one's centre lies in the other:
    neighbouring windows often agree on the place and not on the size.

    Returns:
        Index and rank of the answers that are kept, at most `top` a click, ranked from 1 within each click, clicks in
        the order in which they first appear.
    """
    groups: dict[tuple[str, Click, int], list[int]] = {}
    for index, detection in enumerate(detections):
        groups.setdefault(detection.asked, []).append(index)
    kept = (_suppressed(detections, group, min_iou)[:top] for group in groups.values())
    return [(index, rank) for group in kept for rank, index in enumerate(group, start=1)]


def _suppressed(detections: Sequence[Detection], group: Sequence[int], min_iou: float) -> list[int]:
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
                dropped[j] = _same(polygon, polygons[j], min_iou)
    return kept


def _same(a: Polygon, b: Polygon, min_iou: float) -> bool:
    return iou(a, b) >= min_iou or (a.covers(b.centroid) and b.covers(a.centroid))
