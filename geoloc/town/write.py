"""The town's files: the mosaic as GeoTIFF, photographs as JPEG with EXIF and XMP, the queries as CSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational
from rasterio.enums import Resampling

from geoloc.photo.metadata import position_tags
from geoloc.system.output import replacing
from geoloc.town.picture.camera import Equirectangular, Parallel, Pinhole
from geoloc.town.picture.frame import Frame, MosaicGrid
from tiling.degrees import wrapped_deg

SENSOR_WIDTH_MM = 13.2
GROUND_ALTITUDE_M = 212.0
"""Above the ellipsoid: the height of the flat ground."""


def focal_px(film_mm: float, size: tuple[int, int]) -> float:
    """Return the focal length in pixels of a picture (width, height) by the 35 mm equivalent, of equal diagonals."""
    return film_mm / math.hypot(36.0, 24.0) * math.hypot(*size)


def write_mosaic(path: Path, grid: MosaicGrid, render: Callable[[Parallel, int], NDArray[np.uint8]]) -> None:
    """Write a tiled JPEG-compressed GeoTIFF with a mask outside the town and overviews.

    Args:
        path: the file.
        grid: the mosaic's pixels.
        render: returns the view, rows x columns x 3, of a camera of the grid; the number makes its noise.

    Raises:
        OutputError: the file cannot be written.
    """
    profile = {
        "driver": "GTiff", "count": 3, "dtype": "uint8", "crs": f"EPSG:{grid.frame.epsg}", "transform": grid.affine,
        "width": grid.width, "height": grid.height, "tiled": True, "blockxsize": 256, "blockysize": 256,
        "compress": "JPEG", "photometric": "YCBCR", "jpeg_quality": 90,
    }  # fmt: skip
    with replacing(path) as temporary, rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        mask = np.zeros((grid.height, grid.width), np.uint8)
        with rasterio.open(temporary, "w", **profile) as file:
            for number, (window, camera) in enumerate(grid.cameras()):
                r0, r1, c0, c1 = window
                valid = grid.valid(window)
                mask[r0:r1, c0:c1] = 255 * valid
                pixels = render(camera, number)
                pixels[~valid] = 0
                file.write(pixels.transpose(2, 0, 1), window=((r0, r1), (c0, c1)))
            file.write_mask(mask)
        with rasterio.open(temporary, "r+") as file:
            levels = [2**n for n in range(1, 8) if max(grid.width, grid.height) >> n >= 128]
            if levels:
                file.build_overviews(levels, Resampling.average)


def write_photo(
    path: Path, pixels: NDArray[np.uint8], camera: Pinhole, frame: Frame, film_mm: int, *, gimbal: bool = True
) -> None:
    """Write a drone's JPEG.

    Args:
        path: the file.
        pixels: rows x columns x 3.
        camera: that took it.
        frame: of its position.
        film_mm: the 35 mm equivalent of its focal length.
        gimbal: write heading, pitch and height, too, as DJI does.

    Raises:
        OutputError: the file cannot be written.
    """
    focal_mm = camera.focal_px * SENSOR_WIDTH_MM / camera.width
    exif = _exif(camera, frame, {
        ExifTags.Base.FocalLength: IFDRational(round(focal_mm * 1000), 1000),
        ExifTags.Base.FocalLengthIn35mmFilm: film_mm,
    })  # fmt: skip
    height = camera.position[2]
    tags = {
        "GimbalYawDegree": f"{wrapped_deg(camera.heading_deg):+.6f}",
        "GimbalPitchDegree": f"{camera.pitch_deg:+.6f}",
        "GimbalRollDegree": f"{camera.roll_deg:+.6f}",
        "RelativeAltitude": f"{height:+.3f}",
        "AbsoluteAltitude": f"{height + GROUND_ALTITUDE_M:+.3f}",
    }
    xmp = _xmp("drone-dji", "http://www.dji.com/drone-dji/1.0/", tags if gimbal else {})
    _write_jpeg(path, pixels, exif, xmp)


def write_walk(path: Path, pixels: NDArray[np.uint8], camera: Pinhole, frame: Frame, film_mm: int) -> None:
    """Write a telephone's JPEG: position and heading stand in it, how it was tilted does not; see `write_photo`.

    Raises:
        OutputError: the file cannot be written.
    """
    exif = _exif(camera, frame, {ExifTags.Base.FocalLengthIn35mmFilm: film_mm}, _direction(camera.heading_deg))
    _write_jpeg(path, pixels, exif, b"")


def write_panorama(path: Path, pixels: NDArray[np.uint8], camera: Equirectangular, frame: Frame) -> None:
    """Write a panorama's JPEG with Google's GPano metadata; the heading is that of the middle column.

    Args:
        path: the file.
        pixels: H x 2 H x 3, RGB.
        camera: where it stands and looks.
        frame: where the town's local metres lie on Earth.

    Raises:
        OutputError: the file cannot be written.
    """
    heading = camera.heading_deg % 360.0
    exif = _exif(camera, frame, {}, _direction(heading))
    size = {"WidthPixels": camera.width, "HeightPixels": camera.height}
    tags = {"ProjectionType": "equirectangular", "PoseHeadingDegrees": f"{heading:.6f}"}
    tags |= {f"{part}{side}": str(value) for part in ("FullPano", "CroppedAreaImage") for side, value in size.items()}
    tags |= {"CroppedAreaLeftPixels": "0", "CroppedAreaTopPixels": "0"}
    _write_jpeg(path, pixels, exif, _xmp("GPano", "http://ns.google.com/photos/1.0/panorama/", tags))


def _direction(heading_deg: float) -> dict[int, Any]:
    """Return the tags of a heading, clockwise from true north."""
    return {
        ExifTags.GPS.GPSImgDirectionRef: "T",
        ExifTags.GPS.GPSImgDirection: IFDRational(round(heading_deg % 360.0 * 10**6), 10**6),
    }


def _exif(
    camera: Pinhole | Equirectangular, frame: Frame, photo: Mapping[int, Any], gps: Mapping[int, Any] | None = None
) -> Image.Exif:
    x, y, height = camera.position
    lon, lat = frame.lonlat(x, y)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 1
    exif[ExifTags.Base.Make] = "geoloc"
    exif[ExifTags.Base.Model] = "synthetic town"
    exif.get_ifd(ExifTags.IFD.Exif).update(photo)
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({
        **position_tags(lon, lat),
        ExifTags.GPS.GPSAltitudeRef: b"\x00",
        ExifTags.GPS.GPSAltitude: IFDRational(round((height + GROUND_ALTITUDE_M) * 1000), 1000),
        **(gps or {}),
    })  # fmt: skip
    return exif


def _xmp(prefix: str, address: str, tags: Mapping[str, str]) -> bytes:
    attributes = "".join(f'\n   {prefix}:{name}="{value}"' for name, value in tags.items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        ' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        f'  <rdf:Description rdf:about="" xmlns:{prefix}="{address}"{attributes}/>\n'
        ' </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>'
    ).encode()


def _write_jpeg(path: Path, pixels: NDArray[np.uint8], exif: Image.Exif, xmp: bytes) -> None:
    with replacing(path) as temporary:
        Image.fromarray(pixels).save(temporary, "JPEG", quality=92, subsampling=0, exif=exif, xmp=xmp)


def write_queries(path: Path, rows: Iterable[Mapping[str, object]], columns: tuple[str, ...]) -> None:
    """Write rows of labelled queries as `geoloc.evaluation.labelled.read_queries` reads them.

    Args:
        path: the CSV file.
        rows: values by column, one a query.
        columns: names, in the order of the file.

    Raises:
        OutputError: the file cannot be written.
    """
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
