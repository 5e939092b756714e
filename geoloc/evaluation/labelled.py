"""Evaluation on labelled queries: how often and how closely answers hit the true boxes and outlines."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyproj
from shapely.geometry import Polygon, box

from geoloc.errors import PhotoError, QueriesError
from geoloc.evaluation.truths import Outline, Truths, read_truths, valid_outline
from geoloc.geometry.refine import METHOD
from geoloc.photo.files.moment import file_of
from geoloc.photo.photo import Photo, load_photo
from geoloc.photo.target import Click, Target, within_photo
from geoloc.photo.target_table import BOX, CLICK, OBJECT, POLYGON, photo_of, target_of
from geoloc.plane.shapes import inner_point
from geoloc.results.detection import Detection, iou
from geoloc.results.measures import measures_of
from geoloc.system.table import TableRow, check_columns, read_csv
from geoloc.system.text import counted
from tiling.grid import ground_distance_m, project

LOG = logging.getLogger(__name__)
_BOX = ("xmin", "ymin", "xmax", "ymax")
QUERY_COLUMNS = ("photo", *CLICK, *_BOX, "epsg")
"""Columns of a file of labelled queries."""
OUTLINE = "geometry"
"""Column of the true outline, where a file has it: WKT in the CRS of `epsg`."""
KIND = "kind"
"""Column of the object's kind, where the file has it."""
SIZES_M = {"under_5_m": (0.0, 5.0), "5_to_15_m": (5.0, 15.0), "over_15_m": (15.0, math.inf)}
"""Classes of objects by their longest side on the ground, metres: from, up to and without."""


