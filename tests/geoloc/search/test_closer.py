"""A close look: a finer window about the answer, closer crops, and what it may not change."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
import torch
from affine import Affine
from numpy.typing import NDArray

from geoloc.features.mosaic_features import MosaicFeatures
from geoloc.model.localizer import Proposal
from geoloc.model.network.features import Features
from geoloc.model.weights import Calibration
from geoloc.photo.crops import Crop, make_crops
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.plane.gaussian import Gaussian
from geoloc.results.detection import Detection
from geoloc.search.close_look import OFF_PX, CloseLook
from tiling.area import Area
from tiling.box import PixelBox
from tiling.mosaic import Mosaic, open_mosaic
from tiling.plan import make_plan

SIDE, GSD_M = 700, 0.2
AFFINE = Affine(GSD_M, 0, 500_000, 0, -GSD_M, 5_400_000)
TARGET = Target(Click(600, 400))


class Moving:
    """Stands for the network: finds the thing so many pixels east of where it looks, 16 x 9 px."""

    name, gsd_m, window_px, query_shape = "moving", GSD_M, 256, (256, 256)
    calibration = Calibration(2.0, 0.5, 1.0, 0.0)

    def __init__(self, east_px: float | None) -> None:
        self.east_px = east_px
        self.crops: list[Crop] = []
        self.read: list[tuple[int, int]] = []
        self.known: list[Gaussian] = []

    def encode_reference(self, rgb: NDArray[np.uint8], valid: NDArray[np.bool_]) -> Features:
        height, width = valid.shape
        self.read.append((width, height))
        return Features(torch.zeros(1, 1, height // 16, width // 16), torch.zeros(1, 1, height // 8, width // 8))

    def encode_queries(self, queries: list[Crop], targets: list[int]) -> list[Crop]:
        self.crops = queries
        return queries

    def match_with_prior(self, queries: object, features: Features, valid: object, known: Gaussian) -> Proposal | None:
        assert features.coarse.shape[-2:] == (16, 16)
        self.known.append(known)
        if self.east_px is None:
            return None
        return Proposal(0, PixelBox.about(known.mean[0] + self.east_px, known.mean[1], 16, 9), 3.0, 1.0)


@pytest.fixture
def mosaic(tmp_path: Path) -> Iterator[Mosaic]:
    path = tmp_path / "m.tif"
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8", "tiled": True}
    with rasterio.open(path, "w", **profile, crs="EPSG:32633", transform=AFFINE) as file:
        file.write(np.full((3, SIDE, SIDE), 99, np.uint8))
    with open_mosaic([path]) as opened:
        yield opened


@pytest.fixture
def answer(make_detection: Callable[..., Detection]) -> Detection:
    """Of 4 m x 4 m."""
    x, y = AFFINE * (300, 280)
    return make_detection(0.8, (x - 2, y - 2, x + 2, y + 2), rank=1, crs="EPSG:32633", click=TARGET.click)


PHOTO = Photo(Path("p.jpg"), np.zeros((900, 1200, 3), np.uint8), heading_deg=30.0)


def look(mosaic: Mosaic, model: Any, answer: Detection, area: Area | None = None, photo: Photo = PHOTO) -> Detection:
    plan = make_plan(mosaic, GSD_M, model.window_px, Area.everywhere() if area is None else area)
    crop = make_crops(photo, TARGET)[-1]
    return CloseLook(MosaicFeatures(mosaic, plan, model), model).at(photo, TARGET, answer, crop)


def test_the_place_is_told_by_a_window_twice_as_fine_and_the_size_by_both(mosaic: Mosaic, answer: Detection) -> None:
    model = Moving(7.0)
    found = look(mosaic, model, answer)
    gsd_m = found.gsd_m
    assert gsd_m == pytest.approx(GSD_M / 2, rel=0.03)
    centre, before = found.polygon.centroid, answer.polygon.centroid
    assert centre.x - before.x == pytest.approx(7 * gsd_m, abs=0.01)
    assert centre.y == pytest.approx(before.y, abs=0.02)
    west, south, east, north = found.polygon.bounds
    assert east - west == pytest.approx(math.sqrt(4 * 16 * gsd_m), rel=0.03)
    assert north - south == pytest.approx(math.sqrt(4 * 9 * gsd_m), rel=0.03)
    assert found.accuracy_parts["box"] == pytest.approx(2.0 * gsd_m)
    # All else is as it was.
    same = {"polygon": answer.polygon, "gsd_m": answer.gsd_m, "accuracy_m": answer.accuracy_m}
    assert replace(found, **same, accuracy_parts=answer.accuracy_parts) == answer
    # It looks straight at the answer, and tells the network so.
    (known,) = model.known
    assert known.mean == pytest.approx([128, 128])
    assert known.covariance == pytest.approx(np.diag([OFF_PX**2, OFF_PX**2]))
    # Half as wide, turned about the same heading.
    assert sorted({crop.heading_deg for crop in model.crops}) == [15, 30, 45]
    crop = make_crops(PHOTO, TARGET)[-1]
    closer = [math.sqrt(query.to_photo.determinant / crop.to_photo.determinant) for query in model.crops]
    assert sorted({round(share, 2) for share in closer}) == pytest.approx([0.42, 0.5, 0.6], abs=0.011)


def test_an_answer_stays_where_a_close_look_tells_nothing(mosaic: Mosaic, answer: Detection) -> None:
    assert look(mosaic, Moving(None), answer) is answer
    panorama = replace(PHOTO, panorama=True)
    model = Moving(7.0)
    assert look(mosaic, model, answer, photo=panorama) is answer
    assert model.read == []
    # The place that it tells is not in what is to be searched.
    x, y = answer.polygon.centroid.coords[0]
    lon, lat = pyproj.Transformer.from_crs(32633, 4326, always_xy=True).transform(x, y)
    near = Area.near(lon, lat, 3.0)
    assert look(mosaic, Moving(40.0), answer, near) is answer
    assert look(mosaic, Moving(15.0), answer, near) is not answer
