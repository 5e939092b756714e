"""Answers of methods that find a place and no box."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from shapely.geometry import box

from benchmarks.accuracy.methods.method import SearchedMosaic
from geoloc.evaluation.labelled import LabelledQuery
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.results.detection import Detection


def median_size(queries: Iterable[LabelledQuery]) -> tuple[float, float]:
    """Return the median width and height of the true boxes, in units of their CRS.

    Methods without boxes of their own are given it, which lets them have an IoU: a kindness to them.
    """
    bounds = np.array([query.box.bounds for query in queries])
    width, height = np.median(bounds[:, 2:] - bounds[:, :2], axis=0)
    return float(width), float(height)


def answers(
    searched: SearchedMosaic, photo: Photo, target: Target, at: tuple[float, float], *, score: float, name: str
) -> list[Detection]:
    """Return a box of the given size round `at`, in the mosaic's CRS; none where `at` is not finite."""
    x, y = at
    if not (math.isfinite(x) and math.isfinite(y)):
        return []
    width, height = searched.size_m
    return [
        Detection(
            rank=1,
            score=score,
            click=target.click,
            photo=str(photo.path),
            polygon=box(x - width / 2, y - height / 2, x + width / 2, y + height / 2),
            crs=searched.mosaic.crs,
            gsd_m=searched.gsd_m,
            accuracy_m=0.0,
            accuracy_parts={},
            model=name,
            window="whole",
            method=name,
        )
    ]
