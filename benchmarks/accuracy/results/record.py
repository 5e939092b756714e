"""What one method made of one query, as it is stored and counted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from shapely.geometry import Polygon, box

from geoloc.evaluation.evaluate import LabelledQuery, Outcome, summarise
from geoloc.results.columns import epsg_of
from tiling.grid import as_crs


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
        answer: its polygon's corners in `crs`, None without one.
        crs: EPSG code or WKT of `answer`.
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


def record_of(outcome: Outcome, mosaic: str, present: bool) -> QueryRecord:
    """Make the record of an outcome; where the object is not `present` on the mosaic no answer is right."""
    # The definitions of a hit and of the accuracies are those of `geoloc evaluate`.
    one = summarise([outcome]) if present else dict.fromkeys(_SHARES.values(), 0.0)
    best = outcome.best
    return QueryRecord(
        **_query_fields(outcome.query),
        mosaic=mosaic,
        **{name: one[key] for name, key in _SHARES.items()},
        score=0.0 if best is None else best.score,
        answer=None if best is None else tuple((x, y) for x, y in best.polygon.exterior.coords[:-1]),
        crs=None if best is None else _crs(best.crs),
    )


def _crs(crs: Any) -> str:
    code = epsg_of(crs)
    return as_crs(crs).to_wkt() if code is None else f"EPSG:{code}"


def random_record(query: LabelledQuery, mosaic: str, shares: dict[str, float]) -> QueryRecord:
    """Make the record of a query answered at random; `shares` say how often, by `hit`, `acc_025` and `acc_050`."""
    return QueryRecord(**_query_fields(query), mosaic=mosaic, **shares, score=0.0, answer=None, crs=None)


_SHARES = {"hit": "hit_rate", "acc_025": "acc_025", "acc_050": "acc_050"}


def _query_fields(query: LabelledQuery) -> dict[str, Any]:
    return {
        "photo": f"{query.photo.parent.parent.name}/{query.photo.name}",
        "click": (query.click.x, query.click.y),
        "truth": query.box.bounds,
        "epsg": query.epsg,
    }