@dataclass(frozen=True, slots=True)
class LabelledQuery:
    """A click whose true box is known, and perhaps the true outline.

    Attributes:
        photo: path of the photo.
        click: what was clicked, pixels of the upright photo.
        box: the true box, in `epsg`, along its axes; the envelope of the outline where that is known.
        epsg: code of the CRS of box and outline.
        line: line of the CSV file, the header being line 1.
        outline: the true outline, in `epsg`.
        drawn: the click with what was drawn in the photo, where the search is to be told.
        kind: of the object, such as "barn"; empty where the file does not tell.
    """

    photo: Path
    click: Click
    box: Polygon
    epsg: int
    line: int
    outline: Outline | None = None
    drawn: Target | None = None
    kind: str = ""

    @property
    def target(self) -> Target:
        """What is searched for."""
        return Target(self.click) if self.drawn is None else self.drawn

    @property
    def longest_side_m(self) -> float:
        """Longer side of the smallest rectangle round the true outline, or else of the true box, metres."""
        truth = self.box if self.outline is None else self.outline
        return measures_of(truth.convex_hull, self.epsg).length_m


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the search made of one labelled query.

    Attributes:
        query: what was searched for.
        best: the first answer in rank; None where nothing was found.
        seconds: how long it took.
    """

    query: LabelledQuery
    best: Detection | None
    seconds: float


def read_queries(
    path: Path, *, truth: Path | None = None, drawn: bool = False, photos: Path | None = None
) -> list[LabelledQuery]:
    """Read labelled queries from a CSV file with the `QUERY_COLUMNS`, and perhaps that of the `OUTLINE`.

    Where a true outline is known the true box is its envelope, and the
    columns of the box are not needed.

    Args:
        path: the file.
        truth: vector file of true outlines, joined by the column `object` of both; these count then.
        drawn: whether the search is told what was drawn in the photo: columns of `geoloc.photo.target_table`.
        photos: folder that paths of photos are relative to; None for the file's.

    Raises:
        QueriesError: no such file, a missing column, a missing or senseless value (with its line), no rows.
    """
    truths = None if truth is None else read_truths(truth)
    required = [name for name in QUERY_COLUMNS if name not in _BOX]
    columns, records = read_csv(path, required, (*_BOX, OUTLINE, OBJECT, *BOX, POLYGON))
    needed = [OBJECT] if truths is not None else [] if OUTLINE in columns else _BOX
    check_columns(f"{path}", columns, needed, "in the first line")
    folder = path.parent if photos is None else photos
    return [_query(folder, record, truths, drawn) for record in records]


def _query(folder: Path, record: TableRow, truths: Truths | None, drawn: bool) -> LabelledQuery:
    where = record.where
    target = target_of(record, clicks_only=not drawn)
    photo = photo_of(record, folder)
    if not file_of(photo).is_file():
        raise QueriesError(f"{where}: no such photo {photo}")
    epsg = int(record.number("epsg"))
    try:
        pyproj.CRS.from_epsg(epsg)
    except pyproj.exceptions.CRSError:
        raise QueriesError(f"{where}: EPSG:{epsg} is not a known CRS") from None
    outline = _outline(record, truths, epsg)
    true_box = _true_box(record) if outline is None else box(*outline.bounds)
    told = None if target == Target(target.click) else target
    kind = record.values.get(KIND) or ""
    return LabelledQuery(photo, target.click, true_box, epsg, record.line, outline, told, kind)


def _outline(record: TableRow, truths: Truths | None, epsg: int) -> Outline | None:
    if truths is not None:
        try:
            return truths.of(str(record.values[OBJECT]), epsg)
        except QueriesError as error:
            raise QueriesError(f"{record.where}: {error}") from None
    if not record.has(OUTLINE):
        return None
    return valid_outline(record.polygons(OUTLINE), f"{record.where}: {OUTLINE}")


def _true_box(record: TableRow) -> Polygon:
    missing = [name for name in _BOX if name not in record.values]
    if missing:
        raise QueriesError(f"{record.where}: has neither a true outline nor {', '.join(missing)}")
    xmin, ymin, xmax, ymax = map(record.number, _BOX)
    if xmin >= xmax or ymin >= ymax:
        raise QueriesError(f"{record.where}: the true box is empty; xmin must be below xmax and ymin below ymax")
    return box(xmin, ymin, xmax, ymax)


def run(
    queries: Sequence[LabelledQuery],
    locate: Callable[[Photo, list[Target]], Sequence[Detection]],
    progress: Callable[[int, int], None] | None = None,
    answered: Callable[[Sequence[Outcome]], None] = lambda outcomes: None,
) -> list[Outcome]:
    """Search for every query, all clicks of a photo at once, as a user would give them.

    Args:
        queries: from `read_queries`.
        locate: answers to the clicks in a photo, ranked from 1 within each click.
        progress: called with the number of queries done and of all.
        answered: called with the outcomes of each photo, when they are there.

    Returns:
        Outcomes in the order of the queries; the time of a photo is shared evenly by its clicks.

    Raises:
        QueriesError: a click is outside its photo.
        PhotoError: a photo cannot be read.
    """
    by_photo: dict[Path, list[LabelledQuery]] = {}
    targets: dict[int, Target] = {}
    for query in queries:
        by_photo.setdefault(query.photo, []).append(query)
    # Before anything is searched, which takes long.
    for path, group in by_photo.items():
        photo = load_photo(path)
        for query in group:
            try:
                targets[query.line] = within_photo(photo, query.target)
            except PhotoError as error:
                raise QueriesError(f"line {query.line}: {error}") from None
            if note := targets[query.line].note:
                LOG.warning("line %d: %s", query.line, note)
    outcomes: dict[int, Outcome] = {}
    for path, group in by_photo.items():
        started = time.perf_counter()
        asked = list(dict.fromkeys(targets[query.line] for query in group))
        found = locate(load_photo(path), asked)
        seconds = (time.perf_counter() - started) / len(group)
        best = {_answered(detection, asked): detection for detection in found if detection.rank == 1}
        of_photo = [Outcome(query, best.get(targets[query.line]), seconds) for query in group]
        outcomes |= {outcome.query.line: outcome for outcome in of_photo}
        answered(of_photo)
        if progress is not None:
            progress(len(outcomes), len(queries))
    return [outcomes[query.line] for query in queries]


def _answered(detection: Detection, targets: Sequence[Target]) -> Target | None:
    """What an answer is to: the target of its number, or of its click where whoever answers does not count them."""
    numbered = targets[detection.target] if detection.target < len(targets) else None
    if numbered is not None and numbered.click == detection.click:
        return numbered
    return next((target for target in targets if target.click == detection.click), None)


def summarise(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return the figures of an evaluation; shares are in [0, 1], over all queries.

    - `queries`: how many there are; `located`: to how many there was an answer.
    - `hit_rate`: share whose best answer has its centre inside the true box.
    - `acc_025`, `acc_050`: share whose best answer's box has an IoU strictly above 0.25, 0.5 with it (as CVOGL); boxes
      are along the axes of the truth's CRS, the answer's is the envelope of its outline there.
    - `mean_iou`: of these boxes; 0 where nothing was found.
    - `median_error_m`, `p90_error_m`: between the centres along the ellipsoid; infinite where nothing was found.
      Percentiles are interpolated linearly.
    - `seconds_per_query`: mean.
    - `verified`: how many best answers geometry verified, where there are any; `coverage`: share of these whose error
      is within the `accuracy_m` that they tell, which is meant to be 0.9.
    - `outlines`: how many true outlines are known; where there are any, over these, `outline_iou`: mean IoU of the
      answer's outline with the true one, 0 where nothing was found; `outline_050`, `outline_075`: share strictly above.

    Raises:
        ValueError: no outcomes.
    """
    if not outcomes:
        raise ValueError("no outcomes to summarise")
    count = len(outcomes)
    ious = [box_iou(outcome) for outcome in outcomes]
    errors = sorted(error_m(outcome) for outcome in outcomes)
    figures = {
        "queries": count,
        "located": sum(outcome.best is not None for outcome in outcomes),
        "hit_rate": sum(is_hit(outcome) for outcome in outcomes) / count,
        "acc_025": sum(value > 0.25 for value in ious) / count,
        "acc_050": sum(value > 0.5 for value in ious) / count,
        "mean_iou": sum(ious) / count,
        "median_error_m": _percentile(errors, 0.5),
        "p90_error_m": _percentile(errors, 0.9),
        "seconds_per_query": sum(outcome.seconds for outcome in outcomes) / count,
    }
    within = [covered for outcome in outcomes if (covered := is_covered(outcome)) is not None]
    if within:
        figures["verified"] = len(within)
        figures["coverage"] = sum(within) / len(within)
    shared = [value for outcome in outcomes if (value := outline_iou(outcome)) is not None]
    if shared:
        figures["outlines"] = len(shared)
        figures["outline_iou"] = sum(shared) / len(shared)
        figures["outline_050"] = sum(value > 0.5 for value in shared) / len(shared)
        figures["outline_075"] = sum(value > 0.75 for value in shared) / len(shared)
    return figures


