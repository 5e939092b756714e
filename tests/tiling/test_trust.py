"""What a file from a stranger may not do without being allowed to."""

from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine

from tiling.errors import MosaicError
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
