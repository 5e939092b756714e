"""One measurement in a process of its own, so that its peak of memory is its own: prints one JSON object.

python -m benchmarks.speed.task build MOSAIC INDEX
python -m benchmarks.speed.task search QUERIES --mosaic MOSAIC | --index INDEX [--exhaustive] [--count N]
python -m benchmarks.speed.task clicks MOSAIC QUERIES [--off]
python -m benchmarks.speed.task sift MOSAIC QUERIES
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoloc.system.threads import fit_threads

if TYPE_CHECKING:
    from geoloc.pipeline.cascade import Step


def main() -> None:
    """Do the task that the arguments name."""
    # As every command of the product does, before numpy and torch are loaded.
    fit_threads()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--began", type=float, default=time.time(), help="when the process was started, seconds")
    parts = parser.add_subparsers(dest="task", required=True)
    build = parts.add_parser("build")
    build.add_argument("mosaic", type=Path)
    build.add_argument("index", type=Path)
    search = parts.add_parser("search")
    search.add_argument("queries", type=Path)
    search.add_argument("--mosaic", type=Path)
    search.add_argument("--index", type=Path)
    search.add_argument("--exhaustive", action="store_true")
    search.add_argument("--count", type=int, default=10)
    clicks = parts.add_parser("clicks")
    clicks.add_argument("mosaic", type=Path)
    clicks.add_argument("queries", type=Path)
    clicks.add_argument("--off", action="store_true", help="attention alone")
    sift = parts.add_parser("sift")
    sift.add_argument("mosaic", type=Path)
    sift.add_argument("queries", type=Path)
    args = parser.parse_args()
    figures = {"build": _build, "search": _search, "clicks": _clicks, "sift": _sift}[args.task](args)
    figures["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps(figures) + "\n")


def _build(args: Any) -> dict[str, Any]:
    """Measure seconds of the whole command's work, and of the encoder alone on pixels that are ready."""
    import numpy as np

    from geoloc import model
    from geoloc.features.mosaic_features import grid_of, read_with_margin
    from geoloc.index.header import IndexRequest
    from geoloc.index.store import Store
    from geoloc.index.writer import build
    from geoloc.model.network.features import MARGIN, STRIDE
    from geoloc.model.packaged import find_weights, network_checksum
    from geoloc.pipeline.request import SearchRequest
    from geoloc.pipeline.source import open_source
    from tiling.area import Area

    checksum = network_checksum(find_weights("base", None))
    with open_source(SearchRequest(mosaics=(args.mosaic,))) as source:
        plan = source.plan(Area.everywhere())
        localizer = model.load().compiled()
        request = IndexRequest(None, None, Area.everywhere().polygon)
        assert source.mosaic is not None
        begin = time.perf_counter()
        done = build(args.index, source.mosaic, plan, localizer, weights=checksum, request=request)
        seconds = time.perf_counter() - begin
        store = Store.open(args.index)
        layout = store.header.layout
        shown = layout.cells_by_block(plan.windows)
        # Whole blocks: what is encoded most of the time.
        places = [place for place, cells in shown.items() if cells == layout.cells_of(place)][:4]
        ready = [read_with_margin(source.mosaic, grid_of(plan, shown[place])) for place in places]
        begin = time.perf_counter()
        for pixels in ready:
            localizer.encode_reference(pixels.rgb, pixels.valid)
        encoder = (time.perf_counter() - begin) / len(ready)
        begin = time.perf_counter()
        for place in places:
            read_with_margin(source.mosaic, grid_of(plan, shown[place]))
        decode = (time.perf_counter() - begin) / len(places)
    cells = sum(np.prod(part.shape) for part in shown.values())
    block_px = (layout.side + 2 * MARGIN) ** 2 * STRIDE**2
    return {
        "seconds": seconds,
        "blocks": done.encoded,
        "windows": len(plan.windows),
        "megapixels": float(cells) * STRIDE**2 / 1e6,
        "encoder_s_a_block": encoder,
        "decode_s_a_block": decode,
        "block_megapixels": block_px / 1e6,
        "bytes": store.size(),
    }


