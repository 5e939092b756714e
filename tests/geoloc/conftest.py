"""Values that several tests need."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import box

from geoloc.photo.target import Click
from geoloc.results.detection import Detection
from tests.helpers.flown_files import write_flown
from tests.helpers.published_files import write_published

UTM_BOXES = (
    (576708.4, 5188134.98, 576713.13, 5188141.59),
    (576800.0, 5188100.0, 576804.0, 5188103.0),
)


@pytest.fixture(scope="session")
def make_detection() -> Callable[..., Detection]:
    """`make_detection(score, (xmin, ymin, xmax, ymax), **changes)`, in UTM zone 15."""

    def make(score: float, bounds: tuple[float, float, float, float], **changes: object) -> Detection:
        found = Detection(
            rank=0,
            score=score,
            click=Click(10.5, 20.25),
            photo="photos/a.jpg",
            polygon=box(*bounds),
            crs="EPSG:32615",
            gsd_m=0.2,
            accuracy_m=0.5,
            accuracy_parts={"box": 0.4, "pixel": 0.3},
            model="base",
            window="18/1/2",
            method="attention",
        )
        return replace(found, **changes)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def two_found(make_detection: Callable[..., Detection]) -> list[Detection]:
    """Two answers to two clicks in one photo, in a park in Minnesota."""
    first, second = UTM_BOXES
    return [
        make_detection(0.9123456, first, rank=1, photo="photos/süd.jpg"),
        make_detection(0.5, second, rank=2, photo="photos/süd.jpg", click=Click(3, 4)),
    ]


@pytest.fixture(scope="session")
def published_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """See `write_published`."""
    return write_published(tmp_path_factory.mktemp("CVOGL"))


@pytest.fixture(scope="module")
def flown_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a module's own, where `flown_matrix` writes."""
    return tmp_path_factory.mktemp("flown")


@pytest.fixture(scope="module")
def flown_matrix(flown_folder: Path) -> np.ndarray:
    """See `write_flown`."""
    return write_flown(flown_folder)
