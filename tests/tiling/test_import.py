"""What importing the package loads."""

import subprocess
import sys

import pytest

import tiling

EVERYTHING = """
import sys, pkgutil, tiling
for module in pkgutil.iter_modules(tiling.__path__):
    __import__(f"tiling.{module.name}")
names = set(sys.modules)
assert "tiling.plan" in names
print(sorted(names & {"torch", "cv2", "geopandas", "geoloc"}))
"""
BY_ITSELF = """
import sys, tiling
assert set(tiling.__all__) <= set(dir(tiling))
print(sorted({name.split(".")[0] for name in sys.modules} & {"rasterio", "numpy", "shapely", "pyproj", "cachetools"}))
"""
GEOMETRY = """
import sys, tiling
tiling.PixelBox, tiling.Grid, tiling.Area
print(sorted({name.split(".")[0] for name in sys.modules} & {"rasterio", "mercantile"}))
"""


@pytest.mark.parametrize("program", [EVERYTHING, BY_ITSELF, GEOMETRY])
def test_tiling_loads_no_more_than_it_needs(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_main_names_are_those_of_their_modules() -> None:
    from tiling.area import Area
    from tiling.box import PixelBox
    from tiling.grid import Grid
    from tiling.mosaic import Mosaic, open_mosaic
    from tiling.plan import Plan, Window, make_plan

    wanted = (Area, Grid, Mosaic, PixelBox, Plan, Window, make_plan, open_mosaic)
    assert tuple(getattr(tiling, name) for name in tiling.__all__) == wanted


def test_other_names_are_missing() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        tiling.nonsense  # noqa: B018
