"""Where files enter by GDAL: how they are opened, and what becomes of all that libraries say of broken ones."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyproj
import rasterio
import shapely
from rasterio._err import CPLE_BaseError
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from tiling.errors import GeolocError, MosaicError
from tiling.names import gdal_name, is_remote

CACHE_BYTES = 256 * 2**20
"""GDAL's block cache. Its own default, a twentieth of the memory, is more than a whole search may take."""
_REMOTE: dict[str, int | str] = {
    "GDAL_HTTP_CONNECTTIMEOUT": 10,
    "GDAL_HTTP_TIMEOUT": 60,
    "GDAL_HTTP_LOW_SPEED_TIME": 20,
    "GDAL_HTTP_LOW_SPEED_LIMIT": 1,
    "GDAL_HTTP_MAX_RETRY": 2,
    "GDAL_HTTP_RETRY_DELAY": 1,
    # Neither lists a server's folder nor asks it for files that may lie beside.
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
}
"""How long a server may take, seconds, and how often it is asked again."""
BROKEN = (
    RasterioError,
    CPLE_BaseError,
    pyproj.exceptions.ProjError,
    shapely.errors.ShapelyError,
    OSError,
    ValueError,
    ArithmeticError,
    TypeError,
    IndexError,
    RuntimeError,
)
"""What libraries raise of a file that makes no sense to them; damaged keys and geotransforms raise nearly anything."""


@contextmanager
def opened(path: Path, name: Path | str) -> Iterator[rasterio.DatasetReader]:
    """Open a file to look at all but its pixels; whatever is wrong with it becomes one line of a `MosaicError`.

    Args:
        path: what it is called in errors.
        name: what GDAL opens.

    Raises:
        MosaicError: it is no raster, or its header is damaged.
    """
    try:
        with rasterio.Env(**_options(name)), warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            file = rasterio.open(name)
    except BROKEN as error:
        if _is_pdf(path):
            raise MosaicError(
                f"{path}: is a PDF; open it in QGIS, save it as a GeoTIFF (Layer > Save As...), and name that"
            ) from error
        raise MosaicError(f"{gdal_name(path)}: not a raster that can be read ({_reason(error)})") from error
    with rasterio.Env(**_options(name)), file:
        if file.count == 0:
            some = ", ".join(file.subdatasets[:3]) or "none"
            raise MosaicError(f"{gdal_name(path)}: holds no bands; name one of its subdatasets: {some}")
        try:
            yield file
        except GeolocError:
            raise
        except BROKEN as error:
            raise MosaicError(
                f"{gdal_name(path)}: its header makes no sense; the file seems damaged, or is placed nowhere on Earth"
                f" ({_reason(error)})"
            ) from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what is said while pixels of a file are read into one line, that of a `MosaicError`."""
    with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES, **_options(path)):
        try:
            yield
        except GeolocError:
            raise
        except BROKEN as error:
            seems = "server does not answer as it should" if is_remote(path) else "file seems damaged or cut short"
            raise MosaicError(
                f"{gdal_name(path)}: its pixels cannot be read; the {seems} ({_reason(error)})"
            ) from error


def _is_pdf(path: Path) -> bool:
    """Whether a file is a PDF, which few builds of GDAL read; rasterio's does not."""
    try:
        with path.open("rb") as file:
            return file.read(5) == b"%PDF-"
    except (OSError, ValueError):
        return False


def _options(name: Path | str) -> dict[str, int | str]:
    return _REMOTE if is_remote(name) else {}


def _reason(error: BaseException) -> str:
    return " ".join(str(error.__cause__ or error).split()) or type(error).__name__