def by_size(outcomes: Sequence[Outcome]) -> dict[str, dict[str, float]]:
    """Return the figures of objects of each class of `SIZES_M`, by the longest side of the true outline or box.

    Each class has `count`, and where that is not 0 the figures of `summarise` but for `queries` and time.
    """
    found: dict[str, dict[str, float]] = {}
    sides = [outcome.query.longest_side_m for outcome in outcomes]
    for name, (low, high) in SIZES_M.items():
        group = [outcome for outcome, side in zip(outcomes, sides, strict=True) if low <= side < high]
        figures = summarise(group) if group else {}
        found[name] = {"count": len(group)} | {
            key: value for key, value in figures.items() if key not in ("queries", "seconds_per_query")
        }
    return found


def is_hit(outcome: Outcome) -> bool:
    """Tell whether the best answer's centre lies inside the true box: its centroid, or a point inside a C."""
    polygon = _best_polygon(outcome)
    return polygon is not None and bool(outcome.query.box.covers(inner_point(polygon)))


def error_m(outcome: Outcome) -> float:
    """Return metres on the ground between the best answer and the truth; infinite without an answer.

    Between the centroids of the outlines where the true one is known, else between the centres of the boxes.
    """
    polygon, query = _best_polygon(outcome), outcome.query
    if polygon is None:
        return math.inf
    if query.outline is None:
        truth, centre = query.box.centroid, polygon.envelope.centroid
    else:
        truth, centre = query.outline.centroid, polygon.centroid
    return ground_distance_m(truth.x, truth.y, centre.x, centre.y, query.epsg)


