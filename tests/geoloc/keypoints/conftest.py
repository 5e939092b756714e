"""A mosaic with texture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.rough_ground import rough, write_ground
from tiling.mosaic import Mosaic, open_mosaic


@pytest.fixture(scope="module")
def mosaic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosaic]:
    with open_mosaic([write_ground(tmp_path_factory.mktemp("m") / "m.tif", rough(0))]) as opened:
        yield opened
