"""What one method made of one query, as it is stored and counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from shapely.geometry import Polygon, box

from geoloc.evaluation.labelled import LabelledQuery, Outcome, error_m, is_covered, summarise
from geoloc.evaluation.truths import Outline
from geoloc.results.columns import epsg_of
from geoloc.results.detection import iou
from tiling.grid import as_crs, project


@dataclass(frozen=True, slots=True)
class QueryRecord:
    """One query with its answer.

    Attributes:
        photo: its site and file name, shared by the clicks that are drawn together by the bootstrap.
        mosaic: name of what was searched.
        click: x, y in the photo.
        truth: xmin, ymin, xmax, ymax in `epsg`, where the object really is.
        epsg: of `truth`.
        hit: 0 or 1, or how often for a method that answers at random; as `acc_025` and `acc_050`.
        acc_025: whether the IoU is above 0.25.
        acc_050: whether the IoU is above 0.5.
        score: of the best answer, 0 without one.
        answer: its outline's corners in `crs`, None without one.
        crs: EPSG code or WKT of `answer`.
        error_m: of an answer that geometry verified, metres; None for others, and in files that an earlier benchmark
            wrote.
        accuracy_m: what that answer tells of its error, likewise.
    """

    photo: str
    mosaic: str
    click: tuple[float, float]
    truth: tuple[float, float, float, float]
    epsg: int
    hit: float
    acc_025: float
    acc_050: float
    score: float
    answer: tuple[tuple[float, float], ...] | None
    crs: str | None
    error_m: float | None = None
    accuracy_m: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return all fields by their names."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> QueryRecord:
        """Make a record of what `to_json` returned, lists of JSON as tuples."""
        answer = stored["answer"]
        return cls(**stored | {
            "click": tuple(stored["click"]),
            "truth": tuple(stored["truth"]),
            "answer": None if answer is None else tuple(map(tuple, answer)),
        })  # fmt: skip

    @property
    def truth_box(self) -> Polygon:
        """True box in `epsg`."""
        return box(*self.truth)

    def outline_iou(self, truth: Outline) -> float:
        """Return the IoU of the answer with the true outline, in `epsg`; 0 without an answer."""
        return 0.0 if self.answer is None else iou(project(Polygon(self.answer), self.crs, self.epsg), truth)


def record_of(outcome: Outcome, mosaic: str, present: bool) -> QueryRecord:
    """Make the record of an outcome; where the object is not `present` on the mosaic no answer is right."""
    # The definitions of a hit and of the accuracies are those of `geoloc evaluate`.
    figures = summarise([outcome]) if present else dict.fromkeys(("hit_rate", "acc_025", "acc_050"), 0.0)
    shares = {"hit": figures["hit_rate"], "acc_025": figures["acc_025"], "acc_050": figures["acc_050"]}
    record = random_record(outcome.query, mosaic, shares)
    best = outcome.best
    if best is None:
        return record
    corners = tuple((x, y) for x, y in best.polygon.exterior.coords[:-1])
    record = replace(record, score=best.score, answer=corners, crs=_crs_text(best.crs))
    if not present or is_covered(outcome) is None:
        return record
    return replace(record, error_m=error_m(outcome), accuracy_m=best.accuracy_m)


def random_record(query: LabelledQuery, mosaic: str, shares: Mapping[str, float]) -> QueryRecord:
    """Make the record of a query without an answer; `shares` say how often it is right, by `hit` and so on."""
    return QueryRecord(
        photo=f"{query.photo.parent.parent.name}/{query.photo.name}",
        mosaic=mosaic,
        click=(query.click.x, query.click.y),
        truth=query.box.bounds,
        epsg=query.epsg,
        hit=shares["hit"],
        acc_025=shares["acc_025"],
        acc_050=shares["acc_050"],
        score=0.0,
        answer=None,
        crs=None,
    )


def _crs_text(crs: Any) -> str:
    code = epsg_of(crs)
    return as_crs(crs).to_wkt() if code is None else f"EPSG:{code}"
