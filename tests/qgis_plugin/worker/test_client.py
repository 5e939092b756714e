"""The client of the worker in plain Python, against a stand-in and against geoloc itself."""

import json
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from qgis_plugin.worker import client
from tests.helpers.city import CLICK, make_city

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-in is a script with a shebang")


@pytest.fixture
def worker(stub: Path):
    new = client.Worker([str(stub), "-m", "geoloc.worker"])
    yield new
    new.stop()


def fields(kind: str) -> dict:
    return {"photo": f"/photos/{kind}.jpg", "click": [1, 2], "mosaics": ["/m.tif"]}


def called(stub: Path) -> dict:
    return json.loads((stub.parent / "called.json").read_text(encoding="utf-8"))


def starts(stub: Path) -> int:
    return len((stub.parent / "starts.txt").read_text().split())


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie whose parent has not looked yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_one_process_answers_all(worker, stub):
    assert not worker.running
    progress = []
    answer = worker.request("locate", fields("found"), on_progress=progress.append)
    assert len(answer["found"]["features"]) == 3
    assert progress[0]["fraction"] == 0.5
    pid = worker.pid
    worker.request("ping", {})
    assert worker.pid == pid
    assert starts(stub) == 1
    assert called(stub)["request"]["photo"] == "/photos/found.jpg"


def test_requests_of_several_threads_do_not_mix(worker):
    answers = {}

    def ask(kind: str) -> None:
        try:
            answers[kind] = worker.request("locate", fields(kind))
        except client.WorkerError as error:
            answers[kind] = error

    threads = [threading.Thread(target=ask, args=(kind,)) for kind in ("found", "empty", "error")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers["found"]["found"]["features"]) == 3
    assert answers["empty"]["found"]["features"] == []
    assert answers["error"].code == "photo"


def test_an_error_is_the_workers_own_line(worker):
    with pytest.raises(client.WorkerError) as caught:
        worker.request("locate", fields("error"))
    assert caught.value.code == "photo"
    assert str(caught.value) == "/photos/error.jpg: click 10,20 lies outside the photo"


@pytest.mark.parametrize("kind", ["slow", "deaf"])
def test_cancel_ends_it_whether_it_listens_or_not(worker, stub, kind, monkeypatch):
    if kind == "slow":
        # However slow the machine: what listens is heard.
        monkeypatch.setattr(client, "_CANCEL_S", 600.0)
    worker.request("ping", {})
    with pytest.raises(client.Cancelled):
        # The stand-in works until somebody ends it.
        worker.request("locate", fields(kind), is_cancelled=(stub.parent / "called.json").exists)
    # The one that listens goes on serving.
    assert worker.running == (kind == "slow")
    assert worker.request("ping", {})["type"] == "result"
    assert starts(stub) == (1 if kind == "slow" else 2)


def test_a_worker_that_does_not_listen_is_left_to_others_that_wait(worker, stub):
    answers = []
    other = threading.Thread(target=lambda: answers.append(worker.request("locate", fields("later"))))
    other.start()
    while not (stub.parent / "called.json").exists():
        time.sleep(0.02)
    with pytest.raises(client.Cancelled):
        worker.request("locate", fields("deaf"), is_cancelled=lambda: "deaf" in called(stub)["request"]["photo"])
    (stub.parent / "go_on").touch()
    other.join()
    assert [answer["type"] for answer in answers] == ["result"]
    assert starts(stub) == 1


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("crash", "No module named 'torch'"),
        ("killed", "signal 9"),
        # It leaves a child that holds its pipes open.
        ("orphan", "signal 9"),
    ],
)
def test_a_crash_is_told_and_the_next_request_starts_another(worker, stub, kind, words):
    with pytest.raises(client.WorkerError) as caught:
        worker.request("locate", fields(kind))
    assert caught.value.code == "crash"
    assert words in str(caught.value)
    if kind == "crash":
        assert "something is" in caught.value.log
    assert worker.request("locate", fields("found"))["best_score"] == 0.9
    assert starts(stub) == 2


def test_what_a_library_prints_is_passed_over(worker):
    assert worker.request("locate", fields("chatty"))["best_score"] == 0.9


def test_another_protocol_is_refused(worker, stub):
    (stub.parent / "old_protocol").touch()
    with pytest.raises(client.WorkerError) as caught:
        worker.request("ping", {})
    assert caught.value.code == "protocol"
    assert not worker.running


def test_stop_ends_it_with_its_children(worker, stub):
    def ask() -> None:
        with pytest.raises(client.WorkerError):
            worker.request("locate", fields("slow"))

    thread = threading.Thread(target=ask)
    thread.start()
    # Renamed whole by the stand-in, so that what is there can be read.
    while thread.is_alive() and not (stub.parent / "called.json").exists():
        time.sleep(0.02)
    pids = [called(stub)["pid"], called(stub)["child"]]
    worker.stop()
    thread.join()
    # The child is no child of ours: that it was killed shows a moment later.
    while any(alive(pid) for pid in pids):
        time.sleep(0.02)


def test_no_such_program():
    with pytest.raises(client.WorkerError) as caught:
        client.Worker(["/no/such/python"]).request("ping", {})
    assert caught.value.code == "start"
    assert "/no/such/python" in str(caught.value)


def test_a_python_without_geoloc(tmp_path):
    with pytest.raises(client.WorkerError) as caught:
        client.Worker([sys.executable, "-I", "-S", "-m", "geoloc.worker"]).request("ping", {})
    assert caught.value.code == "start"
    assert "not installed" in str(caught.value)


def test_nothing_of_qgis_reaches_the_worker(worker, stub, monkeypatch):
    for name in ("PYTHONPATH", "PYTHONHOME", "PROJ_LIB", "GDAL_DATA", "LD_LIBRARY_PATH", "QT_PLUGIN_PATH", "QGIS_X"):
        monkeypatch.setenv(name, "/qgis")
    monkeypatch.setenv("GEOLOC_TEST", "kept")
    # The stand-in itself needs what is kept from it.
    worker.request("locate", fields("found"))
    environment = called(stub)["environment"]
    assert environment["GEOLOC_TEST"] == "kept"
    assert environment["PYTHONUTF8"] == "1"
    assert "/qgis" not in environment.values()


def test_the_shared_one_is_replaced_with_its_command(stub, tmp_path):
    one = client.shared([str(stub)])
    one.request("ping", {})
    assert client.shared([str(stub)]) is one
    other = client.shared([str(stub), "-u"])
    assert other is not one
    assert not one.running
    other.request("ping", {})
    client.stop_shared()
    assert not other.running


def test_geoloc_itself(tmp_path):
    make_city(tmp_path)
    worker = client.Worker([sys.executable, "-m", "geoloc.worker"])
    try:
        request = {"photo": str(tmp_path / "p.jpg"), "click": list(CLICK), "mosaics": [str(tmp_path / "m.tif")]}
        answer = worker.request("locate", {**request, "min_score": 0})
        assert answer["found"]["features"][0]["properties"]["rank"] == 1
        with pytest.raises(client.WorkerError) as caught:
            worker.request("locate", {**request, "click": [-1, 0]})
        assert caught.value.code == "photo"
    finally:
        worker.stop()
