"""The runner in plain Python, against a stand-in for geoloc and against geoloc itself."""

import json
import os
import sys
import time
from pathlib import Path

import pytest

from qgis_plugin import runner

needs_posix = pytest.mark.skipif(os.name != "posix", reason="the stand-in is a script with a shebang")
pytestmark = needs_posix


@pytest.fixture
def make_job(tmp_path: Path):
    def make(kind: str = "found", **changes) -> runner.Job:
        fields = {
            "photo": tmp_path / f"{kind}.jpg",
            "click": (10.5, 20.25),
            "mosaic": tmp_path / "mosaic.tif",
            "output": tmp_path / "found.geojson",
        }
        return runner.Job(**{**fields, **changes})

    return make


def called(stub: Path) -> dict:
    return json.loads((stub.parent / "called.json").read_text(encoding="utf-8"))


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie whose parent has not looked yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_command_line_is_the_one_geoloc_understands(make_job, tmp_path):
    job = make_job(photo=Path("-odd.jpg"), top=3, use_gps=False, overwrite=True)
    command = runner.locate_command(["geoloc"], job)
    assert command[:2] == ["geoloc", "locate"]
    assert command[2] == str(Path.cwd() / "-odd.jpg")
    assert command[3:] == [
        *("--click", "10.50,20.25", "--mosaic", str(tmp_path / "mosaic.tif")),
        *("-o", str(tmp_path / "found.geojson"), "--top", "3", "--no-gps", "--overwrite"),
    ]


def test_geoloc_itself_takes_the_command_line(make_job, tmp_path):
    geoloc = Path(sys.executable).with_name("geoloc")
    if not geoloc.exists():
        pytest.skip("geoloc is not installed beside this Python")
    outcome = runner.run([str(geoloc)], make_job(top=3, use_gps=False, overwrite=True))
    assert not outcome.ok
    assert "found.jpg" in outcome.message
    assert "did not understand" not in outcome.message


def test_environment_is_free_of_qgis():
    given = {
        **{"PYTHONHOME": "/q", "PYTHONPATH": "/q", "GDAL_DATA": "/q", "PROJ_LIB": "/q", "LD_LIBRARY_PATH": "/q"},
        **{"QGIS_PREFIX_PATH": "/q", "QT_PLUGIN_PATH": "/q", "DYLD_LIBRARY_PATH": "/q", "Proj_Data": "/q"},
        **{"PATH": "/bin", "HOME": "/home/me", "https_proxy": "http://proxy", "CUDA_VISIBLE_DEVICES": "0"},
    }
    kept = runner.child_environment(given)
    assert set(kept) == {"PATH", "HOME", "https_proxy", "CUDA_VISIBLE_DEVICES", "PYTHONUTF8"}


def test_run_writes_the_file_and_tells_progress(stub, make_job, monkeypatch):
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/nowhere")
    lines: list[str] = []
    job = make_job()
    outcome = runner.run([str(stub)], job, on_line=lines.append)
    assert outcome.ok, outcome
    assert len(json.loads(job.output.read_text(encoding="utf-8"))["features"]) == 3
    assert lines == ["5 of 10 windows"]
    assert not {"PYTHONHOME", "LD_LIBRARY_PATH"} & set(called(stub)["environment"])


@pytest.mark.parametrize(
    ("line", "percent"),
    [("12 of 40 windows", 30.0), ("40 of 40 windows", 100.0), ("0 of 0 windows", None), ("Searching", None)],
)
def test_progress_is_read_from_lines(line, percent):
    assert runner.parse_progress(line) == percent


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("error", "click 10,20 lies outside the photo"),
        ("crash", "environment is broken (ModuleNotFoundError: No module named 'torch')"),
        ("usage", "did not understand the plugin (No such option: --mosaic)"),
        ("killed", "signal 9; was there too little memory?"),
        ("silent", "without writing found.geojson"),
    ],
)
def test_failures_say_what_to_do(stub, make_job, kind, text):
    outcome = runner.run([str(stub)], make_job(kind))
    assert not outcome.ok
    assert not outcome.cancelled
    assert text in outcome.message
    assert "\n" not in outcome.message


def test_last_word_of_a_search_that_found_nothing_is_kept(stub, make_job):
    outcome = runner.run([str(stub)], make_job("empty"))
    assert outcome.ok
    assert outcome.message == "not here: click 10,20 (best score 0.031)"
    assert runner.parse_best_score(outcome.message) == "0.031"
    assert runner.parse_best_score("not here: click 10,20 (nothing like it)") is None


def test_cancel_ends_geoloc_and_its_children_soon(stub, make_job):
    started: list[str] = []
    begin = time.monotonic()
    outcome = runner.run([str(stub)], make_job("slow"), on_line=started.append, is_cancelled=lambda: bool(started))
    assert outcome.cancelled
    assert time.monotonic() - begin < 15
    assert not alive(called(stub)["pid"])
    # A killed process takes a moment to go on a busy machine.
    while alive(called(stub)["child"]) and time.monotonic() - begin < 15:
        time.sleep(0.02)
    assert not alive(called(stub)["child"])


def test_what_geoloc_leaves_running_does_not_hold_the_task(stub, make_job):
    begin = time.monotonic()
    assert runner.run([str(stub)], make_job("daemon")).ok
    assert time.monotonic() - begin < 4


def test_programs_that_cannot_start_are_outcomes(make_job, tmp_path):
    broken = tmp_path / "geoloc"
    broken.write_bytes(b"\x00\x01")
    broken.chmod(0o755)
    outcome = runner.run([str(broken)], make_job())
    assert not outcome.ok
    assert "cannot be started" in outcome.message
    assert "Settings" in outcome.message


def test_program_is_found_on_the_path_or_where_the_setting_says(stub, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(stub.parent))
    assert runner.find_program("") == [str(stub)]
    assert runner.find_program(str(stub)) == [str(stub)]
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(runner.RunnerError, match="not found; install it and give its path in Settings"):
        runner.find_program("")
    with pytest.raises(runner.RunnerError, match="no such file"):
        runner.find_program(str(tmp_path / "missing"))
    stub.chmod(0o644)
    if os.geteuid() != 0 or not os.access(stub, os.X_OK):
        with pytest.raises(runner.RunnerError, match="is not a program"):
            runner.find_program(str(stub))


def test_check_tells_the_version_of_the_program_or_of_its_python(stub):
    assert runner.check_program(str(stub)) == "geoloc, version 0.1.0"
    assert runner.check_program(sys.executable).startswith("geoloc, version")


@pytest.mark.parametrize("other", ["/bin/true", "/bin/ls", "/bin/false"])
def test_check_refuses_other_programs(other):
    with pytest.raises(runner.RunnerError, match="does not answer as geoloc does"):
        runner.check_program(other)
