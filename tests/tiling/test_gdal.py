"""Files that GDAL, PROJ or GEOS choke on, files without a place on Earth, and files of a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from PIL import Image

from tests.helpers.file_server import Served
from tests.helpers.places import NORTH_UP, UTM, Write
from tiling import gdal
from tiling.errors import MosaicError
from tiling.grid import Grid
from tiling.mosaic import open_mosaic

SIDE = 64


def vrt(pixels: Path, transform: Affine, crs: str) -> Path:
    """A file beside another that says of its place what GDAL would not write."""
    from xml.sax.saxutils import escape

    place = ", ".join(map(repr, (transform.c, transform.a, transform.b, transform.f, transform.d, transform.e)))
    path = pixels.with_suffix(".vrt")
    path.write_text(
        f'<VRTDataset rasterXSize="{SIDE}" rasterYSize="{SIDE}"><SRS>{escape(crs)}</SRS><GeoTransform>{place}'
        '</GeoTransform><VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename relativeToVRT="1">'
        f"{pixels.name}</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    return path


def test_a_pdf_is_told_to_be_exported(tmp_path: Path) -> None:
    # Whatever it is called.
    for name in ("map.pdf", "map.tif"):
        Image.new("RGB", (SIDE, SIDE)).save(tmp_path / name, "PDF")
        with pytest.raises(MosaicError) as caught:
            open_mosaic(tmp_path / name)
        assert str(caught.value).startswith(f"{tmp_path / name}: is a PDF; open it in QGIS")
        assert "\n" not in str(caught.value)


@pytest.fixture
def pixels(write: Write) -> Path:
    return write(np.full((1, SIDE, SIDE), 99, np.uint8))


@pytest.mark.parametrize(
    ("crs", "says"),
    [
        ('LOCAL_CS["site",UNIT["metre",1]]', "CRS 'site' (engineering) says of no pixel"),
        (
            'LOCAL_CS["NAD83 / UTM zone 15N",UNIT["metre",1],AUTHORITY["EPSG","26915"]]',
            "EPSG:26915, if that is meant",
        ),
        ("EPSG:4978", "(geocentric) says of no pixel"),
        (
            "+proj=tmerc +lat_0=49 +lon_0=-2 +ellps=airy +nadgrids=none_such.gsb +type=crs",
            "a grid that it names is missing or damaged",
        ),
    ],
)
def test_a_crs_without_a_place_on_earth_is_refused_with_the_remedy(pixels: Path, crs: str, says: str) -> None:
    path = vrt(pixels, NORTH_UP, crs)
    with pytest.raises(MosaicError) as caught:
        open_mosaic(path)
    text = str(caught.value)
    assert text.startswith(str(path))
    assert says in text
    assert "gdal_edit.py -a_srs" in text
    assert "\n" not in text


@pytest.mark.parametrize(
    "transform",
    [
        Affine(0.2, 0, 1e300, 0, -0.2, 5_400_000),
        Affine(0.2, 0, 500_000, 0, -0.2, float("nan")),
        Affine(float("inf"), 0, 500_000, 0, -0.2, 5_400_000),
        Affine(0.2, 1e15, 500_000, 0, -1e-15, 5_400_000),
        Affine(0.2, 0.0, 500_000, 1e15, 9e14, 5_400_000),
        Affine(1e300, 0, 500_000, 0, -1e300, 5_400_000),
        Affine(1e-300, 0, 500_000, 0, -1e-300, 5_400_000),
        Affine(3e6, 4e7, 500_000, 2e7, -9e6, 5_400_000),
    ],
)
def test_an_absurd_geotransform_is_refused(pixels: Path, transform: Affine) -> None:
    with pytest.raises(MosaicError, match=r"m\.vrt") as caught:
        open_mosaic(vrt(pixels, transform, UTM))
    assert "\n" not in str(caught.value)


def test_damaged_keys_of_a_tiff_are_refused(write: Write) -> None:
    """Each key and value of the directory of GeoTIFF keys, replaced by what belongs elsewhere."""
    path = write(np.full((1, SIDE, SIDE), 99, np.uint8))
    content = path.read_bytes()
    start = max(content.find(bytes((1, 0, 1, 0, last, 0))) for last in (0, 1))
    said = []
    for place in range(start, start + 64, 2):
        for value in (0, 1024, 4326, 65535):
            damaged = bytearray(content)
            damaged[place : place + 2] = value.to_bytes(2, "little")
            path.write_bytes(damaged)
            try:
                with open_mosaic(path) as mosaic:
                    mosaic.read(Grid(UTM, NORTH_UP, 8, 8))
            except MosaicError as error:
                said.append(str(error))
    assert len(said) > 20
    assert not [text for text in said if "\n" in text]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Served]]:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # It hinders nobody: see tests/conftest.py.
    servers: list[Served] = []

    def start(content: bytes, status: int = 200) -> Served:
        servers.append(Served({"/m.tif": content}, status))
        return servers[-1]

    yield start
    for server in servers:
        server.over.set()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("prefix", ["", "/vsicurl/"])
def test_an_address_is_read_as_a_file_is(pixels: Path, serve: Callable[..., Served], prefix: str) -> None:
    server = serve(pixels.read_bytes())
    # What a request holds is a `Path`, which halves the slashes.
    with open_mosaic(Path(f"{prefix}{server.url()}")) as mosaic:
        assert (mosaic.read(Grid(UTM, NORTH_UP, SIDE, SIDE)).rgb == 99).all()
        assert mosaic.fingerprint[0].size == 0
    assert server.asked


@pytest.mark.parametrize("status", [404, 500])
def test_an_address_that_answers_with_an_error_is_told_in_one_line(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr("tiling.gdal._REMOTE", {"GDAL_HTTP_MAX_RETRY": 1, "GDAL_HTTP_RETRY_DELAY": 0.01})
    server = serve(b"", status) if status == 500 else serve(b"x")
    url = server.url() if status == 500 else server.url().replace("m.tif", "none.tif")
    with pytest.raises(MosaicError, match="not a raster that can be read") as caught:
        open_mosaic(Path(url))
    assert url in str(caught.value)
    assert "\n" not in str(caught.value)
    assert server.asked <= 8


def test_a_server_that_stalls_is_given_up_and_told_in_one_line(
    write: Write, serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    side = 600
    # More than GDAL downloads to open it.
    path = write(np.random.default_rng(0).integers(1, 255, (3, side, side), np.uint8))
    server = serve(path.read_bytes())
    with open_mosaic(Path(server.url())) as mosaic:
        server.stalled, before = True, server.asked
        options = {"GDAL_HTTP_TIMEOUT": 1, "GDAL_HTTP_MAX_RETRY": 1, "GDAL_HTTP_RETRY_DELAY": 0.01}
        monkeypatch.setattr("tiling.gdal._REMOTE", gdal._REMOTE | options)
        with pytest.raises(MosaicError, match="its pixels cannot be read; the server does not answer") as reading:
            mosaic.read(Grid(UTM, NORTH_UP, side, side))
    with pytest.raises(MosaicError, match="timed out") as opening:
        open_mosaic(Path(f"{server.url()}?again"))
    for error in (reading.value, opening.value):
        assert server.url() in str(error)
        assert "\n" not in str(error)
    assert server.asked - before <= 16


def test_a_vrt_at_an_address_does_not_look_at_this_machine(
    pixels: Path, serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = vrt(pixels, NORTH_UP, "EPSG:32633").read_text()
    text = text.replace(f'relativeToVRT="1">{pixels.name}', f'relativeToVRT="0">{pixels}')
    server = serve(text.encode())
    with pytest.raises(MosaicError, match=r"refers to a file of this machine .* GEOLOC_ALLOW_VRT=1"):
        open_mosaic(Path(server.url()))
    monkeypatch.setenv("GEOLOC_ALLOW_VRT", "1")
    with open_mosaic(Path(server.url())) as mosaic:
        assert (mosaic.read(Grid(UTM, NORTH_UP, SIDE, SIDE)).rgb == 99).all()
