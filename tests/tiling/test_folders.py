"""Which files make a mosaic, and which of them counts where they overlap."""

from __future__ import annotations

import logging
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import ColorInterp

from tests.helpers.places import NORTH_UP, UTM, Write
from tiling.errors import MosaicError
from tiling.grid import Grid, project, transformer
from tiling.mosaic import Mosaic, open_mosaic

SIDE = 200


def colour(grey: int, bands: int = 3, side: int = SIDE) -> NDArray[np.uint8]:
    """Noise about a grey value, so that no file looks empty."""
    noise = np.random.default_rng(grey).integers(-9, 10, (bands, side, side))
    return (grey + noise).astype(np.uint8)


def shown(mosaic: Mosaic, x: float = 0.5, y: float = 0.5) -> float:
    """The mean grey value of some pixels at a share of the files' common extent."""
    affine = NORTH_UP * Affine.translation(x * SIDE - 5, y * SIDE - 5)
    pixels = mosaic.read(Grid(UTM, affine, 10, 10))
    assert pixels.valid.all()
    return float(pixels.rgb.mean())


def test_heights_beside_pictures_are_left_out_and_named(
    write: Write, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    heights = np.linspace(200, 300, SIDE * SIDE, dtype=np.float32).reshape(1, SIDE, SIDE)
    write(heights, "export/a_dsm.tif", nodata=-9999)
    write((heights * 10).astype(np.int16), "export/b_dtm.tif")
    write(np.where(heights > 250, 255, 0).astype(np.uint8), "export/c_mask.tif")
    write(colour(150), "export/ortho.tif")
    with caplog.at_level(logging.WARNING, "tiling"), open_mosaic(tmp_path / "export") as mosaic:
        assert [path.name for path in mosaic.paths] == ["ortho.tif"]
        assert shown(mosaic) == pytest.approx(150, abs=3)
    told = " ".join(record.message for record in caplog.records)
    assert all(name in told for name in ("a_dsm.tif", "b_dtm.tif", "c_mask.tif"))
    assert "left out of the mosaic" in told
    # By itself each is searched as before.
    caplog.clear()
    with open_mosaic(tmp_path / "export" / "a_dsm.tif") as mosaic:
        assert mosaic.read(Grid(UTM, NORTH_UP, SIDE, SIDE)).valid.all()
    assert not caplog.records


def test_where_bands_are_named_the_user_has_said_what_is_a_picture(write: Write) -> None:
    paths = [write(np.linspace(0, 9, SIDE * SIDE, dtype=np.float32).reshape(1, SIDE, SIDE), "a.tif"), write(colour(9))]
    with open_mosaic(paths, bands=(1,)) as mosaic:
        assert len(mosaic.paths) == 2


def test_the_finer_picture_counts_whatever_its_name(write: Write, tmp_path: Path) -> None:
    write(colour(60, side=SIDE // 4), "tiles/a.tif", transform=NORTH_UP * Affine.scale(4))
    write(colour(180), "tiles/b.tif")
    with open_mosaic(tmp_path / "tiles") as mosaic:
        assert shown(mosaic) == pytest.approx(180, abs=3)
        assert mosaic.gsd_m == pytest.approx(0.2, rel=0.01)


def test_of_equally_fine_pictures_the_first_counts(write: Write, tmp_path: Path) -> None:
    write(colour(60), "tiles/a.tif", transform=NORTH_UP * Affine.scale(1.1))
    write(colour(180), "tiles/b.tif")
    with open_mosaic(tmp_path / "tiles") as mosaic:
        assert shown(mosaic) == pytest.approx(60, abs=3)


def test_a_grey_picture_does_not_hide_one_in_colour(write: Write, tmp_path: Path) -> None:
    write(colour(60, bands=1), "tiles/a_hillshade.tif")
    write(colour(180), "tiles/ortho.tif", transform=NORTH_UP * Affine.scale(1.5))
    with open_mosaic(tmp_path / "tiles") as mosaic:
        assert shown(mosaic) == pytest.approx(180, abs=3)


@pytest.mark.parametrize("empty", [0, 255])
@pytest.mark.parametrize("options", [{}, {"compress": "jpeg", "photometric": "ycbcr"}])
def test_a_neighbour_shows_through_a_collar(write: Write, tmp_path: Path, empty: int, options: dict[str, str]) -> None:
    left, right = colour(100), colour(180)
    left[:, :, SIDE // 2 :] = empty
    right[:, :, : SIDE // 4] = empty
    write(left, "tiles/a.tif", **options)
    write(right, "tiles/b.tif", **options)
    with open_mosaic(tmp_path / "tiles") as mosaic:
        assert shown(mosaic, 0.1) == pytest.approx(100, abs=4)
        assert shown(mosaic, 0.4) == pytest.approx(100, abs=4)
        # Up to the edge of the collar, where JPEG has spoilt some pixels.
        pixels = mosaic.read(Grid(UTM, NORTH_UP, SIDE, SIDE))
        assert pixels.valid.all()
        assert np.abs(pixels.rgb.astype(int) - empty).min() > 40
        # Whatever part is read, it is the same.
        part = mosaic.read(Grid(UTM, NORTH_UP * Affine.translation(90, 20), 40, 60))
        assert np.array_equal(part.rgb, pixels.rgb[20:80, 90:130])


def test_a_collar_without_a_neighbour_stays(write: Write) -> None:
    pixels = colour(100)
    pixels[:, :, SIDE // 2 :] = 0
    far = NORTH_UP * Affine.translation(3 * SIDE, 0)
    with open_mosaic([write(pixels, "a.tif"), write(colour(180), "b.tif", transform=far)]) as mosaic:
        read = mosaic.read(Grid(UTM, NORTH_UP, SIDE, SIDE))
        assert read.valid.all()
        assert (read.rgb[:, SIDE // 2 + 2 :] == 0).all()


def test_shadows_are_no_collar(write: Write, tmp_path: Path) -> None:
    pixels = colour(100)
    pixels[:, 60:120, 60:120] = 0
    write(pixels, "tiles/a.tif")
    write(colour(180), "tiles/b.tif")
    with open_mosaic(tmp_path / "tiles") as mosaic:
        assert (mosaic.read(Grid(UTM, NORTH_UP, SIDE, SIDE)).rgb[65:115, 65:115] == 0).all()


def test_what_is_no_picture_is_passed_over(write: Write, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(colour(150), "tiles/mosaic.tif")
    (tmp_path / "tiles" / "._mosaic.tif").write_bytes(b"\0\5\x16\7 Mac OS X")
    (tmp_path / "tiles" / "thumbnail.jpg").write_bytes(b"a photo, which nothing places")
    with caplog.at_level(logging.WARNING, "tiling"), open_mosaic(tmp_path / "tiles") as mosaic:
        assert [path.name for path in mosaic.paths] == ["mosaic.tif"]
    assert not caplog.records
    (tmp_path / "tiles" / "broken.tif").write_bytes(b"no TIFF")
    write(colour(1), "tiles/nowhere.tif", crs=None, transform=None)
    with caplog.at_level(logging.WARNING, "tiling"), open_mosaic(tmp_path / "tiles") as mosaic:
        assert [path.name for path in mosaic.paths] == ["mosaic.tif"]
    (told,) = [record.message for record in caplog.records]
    assert "broken.tif: not a raster that can be read" in told
    assert "nowhere.tif: has no CRS and no geotransform" in told


def test_a_folder_of_nothing_usable_says_why(tmp_path: Path) -> None:
    (tmp_path / "broken.tif").write_bytes(b"no TIFF")
    with pytest.raises(MosaicError, match=r"broken\.tif: not a raster"):
        open_mosaic(tmp_path)


def test_jpeg_2000_and_pictures_with_world_files_are_taken(write: Write, tmp_path: Path) -> None:
    from rasterio.shutil import copy

    source = write(colour(150), "a.tif")
    (tmp_path / "tiles").mkdir()
    copy(source, tmp_path / "tiles" / "a.jp2", driver="JP2OpenJPEG")
    copy(source, tmp_path / "tiles" / "b.png", driver="PNG", worldfile="yes")
    for extra in (tmp_path / "tiles").glob("*.aux.xml"):
        extra.unlink()
    (tmp_path / "tiles" / "b.wld").rename(tmp_path / "tiles" / "b.PGW")
    (tmp_path / "tiles" / "b.prj").write_text(rasterio.crs.CRS.from_string(UTM).to_wkt(morph_to_esri_dialect=True))
    with open_mosaic(tmp_path / "tiles") as mosaic:
        assert [path.name for path in mosaic.paths] == ["a.jp2", "b.png"]
        assert {crs.to_epsg() for _, crs, _ in mosaic.places} == {32633}
        assert shown(mosaic) == pytest.approx(150, abs=3)


def test_a_prj_beside_a_world_file_is_read(write: Write, tmp_path: Path) -> None:
    path = write(colour(150), "m.tif", crs=None, transform=None, tiled=False)
    a = NORTH_UP
    place = (a.a, a.d, a.b, a.e, a.c + a.a / 2, a.f + a.e / 2)
    (tmp_path / "m.tfw").write_text("\n".join(map(repr, place)))
    with pytest.raises(MosaicError, match="has no CRS; assign the right one"):
        open_mosaic(path)
    (tmp_path / "m.prj").write_text(rasterio.crs.CRS.from_string(UTM).to_wkt(morph_to_esri_dialect=True))
    with open_mosaic(path) as mosaic:
        assert mosaic.paths == (path,)
        assert mosaic.crs.to_epsg() == 32633
        assert shown(mosaic) == pytest.approx(150, abs=3)
    for suffix in ("tif", "tfw", "prj"):
        (tmp_path / f"m.{suffix}").rename(tmp_path / f"which?.{suffix}")
    with pytest.raises(MosaicError, match="has a \\? in its name, and its CRS in another file; rename it"):
        open_mosaic(tmp_path / "which?.tif")


def test_an_archive_is_looked_into(write: Write, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(write(colour(150)), "inside/m.tif")
        archive.writestr("__MACOSX/inside/._m.tif", b"x")
    for name in (tmp_path / "a.zip", f"/vsizip/{tmp_path}/a.zip/inside/m.tif"):
        with open_mosaic(name) as mosaic:
            assert shown(mosaic) == pytest.approx(150, abs=3)
            assert mosaic.fingerprint[0].size == (tmp_path / "a.zip").stat().st_size
    (tmp_path / "b.zip").write_bytes(b"no archive")
    with pytest.raises(MosaicError, match="not an archive"):
        open_mosaic(tmp_path / "b.zip")
    with pytest.raises(MosaicError, match="no such file"):
        open_mosaic(f"/vsizip/{tmp_path}/c.zip/m.tif")


def test_a_table_of_a_geopackage_is_named_as_its_error_says(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.gpkg"
    for table in ("ortho", "second"):
        options = {"append_subdataset": "yes"} if path.exists() else {}
        with rasterio.open(
            *(path, "w"),
            **{"driver": "GPKG", "width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8"},
            **{"crs": UTM, "transform": NORTH_UP, "raster_table": table, **options},
        ) as file:
            file.write(colour(150 if table == "ortho" else 60))
    monkeypatch.chdir(tmp_path)
    for folder in ("", f"{tmp_path}/"):
        with pytest.raises(MosaicError, match="name one of its subdatasets") as caught:
            open_mosaic(f"{folder}m.gpkg")
        advised = str(caught.value).partition("subdatasets: ")[2].split(", ")[0]
        with open_mosaic(Path(advised)) as mosaic:
            assert shown(mosaic) == pytest.approx(150, abs=6)
            assert mosaic.fingerprint[0].size == path.stat().st_size
    with pytest.raises(MosaicError, match="no such file"):
        open_mosaic("GPKG:none.gpkg:ortho")


@pytest.mark.parametrize("tms", [False, True])
def test_tiles_of_a_web_map_are_taken_at_their_finest_zoom(write: Write, tmp_path: Path, tms: bool) -> None:
    import mercantile

    lon, lat = transformer(UTM, 4326).transform(500_010, 5_399_990)
    corner = mercantile.tile(lon, lat, 19)
    for zoom, value in ((19, 150), (18, 60)):
        first = corner if zoom == 19 else mercantile.parent(corner)
        for tile in (first, first._replace(x=first.x + 1)):
            row = 2**zoom - 1 - tile.y if tms else tile.y
            path = tmp_path / "tiles" / str(zoom) / str(tile.x) / f"{row}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            with rasterio.open(path, "w", driver="PNG", width=256, height=256, count=3, dtype="uint8") as file:
                file.write(colour(value, side=256))
    if tms:
        (tmp_path / "tiles" / "tilemapresource.xml").write_text("<TileMap/>")
    with open_mosaic(tmp_path / "tiles") as mosaic:
        assert len(mosaic.paths) == 2
        assert mosaic.crs.to_epsg() == 3857
        bounds = mercantile.bounds(corner)
        west, south, east, north = mosaic.footprint.bounds
        assert (west, south, north) == pytest.approx((bounds.west, bounds.south, bounds.north), abs=1e-9)
        assert east == pytest.approx(2 * bounds.east - bounds.west, abs=1e-9)
        grid = Grid(UTM, Affine(0.3, 0, 500_005, 0, -0.3, 5_399_993), 10, 10)
        assert mosaic.read(grid).rgb.mean() == pytest.approx(150, abs=4)
        assert mosaic.footprint.contains(project(grid.footprint().centroid, UTM, 4326))


def test_names_that_no_file_can_have(tmp_path: Path) -> None:
    for name in ("x" * 5000, "GPKG:", "nul\0", f"{tmp_path}/none"):
        with pytest.raises(MosaicError, match="no such file or folder"):
            open_mosaic(name)


def test_a_pipe_is_not_waited_for_and_in_a_folder_passed_over(write: Write, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tif")
    with pytest.raises(MosaicError, match=r"pipe\.tif: is a pipe or a device; save it as a file first"):
        open_mosaic(tmp_path / "pipe.tif")
    write(colour(100), "folder/a.tif")
    os.mkfifo(tmp_path / "folder" / "b.tif")
    assert len(open_mosaic(tmp_path / "folder").paths) == 1


# Bands that may be masks


def masked(flat: bool) -> NDArray[np.uint8]:
    """Colours, and a fourth band that hides the right half, below which there is one colour or a picture."""
    pixels = colour(100, bands=4)
    pixels[3] = 255
    pixels[3, :, SIDE // 2 :] = 0
    if flat:
        pixels[:3, :, SIDE // 2 :] = 77
    return pixels


RGB = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)


def test_a_mask_that_is_not_called_one_is_used(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    path = write(masked(flat=True), colorinterp=(*RGB, ColorInterp.undefined))
    with open_mosaic(path) as mosaic:
        valid = mosaic.read(Grid(UTM, NORTH_UP, SIDE, SIDE)).valid
        assert valid[:, : SIDE // 2 - 2].all()
        assert not valid[:, SIDE // 2 + 2 :].any()
    assert not caplog.records


def test_two_values_over_a_picture_are_no_mask_unless_the_file_says_so(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "tiling"):
        with open_mosaic(write(masked(flat=False), colorinterp=(*RGB, ColorInterp.undefined))) as mosaic:
            assert mosaic.read(Grid(UTM, NORTH_UP, SIDE, SIDE)).valid.all()
        assert "-colorinterp_4 alpha" in caplog.text
        caplog.clear()
        with open_mosaic(write(masked(flat=False), colorinterp=(*RGB, ColorInterp.alpha))) as mosaic:
            assert not mosaic.read(Grid(UTM, NORTH_UP, SIDE, SIDE)).valid[:, SIDE // 2 + 2 :].any()
    assert not caplog.records


@pytest.mark.parametrize("overviews", [(), (2,)])
@pytest.mark.parametrize("side", [SIDE, 1100])
def test_near_infrared_that_is_called_alpha_hides_nothing(
    write: Write, caplog: pytest.LogCaptureFixture, side: int, overviews: tuple[int, ...]
) -> None:
    pixels = colour(100, bands=4, side=side)
    pixels[3] = np.random.default_rng(0).integers(0, 200, (side, side)).astype(np.uint8)
    # Water and dark roofs.
    pixels[3, side // 3 : side // 2] = 0
    path = write(pixels, colorinterp=(*RGB, ColorInterp.alpha), overviews=overviews)
    with caplog.at_level(logging.WARNING, "tiling"), open_mosaic(path) as mosaic:
        assert mosaic.read(Grid(UTM, NORTH_UP, side, side)).valid.all()
        coarse = Grid(UTM, NORTH_UP * Affine.scale(10), side // 10, side // 10)
        assert mosaic.read_valid(coarse).all()
    (told,) = [record.message for record in caplog.records]
    assert f"{path}: band 4 is tagged alpha but holds a picture" in told
    assert "gdal_edit.py" in told


def test_an_alpha_band_that_hides_all_of_a_picture_is_not_believed(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (4, SIDE, SIDE)).astype(np.uint16) * 9
    pixels[3] = 0
    path = write(pixels, colorinterp=(*RGB, ColorInterp.alpha))
    with caplog.at_level(logging.WARNING, "tiling"), open_mosaic(path) as mosaic:
        assert mosaic.read(Grid(UTM, NORTH_UP, SIDE, SIDE)).valid.all()
    assert "hides all of the picture" in caplog.text


def test_soft_edges_of_an_alpha_band_are_no_picture(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    pixels = masked(flat=True)
    pixels[3, :, SIDE // 2 - 20 : SIDE // 2] = np.linspace(255, 0, 20).astype(np.uint8)
    with open_mosaic(write(pixels, colorinterp=(*RGB, ColorInterp.alpha))) as mosaic:
        assert not mosaic.read(Grid(UTM, NORTH_UP, SIDE, SIDE)).valid[:, SIDE // 2 + 2 :].any()
    assert not caplog.records


def test_a_pattern_takes_what_it_matches_in_the_order_of_names(write: Write, tmp_path: Path) -> None:
    for name in ("a/1.tif", "a/2.tif", "b/3.tif", "b/4.tiff"):
        write(colour(100), name)
    for pattern, names in (("a/*.tif", ["1", "2"]), ("?/[34].tif*", ["3", "4"]), ("**/*.tif", ["1", "2", "3"])):
        with open_mosaic(tmp_path / pattern) as mosaic:
            assert [path.stem for path in mosaic.paths] == names
    # Brackets may be part of a name.
    write(colour(100), "c[1].tif")
    with open_mosaic(tmp_path / "c[1].tif") as mosaic:
        assert [path.name for path in mosaic.paths] == ["c[1].tif"]
    # Of a file, and of a folder that is there above a pattern.
    for name in ("c1.tif", "d[1]/5.tif", "d1/6.tif", "e?.tif", "ef.tif"):
        write(colour(100), name)
    for pattern, names in (("c[1].tif", ["c[1]"]), ("d[1]/*.tif", ["5"]), ("e?.tif", ["e?"]), ("d*/*.tif", ["6", "5"])):
        with open_mosaic(tmp_path / pattern) as mosaic:
            assert [path.stem for path in mosaic.paths] == names


def test_a_pattern_that_matches_nothing_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MosaicError, match=r"^tiles/\*\.tif: no file or folder matches this pattern$"):
        open_mosaic(Path("tiles/*.tif"))
