"""What the server answers: its files, a page's life from its photo to its answers, and that it ends with the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from geoloc.serve import pages as pages_module
from geoloc.serve.app import Service, create_app
from tests.geoloc.serve.conftest import MOST_BYTES, SearchingStub, files_of, until

Send = Callable[..., Any]


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    with TestClient(create_app(service)) as opened:
        yield opened


def told(live: WebSocketTestSession, kind: str, job: str = "") -> dict[str, Any]:
    """The next message of a kind; what comes before it is passed over."""
    while True:
        message: dict[str, Any] = live.receive_json()
        if message["type"] == kind and job in ("", message.get("job")):
            return message


def send_photo(client: TestClient, page: str, city: Path, name: str = "p.jpg") -> Any:
    content = (city / "p.jpg").read_bytes()
    return client.post(f"/pages/{page}/photo", content=content, headers={"x-file-name": name})


@pytest.fixture
def live(client: TestClient) -> Iterator[WebSocketTestSession]:
    """The connection of a page that is open."""
    with client.websocket_connect("/live") as opened:
        yield opened


@pytest.fixture
def page(live: WebSocketTestSession) -> str:
    """Its id."""
    return str(told(live, "page")["id"])


@pytest.fixture
def send(client: TestClient, page: str, city: Path) -> Send:
    """Sends a photo from it."""
    return partial(send_photo, client, page, city)


def test_the_page_loads_its_own_files_and_no_other(client: TestClient) -> None:
    page = client.get("/").text
    named = re.findall(r'(?:src|href)="([^"]+)"', page)
    files = [name for name in named if name != "data:,"]
    assert len(files) > 8
    texts = {name: client.get(name) for name in files}
    assert {answer.status_code for answer in texts.values()} == {200}
    own = [answer.text for name, answer in texts.items() if "leaflet" not in name]
    assert len(own) == len(files) - 2
    assert not [text for text in (page, *own) if "http:" in text or "https:" in text]
    assert "url(" not in texts["assets/leaflet.css"].text
    assert not re.search(r"\son\w+=|style=|<script>", page)
    # Which raw photos may be chosen.
    assert ".heic,.heif,.tif,.tiff,.dng,.cr2" in page
    assert "{{" not in page


@pytest.mark.parametrize(
    "path", ["/docs", "/redoc", "/openapi.json", "/assets/x.js", "/assets/../app.py", "/pages/x/a.jpeg"]
)
def test_there_is_nothing_else(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_ground_and_tiles(client: TestClient) -> None:
    ground = client.get("/ground.json").json()
    assert ground["most_bytes"] == MOST_BYTES
    assert ".gpkg" in ground["suffixes"]
    address = str(ground["tiles"])
    assert client.get(address.format(z=18, x=0, y=0)).status_code == 204
    assert client.get(address.format(z="x", x=0, y=0)).status_code == 422
    assert client.get(address.format(z=18, x=99999999999999999999999, y=0)).status_code == 204


def test_each_server_has_tiles_at_an_address_of_its_own(client: TestClient, service: Service) -> None:
    # Browsers keep tiles, and the next server may show another mosaic.
    address = client.get("/ground.json").json()["tiles"]
    with TestClient(create_app(service)) as other:
        assert other.get("/ground.json").json()["tiles"] != address
        assert other.get(address.format(z=18, x=0, y=0)).status_code == 404


def test_a_photo_is_matched_and_an_object_found_accepted_and_taken(
    client: TestClient, live: WebSocketTestSession, page: str, searching: SearchingStub, city: Path
) -> None:
    assert send_photo(client, page, city, "S%C3%BCd%20%3Cb%3E.jpg").json() == {"size": [256, 256]}
    photo = told(live, "photo")
    assert (photo["name"], photo["size"]) == ("Süd <b>.jpg", [256, 256])
    shown = client.get(f"/pages/{page}/{photo['picture']}")
    assert shown.headers["content-type"] == "image/jpeg"
    assert told(live, "matched")["mapping"]["crs"] == "EPSG:3857"
    live.send_json({"type": "locate", "box": [100, 100, 150, 140]})
    answers = told(live, "found")["answers"]
    assert [answer["feature"]["properties"]["photo"] for answer in answers] == ["Süd <b>.jpg"] * 2
    live.send_json({"type": "decide", "answer": 1, "decision": "accepted"})
    live.send_json({"type": "decide", "answer": 9, "decision": "accepted"})
    assert "there is none such" in told(live, "error")["message"]
    taken = client.get(f"/pages/{page}/found", params={"suffix": ".geojson", "accepted": True}).json()
    assert [one["properties"]["decision"] for one in taken["features"]] == ["accepted"]
    wrong = client.get(f"/pages/{page}/found", params={"suffix": ".exe"})
    assert (wrong.status_code, "unknown kind" in wrong.json()["detail"]) == (400, True)
    (kind, fields), (_, asked) = searching.asked
    assert (kind, fields["mapping_crs"]) == ("match", "EPSG:3857")
    assert fields["mosaics"] == asked["mosaics"] == [str(city / "m.tif")]
    assert asked["box"] == [100, 100, 150, 140]
    assert (asked["top"], asked["gps"]) == (1, True)


def test_what_is_wrong_is_told_by_the_photos_own_name(
    live: WebSocketTestSession, send: Send, searching: SearchingStub
) -> None:
    searching.wrong = "cannot be used"
    send("mine.jpg")
    assert told(live, "error", "match")["message"] == "mine.jpg: cannot be used"


def test_what_nobody_foresaw_is_told_in_one_line(
    live: WebSocketTestSession, send: Send, searching: SearchingStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask(*args: object) -> dict[str, Any]:
        raise OSError(12, "Cannot allocate memory")

    with monkeypatch.context() as patched:
        patched.setattr(searching, "ask", ask)
        send()
        assert "Cannot allocate memory; the server has logged it" in told(live, "error", "match")["message"]
    live.send_json({"type": "locate", "click": [1, 2]})
    told(live, "found")


def test_a_photo_that_is_too_large_or_none_is_refused_and_the_last_one_stays(
    client: TestClient, live: WebSocketTestSession, page: str, send: Send, service: Service
) -> None:
    send()
    told(live, "matched")
    before = files_of(service)

    def pieces() -> Iterator[bytes]:
        # Without a length, in pieces.
        yield from [b"x" * 50_000] * 9

    for content in (b"x" * (MOST_BYTES + 1), pieces(), b"nothing"):
        refused = client.post(f"/pages/{page}/photo", content=content, headers={"x-file-name": "b.jpg"})
        assert refused.status_code == 400
        assert refused.json()["detail"].startswith("b.jpg: ")
    assert files_of(service) == before


def test_one_photo_at_a_time_is_taken_of_a_page(page: str, send: Send, service: Service) -> None:
    opened = service.pages.get(page)
    assert opened is not None
    opened.receiving = True
    refused = send()
    assert (refused.status_code, "is on its way" in refused.json()["detail"]) == (400, True)
    opened.receiving = False
    assert send().status_code == 200


def test_the_next_photo_takes_the_place_of_the_last(
    client: TestClient, live: WebSocketTestSession, page: str, send: Send, service: Service
) -> None:
    send()
    first = told(live, "photo")["picture"]
    send()
    second = told(live, "photo")["picture"]
    assert client.get(f"/pages/{page}/{first}").status_code == 404
    assert client.get(f"/pages/{page}/{second}").status_code == 200
    assert len([path for path in files_of(service) if path.is_file()]) == 2


def test_a_closed_page_cancels_its_search(live: WebSocketTestSession, send: Send, searching: SearchingStub) -> None:
    searching.held = {"locate"}
    send()
    told(live, "matched")
    live.send_json({"type": "locate", "click": [1, 2]})
    told(live, "progress", "locate")
    live.close()
    until(lambda: searching.cancelled == ["locate"], "not cancelled")


def test_a_closed_page_leaves_nothing(
    client: TestClient, live: WebSocketTestSession, page: str, send: Send, service: Service
) -> None:
    send()
    told(live, "matched")
    assert files_of(service)
    live.close()
    until(lambda: not files_of(service), "files are left")
    assert client.get(f"/pages/{page}/found").status_code == 422
    assert client.get(f"/pages/{page}/found", params={"suffix": ".csv"}).status_code == 404
    assert send().status_code == 404


def test_a_page_that_was_cut_off_comes_back_to_its_photo_and_answers(
    client: TestClient, live: WebSocketTestSession, page: str, send: Send, searching: SearchingStub
) -> None:
    searching.held = {"match"}
    send()
    told(live, "progress", "match")
    live.send_json({"type": "locate", "click": [1, 2]})
    live.close(1006)
    until(lambda: searching.cancelled, "not cancelled")
    searching.held = set()
    with client.websocket_connect(f"/live?page={page}") as back:
        again = told(back, "page")
        assert (again["id"], again["answers"]) == (page, [])
        assert told(back, "photo")["name"] == "p.jpg"
        # What its going stopped goes on.
        assert told(back, "matched")["mapping"]
        back.send_json({"type": "locate", "click": [1, 2]})
        told(back, "found")
        back.close(1006)
    with client.websocket_connect(f"/live?page={page}") as back:
        assert len(told(back, "page")["answers"]) == 2


def test_a_page_that_comes_back_before_it_was_missed_has_all_that_it_had(
    client: TestClient, service: Service, city: Path
) -> None:
    with client.websocket_connect("/live") as dead:
        page = told(dead, "page")["id"]
        send_photo(client, page, city)
        told(dead, "matched")
        dead.send_json({"type": "locate", "click": [1, 2]})
        told(dead, "found")
        dead.send_json({"type": "decide", "answer": 1, "decision": "accepted"})
        with client.websocket_connect(f"/live?page={page}") as live:
            again = told(live, "page")
            assert (again["id"], [one["decision"] for one in again["answers"]]) == (page, ["accepted", ""])
            assert told(live, "photo")["name"] == "p.jpg"
            with pytest.raises(WebSocketDisconnect) as end:
                dead.receive_json()
            assert end.value.code >= 4000
            # That the dead connection is closed takes nothing from the page.
            dead.close(1001)
            live.send_json({"type": "locate", "click": [1, 2]})
            told(live, "found")
            assert service.pages.get(page) is not None
    until(lambda: service.pages.get(page) is None, "not closed")


def test_a_page_that_does_not_come_back_is_closed(
    live: WebSocketTestSession, page: str, send: Send, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages_module, "GRACE_S", 0.01)
    send()
    live.close(1006)
    until(lambda: not files_of(service), "files are left")
    assert service.pages.get(page) is None


def test_the_next_mark_takes_the_place_of_the_last_and_stop_stops(
    live: WebSocketTestSession, send: Send, searching: SearchingStub
) -> None:
    searching.held = {"locate"}
    send()
    told(live, "matched")
    live.send_json({"type": "locate", "click": [1, 2]})
    told(live, "progress", "locate")
    live.send_json({"type": "locate", "click": [3, 4]})
    before = []
    while before[-1:] != ["progress"]:
        before.append(live.receive_json()["type"])
    # That one is looked for instead is all that there is to tell.
    assert "stopped" not in before
    live.send_json({"type": "stop"})
    told(live, "stopped", "locate")
    assert searching.cancelled == ["locate", "locate"]


def test_who_waits_is_told(client: TestClient, searching: SearchingStub, city: Path) -> None:
    searching.held = {"match"}
    with client.websocket_connect("/live") as one, client.websocket_connect("/live") as other:
        send_photo(client, told(one, "page")["id"], city)
        told(one, "progress", "match")
        send_photo(client, told(other, "page")["id"], city)
        assert told(other, "waiting")["before"] == 1
        one.close()
        assert told(other, "waiting")["before"] == 0


def test_messages_that_are_none_are_said_to_be(client: TestClient, searching: SearchingStub) -> None:
    with client.websocket_connect("/live") as live:
        told(live, "page")
        for text in ("{", "[]", "3", '{"type": "x"}', '{"type": ["x"]}', '{"type": "locate"}', "[" * 100_000):
            live.send_text(text)
            assert told(live, "error")["message"]
        live.send_bytes(b"x")
        with pytest.raises(WebSocketDisconnect):
            live.receive_json()
    assert searching.asked == []


def test_no_more_pages_than_the_limit(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_module, "MOST_PAGES", 1)
    with client.websocket_connect("/live") as live:
        told(live, "page")
        with client.websocket_connect("/live") as other:
            assert "1 pages are open" in told(other, "error")["message"]


def test_all_ends_with_the_server(service: Service, searching: SearchingStub, city: Path) -> None:
    with TestClient(create_app(service)) as client, client.websocket_connect("/live") as live:
        send_photo(client, told(live, "page")["id"], city)
        told(live, "matched")
        live.close(1006)
        assert files_of(service)
    assert searching.closed
    assert not files_of(service)