def is_covered(outcome: Outcome) -> bool | None:
    """Tell whether the error of a verified answer is within its `accuracy_m`; None where geometry verified nothing."""
    if outcome.best is None or outcome.best.method != METHOD:
        return None
    return error_m(outcome) <= outcome.best.accuracy_m


def box_iou(outcome: Outcome) -> float:
    """Return the IoU of the best answer's envelope, in the truth's CRS, with the true box; 0 without an answer."""
    polygon = _best_polygon(outcome)
    return 0.0 if polygon is None else iou(polygon.envelope, outcome.query.box)


def outline_iou(outcome: Outcome) -> float | None:
    """Return the IoU of the best answer's outline with the true one, 0 without an answer; None without the truth."""
    polygon, truth = _best_polygon(outcome), outcome.query.outline
    if truth is None:
        return None
    return 0.0 if polygon is None else iou(polygon, truth)


def _best_polygon(outcome: Outcome) -> Polygon | None:
    """The best answer's polygon in the CRS of the true box."""
    if outcome.best is None:
        return None
    return project(outcome.best.polygon, outcome.best.crs, outcome.query.epsg)


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Linear interpolation between order statistics, as numpy's, but infinite (not nan) next to infinity."""
    position = share * (len(ordered) - 1)
    low = math.floor(position)
    rest = position - low
    if rest < 1e-9:
        return ordered[low]
    return ordered[low] + rest * (ordered[low + 1] - ordered[low]) if ordered[low + 1] < math.inf else math.inf


def to_line(outcome: Outcome) -> str:
    """Return one outcome as a line: where was clicked, and how far from the truth the answer is."""
    click = outcome.query.click
    query = f"{outcome.query.photo.name} at {click.x:g},{click.y:g}"
    if outcome.best is None:
        return f"{query}: not found"
    hit = "in the true box" if is_hit(outcome) else "outside the true box"
    return f"{query}: {error_m(outcome):.2f} m from the truth, {hit}, score {outcome.best.score:.2f}"


def to_json(summary: Mapping[str, float]) -> dict[str, Any]:
    """Return the figures for JSON, which knows no infinity: null says infinitely far."""
    return {key: None if math.isinf(value) else value for key, value in summary.items()}


def to_table(summary: Mapping[str, float]) -> str:
    """Return the figures as aligned lines for a terminal."""
    count = int(summary["queries"])
    rows = [("queries", str(count)), ("located", f"{int(summary['located'])} of {count}")]
    for key in ("hit_rate", "acc_025", "acc_050"):
        rows.append((key, f"{summary[key]:.3f}  ({round(summary[key] * count)} of {count})"))
    rows.append(("mean_iou", f"{summary['mean_iou']:.3f}"))
    rows += [(key, f"{summary[key]:.2f} m") for key in ("median_error_m", "p90_error_m")]
    rows.append(("seconds_per_query", f"{summary['seconds_per_query']:.2f} s"))
    if "coverage" in summary:
        rows.append(("coverage", f"{summary['coverage']:.3f}  (of {int(summary['verified'])} verified)"))
    if "outlines" in summary:
        known = int(summary["outlines"])
        rows.append(("outline_iou", f"{summary['outline_iou']:.3f}  (of {known})"))
        for key in ("outline_050", "outline_075"):
            rows.append((key, f"{summary[key]:.3f}  ({round(summary[key] * known)} of {known})"))
    return "\n".join(f"{name:<18} {value}" for name, value in rows)


def sizes_table(sizes: Mapping[str, Mapping[str, float]]) -> str:
    """Return the figures of `by_size` as aligned lines for a terminal, a line a class."""
    lines = []
    for name, figures in sizes.items():
        text = counted(int(figures["count"]), "query", "queries")
        for key in ("hit_rate", "acc_025", "acc_050", "outline_iou", "outline_050", "outline_075"):
            if key in figures:
                text += f", {key} {figures[key]:.3f}"
        lines.append(f"{name:<18} {text}")
    return "\n".join(lines)
