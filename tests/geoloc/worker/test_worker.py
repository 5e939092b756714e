"""`python -m geoloc.worker` as another program sees it, with the network of the package."""

from __future__ import annotations

import base64
import itertools
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyproj
import pytest
from click.testing import CliRunner
from shapely.geometry import box, mapping, shape

from cli import main
from tests.helpers.city import CLICK, CRS, TRUE, make_city

pytestmark = pytest.mark.timeout(200)
ENDS = ("result", "error")


class Client:
    """Speaks to a worker; messages wait in one queue."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "geoloc.worker"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self._numbers = itertools.count(1)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.messages.put(json.loads(line))

    def line(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def send(self, kind: str, **fields: Any) -> int:
        number = next(self._numbers)
        self.line(json.dumps({"id": number, "type": kind, **fields}).encode())
        return number

    def end(self, number: int | None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The last message for a request, and those before; what is for others is passed over."""
        before = []
        while True:
            told = self.messages.get(timeout=100)
            if told["id"] == number:
                if told["type"] in ENDS:
                    return told, before
                before.append(told)

    def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        return self.end(self.send(kind, **fields))[0]

    def close(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    make_city(folder)
    return folder


@pytest.fixture(scope="module")
def worker() -> Iterator[Client]:
    client = Client()
    yield client
    client.process.kill()
    client.process.wait()


def asked(folder: Path, **changes: Any) -> dict[str, Any]:
    fields = {"photo": str(folder / "p.jpg"), "click": list(CLICK), "mosaics": [str(folder / "m.tif")], "min_score": 0}
    return fields | changes


def lonlat() -> tuple[float, float]:
    lon, lat = pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(*TRUE)
    return lon, lat


def test_hello_tells_who_answers(worker: Client) -> None:
    told = worker.ask("hello", protocol=1)
    assert told["protocol"] == 1
    assert told["executable"] == sys.executable
    assert told["packages"]["torch"]
    other = worker.ask("hello", protocol=99)
    assert (other["type"], other["code"]) == ("error", "protocol")
    assert "99" in other["message"]


def test_locate_answers_as_the_command_line_does(worker: Client, folder: Path) -> None:
    told, before = worker.end(worker.send("locate", **asked(folder, thumbnails=64)))
    assert told["type"] == "result", told
    arguments = ["locate", str(folder / "p.jpg"), "--click", "{},{}".format(*CLICK), "--min-score", "0"]
    result = CliRunner().invoke(main, [*arguments, "--mosaic", str(folder / "m.tif")])
    assert told["found"] == json.loads(result.stdout)
    best = told["found"]["features"][0]
    assert shape(best["geometry"]).intersects(box(*lonlat(), *lonlat()).buffer(1e-5))
    assert told["best_score"] == pytest.approx(best["properties"]["score"], abs=1e-4)
    png = b"\x89PNG"
    assert base64.b64decode(told["photo_thumbnail"]).startswith(png)
    assert len(told["thumbnails"]) == len(told["found"]["features"])
    assert base64.b64decode(told["thumbnails"][0]["mosaic"]).startswith(png)
    stages = [message["stage"] for message in before]
    assert list(dict.fromkeys(stages)) == ["planning", "loading", "searching", "verifying"]
    fractions = [message["fraction"] for message in before]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < fractions[-1] <= 1


def test_the_second_click_finds_all_warm(worker: Client, folder: Path) -> None:
    worker.ask("locate", **asked(folder, refine="off"))
    told, before = worker.end(worker.send("locate", **asked(folder, refine="off", top=1)))
    assert "loading" not in [message["stage"] for message in before]
    assert [feature["properties"]["method"] for feature in told["found"]["features"]] == ["attention"]


def test_not_here_is_an_empty_collection(worker: Client, folder: Path) -> None:
    told = worker.ask("locate", **asked(folder, min_score=1.0, thumbnails=64, refine="off"))
    assert told["found"]["features"] == []
    assert 0 <= told["best_score"] < 1
    assert told["photo_thumbnail"] is None


def test_an_area_limits_the_search(worker: Client, folder: Path) -> None:
    lon, lat = lonlat()
    area = mapping(box(lon - 2e-4, lat - 2e-4, lon + 2e-4, lat + 2e-4))
    told = worker.ask("locate", **asked(folder, area=area, refine="off"))
    for feature in told["found"]["features"]:
        assert shape(area).contains(shape(feature["geometry"]).centroid)
    away = worker.ask("locate", **asked(folder, near=[lon + 1, lat], within=100))
    assert (away["type"], away["code"]) == ("error", "area")


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"photo": "/no/such.jpg"}, "photo", "such.jpg"),
        ({"click": [9999, 1]}, "photo", "9999"),
        ({"mosaics": ["/no/such.tif"]}, "mosaic", "such.tif"),
        ({"mosaics": []}, "usage", "mosaics"),
        ({"click": "12,13"}, "usage", "click"),
        ({"click": None}, "usage", "click"),
        ({"top": 0}, "usage", "top"),
        ({"gps": "yes"}, "usage", "gps"),
        ({"within": -1}, "usage", "within"),
        ({"refine": "perhaps"}, "usage", "refine"),
        ({"area": {"type": "Point", "coordinates": [1, 2]}}, "area", "Point"),
        ({"area": 5}, "area", "GeoJSON"),
        ({"index": "/no/such.zarr", "mosaics": []}, "index", "such.zarr"),
        ({"model": "none"}, "weights", "none"),
    ],
)
def test_what_is_wrong_is_told_by_code_and_name(
    worker: Client, folder: Path, changes: dict[str, Any], code: str, words: str
) -> None:
    told = worker.ask("locate", **asked(folder, **changes))
    assert (told["type"], told["code"]) == ("error", code), told
    assert words in told["message"]
    assert "\n" not in told["message"]


