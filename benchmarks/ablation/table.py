"""The table of the ablation in whole mosaics: each preset over its seeds beside chance, and one less another."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy.results.figures import DRAWS, Estimate, share
from benchmarks.accuracy.results.record import QueryRecord
from benchmarks.accuracy.results.report import SHARES, cell
from benchmarks.accuracy.results.store import MethodResult
from geoloc.system.output import replacing

ALL = "all sets"
CHANCE = "chance"
COMPARED = (
    ("base", "attengeo"),
    ("attengeo", "summation"),
    ("attengeo", "summation+cvcam"),
    ("summation+cvcam", "summation"),
    ("summation+mhsam", "summation"),
    ("attengeo", "detgeo"),
    ("attengeo", CHANCE),
    ("summation", CHANCE),
)
"""What is compared with what."""

_HEADS = {"hit": "hit rate", "acc_025": "acc@0.25", "acc_050": "acc@0.5"}
_HOW = f"""Each network that `geoloc ablate` trained searches whole mosaics by attention alone, without positions: the
same clicks, crops and windows for all. Every window is shown to the whole network, since an ablation trains no
descriptors to choose windows by. Boxes are the network's own, without outlines drawn. The best answer counts however
low its score; a place with less than a ten-thousandth of the mass of all that was searched is none, and a click without
any a miss (found: how many have an answer). Of sets with photographs that tell their camera, clicks in the others are
left out: of these every window would be shown sixteen crops and more, and not one.

- Hit rate: the answer's centre lies in the true box. acc@: IoU strictly above. Means of the seeds, in brackets 95 %
  intervals: {DRAWS} bootstrap draws of whole photographs with their clicks, all seeds together. They say what other
  photographs would change; what another training would, says the standard deviation of the seeds, after ±. What is the
  same for all clicks, such as no hit at all, has none: of n photographs without one, 3/n may still be the true share.
- median m: metres between the centres; mean and standard deviation of the seeds' medians.
- Differences are of the same clicks, each the mean of its seeds, drawn likewise: two presets are apart where the
  interval does not hold 0.
- `chance`: a box of the set's median size anywhere on the mosaic, by expectation."""


@dataclass(frozen=True, slots=True)
class Preset:
    """What the trainings of one preset, or chance, made of the same clicks.

    Attributes:
        name: of the preset, or `CHANCE`.
        records: of all clicks in their order, by seed.
        medians_m: median errors by seed, infinite where too little is found; none where several sets are counted.
    """

    name: str
    records: Sequence[Sequence[QueryRecord]]
    medians_m: Sequence[float] = ()

    @property
    def photos(self) -> list[str]:
        """Photograph of each click."""
        return [record.photo for record in self.records[0]]

    def means(self, key: str) -> np.ndarray:
        """The share called `key` of each click, mean of the seeds."""
        return np.mean([[getattr(record, key) for record in of_seed] for of_seed in self.records], axis=0)

    def estimate(self, key: str) -> Estimate:
        """The share called `key` with its interval; without one where it is the same for all clicks."""
        means = self.means(key)
        found = share(means.tolist(), self.photos)
        return found if np.ptp(means) > 0 else replace(found, low=None, high=None)

    def seeds(self, key: str) -> np.ndarray:
        """The share called `key` of each seed, mean of the clicks."""
        return np.mean([[getattr(record, key) for record in of_seed] for of_seed in self.records], axis=1)


def presets_of(results: Mapping[str, Mapping[str, MethodResult]]) -> dict[str, list[Preset]]:
    """Put results together by preset: of each set, and of all sets together what all of them have.

    Args:
        results: by set, and there by the name of the training; all of a set are of the same clicks.
    """
    found: dict[str, list[Preset]] = {}
    for asked, of_set in results.items():
        medians = {name: [_metres(result.summary["median_error_m"])] for name, result in of_set.items()}
        found[asked] = _joined({name: result.records for name, result in of_set.items()}, medians)
    if len(results) > 1:
        shared = [name for name in next(iter(results.values())) if all(name in of_set for of_set in results.values())]
        every = {name: [record for of_set in results.values() for record in of_set[name].records] for name in shared}
        found[ALL] = _joined(every, {})
    return found


def _joined(records: Mapping[str, Sequence[QueryRecord]], medians_m: Mapping[str, Sequence[float]]) -> list[Preset]:
    """Join trainings, by their names, of one preset."""
    by_preset: dict[str, list[str]] = {}
    for name in records:
        by_preset.setdefault(name.rpartition("_")[0] or name, []).append(name)
    return [
        Preset(preset, [records[name] for name in names], [m for name in names for m in medians_m.get(name, ())])
        for preset, names in by_preset.items()
    ]


