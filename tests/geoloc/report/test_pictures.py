"""Pictures of a report: they show what was clicked and where it was found, each photo read once."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geoloc.photo.target import Click
from geoloc.report import pictures as module
from geoloc.report.found_file import read_found
from geoloc.report.page import page_text
from geoloc.report.pictures import GroundPicture, Pictures, draw_pictures, find_photo, local_frame
from tests.geoloc.report.conftest import HOSTILE
from tiling.grid import project
from tiling.mosaic import open_mosaic


def pixels(url: str) -> np.ndarray:
    head, _, text = url.partition(",")
    assert head == "data:image/webp;base64"
    with Image.open(io.BytesIO(base64.b64decode(text))) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def drawn(site: Path) -> Pictures:
    with open_mosaic(site / "mosaic.tif") as mosaic:
        return draw_pictures(read_found(site / "found.gpkg"), mosaic)


def red_middle(picture: GroundPicture) -> tuple[float, float]:
    """Where the red patch is, metres of the report's CRS."""
    image = pixels(picture.url)
    rows, columns = np.nonzero((image[..., 0] > 150) & (image[..., 1] < 80))
    west, south, east, north = picture.bounds
    height, width = image.shape[:2]
    x = west + (columns.mean() + 0.5) / width * (east - west)
    return x, north - (rows.mean() + 0.5) / height * (north - south)


def test_the_ground_lies_where_its_bounds_say(site: Path) -> None:
    found, pictures = read_found(site / "found.gpkg"), drawn(site)
    local = local_frame(found)
    assert local is not None
    shape = found.rows[0].shape
    assert shape is not None
    middle = project(shape, found.crs, local).centroid
    assert set(pictures.ground) == {1, 2, 3}
    assert pictures.overview is not None
    # The patch is 4 m wide and the overview has 0.2 m a pixel.
    for picture in (pictures.ground[1], pictures.overview):
        assert red_middle(picture) == pytest.approx((middle.x, middle.y), abs=0.2)
    west, _, east, _ = pictures.overview.bounds
    assert pixels(pictures.overview.url).shape[1] == pytest.approx((east - west) / 0.2, abs=1.5)


def test_photos_show_the_click_once_for_all_answers(site: Path) -> None:
    pictures = drawn(site)
    assert set(pictures.clicked) == {("photos/a.jpg", Click(200, 150)), ("photos/a.jpg", Click(30, 40))}
    # The blue patch is 85 of the 320 pixels wide.
    blue = pixels(pictures.clicked["photos/a.jpg", Click(200, 150)])[..., 2] > 180
    rows, columns = np.nonzero(blue)
    assert (columns.mean(), rows.mean()) == pytest.approx((159.5, 159.5), abs=3)
    assert np.ptp(columns) == pytest.approx(85, abs=6)
    assert set(pictures.missing) == {HOSTILE, "photos/b.jpg"}
    assert "no such photo" in pictures.missing["photos/b.jpg"]


def test_a_joined_answer_shows_all_its_photos(site: Path) -> None:
    Image.new("RGB", (400, 300), "grey").save(site / "photos/c.jpg")
    found = read_found(site / "found.gpkg")
    joined = {"photos": "photos/a.jpg; photos/c.jpg", "clicks": "200,150; 12.5,30"}
    row = replace(found.rows[0], properties={**found.rows[0].properties, **joined})
    found = replace(found, rows=(row,))
    pictures = draw_pictures(found, None)
    assert list(pictures.clicked) == [("photos/a.jpg", Click(200, 150)), ("photos/c.jpg", Click(12.5, 30))]
    assert '"others":[{"photo":"photos/c.jpg","click":[12.5,30.0],"clicked":1}]' in page_text(found, pictures)


def test_photos_and_ground_are_counted(site: Path) -> None:
    told: list[tuple[int, int]] = []
    with open_mosaic(site / "mosaic.tif") as mosaic:
        draw_pictures(read_found(site / "found.gpkg"), mosaic, progress=lambda done, total: told.append((done, total)))
    # Three photos, of which one is there, and three answers.
    assert told == [(done, 6) for done in range(7)]


def test_without_a_mosaic_there_are_photos(site: Path) -> None:
    pictures = draw_pictures(read_found(site / "found.gpkg"), None)
    assert len(pictures.clicked) == 2
    assert (dict(pictures.ground), pictures.overview) == ({}, None)


def test_only_so_many_answers_have_pictures_the_best_ones(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PICTURED", 2)
    pictures = drawn(site)
    assert set(pictures.ground) == {1, 3}
    assert pictures.left_out == 3


def test_a_mosaic_that_takes_long_to_read_has_no_overview(
    site: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_MOST_READ_PX", 100)
    assert drawn(site).overview is None
    assert "gdaladdo" in caplog.text


def test_a_photo_is_found_by_the_end_of_its_path(tmp_path: Path) -> None:
    there = tmp_path / "here/flight/a.jpg"
    there.parent.mkdir(parents=True)
    there.touch()
    (tmp_path / "here/a.jpg").touch()
    (tmp_path / "secret.jpg").touch()
    nowhere = tmp_path / "nowhere"
    assert find_photo("/gone/flight/a.jpg", nowhere, tmp_path / "here") == there
    assert find_photo("D:\\gone\\flight\\a.jpg", nowhere, tmp_path / "here") == there
    assert find_photo("other/a.jpg", nowhere, tmp_path / "here") == tmp_path / "here/a.jpg"
    assert find_photo("flight/a.jpg", tmp_path / "here", None) == there
    # A folder of photos is not left.
    assert find_photo("../secret.jpg", nowhere, tmp_path / "here") == Path("../secret.jpg")
    (tmp_path / "here/clip.MP4").touch()
    assert find_photo("/gone/clip.MP4#t=1.5", nowhere, tmp_path / "here") == tmp_path / "here/clip.MP4#t=1.5"
