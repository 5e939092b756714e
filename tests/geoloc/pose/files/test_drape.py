"""A photo laid over the map: what the file is, and that everything in it lies where it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from rasterio.enums import ColorInterp
from scipy import ndimage
from shapely.geometry import Point

from geoloc.api import Locator
from geoloc.errors import OutputError, PhotoError
from geoloc.plane.homography import for_opencv
from geoloc.pose.files.drape import BLOCK_PX, MOST_TIMES, check_drapes, drape_paths, write_drape
from geoloc.pose.matched_photo import MatchedPhoto
from tests.helpers.rough_ground import EAST, GSD_M, NORTH, SIDE, flown, rough, write_ground

Oblique = tuple[MatchedPhoto, np.ndarray]
MARKS = np.array([(350, 350), (300, 330), (380, 300), (400, 390), (330, 400)])
"""Pixels of the mosaic in whose middle something white is drawn, as seen by the photo tilted by 50 degrees."""
MAP = Affine(GSD_M, 0, EAST, 0, -GSD_M, NORTH)


def marked(matched: MatchedPhoto, matrix: np.ndarray) -> MatchedPhoto:
    """The photo as if there were white discs at the marks on dark ground."""
    ground = (rough(0) // 3).astype(np.uint8)
    for x, y in MARKS.tolist():
        cv2.circle(ground, (x, y), 4, (255, 255, 255), -1, cv2.LINE_AA)
    picture = cv2.warpPerspective(ground, for_opencv(np.linalg.inv(matrix)), matched.photo.size)
    return replace(matched, photo=replace(matched.photo, pixels=picture))


def discs(path: Path) -> list[tuple[float, float]]:
    """Middles of what is white, in the file's CRS."""
    with rasterio.open(path) as file:
        white = file.read(1).astype(float)
        affine = file.transform
    labels, count = ndimage.label(white > 128)
    middles = ndimage.center_of_mass(white, labels, range(1, count + 1))
    return [affine * (column + 0.5, row + 0.5) for row, column in middles]


