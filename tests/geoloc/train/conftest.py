"""Made ground whose colour tells where it is, so that two pictures can be asked whether they show the same place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from geoloc.model.network.config import Config
from geoloc.model.presets import PRESETS
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.ground import Ground
from geoloc.train.grounds.posed_site import load_site
from geoloc.train.samples import painter
from tests.helpers.tiny import TINY, coloured
from tests.helpers.training_files import write_site, write_training_data


@pytest.fixture(scope="session")
def tiny() -> Config:
    """See `TINY`."""
    return TINY


@pytest.fixture(autouse=True)
def _tiny_is_a_preset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRESETS, TINY.name, TINY)


@pytest.fixture
def _no_restyling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures keep the colours of the ground."""
    monkeypatch.setattr(painter, "restyle", lambda images, generator: images)


@pytest.fixture(scope="session")
def coloured_pixels() -> Callable[[int, int], np.ndarray]:
    """`coloured_pixels(rows, columns)`: see `coloured`."""

    def make(rows: int, columns: int) -> np.ndarray:
        y, x = np.mgrid[:rows, :columns] + 0.5
        return coloured(x, y)

    return make


def coloured_ground(name: str, rows: int, columns: int, boxes: list[list[float]], gsd_m: float = 0.2) -> Ground:
    """Flat ground whose colour tells where it is; nothing stands up."""
    y, x = np.mgrid[:rows, :columns] + 0.5
    there = np.array(boxes, float).reshape(-1, 4)
    return Ground(name, coloured(x, y), gsd_m, there, np.zeros((len(there), 2)), np.zeros((0, 3)))


@pytest.fixture(scope="session")
def collection(make_site: Callable[..., Path]) -> Collection:
    """A ground with boxes, of an odd width so that halving it must not move anything, one without, and a posed site."""
    site = load_site(make_site([40, 50], [0, 15]))
    grounds = (
        coloured_ground("boxed", 700, 901, [[300, 300, 340, 330], [500, 200, 520, 215]]),
        coloured_ground("plain", 400, 400, []),
        site.ground,
    )
    return Collection(grounds, tuple(site.posed_photo(i, 2) for i in range(2)), (1.0, 1.0, 2.0))


@pytest.fixture(scope="session")
def difference() -> Callable[..., np.ndarray]:
    """Grey levels between picture a at points and picture b at points, the worst of three channels a point."""

    def sample(image: np.ndarray, points: np.ndarray) -> np.ndarray:
        at = (points.reshape(-1, 1, 2) - 0.5).astype(np.float32)
        return cv2.remap(image, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0].astype(float)

    def measure(a: np.ndarray, at_a: np.ndarray, b: np.ndarray, at_b: np.ndarray) -> np.ndarray:
        return np.abs(sample(a, at_a) - sample(b, at_b)).max(1)

    return measure


@pytest.fixture(scope="session")
def make_site(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`make_site(heights, tilts)`: see `write_site`."""
    return lambda heights_m, tilts_deg: write_site(tmp_path_factory.mktemp("site"), heights_m, tilts_deg)


@pytest.fixture(scope="session")
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """See `write_training_data`."""
    return write_training_data(tmp_path_factory.mktemp("data"))
