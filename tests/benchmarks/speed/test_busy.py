"""CPU time of a process beside a busy loop: what is counted, what the process is told, and how it is written."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from benchmarks.speed import busy, report
from benchmarks.speed.busy import busy_loop, cpu_s

COMPUTING = "import time\nwhile time.process_time() < 0.5: pass"
PRINTING = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))"


def test_what_a_process_computes_counts_and_what_it_waits_does_not() -> None:
    assert 0.5 <= cpu_s([sys.executable, "-c", COMPUTING]) < 2
    assert cpu_s([sys.executable, "-c", "import time; time.sleep(2)"]) < 1
    # So does what its own processes compute.
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {COMPUTING!r}])"
    assert cpu_s([sys.executable, "-c", code]) >= 0.5


def test_the_same_work_costs_the_same_beside_a_busy_loop() -> None:
    figure = busy.busy([sys.executable, "-c", COMPUTING])
    assert figure["alone_s"] >= 0.5
    assert figure["beside_s"] >= 0.5
    assert figure["ratio"] == pytest.approx(figure["beside_s"] / figure["alone_s"])
    assert 0.5 < figure["ratio"] < 2


def test_the_loop_runs_as_long_as_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busy, "START_S", 0.0)
    with busy_loop() as process:
        assert process.poll() is None
    assert process.poll() is not None
    with pytest.raises(ZeroDivisionError), busy_loop() as process:
        _ = 1 / 0
    assert process.poll() is not None


def test_nothing_says_how_many_threads_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "KMP_BLOCKTIME"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("KEPT", "1")
    cpu_s([sys.executable, "-c", PRINTING, str(tmp_path / "environment.json")])
    names = json.loads((tmp_path / "environment.json").read_text()).keys()
    assert "KEPT" in names
    assert not [name for name in names if name.startswith(("OMP_", "OPENBLAS_", "MKL_", "KMP_"))]
    assert os.environ["OMP_NUM_THREADS"] == "1"


def test_a_command_that_fails_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="exit code 3"):
        cpu_s([sys.executable, "-c", "raise SystemExit(3)"])


def test_a_click_is_searched_round_the_photographs_position(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "p.jpg").touch()
    queries = tmp_path / "queries.csv"
    queries.write_text("photo,click_x,click_y,xmin,ymin,xmax,ymax,epsg\np.jpg,10.5,20,0,0,1,1,32633\n")
    commands: list[list[str]] = []
    monkeypatch.setattr(busy, "busy", lambda command: commands.append(command) or {"ratio": 1.0})
    assert busy.busy_locate(tmp_path / "m.tif", queries) == {"ratio": 1.0}
    assert commands[0][1:4] == ["-m", "geoloc", "locate"]
    words = " ".join(commands[0])
    assert f"{tmp_path / 'p.jpg'} --click 10.5,20.0 --mosaic {tmp_path / 'm.tif'} --within 200.0" in words


def test_the_table_has_the_ratio_with_its_aim_where_it_was_measured() -> None:
    measured = {"km2": 0.997, "busy": {"alone_s": 20.04, "beside_s": 24.0, "ratio": 1.1976}}
    lines = report._beside_a_busy_loop([measured, {"km2": 4.0}])
    assert lines[1] == "## Beside a busy loop"
    assert lines[-1] == "| 1.0 | 20.0 | 24.0 | 1.20 | 1.5 |"
    assert report._beside_a_busy_loop([{"km2": 4.0}]) == []