def test_it_is_a_tiled_compressed_file_with_alpha_and_overviews(oblique: Oblique, tmp_path: Path) -> None:
    matched, _ = oblique
    calls: list[tuple[int, int]] = []
    done = write_drape(tmp_path / "d.tif", matched, progress=lambda done, total: calls.append((done, total)))
    with rasterio.open(done.path) as file:
        assert file.crs.to_epsg() == 32615
        assert file.colorinterp == (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha)
        assert file.block_shapes == [(BLOCK_PX, BLOCK_PX)] * 4
        assert file.compression.name == "deflate"
        assert file.overviews(1) == [2, 4]
        assert (file.width, file.height) == done.size
        assert file.transform.a == -file.transform.e == pytest.approx(done.gsd_m, rel=0.01)
        assert file.bounds.left <= matched.footprint.bounds[0]
        assert file.bounds.top >= matched.footprint.bounds[3]
    blocks = -(-done.size[0] // BLOCK_PX) * -(-done.size[1] // BLOCK_PX)
    assert calls == [(number, blocks) for number in range(1, blocks + 1)]
    # As large as the photo's middle pixel is on the ground there: 70 m away, 700 px long, tilted by 50 degrees.
    assert done.gsd_m == pytest.approx(0.1 / np.sqrt(np.cos(np.radians(50))), rel=0.1)


def test_it_looks_like_the_mosaic(oblique: Oblique, tmp_path: Path) -> None:
    matched, _ = oblique
    write_drape(tmp_path / "d.tif", matched)
    with rasterio.open(tmp_path / "d.tif") as file:
        colours, alpha, affine = file.read([1, 2, 3]), file.read(4), file.transform
    # In pixels of the mosaic, to OpenCV's.
    columns, rows = np.meshgrid(np.arange(alpha.shape[1]) + 0.5, np.arange(alpha.shape[0]) + 0.5)
    x, y = (part.astype(np.float32) - 0.5 for part in ~MAP * (affine * (columns, rows)))
    ground = cv2.remap(rough(0), x, y, cv2.INTER_LINEAR)
    both = (alpha > 0) & (x > 1) & (x < SIDE - 2) & (y > 1) & (y < SIDE - 2)
    assert np.corrcoef(colours.transpose(1, 2, 0)[both].ravel(), ground[both].ravel())[0, 1] > 0.97


def test_marks_lie_where_they_are_to_a_pixel(oblique: Oblique, tmp_path: Path) -> None:
    done = write_drape(tmp_path / "d.tif", marked(*oblique))
    found = discs(done.path)
    assert len(found) == len(MARKS)
    # OpenCV draws about the middle of a pixel.
    for mark in MARKS + 0.5:
        true = Point(MAP * tuple(mark))
        assert min(true.distance(Point(place)) for place in found) < done.gsd_m


def test_beyond_the_far_line_there_is_nothing_and_pixels_are_bounded(tmp_path: Path) -> None:
    photo, _ = flown(65, 30, told=True)
    with Locator(write_ground(tmp_path / "m.tif", rough(0))) as locator:
        matched = locator.match(photo)
    assert matched is not None
    assert matched.reliable_part.area < 0.9 * 800 * 600
    done = write_drape(tmp_path / "d.tif", matched)
    assert done.size[0] * done.size[1] < 1.01 * MOST_TIMES * 800 * 600
    with rasterio.open(done.path) as file:
        alpha, affine, colours = file.read(4), file.transform, file.read([1, 2, 3])
    assert set(np.unique(alpha)) == {0, 255}
    assert not colours[:, alpha == 0].any()
    shown = np.count_nonzero(alpha) * affine.a**2
    assert shown == pytest.approx(matched.footprint.area, rel=0.01)
    rows, columns = np.nonzero(alpha)
    x, y = affine * (columns + 0.5, rows + 0.5)
    assert shapely.contains_xy(matched.footprint.buffer(1.0), x, y).all()


def test_a_mosaic_in_degrees_has_pixels_that_are_square_on_the_ground(tmp_path: Path) -> None:
    lat, metre = 46.8, 1 / 111_170
    affine = Affine(GSD_M * metre / np.cos(np.radians(lat)), 0, -92.0, 0, -GSD_M * metre, lat)
    profile = {"driver": "GTiff", "count": 3, "height": SIDE, "width": SIDE, "dtype": "uint8", "crs": "EPSG:4326"}
    with rasterio.open(tmp_path / "m.tif", "w", **profile, transform=affine) as file:
        file.write(np.moveaxis(rough(0), -1, 0))
    photo, matrix = flown(50, 30, told=True)
    with Locator(tmp_path / "m.tif") as locator:
        matched = locator.match(photo)
    assert matched is not None
    done = write_drape(tmp_path / "d.tif", marked(matched, matrix))
    with rasterio.open(done.path) as file:
        assert file.crs.to_epsg() == 4326
        assert file.transform.a * np.cos(np.radians(lat)) == pytest.approx(-file.transform.e, rel=0.01)
        assert -file.transform.e / metre == pytest.approx(done.gsd_m, rel=0.01)
    found = np.array(discs(done.path))
    for mark in MARKS + 0.5:
        off = (found - affine * tuple(mark)) / metre * [np.cos(np.radians(lat)), 1]
        assert np.linalg.norm(off, axis=1).min() < done.gsd_m


def test_nothing_is_replaced_unasked_and_nothing_half_written_stays(oblique: Oblique, tmp_path: Path) -> None:
    matched, _ = oblique
    path = tmp_path / "d.tif"
    path.write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        write_drape(path, matched)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_drape(path, matched, overwrite=True, progress=stop)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("d.tif", "mine")]


def test_a_photo_without_ground_is_refused(oblique: Oblique, tmp_path: Path) -> None:
    matched, _ = oblique
    up = replace(matched.pose.camera, rotation=-matched.pose.camera.rotation)
    sky = replace(matched, pose=replace(matched.pose, camera=up))
    with pytest.raises(PhotoError, match="no ground"):
        write_drape(tmp_path / "d.tif", sky)


def test_several_photos_go_into_a_folder(tmp_path: Path) -> None:
    photos = [Path("a/1.jpg"), Path("a/2.png")]
    assert drape_paths(tmp_path, photos) == [tmp_path / "1.tif", tmp_path / "2.tif"]
    moments = [Path("a/clip.MP4#t=1.5"), Path("a/clip.MP4#t=1.7")]
    assert drape_paths(tmp_path, moments) == [tmp_path / "clip.MP4#t=1.5.tif", tmp_path / "clip.MP4#t=1.7.tif"]
    assert drape_paths(tmp_path / "d.TIF", photos[:1]) == [tmp_path / "d.TIF"]
    with pytest.raises(OutputError, match="give a folder"):
        drape_paths(tmp_path / "d.tif", photos)
    with pytest.raises(OutputError, match="2 photos would have this name"):
        drape_paths(tmp_path, [Path("a/1.jpg"), Path("b/1.jpg")])
    check_drapes(tmp_path / "new", photos, overwrite=False)
    assert (tmp_path / "new").is_dir()
    (tmp_path / "photo.tif").touch()
    with pytest.raises(OutputError, match="is read by this very command"):
        check_drapes(tmp_path / "photo.tif", [tmp_path / "photo.tif"], True, [tmp_path / "photo.tif"])
