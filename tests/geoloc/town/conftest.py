"""A small town that several tests look at; built once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from geoloc import town
from tests.helpers.tiny_town import quick_towns


@pytest.fixture(scope="session")
def build_small() -> Callable[[Path], town.Town]:
    """Builds the same small town into any folder."""

    def build(folder: Path) -> town.Town:
        with quick_towns():
            return town.build(
                folder, seed=3, size_m=80.0, gsd_m=0.25, rotation_deg=20.0, photo_px=(400, 300), panorama_px=512
            )

    return build


@pytest.fixture(scope="session")
def small_town(
    tmp_path_factory: pytest.TempPathFactory, build_small: Callable[[Path], town.Town]
) -> tuple[Path, town.Town]:
    folder = tmp_path_factory.mktemp("town")
    return folder, build_small(folder)
