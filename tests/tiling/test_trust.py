"""What a file from a stranger may not do without being allowed to."""

import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine

from tiling.area import Area
from tiling.errors import AreaError, MosaicError
from tiling.grid import Grid
from tiling.mosaic import open_mosaic

SIDE = 64
GRID = Grid(pyproj.CRS("EPSG:32633"), Affine(1, 0, 5e5, 0, -1, 5e6), SIDE, SIDE)


def write_tif(path: Path, **profile: object) -> None:
    options = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 1, "dtype": "uint8", "crs": "EPSG:32633"}
    with rasterio.open(path, "w", **options, transform=Affine(1, 0, 5e5, 0, -1, 5e6), **profile) as file:
        file.write(np.full((1, SIDE, SIDE), 99, np.uint8))


def vrt(band: str) -> str:
    return (
        f'<VRTDataset rasterXSize="{SIDE}" rasterYSize="{SIDE}"><SRS>EPSG:32633</SRS>'
        "<GeoTransform>500000, 1, 0, 5000000, 0, -1</GeoTransform>"
        f"<Metadata><MDI key='by'>http://example.org</MDI></Metadata>{band}</VRTDataset>"
    )


def simple(name: str) -> str:
    source = f"<SimpleSource>{name}<SourceBand>1</SourceBand></SimpleSource>"
    return vrt(f'<VRTRasterBand dataType="Byte" band="1">{source}</VRTRasterBand>')


def element(name: str, relative: int = 1) -> str:
    return f'<SourceFilename relativeToVRT="{relative}">{name}</SourceFilename>'


