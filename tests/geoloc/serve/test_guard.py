"""Who is let in: by the host that is called, by the page that sends, by the token."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from geoloc.serve import guard
from geoloc.serve.guard import Guard, addresses, is_loopback, new_token

TOKEN = "a-token-that-is-long"


def guarded(host: str, token: str | None = None, base: str = "http://127.0.0.1:8000") -> TestClient:
    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse("in")

    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("in")

    routes = [
        Route("/", answer, methods=["GET", "POST"]), Route("/tiles", answer), WebSocketRoute("/live", live),
    ]  # fmt: skip
    return TestClient(Guard(Starlette(routes=routes), host, token), base_url=base, follow_redirects=False)


@pytest.mark.parametrize(
    ("listens", "called", "status"),
    [
        ("127.0.0.1", "127.0.0.1:8000", 200),
        ("127.0.0.1", "localhost:8000", 200),
        ("127.0.0.1", "LOCALHOST:8000", 200),
        ("127.0.0.1", "[::1]:8000", 200),
        ("127.0.0.1", "evil.example:8000", 421),
        ("127.0.0.1", "localhost.evil.example", 421),
        ("127.0.0.1", "192.168.1.7:8000", 421),
        ("127.0.0.1", "evil@localhost:8000", 421),
        ("127.0.0.1", "", 421),
        ("127.0.0.1", "[::1", 421),
        ("0.0.0.0", "192.168.1.7:8000", 200),
        ("0.0.0.0", "evil.example:8000", 421),
        ("0.0.0.0", f"{socket.gethostname()}:8000", 200),
        ("laptop.lan", "laptop.lan:8000", 200),
    ],
)
def test_only_its_own_names_are_answered(listens: str, called: str, status: int) -> None:
    assert guarded(listens).get("/", headers={"host": called}).status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:8000", 200),
        ("http://127.0.0.1:9000", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("http://[", 403),
        (None, 403),
    ],
)
def test_only_its_own_page_sends(origin: str | None, status: int) -> None:
    client = guarded("127.0.0.1")
    headers = {} if origin is None else {"origin": origin}
    assert client.post("/", headers=headers).status_code == status
    if status == 200:
        with client.websocket_connect("/live", headers=headers | {"host": "127.0.0.1:8000"}) as live:
            assert live.receive_text() == "in"
    else:
        with (
            pytest.raises(WebSocketDisconnect),
            client.websocket_connect("/live", headers=headers | {"host": "127.0.0.1:8000"}),
        ):
            pass


def test_a_token_is_shown_once_and_leaves_the_address() -> None:
    client = guarded("0.0.0.0", TOKEN)
    assert client.get("/").status_code == 401
    assert client.get("/tiles", params={"token": TOKEN}).status_code == 401
    assert client.get("/", params={"token": TOKEN + "x"}).status_code == 401
    assert client.get("/", params={"token": "\u00e9"}).status_code == 401
    let_in = client.get("/", params={"token": TOKEN})
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/")
    cookie = let_in.headers["set-cookie"]
    assert cookie.startswith("geoloc-8000=")
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert TOKEN not in cookie
    assert client.get("/tiles").text == "in"


def test_the_cookie_of_another_server_is_none() -> None:
    one, other = guarded("0.0.0.0", TOKEN), guarded("0.0.0.0", TOKEN)
    one.get("/", params={"token": TOKEN})
    other.cookies.update(one.cookies)
    assert other.get("/").status_code == 401
    assert other.get("/", headers={"cookie": "geoloc-8000"}).status_code == 401


def test_cookies_of_other_programs_on_the_host_lock_nobody_out() -> None:
    client = guarded("0.0.0.0", TOKEN)
    cookie = client.get("/", params={"token": TOKEN}).headers["set-cookie"].partition(";")[0]
    client.cookies.clear()
    for other in ('a={"b":1}', "a[b]=c d", "naked", "x=\xe9"):
        headers = {"cookie": f"{other}; {cookie}".encode("latin-1")}
        assert client.get("/tiles", headers=headers).text == "in", other


def test_a_live_connection_needs_the_token_too() -> None:
    client = guarded("0.0.0.0", TOKEN)
    headers = {"origin": "http://127.0.0.1:8000", "host": "127.0.0.1:8000"}
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/live", headers=headers):
        pass
    cookie = client.get("/", params={"token": TOKEN}).headers["set-cookie"].partition(";")[0]
    with client.websocket_connect("/live", headers=headers | {"cookie": cookie}) as live:
        assert live.receive_text() == "in"


def test_every_answer_has_the_policy_and_lets_nobody_else_read() -> None:
    client = guarded("127.0.0.1", TOKEN)
    for answer in (client.get("/"), client.get("/", params={"token": TOKEN}), client.get("/tiles")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_what_is_this_machine_only() -> None:
    assert [is_loopback(host) for host in ("localhost", "127.0.0.1", "127.9.9.9", "::1")] == [True] * 4
    assert [is_loopback(host) for host in ("0.0.0.0", "::", "192.168.1.7", "laptop", "")] == [False] * 5


def test_addresses_to_open(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(addresses("127.0.0.1", 8000, None)) == ["http://127.0.0.1:8000/"]
    assert list(addresses("::1", 80, "t")) == ["http://[::1]:80/?token=t"]
    (address,) = addresses("127.0.0.1", 80, "a+b&c#d \u00e9")
    assert parse_qs(urlsplit(address).query) == {"token": ["a+b&c#d \u00e9"]}
    fourth = [(2, 1, 6, "", ("192.168.1.7", 0)), (2, 1, 6, "", ("127.0.1.1", 0))]
    sixth = [(10, 1, 6, "", ("fe80::1%eth0", 0)), (10, 1, 6, "", ("2001:db8::7", 0))]

    def known(host: str, port: None, family: int, **options: int) -> list[tuple[Any, ...]]:
        return fourth if family == socket.AF_INET else fourth + sixth

    monkeypatch.setattr(socket, "getaddrinfo", known)
    monkeypatch.setattr(guard, "_outward_address", lambda: "10.0.0.5")
    for host, own in (
        ("0.0.0.0", ("10.0.0.5", "192.168.1.7", "127.0.0.1")),
        ("::", ("10.0.0.5", "192.168.1.7", "[2001:db8::7]", "127.0.0.1")),
    ):
        assert list(addresses(host, 8000, "t")) == [f"http://{address}:8000/?token=t" for address in own]


def test_the_outward_address_is_one_of_this_machine() -> None:
    if address := guard._outward_address():
        with socket.socket() as bound:
            bound.bind((address, 0))


def test_tokens_are_long_and_new() -> None:
    assert len({new_token() for _ in range(9)}) == 9
    assert len(new_token()) >= 32
