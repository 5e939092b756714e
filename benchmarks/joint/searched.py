"""Clicks on objects that several photographs show, searched once each and kept: joining them costs nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.accuracy.queries.sets import MosaicQueries, even
from geoloc import model
from geoloc.evaluation.labelled import LabelledQuery
from geoloc.joint.answers import PhotoAnswers
from geoloc.joint.stored import from_json, to_json
from geoloc.model.packaged import find_weights
from geoloc.photo.photo import load_photo
from geoloc.pipeline.finder import Finder
from geoloc.pipeline.job import for_candidates
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.scope import Scope
from geoloc.pipeline.source import MosaicSource
from geoloc.system.output import replacing
from tiling.mosaic import open_mosaic

PRESET = "base"


@dataclass(frozen=True, slots=True)
class ObjectSet:
    """Objects to search for.

    Attributes:
        name: as the table has it.
        search: clicks, and the mosaic.
        gsd_m: to search at.
        refine: "off" for attention alone.
        objects: how many objects at most.
        present: whether they are on the mosaic.
    """

    name: str
    search: MosaicQueries
    gsd_m: float
    refine: Literal["auto", "off"]
    objects: int
    present: bool = True


@dataclass(frozen=True, slots=True)
class SearchedObject:
    """An object, and what each photograph alone found.

    Attributes:
        truth: one of its queries; its box and outline count.
        photos: of each photograph, in the order of the set.
    """

    truth: LabelledQuery
    photos: tuple[PhotoAnswers, ...]


def shared_objects(queries: Sequence[LabelledQuery], most: int) -> list[list[LabelledQuery]]:
    """Return the queries of objects that several photographs show, told by their true boxes, evenly chosen.

    Args:
        queries: of a set.
        most: objects.
    """
    groups: dict[bytes, dict[Path, LabelledQuery]] = {}
    for query in queries:
        groups.setdefault(query.box.wkb, {}).setdefault(query.photo, query)
    several = sorted((list(group.values()) for group in groups.values() if len(group) > 1), key=len, reverse=True)
    return [several[number] for number in even(len(several), most)]


def searched(objects: ObjectSet, work: Path, report: Callable[[str], None]) -> tuple[list[SearchedObject], float]:
    """Search for a set's objects in each photograph alone, or take what an earlier run has kept.

    Args:
        objects: the set.
        work: where searches are kept.
        report: called with a line a photograph.

    Returns:
        The objects, and CPU seconds that their searches took.
    """
    groups = shared_objects(objects.search.queries, objects.objects)
    path = work / f"{objects.name.replace(' ', '_')}.json"
    if not path.exists():
        kept = _search(objects, [query for group in groups for query in group], report)
        work.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(kept), encoding="utf-8")
    kept = json.loads(path.read_text(encoding="utf-8"))
    found = [SearchedObject(group[0], tuple(_photo_answers(kept, query) for query in group)) for group in groups]
    return found, float(kept["cpu_s"])


def _photo_answers(kept: Mapping[str, object], query: LabelledQuery) -> PhotoAnswers:
    answers = kept["answers"]
    assert isinstance(answers, dict), "written here"
    return PhotoAnswers(query.photo.name, tuple(from_json(one, kept["crs"]) for one in answers[str(query.line)]))


def _search(objects: ObjectSet, queries: Sequence[LabelledQuery], report: Callable[[str], None]) -> dict[str, object]:
    begun = time.process_time()
    network = model.load(PRESET, find_weights(PRESET, None), "cpu")
    request = for_candidates(SearchRequest(gps=False, refine=objects.refine, preset=PRESET))
    answers: dict[str, object] = {}
    with open_mosaic([objects.search.mosaic], finest_m=objects.gsd_m) as mosaic:
        source = MosaicSource(mosaic, PRESET, min(objects.gsd_m, network.gsd_m))
        finder, scope = Finder(source, lambda: network, request), Scope(source, request)
        for photo in dict.fromkeys(query.photo for query in queries):
            mine = [query for query in queries if query.photo == photo]
            found = finder.find(load_photo(photo), [query.target for query in mine], scope)
            for number, query in enumerate(mine):
                answers[str(query.line)] = [to_json(one) for one in found.answers if one.target == number]
            report(f"{objects.name}, {photo.name}: {len(mine)} clicks, {time.process_time() - begun:.0f} CPU-s so far")
        crs = mosaic.crs.to_wkt()
    return {"crs": crs, "cpu_s": time.process_time() - begun, "answers": answers}
