"""A photograph of rough ground that is matched for real, once."""

from __future__ import annotations

import numpy as np
import pytest

from geoloc.api import Locator
from geoloc.pose.matched_photo import MatchedPhoto
from tests.helpers.rough_ground import flown, mosaic

__all__ = ["mosaic"]


@pytest.fixture(scope="session")
def oblique(tmp_path_factory: pytest.TempPathFactory) -> tuple[MatchedPhoto, np.ndarray]:
    """A photo tilted by 50 degrees towards 30 degrees of its mosaic's north, matched, and photo -> mosaic pixels."""
    from tests.helpers.rough_ground import rough, write_ground

    path = write_ground(tmp_path_factory.mktemp("m") / "m.tif", rough(0))
    photo, matrix = flown(50, 30, told=True)
    with Locator(path) as locator:
        matched = locator.match(photo)
    assert matched is not None
    return matched, matrix
