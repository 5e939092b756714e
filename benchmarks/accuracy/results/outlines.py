"""How well outlines are drawn: of all objects of a set, by their size and by their kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.accuracy.queries.sets import QuerySet
from benchmarks.accuracy.results.figures import Estimate, share
from benchmarks.accuracy.results.record import QueryRecord
from benchmarks.accuracy.results.store import MethodResult
from geoloc.evaluation.labelled import SIZES_M, LabelledQuery

ALL = "all"
_Pair = tuple[LabelledQuery, QueryRecord]


@dataclass(frozen=True, slots=True)
class OutlineFigures:
    """What a method's outlines are worth.

    Attributes:
        method: name of the method.
        objects: which ones: `ALL`, a class of `SIZES_M` or a kind.
        count: how many have a true outline.
        figures: `outline_iou`, the shares `outline_050` and `outline_075` above 0.5 and 0.75, and `acc_025` and
            `acc_050` of the boxes of the same objects.
    """

    method: str
    objects: str
    count: int
    figures: dict[str, Estimate]


def outline_figures(query_set: QuerySet, result: MethodResult) -> list[OutlineFigures]:
    """Return the figures of all objects whose true outline is known, of each size and of each kind; none without any.

    Where the objects are not there, there is nothing to draw.
    """
    every = [pair for pair in paired(query_set, result) if pair[0].outline is not None] if query_set.present else []
    return [
        OutlineFigures(result.identity["method"], name, len(chosen), _figures(chosen))
        for name, chosen in _groups(every)
        if chosen
    ]


def paired(query_set: QuerySet, result: MethodResult) -> list[_Pair]:
    """Return each query with its record: they stand in one order."""
    queries = [query for search in query_set.searches for query in search.queries]
    return list(zip(queries, result.records, strict=True))


def _groups(every: Sequence[_Pair]) -> Iterator[tuple[str, list[_Pair]]]:
    yield ALL, list(every)
    sides = [query.longest_side_m for query, _ in every]
    for name, (low, high) in SIZES_M.items():
        yield name.replace("_", " "), [pair for pair, side in zip(every, sides, strict=True) if low <= side < high]
    for kind in sorted({query.kind for query, _ in every} - {""}):
        yield kind, [pair for pair in every if pair[0].kind == kind]


def _figures(chosen: Sequence[_Pair]) -> dict[str, Estimate]:
    photos = [record.photo for _, record in chosen]
    shared = [record.outline_iou(query.outline) for query, record in chosen if query.outline is not None]
    return {
        "outline_iou": share(shared, photos),
        "outline_050": share([float(value > 0.5) for value in shared], photos),
        "outline_075": share([float(value > 0.75) for value in shared], photos),
        "acc_025": share([record.acc_025 for _, record in chosen], photos),
        "acc_050": share([record.acc_050 for _, record in chosen], photos),
    }
