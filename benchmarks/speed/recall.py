"""Whether the first stage of a search keeps the window that shows what was clicked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

KS = (1, 5, 20, 100)


def recall(index: Path, queries: Path) -> dict[str, Any]:
    """Measure how many queries, all of one index, have their true place in one of their best K windows.

    By K, windows apart from each other; and the seconds that the first stage takes a query.
    """
    import time

    from geoloc import model
    from geoloc.evaluation.labelled import read_queries
    from geoloc.photo.crops import make_crops
    from geoloc.photo.photo import load_photo
    from geoloc.photo.target import Target
    from geoloc.pipeline.request import SearchRequest
    from geoloc.pipeline.source import open_source
    from geoloc.search.shortlist import shortlist
    from tiling.area import Area
    from tiling.grid import project

    kept = dict.fromkeys(KS, 0)
    seconds = []
    localizer = model.load()
    labelled = read_queries(queries)
    with open_source(SearchRequest(index=index)) as source:
        plan = source.plan(Area.everywhere())
        reference = source.reference(plan, localizer)
        for query in labelled:
            crops = make_crops(load_photo(query.photo), Target(query.click), localizer.query_shape)
            described = localizer.describe_queries(localizer.encode_queries(crops, [0] * len(crops)))
            truth = project(query.box.centroid, query.epsg, plan.windows[0].grid.crs)
            begin = time.perf_counter()
            best = shortlist(reference, described, first=max(KS), most=max(KS)).best
            seconds.append(time.perf_counter() - begin)
            shown = [_shows(window.grid, truth.x, truth.y) for window in best]
            for k in KS:
                kept[k] += any(shown[:k])
    shares = {str(k): count / len(labelled) for k, count in kept.items()}
    return {"recall": shares, "queries": len(labelled), "seconds": float(np.median(seconds))}


def _shows(grid: Any, x: float, y: float) -> bool:
    column, row = ~grid.affine * (x, y)
    return bool(0 <= column < grid.width and 0 <= row < grid.height)
