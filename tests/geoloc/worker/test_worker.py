"""`python -m geoloc.worker` as another program sees it, with the network of the package."""

from __future__ import annotations

import base64
import itertools
import json
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine
from PIL import Image
from shapely.geometry import box, mapping, shape

from tests.helpers.city import CLICK, CRS, GSD_M, LEFT, PHOTO_PX, TOP, TRUE, make_city
from tests.helpers.command_line import invoke

_HANG_S = 400
"""No answer takes so long, however slow the machine; a limit for what hangs."""
pytestmark = pytest.mark.timeout(2 * _HANG_S)
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

    def send(self, kind: Any, **fields: Any) -> int:
        number = next(self._numbers)
        self.line(json.dumps({"id": number, "type": kind, **fields}).encode())
        return number

    def end(self, number: int | None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The last message for a request, and those before; what is for others is passed over."""
        before = []
        while True:
            message = self.messages.get(timeout=_HANG_S)
            if message["id"] == number:
                if message["type"] in ENDS:
                    return message, before
                before.append(message)

    def ask(self, kind: Any, **fields: Any) -> dict[str, Any]:
        return self.end(self.send(kind, **fields))[0]

    def close(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(_HANG_S)


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


def fields_of(folder: Path, **changes: Any) -> dict[str, Any]:
    fields = {"photo": str(folder / "p.jpg"), "click": list(CLICK), "mosaics": [str(folder / "m.tif")], "min_score": 0}
    return fields | changes


def lonlat() -> tuple[float, float]:
    lon, lat = pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(*TRUE)
    return lon, lat


def test_hello_tells_who_answers(worker: Client) -> None:
    message = worker.ask("hello", protocol=1)
    assert message["protocol"] == 1
    assert message["executable"] == sys.executable
    assert message["packages"]["torch"]
    other = worker.ask("hello", protocol=99)
    assert (other["type"], other["code"]) == ("error", "protocol")
    assert "99" in other["message"]


def test_doctor_tells_what_is_there_and_that_all_is_well(worker: Client) -> None:
    message = worker.ask("doctor")
    assert message["type"] == "result", message
    assert message["ok"] is True
    found = {check["name"]: check["found"] for check in message["checks"]}
    assert found["torch"] == worker.ask("hello", protocol=1)["packages"]["torch"]


def test_locate_answers_as_the_command_line_does(worker: Client, folder: Path) -> None:
    message, before = worker.end(worker.send("locate", **fields_of(folder, thumbnails=64)))
    assert message["type"] == "result", message
    arguments = ["locate", folder / "p.jpg", "--click", "{},{}".format(*CLICK), "--min-score", "0"]
    result = invoke(*arguments, "--mosaic", folder / "m.tif")
    assert message["found"] == json.loads(result.stdout)
    for feature, outlines in zip(message["found"]["features"], message["outlines"], strict=True):
        # Where there is anything else that it could be, the answer is among that.
        assert (feature["geometry"] in outlines) == bool(outlines)
        assert outlines or feature["properties"]["outline"] != "segment"
    best = message["found"]["features"][0]
    assert shape(best["geometry"]).intersects(box(*lonlat(), *lonlat()).buffer(1e-5))
    assert message["best_score"] == pytest.approx(best["properties"]["score"], abs=1e-4)
    png = b"\x89PNG"
    assert base64.b64decode(message["photo_thumbnail"]).startswith(png)
    assert len(message["thumbnails"]) == len(message["found"]["features"])
    assert base64.b64decode(message["thumbnails"][0]["mosaic"]).startswith(png)
    stages = [sent["stage"] for sent in before]
    # Local features verify the place, so that attention need not search.
    assert list(dict.fromkeys(stages)) == ["planning", "loading", "matching"]
    fractions = [sent["fraction"] for sent in before]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < fractions[-1] <= 1


def test_the_second_click_finds_all_warm(worker: Client, folder: Path) -> None:
    beyond = [-5, CLICK[1] - 20, 2 * CLICK[0], CLICK[1] + 20]
    first = worker.ask("locate", **fields_of(folder, refine="off", box=beyond))
    assert "reaches beyond the photo p.jpg" in " ".join(first["warnings"])
    assert first["warnings"] == [first["found"]["features"][0]["properties"]["note"]]
    message, before = worker.end(worker.send("locate", **fields_of(folder, refine="off", top=1)))
    assert "loading" not in [sent["stage"] for sent in before]
    assert [feature["properties"]["method"] for feature in message["found"]["features"]] == ["attention"]


def test_not_here_is_an_empty_collection(worker: Client, folder: Path) -> None:
    message = worker.ask("locate", **fields_of(folder, min_score=1.0, thumbnails=64, refine="off"))
    assert message["found"]["features"] == []
    assert 0 <= message["best_score"] < 1
    assert message["photo_thumbnail"] is None


def test_an_area_limits_the_search(worker: Client, folder: Path) -> None:
    lon, lat = lonlat()
    area = mapping(box(lon - 2e-4, lat - 2e-4, lon + 2e-4, lat + 2e-4))
    message = worker.ask("locate", **fields_of(folder, area=area, refine="off"))
    for feature in message["found"]["features"]:
        assert shape(area).contains(shape(feature["geometry"]).centroid)
    away = worker.ask("locate", **fields_of(folder, near=[lon + 1, lat], within=100))
    assert (away["type"], away["code"]) == ("error", "area")


def test_what_the_photo_shows_outside_the_area_is_said_to_lie_there(worker: Client, folder: Path) -> None:
    lon, lat = lonlat()
    area = mapping(box(lon + 4e-4, lat - 3e-4, lon + 1e-3, lat + 3e-4))
    message = worker.ask("locate", **fields_of(folder, area=area))
    assert message["found"]["features"] == []
    (said,) = re.findall(r"the photo shows it (\d+) m outside what was searched", " ".join(message["warnings"]))
    away = pyproj.Geod(ellps="WGS84").line_length([lon, lon + 4e-4], [lat, lat])
    assert int(said) == pytest.approx(away, abs=3.0)


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
        ({"bands": [1, 2]}, "usage", "bands"),
        ({"index": "/no/such.zarr", "gsd": 0.3}, "usage", "an index has its own"),
        ({"bounds": [1, 2, 3, 4]}, "area", "nothing of the mosaic"),
        ({"aoi": "/no/such.gpkg"}, "area", "such.gpkg"),
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
    message = worker.ask("locate", **fields_of(folder, **changes))
    assert (message["type"], message["code"]) == ("error", code), message
    assert words in message["message"]
    assert "\n" not in message["message"]


@pytest.mark.parametrize(
    "line",
    [
        b"no json",
        b"[]",
        b'{"type": "ping"}',
        b'{"id": null, "type": "ping"}',
        b"[" * 100_000,
        b'{"a": ' * 100_000,
        b"\xff\xfe{}",
        b"9" * 10_000,
    ],
)
def test_lines_that_are_no_requests(worker: Client, line: bytes) -> None:
    worker.line(line)
    message, _ = worker.end(None)
    assert message["code"] == "usage"


def test_an_unknown_request(worker: Client) -> None:
    for kind in ("dance", ["locate"], {"ping": 1}, None, 3):
        message = worker.ask(kind)
        assert message["code"] == "usage"
        assert str(kind) in message["message"]
    assert not worker.ask("cancel", target=[1])["known"]


def test_it_listens_to_its_pipe_alone(worker: Client, folder: Path) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc")
    assert worker.ask("locate", **fields_of(folder))["type"] == "result"
    held = [str(fd.readlink()) for fd in Path(f"/proc/{worker.process.pid}/fd").iterdir()]
    assert [name for name in held if name.startswith("socket:")] == []


def test_ping_is_answered_while_a_job_runs_and_cancel_stops_it(worker: Client, folder: Path) -> None:
    queries = [{"number": n, "photo": str(folder / "p.jpg"), "click": [100 + n, 100]} for n in range(100)]
    running = worker.send("batch", queries=queries, **_source(folder))
    waiting = worker.send("locate", **fields_of(folder))
    # A batch of so many takes minutes: an answer that waited for it would come after its end.
    pinged, before = worker.send("ping"), []
    while (message := worker.messages.get(timeout=_HANG_S))["id"] != pinged:
        before.append(message)
    assert not [one for one in before if one["type"] in ENDS]
    assert worker.ask("cancel", target=waiting)["known"]
    cancel = worker.send("cancel", target=running)
    ends = [worker.messages.get(timeout=_HANG_S) for _ in range(3)]
    while sum(message["type"] in ENDS for message in ends) < 3:
        ends.append(worker.messages.get(timeout=_HANG_S))
    by_id = {message["id"]: message for message in ends if message["type"] in ENDS}
    assert by_id[running]["code"] == by_id[waiting]["code"] == "cancelled"
    assert by_id[cancel]["type"] == "result"
    assert not worker.ask("cancel", target=running)["known"]
    assert worker.ask("locate", **fields_of(folder, refine="off"))["type"] == "result"


def test_a_batch_tells_each_query(worker: Client, folder: Path) -> None:
    photo = str(folder / "p.jpg")
    queries = [
        {"number": 7, "photo": photo, "click": list(CLICK)},
        {"number": 8, "photo": photo, "click": [-5, 5]},
        {"number": 9, "photo": str(folder / "gone.jpg"), "click": [1, 2]},
    ]
    message, before = worker.end(worker.send("batch", queries=queries, min_score=0, refine="off", **_source(folder)))
    rows = {row["number"]: row for row in message["rows"]}
    assert rows[7]["error"] is None
    assert rows[7]["features"][0]["properties"]["rank"] == 1
    assert "-5" in rows[8]["error"]
    assert "gone.jpg" in rows[9]["error"]
    assert before[-1]["text"] == "3 of 3 queries"
    assert worker.ask("batch", queries=[], **_source(folder))["code"] == "queries"
    assert worker.ask("batch", queries=[3], **_source(folder))["code"] == "usage"


def test_rows_of_one_object_are_one_question(worker: Client, folder: Path) -> None:
    copy = folder / "again.jpg"
    copy.write_bytes((folder / "p.jpg").read_bytes())
    queries = [
        {"number": 7, "photo": str(folder / "p.jpg"), "click": list(CLICK), "object": "roof"},
        {"number": 8, "photo": str(folder / "gone.jpg"), "click": [1, 2], "object": "roof"},
        {"number": 9, "photo": str(copy), "click": list(CLICK), "object": "roof"},
    ]
    message = worker.ask("batch", queries=queries, **_source(folder))
    first, failed, last = message["rows"]
    assert "gone.jpg" in failed["error"]
    answered, other = (first, last) if first["features"] else (last, first)
    told = answered["features"][0]["properties"]
    assert (told["object"], told["photos"]) == ("roof", f"{folder / 'p.jpg'}; {copy}")
    assert (other["features"], other["error"], other["answered_by"]) == ([], None, answered["number"])
    queries[0]["object"] = ["no name"]
    assert worker.ask("batch", queries=queries, **_source(folder))["code"] == "usage"


def test_a_question_may_have_several_photos(worker: Client, folder: Path) -> None:
    copy = folder / "copy.jpg"
    copy.write_bytes((folder / "p.jpg").read_bytes())
    other = {"photo": str(copy), "box": [CLICK[0] - 5, CLICK[1] - 5, CLICK[0] + 5, CLICK[1] + 5]}
    message, before = worker.end(worker.send("locate", **fields_of(folder, thumbnails=64, **{"and": [other]})))
    best = message["found"]["features"][0]["properties"]
    assert best["photos"] == f"{folder / 'p.jpg'}; {copy}"
    assert best["clicks"] == "; ".join(["{:g},{:g}".format(*CLICK)] * 2)
    assert best["object"] == "1"
    alone = worker.ask("locate", **fields_of(folder))["found"]["features"][0]["properties"]
    assert best["accuracy_m"] < alone["accuracy_m"]
    fractions = [told["fraction"] for told in before]
    assert fractions == sorted(fractions)
    assert 0 < min(fraction for fraction in fractions if fraction) < 0.5 < fractions[-1] <= 1


def test_other_photos_of_a_question_are_checked(worker: Client, folder: Path) -> None:
    for others, message in (
        ({"photo": "b.jpg"}, "field 'and': "),
        ([3], "field 'and': is no list of objects"),
        ([{"click": [1, 2]}], "field 'photo' is missing"),
        ([{"photo": str(folder / "p.jpg"), "click": [1, 2]}], "field 'and': the same photo twice"),
    ):
        answer = worker.ask("locate", **fields_of(folder, **{"and": others}))
        assert answer["code"] == "usage"
        assert message in answer["message"]


def test_an_index_is_built_searched_and_brought_up_to_date(worker: Client, folder: Path) -> None:
    pytest.importorskip("zarr")
    path = folder / "i.zarr"
    message, before = worker.end(worker.send("index", output=str(path), **_source(folder)))
    assert message["type"] == "result", message
    assert message["encoded"] > 0
    assert message["bytes"] > 1000
    assert before[-1]["stage"] == "indexing"
    again = worker.ask("index", output=str(path), update=True, **_source(folder))
    assert (again["encoded"], again["kept"]) == (0, message["encoded"])
    assert worker.ask("info", index=str(path))["state"] == "complete"
    whole = worker.ask("locate", **fields_of(folder, refine="off"))
    by_index = worker.ask("locate", **fields_of(folder, index=str(path), mosaics=[], refine="off"))
    places = [shape(t["found"]["features"][0]["geometry"]).centroid for t in (whole, by_index)]
    assert places[0].distance(places[1]) < 1e-5
    assert worker.ask("index", output=str(folder / "no" / "i.zarr"), **_source(folder))["code"] == "output"


def test_the_plan_of_a_search(worker: Client, folder: Path) -> None:
    message = worker.ask("plan", **_source(folder))
    printed = invoke("tiles", "--mosaic", folder / "m.tif").stdout
    assert message["features"] == json.loads(printed)
    assert len(message["tile_ids"]) > 0


def test_a_changed_mosaic_is_read_again(worker: Client, tmp_path: Path) -> None:
    make_city(tmp_path)
    assert worker.ask("locate", **fields_of(tmp_path, refine="off"))["found"]["features"]
    (tmp_path / "m.tif").write_bytes(b"no longer a picture")
    assert worker.ask("locate", **fields_of(tmp_path))["code"] == "mosaic"


def test_a_plane_of_another_photo_or_mosaic_is_never_used(worker: Client, tmp_path: Path) -> None:
    make_city(tmp_path)

    def place() -> tuple[float, float]:
        (best, *_) = worker.ask("locate", **fields_of(tmp_path))["found"]["features"]
        assert best["properties"]["method"] == "attention+geometry"
        centre = shape(best["geometry"]).centroid
        to_metres = pyproj.Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
        x, y = to_metres.transform(centre.x, centre.y)
        return x - TRUE[0], y - TRUE[1]

    assert place() == pytest.approx((0, 0), abs=1)
    # Another picture under the photo's name: the click is 50 pixels of the mosaic farther east and 40 farther south.
    with rasterio.open(tmp_path / "m.tif") as file:
        mosaic, profile = np.moveaxis(file.read(), 0, -1), file.profile
    part = mosaic[TOP + 40 : TOP + 40 + PHOTO_PX, LEFT + 50 : LEFT + 50 + PHOTO_PX]
    Image.fromarray(part).save(tmp_path / "p.jpg", quality=95)
    assert place() == pytest.approx((50 * GSD_M, -40 * GSD_M), abs=2)
    # Another state of the mosaic under its name: the same pixels 30 m farther east.
    profile["transform"] = Affine.translation(30, 0) @ profile["transform"]
    with rasterio.open(tmp_path / "m.tif", "w", **profile) as file:
        file.write(np.moveaxis(mosaic, -1, 0))
    assert place() == pytest.approx((30 + 50 * GSD_M, -40 * GSD_M), abs=2)


def test_it_ends_when_asked_and_when_left_alone(folder: Path) -> None:
    ended = Client()
    assert ended.ask("shutdown")["type"] == "result"
    assert ended.process.wait(_HANG_S) == 0
    left = Client()
    left.send("batch", queries=[{"number": 1, "photo": str(folder / "p.jpg"), "click": [9, 9]}], **_source(folder))
    assert left.close() == 0


def _source(folder: Path) -> dict[str, Any]:
    return {"mosaics": [str(folder / "m.tif")]}
