"""Results files as geoloc writes them, of a Minnesotan and of a Polish mosaic, for QGIS to read."""

from pathlib import Path

import pyproj
import shapely
from shapely.geometry import Polygon, box

from geoloc.photo.target import Click
from geoloc.results.detection import Detection
from geoloc.results.vector_files import write_results

BOXES = {
    "EPSG:32615": (
        (576708.4, 5188134.8, 576713.2, 5188141.6),
        (576730.0, 5188100.0, 576734.0, 5188103.0),
        (576690.0, 5188120.0, 576696.0, 5188126.0),
    ),
    "EPSG:2180": (
        (637180.4, 486780.2, 637190.6, 486788.4),
        (637250.0, 486700.0, 637254.0, 486703.0),
    ),
}
"""CRS of a mosaic to the boxes found on it, best first."""


def detections(crs: str) -> list[Detection]:
    """The boxes of `BOXES`, as answers to one click."""
    return [
        Detection(
            rank=rank,
            score=0.95 - rank / 10,
            click=Click(612.5, 143.5),
            photo="photos/süd.jpg",
            polygon=box(*bounds),
            crs=crs,
            gsd_m=0.2,
            accuracy_m=0.5,
            accuracy_parts={"box": 0.4, "pixel": 0.3},
            model="base",
            window="18/1/2+4",
            method="attention",
        )
        for rank, bounds in enumerate(BOXES[crs], start=1)
    ]


def write(crs: str, path: Path) -> Path:
    """Write them as the suffix of `path` says."""
    write_results(detections(crs), path, crs=crs)
    return path


def in_crs(crs: str, target: str, which: slice = slice(None)) -> list[Polygon]:
    """The boxes as pyproj puts them in another CRS, corner by corner."""
    move = pyproj.Transformer.from_crs(crs, target, always_xy=True).transform
    return [shapely.transform(box(*bounds), move, interleaved=False) for bounds in BOXES[crs][which]]
