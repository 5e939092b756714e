"""The published data sets CVOGL and G2D, read as they are distributed and evaluated by their protocol.

Layout (DetGeo): `ROOT/CVOGL_DroneAerial` or `ROOT/CVOGL_SVI` with `{name}_{train,val,test}.pth`, `query/` and
`satellite/`. A record is a tuple of eight; see `PublishedRecord`. docs/datasets.md says what is checked.
"""

from __future__ import annotations

import math
import pickle
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geoloc.errors import GeolocError
from geoloc.evaluation.plain_pickle import load_plain

if TYPE_CHECKING:
    from geoloc.evaluation.labelled import Outcome
    from geoloc.model.localizer import Localizer
    from tiling.grid import Grid

TASKS = {"drone": "CVOGL_DroneAerial", "ground": "CVOGL_SVI"}
QUERY_PX = 256
REFERENCE_PX = 1024
_FIELDS = ("id", "query file", "satellite file", "click in the original", "click", "box", "polygon", "class")
_PLACE = re.compile(r"(-?\d+(?:\.\d+)?)_(-?\d+(?:\.\d+)?)_(\d+(?:\.\d+)?)_(\d{4,6})\.\w+$")


class DatasetError(GeolocError, ValueError):
    """A published data set cannot be read."""


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """Where a satellite image lies, from its name.

    Attributes:
        east: easting of its centre, metres.
        north: northing of its centre, metres.
        extent_m: its width on the ground, metres.
        epsg: code of its UTM zone.
    """

    east: float
    north: float
    extent_m: float
    epsg: int

    def grid(self, width: int, height: int) -> Grid:
        """Put the image's pixels, width x height, on the map.

        Raises:
            DatasetError: the EPSG number is that of no CRS.
        """
        import pyproj
        from affine import Affine

        from tiling.grid import Grid, as_crs

        step = self.extent_m / width
        try:
            crs = as_crs(self.epsg)
        except pyproj.exceptions.CRSError:
            raise DatasetError(f"EPSG:{self.epsg} is not a known CRS") from None
        corner = Affine.translation(self.east - self.extent_m / 2, self.north + step * height / 2)
        return Grid(crs, corner * Affine.scale(step, -step), width, height)


@dataclass(frozen=True)
class PublishedRecord:
    """One query as published.

    Attributes:
        id: its name.
        query: path of the drone or ground image.
        satellite: path of the satellite image.
        original_click: (x, y) in an original 512 px high, which nothing uses.
        click: (x, y) in pixels of the query as it lies there.
        box: xmin, ymin, xmax, ymax in satellite pixels.
        polygon: the object's oriented outline, four (x, y) in satellite pixels.
        kind: class of the object.
    """

    id: str
    query: Path
    satellite: Path
    original_click: tuple[float, float]
    click: tuple[float, float]
    box: tuple[float, float, float, float]
    polygon: tuple[float, ...]
    kind: str

    @cached_property
    def place(self) -> ImagePlace:
        """Place of the satellite image on the map.

        Raises:
            DatasetError: the satellite file is not named E_N_extent_EPSG.
        """
        found = _PLACE.search(self.satellite.name)
        if found is None or not float(found[3]):
            raise DatasetError(f"{self.satellite}: not named E_N_extent_EPSG.jpg, so it has no place on the map")
        return ImagePlace(float(found[1]), float(found[2]), float(found[3]), int(found[4]))

    def load(self) -> ImagePair:
        """Read both images, at the sizes that the protocol has.

        Raises:
            DatasetError: one is missing, damaged or of another shape, or click or box lie outside.
        """
        query, scale = _sized(_read(self.query), QUERY_PX, (1, 2), self.query)
        click = np.array(self.click) * scale
        if not ((click >= 0) & (click <= query.shape[1::-1])).all():
            raise DatasetError(f"{self.query}: the click {self.click} of record {self.id} is outside the image")
        reference, scale = _sized(_read(self.satellite), REFERENCE_PX, (1,), self.satellite)
        box = np.array(self.box) * scale
        centre = (box[:2] + box[2:]) / 2
        if not ((centre >= 0) & (centre <= REFERENCE_PX)).all():
            raise DatasetError(f"{self.satellite}: the box {self.box} of record {self.id} is outside the image")
        return ImagePair(query, click, reference, box, self.place.extent_m / REFERENCE_PX)


@dataclass(frozen=True, slots=True)
class ImagePair:
    """The images of a record.

    Attributes:
        query: 256 x 256 x 3 or, a panorama, 256 x 512 x 3; RGB.
        click: (x, y) in pixels of the query.
        reference: 1024 x 1024 x 3, RGB.
        box: xmin, ymin, xmax, ymax in pixels of the reference.
        gsd_m: metres on the ground a pixel of the reference.
    """

    query: NDArray[np.uint8]
    click: NDArray[np.float64]
    reference: NDArray[np.uint8]
    box: NDArray[np.float64]
    gsd_m: float


def read_split(name: str, root: Path, task: str, split: str) -> list[PublishedRecord]:
    """Read the records of a split.

    Args:
        name: "cvogl", or "g2d".
        root: folder of the data set. That of G2D is `root` or the only folder in it that holds such a list.
        task: "drone" or "ground", which names the folder of CVOGL.
        split: "train", "val" or "test".

    Raises:
        DatasetError: nothing of the kind there, or a list that holds anything but plain values, with the record's
            number.
    """
    folder = root / TASKS[task] if name == "cvogl" else None
    folders = [folder] if folder is not None else [root, *sorted(p for p in root.glob("*") if p.is_dir())]
    found = [path for each in folders for path in sorted(each.glob(f"*_{split}.pth"))]
    if len(found) != 1:
        where = folder or root
        raise DatasetError(f"{where}: {len(found) or 'no'} files *_{split}.pth there; expected one list of records")
    (path,) = found
    values = _load(path)
    if not isinstance(values, list | tuple) or not values:
        raise DatasetError(f"{path}: not a list of records")
    return [_record(path, number, value) for number, value in enumerate(values)]


