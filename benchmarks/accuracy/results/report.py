"""The table: every set and every method, with what is missing said in its place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from benchmarks.accuracy.methods.catalogue import DRAWING, PROBABLE
from benchmarks.accuracy.queries.sets import QuerySet
from benchmarks.accuracy.results import figures
from benchmarks.accuracy.results.figures import Estimate
from benchmarks.accuracy.results.outlines import OutlineFigures, outline_figures
from benchmarks.accuracy.results.store import MethodResult
from benchmarks.provenance import commit, today
from geoloc.plane.gaussian import HOLDING
from geoloc.results.detection import PRESENT
from geoloc.system.machine import machine
from geoloc.system.output import replacing

WRONG = "wrong"
"""The set whose objects are not there: the other half of every figure of presence. Others that begin so are of sets of
their own."""
SHARES = ("hit", "acc_025", "acc_050")
_HEADS = (
    "method", "hit rate", "acc@0.25", "acc@0.5", "median m", "p90 m", "coverage", "AUROC", "ECE", "answered",
    "right", "s a query",
)  # fmt: skip
_OUTLINE_HEADS = ("method", "objects", "count", "outline IoU", "> 0.5", "> 0.75", "acc@0.25", "acc@0.5")
_NOTES = f"""
- Hit rate: the answer's centre lies in the true box. acc@: IoU strictly above. In brackets 95 % intervals:
  {figures.DRAWS} bootstrap draws of whole photographs, since the clicks of one are not independent. They are too narrow
  where all photographs agree.
- The whole mosaic is searched, without GPS but for photographs from the ground (`town_eye`, `town_panorama_phone` and
  those without a compass); the best answer counts however low its score. Nothing found is infinitely
  far ("inf").
- coverage: share of the answers that geometry verified whose error is within the `accuracy_m` that they tell, which is
  meant to be {HOLDING:g}; "-" where none are, and of results of earlier commits, which did not keep it.
- `chance`, `ncc` and `sift` find places only: their boxes have the set's median size, which is told to them.
- AUROC: how often a click of this set scores above one of the set `{WRONG}`, or of its own such as `{WRONG}_eye`, by
  the same method. ECE: expected calibration error (10 bins) of the score as the probability that the answer is right,
  over this set and that one, each weighing one half. Only the networks' scores are meant as probabilities.
- answered: share of clicks whose best answer scores {PRESENT:g} or more; the others are "not here". On `{WRONG}` every
  answer is false. right: of the answered, the share whose centre lies in the true box.
- Outline IoU: of the answer's outline with the true one, its mean and the shares above 0.5 and 0.75, 0 without an
  answer; by the longest side of the true outline, and by kind of object where the set tells it. The truths of
  `brighton` are boxes along the map's axes, also round what lies askew: an outline that is right has less than 1 there.
- Seconds: a query with all of its search, wall time; what `ncc` and `sift` do once a mosaic is not in it. Times are of
  a machine that may have had other work.
"""


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One method on one set.

    Attributes:
        query_set: name of the set.
        method: name of the method.
        missing: why there are no figures; None where there are.
        figures: by column.
    """

    query_set: str
    method: str
    missing: str | None
    figures: Mapping[str, Estimate]

    def to_json(self) -> dict[str, Any]:
        """Return all fields as `accuracy.json` has them."""
        figures = {name: asdict(estimate) for name, estimate in self.figures.items()}
        return {"asked": self.query_set, "method": self.method, "missing": self.missing, "figures": figures}


def row_of(result: MethodResult, wrong: MethodResult | None) -> FigureRow:
    """Return the figures of a result; `wrong` is that of the same method on the set `WRONG`, for those of presence."""
    records = result.records
    photos = [record.photo for record in records]
    method = result.identity["method"]
    found: dict[str, Estimate] = {}
    there = not result.identity["set"].startswith(WRONG)
    if there:
        found |= {name: figures.share([getattr(r, name) for r in records], photos) for name in SHARES}
        found |= {key: _plain(result.summary[key]) for key in ("median_error_m", "p90_error_m")}
        told = [r for r in records if r.error_m is not None and r.accuracy_m is not None]
        if told:
            covered = [float(cast(float, r.error_m) <= cast(float, r.accuracy_m)) for r in told]
            found["coverage"] = figures.share(covered, [r.photo for r in told])
        if wrong is not None and method != "chance":
            found["auroc"] = figures.auroc(records, wrong.records)
            if method in PROBABLE:
                found["ece"] = Estimate(figures.calibration_error(records, wrong.records), None, None)
    if method in PROBABLE:
        found["answered"] = figures.share([float(r.score >= PRESENT) for r in records], photos)
        right = figures.right_of_answered(records)
        if there and right is not None:
            found["right"] = right
    if method != "chance":
        found["seconds"] = _plain(result.summary["seconds_per_query"])
    return FigureRow(result.identity["set"], method, None, found)