@pytest.mark.parametrize("line", [b"no json", b"[]", b'{"type": "ping"}', b'{"id": null, "type": "ping"}'])
def test_lines_that_are_no_requests(worker: Client, line: bytes) -> None:
    worker.line(line)
    told, _ = worker.end(None)
    assert told["code"] == "usage"


def test_an_unknown_request(worker: Client) -> None:
    told = worker.ask("dance")
    assert told["code"] == "usage"
    assert "dance" in told["message"]


def test_ping_is_answered_while_a_job_runs_and_cancel_stops_it(worker: Client, folder: Path) -> None:
    queries = [{"number": n, "photo": str(folder / "p.jpg"), "click": [100 + n, 100]} for n in range(100)]
    running = worker.send("batch", queries=queries, **_source(folder))
    waiting = worker.send("locate", **asked(folder))
    begin = time.monotonic()
    worker.ask("ping")
    assert time.monotonic() - begin < 5
    assert worker.ask("cancel", target=waiting)["known"]
    cancel = worker.send("cancel", target=running)
    ends = [worker.messages.get(timeout=100) for _ in range(3)]
    while sum(told["type"] in ENDS for told in ends) < 3:
        ends.append(worker.messages.get(timeout=100))
    by_id = {told["id"]: told for told in ends if told["type"] in ENDS}
    assert by_id[running]["code"] == by_id[waiting]["code"] == "cancelled"
    assert by_id[cancel]["type"] == "result"
    assert not worker.ask("cancel", target=running)["known"]
    assert worker.ask("locate", **asked(folder, refine="off"))["type"] == "result"


def test_a_batch_tells_each_query(worker: Client, folder: Path) -> None:
    photo = str(folder / "p.jpg")
    queries = [
        {"number": 7, "photo": photo, "click": list(CLICK)},
        {"number": 8, "photo": photo, "click": [-5, 5]},
        {"number": 9, "photo": str(folder / "gone.jpg"), "click": [1, 2]},
    ]
    told, before = worker.end(worker.send("batch", queries=queries, min_score=0, refine="off", **_source(folder)))
    rows = {row["number"]: row for row in told["rows"]}
    assert rows[7]["error"] is None
    assert rows[7]["features"][0]["properties"]["rank"] == 1
    assert "-5" in rows[8]["error"]
    assert "gone.jpg" in rows[9]["error"]
    assert before[-1]["text"] == "3 of 3 queries"
    assert worker.ask("batch", queries=[], **_source(folder))["code"] == "queries"
    assert worker.ask("batch", queries=[3], **_source(folder))["code"] == "usage"


def test_an_index_is_built_searched_and_brought_up_to_date(worker: Client, folder: Path) -> None:
    pytest.importorskip("zarr")
    path = folder / "i.zarr"
    told, before = worker.end(worker.send("index", output=str(path), **_source(folder)))
    assert told["type"] == "result", told
    assert told["encoded"] > 0
    assert told["bytes"] > 1000
    assert before[-1]["stage"] == "indexing"
    again = worker.ask("index", output=str(path), update=True, **_source(folder))
    assert (again["encoded"], again["kept"]) == (0, told["encoded"])
    assert worker.ask("info", index=str(path))["state"] == "complete"
    whole = worker.ask("locate", **asked(folder, refine="off"))
    by_index = worker.ask("locate", **asked(folder, index=str(path), mosaics=[], refine="off"))
    places = [shape(t["found"]["features"][0]["geometry"]).centroid for t in (whole, by_index)]
    assert places[0].distance(places[1]) < 1e-5
    assert worker.ask("index", output=str(folder / "no" / "i.zarr"), **_source(folder))["code"] == "output"


def test_the_plan_of_a_search(worker: Client, folder: Path) -> None:
    told = worker.ask("plan", **_source(folder))
    printed = CliRunner().invoke(main, ["tiles", "--mosaic", str(folder / "m.tif")]).stdout
    assert told["features"] == json.loads(printed)
    assert len(told["tile_ids"]) > 0


def test_a_changed_mosaic_is_read_again(worker: Client, tmp_path: Path) -> None:
    make_city(tmp_path)
    assert worker.ask("locate", **asked(tmp_path, refine="off"))["found"]["features"]
    (tmp_path / "m.tif").write_bytes(b"no longer a picture")
    assert worker.ask("locate", **asked(tmp_path))["code"] == "mosaic"


def test_it_ends_when_asked_and_when_left_alone(folder: Path) -> None:
    told = Client()
    assert told.ask("shutdown")["type"] == "result"
    assert told.process.wait(30) == 0
    left = Client()
    left.send("batch", queries=[{"number": 1, "photo": str(folder / "p.jpg"), "click": [9, 9]}], **_source(folder))
    assert left.close() == 0


def test_stray_lines_do_not_reach_the_messages() -> None:
    code = (
        "import os, sys\nfrom geoloc.worker.channel import Channel\nchannel = Channel.of_process()\n"
        "print('stray')\nos.system('echo from a child')\nchannel.send(1, 'result', {'text': 'ä\\nb'})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert json.loads(done.stdout) == {"id": 1, "type": "result", "text": "ä\nb"}
    assert b"stray" in done.stderr


def _source(folder: Path) -> dict[str, Any]:
    return {"mosaics": [str(folder / "m.tif")]}