def evaluate(
    records: Sequence[PublishedRecord], model: Localizer, progress: Callable[[int, int], None] | None = None
) -> list[Outcome]:
    """Follow the published protocol: every query in the one reference known to show its object, the single best box.

    Args:
        records: what to evaluate.
        model: the network with its weights.
        progress: called with the number of queries done and of all.

    Returns:
        Outcomes as those of `geoloc.evaluation.labelled`, on the map of the reference's UTM zone; the score is the
        probability, as the network says it, that the object is in the reference at all.

    Raises:
        DatasetError: see `PublishedRecord.load`.
    """
    return [_outcome(number, record, model, progress, len(records)) for number, record in enumerate(records, start=1)]


def _outcome(
    number: int, record: PublishedRecord, model: Localizer, progress: Callable[[int, int], None] | None, total: int
) -> Outcome:
    import time

    from geoloc.evaluation.labelled import LabelledQuery, Outcome
    from geoloc.photo.crop import Crop
    from geoloc.photo.target import Click
    from geoloc.plane.gaussian import BOUND
    from geoloc.results.detection import Detection
    from tiling.box import PixelBox

    started = time.perf_counter()
    pair = record.load()
    grid = record.place.grid(REFERENCE_PX, REFERENCE_PX)
    click = (float(pair.click[0]), float(pair.click[1]))
    encoded = model.encode_queries([Crop(pair.query, click, 0.0, np.eye(3))], [0])
    valid = np.ones(pair.reference.shape[:2], bool)
    matches = model.propose(encoded, model.encode_reference(pair.reference, valid), valid, 1)
    (best,) = matches.proposals
    presence = 1 / (1 + math.exp(-matches.log_mass[0]))
    query = LabelledQuery(record.query, Click(*click), grid.box_polygon(PixelBox(*pair.box)), record.place.epsg, number)
    parts = {"box": BOUND * model.calibration.centre_error_px * pair.gsd_m}
    answer = Detection(
        rank=1,
        score=presence,
        click=query.click,
        photo=str(record.query),
        polygon=grid.box_polygon(best.box),
        crs=grid.crs,
        gsd_m=pair.gsd_m,
        accuracy_m=parts["box"],
        accuracy_parts=parts,
        model=model.name,
        window=record.satellite.name,
        method="attention",
    )
    if progress is not None:
        progress(number, total)
    return Outcome(query, answer, time.perf_counter() - started)


def _load(path: Path) -> Any:
    """What a `.pth` holds."""
    try:
        return load_plain(path)
    except (OSError, EOFError, ValueError, TypeError, AttributeError, LookupError, ImportError) as error:
        raise DatasetError(f"{path}: cannot be read as a list of records ({error})") from None
    except (pickle.UnpicklingError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path}: refused, {error}") from None


def _record(path: Path, number: int, value: Any) -> PublishedRecord:
    where = f"{path}, record {number}"
    if not isinstance(value, list | tuple) or len(value) != len(_FIELDS):
        raise DatasetError(f"{where}: not a tuple of {len(_FIELDS)}: {', '.join(_FIELDS)}")
    numbers = {
        name: _numbers(where, name, value[i], count)
        for i, name, count in ((3, _FIELDS[3], 2), (4, _FIELDS[4], 2), (5, _FIELDS[5], 4), (6, _FIELDS[6], 8))
    }
    for i in (1, 2):
        if not isinstance(value[i], str) or not value[i] or Path(value[i]).name != value[i]:
            raise DatasetError(f"{where}: its {_FIELDS[i]} is {value[i]!r}, not the name of a file")
    box = numbers["box"]
    if box[0] >= box[2] or box[1] >= box[3]:
        raise DatasetError(f"{where}: its box {box} is empty; expected x1, y1, x2, y2")
    return PublishedRecord(
        id=str(value[0]),
        query=path.parent / "query" / value[1],
        satellite=path.parent / "satellite" / value[2],
        original_click=numbers[_FIELDS[3]],  # type: ignore[arg-type]
        click=numbers["click"],  # type: ignore[arg-type]
        box=box,  # type: ignore[arg-type]
        polygon=numbers["polygon"],
        kind=str(value[7]),
    )


def _numbers(where: str, name: str, value: Any, count: int) -> tuple[float, ...]:
    try:
        numbers = tuple(float(v) for v in np.asarray(value, float).ravel())
    except (TypeError, ValueError):
        numbers = ()
    if len(numbers) != count or not all(map(math.isfinite, numbers)):
        raise DatasetError(f"{where}: its {name} is {value!r}, not {count} numbers")
    return numbers


def _read(path: Path) -> NDArray[np.uint8]:
    import cv2

    image = cv2.imread(str(path)) if path.is_file() else None
    if image is None:
        raise DatasetError(f"{path}: {'cannot be read as an image' if path.exists() else 'no such image'}")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def _sized(image: NDArray[np.uint8], high: int, shares: tuple[int, ...], path: Path) -> tuple[NDArray[np.uint8], float]:
    """The image scaled to a height, and by how much; its width must be one of `shares` times as much."""
    import cv2

    height, width = image.shape[:2]
    if width not in [share * height for share in shares]:
        forms = " or ".join(f"{share * high} x {high}" for share in shares)
        raise DatasetError(f"{path}: {width} x {height} px; the protocol has {forms}")
    if height == high:
        return image, 1.0
    size = (width * high // height, high)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), high / height
