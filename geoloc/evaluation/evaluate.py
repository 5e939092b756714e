"""Evaluation on labelled queries: how often and how closely answers hit the true boxes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyproj
from shapely.geometry import Polygon, box

from geoloc.errors import PhotoError, QueriesError
from geoloc.photo.photo import Photo, load_photo
from geoloc.photo.target import Click, Target, check_target
from geoloc.results.detection import Detection, iou
from geoloc.system.table import TableRow, read_csv
from tiling.grid import ground_distance_m, project

QUERY_COLUMNS = ("photo", "click_x", "click_y", "xmin", "ymin", "xmax", "ymax", "epsg")
"""Columns of a file of labelled queries."""


@dataclass(frozen=True, slots=True)
class LabelledQuery:
    """A click whose true box is known.

    Attributes:
        photo: path of the photo.
        click: what was clicked, pixels of the upright photo.
        box: the true box, in `epsg`, along its axes.
        epsg: code of the CRS of the box.
        line: line of the CSV file, the header being line 1.
    """

    photo: Path
    click: Click
    box: Polygon
    epsg: int
    line: int


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


def read_queries(path: Path) -> list[LabelledQuery]:
    """Read labelled queries from a CSV file with the `QUERY_COLUMNS`, others ignored.

    Paths of photos are relative to the file.

    Raises:
        QueriesError: no such file, a missing column, a missing or senseless value (with its line), no rows.
    """
    _, records = read_csv(path, QUERY_COLUMNS)
    return [_query(path, record) for record in records]


def _query(path: Path, record: TableRow) -> LabelledQuery:
    where = record.where
    values = {name: record.number(name) for name in QUERY_COLUMNS[1:]}
    photo = path.parent / (record.values["photo"] or "")
    if not photo.is_file():
        raise QueriesError(f"{where}: no such photo {photo}")
    if values["xmin"] >= values["xmax"] or values["ymin"] >= values["ymax"]:
        raise QueriesError(f"{where}: the true box is empty; xmin must be below xmax and ymin below ymax")
    epsg = int(values["epsg"])
    try:
        pyproj.CRS.from_epsg(epsg)
    except pyproj.exceptions.CRSError:
        raise QueriesError(f"{where}: EPSG:{epsg} is not a known CRS") from None
    truth = box(values["xmin"], values["ymin"], values["xmax"], values["ymax"])
    return LabelledQuery(photo, Click(values["click_x"], values["click_y"]), truth, epsg, record.line)


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
    for query in queries:
        by_photo.setdefault(query.photo, []).append(query)
    # Before anything is searched, which takes long.
    for path, group in by_photo.items():
        photo = load_photo(path)
        for query in group:
            try:
                check_target(photo, Target(query.click))
            except PhotoError as error:
                raise QueriesError(f"line {query.line}: {error}") from None
    outcomes: dict[int, Outcome] = {}
    for path, group in by_photo.items():
        started = time.perf_counter()
        clicks = dict.fromkeys(query.click for query in group)
        found = locate(load_photo(path), [Target(click) for click in clicks])
        seconds = (time.perf_counter() - started) / len(group)
        best = {detection.click: detection for detection in found if detection.rank == 1}
        of_photo = [Outcome(query, best.get(query.click), seconds) for query in group]
        outcomes |= {outcome.query.line: outcome for outcome in of_photo}
        answered(of_photo)
        if progress is not None:
            progress(len(outcomes), len(queries))
    return [outcomes[query.line] for query in queries]


def summarise(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return the figures of an evaluation; shares are in [0, 1], over all queries.

    - `queries`: how many there are; `located`: to how many there was an answer.
    - `hit_rate`: share whose best answer has its centre inside the true box.
    - `acc_025`, `acc_050`: share whose best answer has an IoU strictly above 0.25, 0.5 with it (as CVOGL).
    - `mean_iou`: 0 where nothing was found.
    - `median_error_m`, `p90_error_m`: between the centres of the boxes along the ellipsoid; infinite where
      nothing was found. Percentiles are interpolated linearly.
    - `seconds_per_query`: mean.

    Raises:
        ValueError: no outcomes.
    """
    if not outcomes:
        raise ValueError("no outcomes to summarise")
    count = len(outcomes)
    ious = [_iou(outcome) for outcome in outcomes]
    errors = sorted(error_m(outcome) for outcome in outcomes)
    return {
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


def is_hit(outcome: Outcome) -> bool:
    """Tell whether the best answer's centre lies inside the true box."""
    polygon = _best_polygon(outcome)
    return polygon is not None and bool(outcome.query.box.covers(polygon.centroid))


def error_m(outcome: Outcome) -> float:
    """Return metres on the ground between the centres of the best answer and of the true box; infinite without one."""
    polygon = _best_polygon(outcome)
    if polygon is None:
        return math.inf
    truth = outcome.query.box.centroid
    return ground_distance_m(truth.x, truth.y, polygon.centroid.x, polygon.centroid.y, outcome.query.epsg)


def _iou(outcome: Outcome) -> float:
    polygon = _best_polygon(outcome)
    return 0.0 if polygon is None else iou(polygon, outcome.query.box)


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
    return "\n".join(f"{name:<18} {value}" for name, value in rows)
