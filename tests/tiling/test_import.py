import subprocess
import sys

PROGRAM = """
import sys, pkgutil, tiling
for module in pkgutil.iter_modules(tiling.__path__):
    __import__(f"tiling.{module.name}")
names = set(sys.modules)
assert "tiling.plan" in names
print(sorted(names & {"torch", "cv2", "geopandas", "geoloc"}))
"""


def test_tiling_loads_neither_torch_nor_the_rest() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