def write(
    folder: Path,
    rows: Sequence[FigureRow],
    sets: Mapping[str, QuerySet | str],
    results: Sequence[MethodResult],
    command: str,
) -> tuple[Path, Path]:
    """Write `accuracy.md` and `accuracy.json`, replacing older ones; `sets` are by name, or why one is absent.

    Raises:
        OutputError: a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table, data = folder / "accuracy.md", folder / "accuracy.json"
    head = {"date": today(), "commit": commit(), "machine": machine(), "command": command}
    outlines = _outlines(sets, results)
    with replacing(table) as temporary:
        temporary.write_text(_markdown(rows, sets, head, results, outlines), encoding="utf-8")
    content = {
        **head,
        "weights": _weights(results),
        "sets": {name: one if isinstance(one, str) else _described(one) for name, one in sets.items()},
        "rows": [row.to_json() for row in rows],
        "outlines": {name: [asdict(one) for one in found] for name, found in outlines.items()},
        "made": [{**r.identity, **r.provenance} for r in results],
    }
    with replacing(data) as temporary:
        temporary.write_text(json.dumps(_finite(content), indent=1) + "\n", encoding="utf-8")
    return table, data


def _markdown(
    rows: Sequence[FigureRow],
    sets: Mapping[str, QuerySet | str],
    head: Mapping[str, str],
    results: Sequence[MethodResult],
    outlines: Mapping[str, Sequence[OutlineFigures]],
) -> str:
    lines = ["# Accuracy", "", "Written by the command below; do not edit.", ""]
    lines += [f"- {key}: {f'`{value}`' if key == 'command' else value}" for key, value in head.items()]
    others = sorted({r.provenance["commit"] for r in results} - {head["commit"]})
    if others:
        lines.append(f"- some results are of earlier commits ({', '.join(others)}): see `accuracy.json`")
    weights = _weights(results)
    lines += [f"- weights of `{name}`: {used['file']}, sha256 {used['sha256']}" for name, used in weights.items()]
    for name, query_set in sets.items():
        lines += ["", f"## {name}", ""]
        if isinstance(query_set, str):
            lines.append(f"Absent: {query_set}.")
            continue
        photos = len({query.photo for search in query_set.searches for query in search.queries})
        description = f"{query_set.description[0].upper()}{query_set.description[1:]}"
        lines += [f"{description}. {query_set.count} clicks, {photos} photographs.", ""]
        lines += [f"| {' | '.join(_HEADS)} |", f"|{'---|' * len(_HEADS)}"]
        lines += [_line(row) for row in rows if row.query_set == name]
        if outlines[name]:
            lines += ["", f"| {' | '.join(_OUTLINE_HEADS)} |", f"|{'---|' * len(_OUTLINE_HEADS)}"]
            lines += [_outline_line(one) for one in outlines[name]]
    return "\n".join([*lines, "", "## How to read it", _NOTES.rstrip(), ""])


def _weights(results: Sequence[MethodResult]) -> dict[str, dict[str, str]]:
    """File and digest of the weights that methods were measured with."""
    return {r.identity["method"]: r.identity["weights"] for r in results if r.identity["weights"]}


def _outlines(sets: Mapping[str, QuerySet | str], results: Sequence[MethodResult]) -> dict[str, list[OutlineFigures]]:
    """Figures of the methods that draw outlines, by set."""
    found: dict[str, list[OutlineFigures]] = {name: [] for name in sets}
    for result in results:
        query_set = sets[result.identity["set"]]
        if not isinstance(query_set, str) and result.identity["method"] in DRAWING:
            found[query_set.name] += outline_figures(query_set, result)
    return found


def _outline_line(found: OutlineFigures) -> str:
    cells = [cell(found.figures[key], 3) for key in ("outline_iou", "outline_050", "outline_075", *SHARES[1:])]
    return f"| {found.method} | {found.objects} | {found.count} | {' | '.join(cells)} |"


def _line(row: FigureRow) -> str:
    if row.missing is not None:
        return f"| {row.method} | {row.missing} |{' |' * (len(_HEADS) - 2)}"
    digits = {"hit": 3, "acc_025": 3, "acc_050": 3, "median_error_m": 2, "p90_error_m": 1}
    digits |= {"coverage": 2, "auroc": 3, "ece": 3, "answered": 2, "right": 2, "seconds": 2}
    return f"| {row.method} | {' | '.join(cell(row.figures.get(key), count) for key, count in digits.items())} |"


def cell(found: Estimate | None, digits: int) -> str:
    """Write a figure with so many digits, its interval in brackets; "-" where there is none."""
    if found is None:
        return "-"
    text = _digits(found.value, digits)
    if found.low is None or found.high is None:
        return text
    return f"{text} ({_digits(found.low, digits)}-{_digits(found.high, digits)})"


def _digits(value: float, digits: int) -> str:
    """Write a number with so many digits, or more where it would be 0: a rate of chance of 0.0002 is not 0."""
    return f"{value:.{digits}f}" if value >= 10**-digits or value == 0 else f"{value:.1g}"


def _plain(value: float | None) -> Estimate:
    return Estimate(float("inf") if value is None else value, None, None)


def _described(query_set: QuerySet) -> dict[str, Any]:
    return {
        "what": query_set.description,
        "gsd_m": query_set.gsd_m,
        "queries": query_set.count,
        "digest": query_set.digest,
    }


def _finite(value: Any) -> Any:
    """Return the same for JSON, which knows no infinity: null says infinitely far."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and value == float("inf") else value