def _search(args: Any) -> dict[str, Any]:
    """Measure seconds, wall and CPU, of each query, the first from the start of the process; hits and last steps."""
    from shapely.geometry import Point

    from geoloc import model
    from geoloc.pipeline.finder import Finder
    from geoloc.pipeline.request import SearchRequest
    from geoloc.pipeline.scope import Scope
    from geoloc.pipeline.source import open_source
    from tiling.grid import project

    request = SearchRequest(
        mosaics=() if args.mosaic is None else (args.mosaic,),
        index=args.index,
        exhaustive=args.exhaustive,
        gps=False,
    )
    seconds, cpu, hits, steps = [], [], [], []
    with open_source(request) as source:
        scope = Scope(source, request)
        plan = scope.plan()
        network = model.load()
        finder = Finder(source, lambda: network, request)
        begin, begin_cpu = args.began, 0.0
        for query, photo, target in _queries(args.queries, args.count):
            found = finder.find(photo, [target], scope)
            best = [answer for answer in found.answers if answer.rank == 1]
            seconds.append(time.time() - begin)
            cpu.append(time.process_time() - begin_cpu)
            steps.append(_answering(found.steps))
            place = project(best[0].polygon.centroid, best[0].crs, query.epsg) if best else Point(0, 0)
            hits.append(bool(query.box.contains(place)))
            begin, begin_cpu = time.time(), time.process_time()
    return {"seconds": seconds, "cpu": cpu, "steps": steps, "hits": hits, "windows": len(plan.windows)}


def _clicks(args: Any) -> dict[str, Any]:
    """Measure CPU seconds of clicks in one photograph after another, and the step that ended each search."""
    from benchmarks.speed.clicks import CLICKS
    from geoloc import model
    from geoloc.evaluation.labelled import read_queries
    from geoloc.photo.photo import load_photo
    from geoloc.photo.target import Target
    from geoloc.pipeline.finder import Finder
    from geoloc.pipeline.request import SearchRequest
    from geoloc.pipeline.scope import Scope
    from geoloc.pipeline.source import open_source

    request = SearchRequest(mosaics=(args.mosaic,), refine="off" if args.off else "auto")
    by_photo: dict[Path, list[Target]] = {}
    for query in read_queries(args.queries):
        by_photo.setdefault(query.photo, []).append(Target(query.click))
    cpu: list[list[float]] = []
    steps: list[list[str]] = []
    with open_source(request) as source:
        network = model.load()
        finder, scope = Finder(source, lambda: network, request), Scope(source, request)
        for path, targets in by_photo.items():
            photo = load_photo(path)
            cpu.append([])
            steps.append([])
            for target in targets[:CLICKS]:
                begun = time.process_time()
                found = finder.find(photo, [target], scope)
                cpu[-1].append(time.process_time() - begun)
                steps[-1].append(_answering(found.steps))
    return {"cpu": cpu, "steps": steps}


def _answering(steps: Sequence[Step]) -> str:
    """Return the last step that found something."""
    return next((step.name for step in reversed(steps) if step.answered), "nothing")


def _sift(args: Any) -> dict[str, Any]:
    from benchmarks.accuracy.methods import sift
    from benchmarks.accuracy.methods.method import SearchedMosaic
    from tiling.grid import WGS84, project
    from tiling.mosaic import open_mosaic

    seconds, hits = [], []
    with open_mosaic([args.mosaic]) as mosaic:
        locate = None
        begin = args.began
        for query, photo, target in _queries(args.queries, 3):
            if locate is None:
                locate = sift.prepare(SearchedMosaic(args.mosaic, mosaic, mosaic.gsd_m, (5.0, 5.0)))
            answers = locate(photo, [target])
            seconds.append(time.time() - begin)
            at = project(answers[0].centre_lonlat, WGS84, query.epsg) if answers else None
            hits.append(at is not None and bool(query.box.contains(at)))
            begin = time.time()
    return {"seconds": seconds, "hits": hits}


def _queries(path: Path, count: int) -> Iterator[Any]:
    """Yield query, photo and target, spread over the photographs."""
    from geoloc.evaluation import labelled
    from geoloc.photo.photo import load_photo
    from geoloc.photo.target import Target

    queries = labelled.read_queries(path)
    # One town after another, so that ten queries are of all kinds of photographs.
    order = sorted(range(len(queries)), key=lambda i: (i % 8 // 2, i % 2, i // 8))
    for i in order[:count]:
        photo = load_photo(queries[i].photo)
        yield queries[i], photo, Target(queries[i].click)


if __name__ == "__main__":
    main()