def difference(one: Preset, other: Preset, key: str) -> Estimate:
    """Return by how much the share called `key` is larger for the one, over the same clicks.

    Without an interval where no network of the two has more of it for one click than for another: of chance alone it
    would be far too narrow.
    """
    estimate = share((one.means(key) - other.means(key)).tolist(), one.photos)
    varied = any(np.ptp(preset.means(key)) > 0 for preset in (one, other) if preset.name != CHANCE)
    return estimate if varied else replace(estimate, low=None, high=None)


def write(
    folder: Path, results: Mapping[str, Mapping[str, MethodResult]], head: Mapping[str, str]
) -> tuple[Path, Path]:
    """Write `ablation_mosaics.md` and `ablation_mosaics.json`, replacing older ones.

    Args:
        folder: of both.
        results: by set, and there by the name of the training.
        head: what is said of how they came to be, by its name.

    Raises:
        OutputError: a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page, data = folder / "ablation_mosaics.md", folder / "ablation_mosaics.json"
    presets = presets_of(results)
    with replacing(page) as temporary:
        temporary.write_text(_markdown(presets, head), encoding="utf-8")
    content = {
        **head,
        "presets": {asked: [_json(one) for one in some] for asked, some in presets.items()},
        "differences": {asked: _differences(some) for asked, some in presets.items()},
        "made": [_made(result) for of_set in results.values() for result in of_set.values()],
    }
    with replacing(data) as temporary:
        temporary.write_text(json.dumps(content, default=asdict) + "\n", encoding="utf-8")
    return page, data


def _json(preset: Preset) -> dict[str, Any]:
    return {"preset": preset.name, "seeds": len(preset.records)} | {
        key: {**asdict(preset.estimate(key)), "by_seed": preset.seeds(key).tolist()} for key in SHARES
    }


def _differences(presets: Sequence[Preset]) -> dict[str, dict[str, Estimate]]:
    by_name = {preset.name: preset for preset in presets}
    return {
        f"{one} - {other}": {key: difference(by_name[one], by_name[other], key) for key in SHARES}
        for one, other in COMPARED
        if one in by_name and other in by_name
    }


def _made(result: MethodResult) -> dict[str, Any]:
    """What a result depends on, and what of each click the figures can be counted anew from."""
    clicks = [[record.photo, *(getattr(record, key) for key in SHARES)] for record in result.records]
    return {**result.identity, **result.provenance, "summary": result.summary, "clicks": clicks}


def _markdown(presets: Mapping[str, Sequence[Preset]], head: Mapping[str, str]) -> str:
    lines = ["# Ablation in whole mosaics", "", "Written by the command below; do not edit.", ""]
    lines += [f"- {key}: {f'`{value}`' if key == 'command' else value}" for key, value in head.items()]
    lines += ["", _HOW]
    for asked, some in presets.items():
        clicks = some[0].photos
        heads = ("preset", "seeds", *_HEADS.values(), "median m", "found")
        lines += ["", f"## {asked}", "", f"{len(clicks)} clicks in {len(set(clicks))} photographs.", ""]
        lines += [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}", *map(_line, some)]
        if differences := _differences(some):
            lines += ["", f"| difference | {' | '.join(_HEADS.values())} |", f"|{'---|' * (1 + len(_HEADS))}"]
            lines += [f"| {name} | {' | '.join(map(_signed, found.values()))} |" for name, found in differences.items()]
    return "\n".join([*lines, ""])


def _line(preset: Preset) -> str:
    cells = [preset.name, "-" if preset.name == CHANCE else f"{len(preset.records)}"]
    for key in SHARES:
        cells.append(cell(preset.estimate(key), 3) + _spread(preset.seeds(key), 3))
    cells.append(f"{np.mean(preset.medians_m):.1f}{_spread(preset.medians_m, 1)}" if preset.medians_m else "-")
    answered = [record.answer is not None for of_seed in preset.records for record in of_seed]
    cells.append("-" if preset.name == CHANCE else f"{np.mean(answered):.2f}")
    return f"| {' | '.join(cells)} |"


def _spread(values: Sequence[float] | np.ndarray, digits: int) -> str:
    return f" ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 and np.isfinite(values).all() else ""


def _signed(found: Estimate) -> str:
    if found.low is None or found.high is None:
        return f"{found.value:+.3f}"
    return f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f})"


def _metres(told: float | None) -> float:
    return np.inf if told is None else told