PYTHON = """<VRTRasterBand dataType="Byte" band="1" subClass="VRTDerivedRasterBand">
<PixelFunctionLanguage>Python</PixelFunctionLanguage><PixelFunctionType>f</PixelFunctionType>
<PixelFunctionCode><![CDATA[
import os
def f(*args): os.system("true")
]]></PixelFunctionCode>
<SimpleSource><SourceFilename relativeToVRT="1">a.tif</SourceFilename></SimpleSource></VRTRasterBand>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "given"
    (folder / "below").mkdir(parents=True)
    for path in (tmp_path / "secret.tif", folder / "a.tif", folder / "below" / "a.tif"):
        write_tif(path)
    return folder


def value(path: Path) -> int:
    with open_mosaic([path]) as mosaic:
        return int(mosaic.read(GRID).rgb[SIDE // 2, SIDE // 2, 0])


@pytest.mark.parametrize("name", ["a.tif", "below/a.tif", "../given/a.tif"])
def test_what_lies_beside_a_vrt_is_read(folder: Path, name: str) -> None:
    (folder / "m.vrt").write_text(simple(element(name)))
    assert value(folder / "m.vrt") == 99
    (folder / "m.vrt").write_text(simple(element(str(folder / name), 0)))
    assert value(folder / "m.vrt") == 99


def outside(folder: Path) -> dict[str, str]:
    (folder / "inner.vrt").write_text(simple(element("../secret.tif")))
    return {
        "above": simple(element("../secret.tif")),
        "absolute": simple(element(str(folder.parent / "secret.tif"), 0)),
        "nested": simple(element("inner.vrt")),
    }


@pytest.mark.parametrize("way", ["above", "absolute", "nested"])
@pytest.mark.parametrize("name", ["m.vrt", "m.tif"])
def test_what_lies_elsewhere_is_not_unless_allowed(
    folder: Path, way: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GDAL knows a VRT by what it holds, not by its name.
    path = folder / name
    path.write_text(outside(folder)[way])
    with pytest.raises(MosaicError, match=r"refers to a file outside its folder .* GEOLOC_ALLOW_VRT=1") as caught:
        open_mosaic([path])
    assert "\n" not in str(caught.value)
    monkeypatch.setenv("GEOLOC_ALLOW_VRT", "1")
    assert value(path) == 99


@pytest.mark.parametrize(
    "name",
    [
        element("http://127.0.0.1:9/a.tif", 0),
        element("/vsicurl/http://127.0.0.1:9/a.tif", 0),
        element("<![CDATA[/vsicurl/http://127.0.0.1:9/a.tif]]>", 0),
        element("&#47;vsicurl/http://127.0.0.1:9/a.tif", 0),
        element("/vsis3/bucket/a.tif", 0),
        '<sourcefilename RelativeToVRT="0">/VSICURL/ftp://127.0.0.1/a.tif</sourcefilename>',
    ],
)
def test_servers_are_not_asked(folder: Path, name: str) -> None:
    (folder / "m.vrt").write_text(simple(name))
    with pytest.raises(MosaicError, match="refers to the network"):
        open_mosaic([folder / "m.vrt"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (vrt(PYTHON), "holds a pixel function in Python"),
        (
            '<GDAL_WMS><Service name="TMS"><ServerUrl>http://127.0.0.1:9/</ServerUrl></Service></GDAL_WMS>',
            "web service",
        ),
    ],
)
def test_code_and_services_are_refused(folder: Path, text: str, message: str) -> None:
    (folder / "m.tif").write_text(text)
    with pytest.raises(MosaicError, match=message):
        open_mosaic([folder / "m.tif"])


def test_a_block_is_not_decoded_whole_where_it_is_far_too_large(tmp_path: Path) -> None:
    # One tile of 1.1 GB that takes a few bytes of the disk.
    profile = {"driver": "GTiff", "width": 40_000, "height": 40_000, "count": 1, "dtype": "uint8"}
    strip = {"tiled": True, "blockxsize": 33_280, "blockysize": 33_280, "SPARSE_OK": True, "compress": "deflate"}
    with rasterio.open(
        tmp_path / "m.tif", "w", **profile, **strip, crs="EPSG:32633", transform=Affine(1, 0, 5e5, 0, -1, 5e6)
    ):
        pass
    with pytest.raises(MosaicError, match="stored in blocks of 33280 x 33280 px"):
        open_mosaic([tmp_path / "m.tif"])


@pytest.mark.parametrize("name", ["vrt://{}", "GTIFF_DIR:1:{}", "vrt://../secret.tif?bands=1"])
def test_a_name_that_says_more_than_a_path_leads_nowhere_else(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "m.vrt").write_text(simple(element(name.format(folder.parent / "secret.tif"))))
    # From the folder itself GDAL's name for it looks like one inside.
    monkeypatch.chdir(folder)
    with pytest.raises(MosaicError, match="refers to a file outside its folder"):
        open_mosaic([folder / "m.vrt"])
    monkeypatch.setenv("GEOLOC_ALLOW_VRT", "1")
    assert value(folder / "m.vrt") == 99


def test_a_name_that_says_more_than_a_path_leads_to_what_lies_beside(folder: Path) -> None:
    (folder / "m.vrt").write_text(simple(element(f"GTIFF_DIR:1:{folder / 'a.tif'}", 0)))
    assert value(folder / "m.vrt") == 99


def archived(folder: Path, kind: str, text: str) -> Path:
    """A VRT in an archive with a file beside it; what GDAL calls it."""
    (folder / "m.vrt").write_text(text)
    path = folder.parent / f"given.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in ("m.vrt", "a.tif"):
                archive.write(folder / name, name)
    else:
        with tarfile.open(path, "w") as archive:
            for name in ("m.vrt", "a.tif"):
                archive.add(folder / name, name)
    return Path(f"/vsi{kind}/{path}/m.vrt")


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_vrt_in_an_archive_is_held_to_the_same(folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert value(archived(folder, kind, simple(element("a.tif")))) == 99
    path = archived(folder, kind, simple(element(str(folder.parent / "secret.tif"), 0)))
    with pytest.raises(MosaicError, match="refers to a file outside its folder"):
        open_mosaic([path])
    monkeypatch.setenv("GEOLOC_ALLOW_VRT", "1")
    assert value(path) == 99


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (simple(element("/vsicurl/http://127.0.0.1:9/a.tif", 0)), "refers to the network"),
        (vrt(PYTHON), "holds a pixel function in Python"),
    ],
)
def test_what_a_vrt_in_an_archive_says_is_read_before_it_is_opened(
    folder: Path, text: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    monkeypatch.setattr(rasterio, "open", opened.append)
    for kind in ("zip", "tar"):
        with pytest.raises(MosaicError, match=message):
            open_mosaic([archived(folder, kind, text)])
    assert opened == []
    with zipfile.ZipFile(folder.parent / "alone.zip", "w") as archive:
        archive.writestr("m.vrt", text)
    with pytest.raises(MosaicError, match=message):
        open_mosaic([folder.parent / "alone.zip"])


def test_overviews_of_another_file_are_not_read(folder: Path) -> None:
    secret = folder.parent / "secret.tif"
    (folder / "a.tif.aux.xml").write_text(
        f'<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">{secret}</MDI></Metadata></PAMDataset>'
    )
    with pytest.raises(MosaicError, match="refers to a file outside its folder"):
        open_mosaic([folder / "a.tif"])


def test_a_text_that_is_too_long_to_be_looked_through_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiling.trust._LONGEST", 1 << 17)
    (folder / "m.vrt").write_text(simple(element("a.tif")).replace("<SRS>", " " * (1 << 17) + "<SRS>"))
    with pytest.raises(MosaicError, match="a text of more than"):
        open_mosaic([folder / "m.vrt"])


@pytest.mark.parametrize(
    "text",
    [
        '<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{}</SrcDataSource></OGRVRTLayer>'
        "</OGRVRTDataSource>",
        "<OGRWFSDataSource><URL>http://127.0.0.1:9/wfs?</URL></OGRWFSDataSource>",
    ],
)
def test_an_area_whose_layers_are_elsewhere_is_refused(
    folder: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = folder.parent / "secret.geojson"
    ring = [[1, 2], [2, 2], [2, 3], [1, 2]]
    secret.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    (folder / "v.geojson").write_text(text.format(secret))
    with pytest.raises(AreaError, match=r"describes layers of other files or servers .* GEOLOC_ALLOW_VRT=1"):
        Area.from_file(folder / "v.geojson")
    if "{}" in text:
        monkeypatch.setenv("GEOLOC_ALLOW_VRT", "1")
        assert Area.from_file(folder / "v.geojson").polygon.bounds == (1, 2, 2, 3)
