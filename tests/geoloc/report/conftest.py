"""What tests of reports share: a mosaic, a photo and answers about it, one name of which wants to be HTML."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image

from geoloc.photo.target import Click
from geoloc.report.found_file import READ_SUFFIXES
from geoloc.results.columns import COLUMNS
from geoloc.results.detection import Detection
from geoloc.results.vector_files import Row, row_of, write_rows

SITE_COLUMNS = {"status": "object", **COLUMNS, "rank": "Int32", "error": "object"}
HOSTILE = 'photos/<script>alert(1)<!--"&amp;.jpg'
NOTE = "</script><img src=x onerror=alert(2)>"


@pytest.fixture
def site(tmp_path: Path, make_detection: Callable[..., Detection]) -> Path:
    """A folder with `mosaic.tif` (a red patch in grey), `photos/a.jpg` and `found` of every kind that is read back.

    Its rows: the best answer to a click in that photo, a lesser one, an answer about a photo that is not there and has
    a hostile name, a click that is not here, and one that failed.
    """
    rgb = np.full((3, 400, 800), 90, np.uint8)
    rgb[:, 100:120, 100:120] = np.array([230, 20, 20], np.uint8)[:, None, None]
    rgb[:, :20, :20], rgb[:, -20:, -20:] = 1, 255
    profile = {"driver": "GTiff", "width": 800, "height": 400, "count": 3, "dtype": "uint8"}
    transform = Affine(0.2, 0, 576_690, 0, -0.2, 5_188_160)
    with rasterio.open(tmp_path / "mosaic.tif", "w", **profile, crs="EPSG:32615", transform=transform) as file:
        file.write(rgb)
    (tmp_path / "photos").mkdir()
    photo = np.full((300, 400, 3), 120, np.uint8)
    photo[140:160, 190:210] = (20, 20, 230)
    Image.fromarray(photo).save(tmp_path / "photos/a.jpg", quality=95)
    click = Click(200, 150)
    found = [
        make_detection(0.93, (576_710, 5_188_136, 576_714, 5_188_140), rank=1, click=click),
        make_detection(0.4, (576_730, 5_188_120, 576_735, 5_188_124), rank=2, click=click),
        make_detection(0.71, (576_720, 5_188_110, 576_724, 5_188_113), rank=1, photo=HOSTILE, note=NOTE),
    ]
    rows = [Row(row.geometry, {**row.properties, "status": "found"}) for row in map(row_of, found)]
    rows += [
        Row(None, {"photo": "photos/a.jpg", "click_x": 30.0, "click_y": 40.0, "status": "not here"}),
        Row(None, {"photo": "photos/b.jpg", "click_x": 3.0, "click_y": 4.0, "status": "error", "error": "no photo"}),
    ]
    for suffix in READ_SUFFIXES:
        write_rows(rows, tmp_path / f"found{suffix}", SITE_COLUMNS, crs="EPSG:32615")
    return tmp_path
