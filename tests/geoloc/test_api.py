"""The Python API: eight names, loaded when they are used, and what they do together."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from shapely.geometry import Point, box

import geoloc
from geoloc import api
from geoloc.pipeline.request import SearchRequest, options_of
from tests.helpers.city import CLICK, CRS, ROOF, TRUE, make_city
from tiling.box import PixelBox

PUBLIC = {"Click", "Detection", "Detections", "GeolocError", "Locator", "load_photo", "locate", "open_mosaic"}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    make_city(folder)
    return folder


def test_the_public_names_are_these() -> None:
    assert set(geoloc.__all__) == PUBLIC
    for name in PUBLIC:
        assert getattr(geoloc, name).__module__.split(".")[0] in ("geoloc", "tiling")
        assert name in dir(geoloc)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = geoloc.nothing


def test_importing_is_quick_and_light() -> None:
    text = (
        "import geoloc, sys; print([n for n in ('torch', 'rasterio', 'numpy', 'shapely', 'PIL') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_import_takes_under_a_tenth_of_a_second() -> None:
    # CPU time of the import alone, the best of some: wall time on a busy machine says nothing.
    text = "import time; t = time.process_time(); import geoloc; print(time.process_time() - t)"
    runs = [subprocess.run([sys.executable, "-c", text], stdout=subprocess.PIPE, check=True) for _ in range(3)]
    assert min(float(run.stdout) for run in runs) < 0.1


@pytest.fixture(scope="module")
def found(city: Path) -> geoloc.Detections:
    """What one line answers on a mosaic that is open, and stays so."""
    with geoloc.open_mosaic(city / "m.tif") as mosaic:
        answers = geoloc.locate(geoloc.load_photo(city / "p.jpg"), CLICK, mosaic)
        assert mosaic.read(answers.plan.windows[0].grid).valid.any()
    return answers


def test_a_click_is_found(found: geoloc.Detections) -> None:
    assert isinstance(found, geoloc.Detections)
    best = found.best()
    assert isinstance(best, geoloc.Detection)
    assert best.polygon.distance(Point(TRUE)) == 0
    assert found[0] is best
    assert [answer.rank for answer in found] == list(range(1, len(found) + 1))
    assert len(found[:1]) == 1
    frame = found.to_geodataframe()
    assert frame.crs == CRS
    assert list(frame["rank"]) == [answer.rank for answer in found]


def test_a_locator_keeps_network_and_features_and_what_is_nowhere_is_not_here(
    city: Path, found: geoloc.Detections
) -> None:
    with geoloc.Locator(city / "m.tif") as locator:
        first = locator.locate(city / "p.jpg", CLICK)
        # As the one line, on a mosaic that it opened.
        assert [answer.polygon for answer in first] == [answer.polygon for answer in found]
        picture = first._repr_png_()
        assert picture is not None
        assert picture.startswith(b"\x89PNG")
        kept = locator._finder
        again = locator.locate(city / "p.jpg", geoloc.Click(*CLICK), top=1, min_score=1.0)
        assert locator._finder is kept
    assert len(again) == 0
    assert again.best() is None
    assert [answer.polygon for answer in again.answers] == [found[0].polygon]


def test_answers_are_saved_and_replace_nothing(found: geoloc.Detections, tmp_path: Path) -> None:
    found.save(tmp_path / "found.geojson")
    assert '"FeatureCollection"' in found.to_geojson()
    with pytest.raises(geoloc.GeolocError, match="exists already"):
        found.save(tmp_path / "found.geojson")


def test_a_detection_draws_itself(city: Path, found: geoloc.Detections, tmp_path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    best = found[0]
    with geoloc.open_mosaic(city / "m.tif") as mosaic:
        axes = best.plot(mosaic=mosaic)
        axes.figure.savefig(tmp_path / "plot.png")
    pixels = np.asarray(Image.open(tmp_path / "plot.png").convert("RGB")).astype(int)
    # The roof is red, the outline magenta.
    assert (abs(pixels - (225, 20, 20)).max(-1) < 30).sum() > 500
    assert (abs(pixels - (230, 0, 126)).max(-1) < 30).sum() > 100
    (image,) = axes.images
    left, right, bottom, top = image.get_extent()
    assert left < TRUE[0] < right
    assert bottom < TRUE[1] < top


def test_a_plot_in_degrees_is_not_squashed() -> None:
    import matplotlib as mpl

    from geoloc.results.plot import plot_polygon

    mpl.use("Agg")
    axes = plot_polygon(box(15, 59.9999, 15.0002, 60.0001), "EPSG:4326", "a square of 11 by 22 m")
    assert axes.get_aspect() == pytest.approx(2.0, rel=1e-3)


@pytest.mark.parametrize(
    ("clicks", "expected"),
    [
        ((3, 4), [(3, 4, None)]),
        ([(3, 4), (5, 6), (3, 4)], [(3, 4, None), (5, 6, None)]),
        (geoloc.Click(3, 4), [(3, 4, None)]),
        ((0, 0, 10, 20), [(5, 10, 10)]),
        ((10, 20, 0, 0), [(5, 10, 10)]),
        (PixelBox(0, 0, 10, 20), [(5, 10, 10)]),
        ([(0, 0, 10, 20), (3, 4)], [(5, 10, 10), (3, 4, None)]),
        (box(0, 0, 10, 20), [(5, 10, 10)]),
        ([box(0, 0, 10, 20), (3, 4)], [(5, 10, 10), (3, 4, None)]),
        (np.array([3.0, 4.0]), [(3, 4, None)]),
        (np.array([[3.0, 4.0], [5.0, 6.0]]), [(3, 4, None), (5, 6, None)]),
    ],
)
def test_clicks_are_points_or_boxes_or_outlines_one_or_several(clicks: Any, expected: list[Any]) -> None:
    targets = api.targets_of(clicks)
    assert [(t.click.x, t.click.y, t.box and t.box.width) for t in targets] == expected


def test_senseless_clicks_are_refused(city: Path) -> None:
    senseless: list[Any] = [[(1, 2, 3)], None, [None], [], "1,2", 7, [("a", "b")]]
    for clicks in senseless:
        with pytest.raises(ValueError, match="neither a point"):
            api.targets_of(clicks)
    with pytest.raises(ValueError, match="no width or no height"):
        api.targets_of((5, 5, 5, 5))
    with pytest.raises(geoloc.GeolocError, match="outside the photo"):
        geoloc.locate(city / "p.jpg", (9999, 1), city / "m.tif")


def test_nothing_to_search_is_said() -> None:
    with pytest.raises(ValueError, match="give a mosaic, or an index"):
        geoloc.Locator()
    with pytest.raises(geoloc.GeolocError, match="no such file"):
        geoloc.Locator("nowhere.tif")
    with pytest.raises(ValueError, match="its own GSD"):
        geoloc.Locator(index="i.zarr", gsd_m=0.3)


def test_what_cannot_be_done_is_said_at_once(city: Path) -> None:
    with geoloc.open_mosaic(city / "m.tif") as mosaic, pytest.raises(ValueError, match="as it was opened"):
        geoloc.Locator(mosaic, gsd_m=0.5)
    with pytest.raises(geoloc.GeolocError, match="no such weights"):
        geoloc.Locator(city / "m.tif", weights="nowhere.safetensors")


def test_a_coarser_gsd_is_read_as_coarse(city: Path) -> None:
    with geoloc.Locator(city / "m.tif", gsd_m=0.5) as locator:
        (best, *_) = locator.locate(city / "p.jpg", CLICK, refine="off", min_score=0.0)
    assert best.gsd_m == 0.5


def test_every_option_of_a_request_can_be_given() -> None:
    """A new option of a search is a keyword here too, with the same default."""
    given = {**inspect.signature(geoloc.Locator).parameters, **inspect.signature(geoloc.Locator.locate).parameters}
    # Polygons that are no file come from programs that speak JSON.
    for name in options_of().keys() - {"mosaics", "area"}:
        assert name in given, name
        assert given[name].default == getattr(SearchRequest(), name)


def test_the_options_of_one_photo_are_those_of_several() -> None:
    several = api.SearchOptions.__annotations__
    one = inspect.signature(geoloc.Locator.locate).parameters
    assert list(several) == [name for name in one if name not in ("self", "photo", "clicks", "progress")]
    assert [one[name].annotation for name in several] == [kind.__forward_arg__ for kind in several.values()]


def test_photos_of_one_object_are_one_question(city: Path, found: geoloc.Detections, tmp_path: Path) -> None:
    again = tmp_path / "again.jpg"
    Image.open(city / "p.jpg").rotate(90, expand=True).save(again, quality=95)
    turned = (CLICK[1], 255 - CLICK[0])
    views = [(city / "p.jpg", CLICK), (again, turned)]
    with geoloc.Locator(city / "m.tif") as locator:
        together = locator.locate_together(views, name="roof", top=1)
        with pytest.raises(ValueError, match="one click each"):
            locator.locate_together([(again, [turned, (5, 5)])])
        with pytest.raises(ValueError, match="no two witnesses"):
            locator.locate_together([(again, turned), (again.parent / ".." / again.parent.name / again.name, (5, 5))])
    best, alone = together.best(), found.best()
    assert best is not None
    assert alone is not None
    assert best.photos == (str(city / "p.jpg"), str(again))
    assert best.polygon.covers(Point(TRUE))
    assert best.accuracy_m < alone.accuracy_m
    assert {"object", "photos"} <= set(together.to_geodataframe().columns)
    assert not {"object", "photos"} & set(found.to_geodataframe().columns)


def test_a_roof_is_as_large_as_it_is(city: Path) -> None:
    x, y = CLICK
    w, h = ROOF
    found = geoloc.locate(city / "p.jpg", (x - w / 2, y - h / 2, x + w / 2, y + h / 2), city / "m.tif")
    best = found.best()
    assert best is not None
    assert 0.5 < best.polygon.area / (w * h * 0.04) < 2
