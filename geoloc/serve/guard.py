"""Who may ask: the host that an address names, the page that sends, and the token where one is needed."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_READING = ("GET", "HEAD")
_REFUSED = 4403
"""Code with which a live connection is refused; browsers tell pages 1006 all the same."""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine to itself only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """Lets requests through that come from this server's own page, by a name that is this server's.

    A name that somebody else owns may lead here too (DNS rebinding), and any page in the browser may send requests
    here; what they send is refused by its Host or its Origin, and no header allows them to read anything. With a token
    only who has shown it once is let in: it is exchanged for a cookie that ends with this server.
    """

    def __init__(self, app: ASGIApp, host: str, token: str | None) -> None:
        """Guard an app.

        Args:
            app: what answers.
            host: address or name that the server listens at.
            token: what a browser must show first; None where none is needed.
        """
        self._app, self._token = app, token
        self._local = is_loopback(host)
        self._names = {host.lower(), "localhost"}
        if not self._local:
            own = socket.gethostname().lower()
            self._names |= {own, f"{own}.local"}
        self._key = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or have the app answer it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope, Headers(scope=scope))
        if refusal is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": _REFUSED})
        else:
            await refusal(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """What to answer in place of the app; None where that may answer."""
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or not self._is_own(hosts[0]):
            return _said(421, "This is not the address of this server: open the one that geoloc serve printed.")
        reads = scope["type"] == "http" and scope["method"] in _READING
        if not reads and [_netloc_of(origin) for origin in origins] != hosts:
            return _said(403, "Only this server's own page may send anything here.")
        if self._token is None or self._is_known(headers):
            return None
        shown = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[-1]
        if reads and scope["path"] == "/" and _same(shown, self._token):
            return self._let_in(hosts[0])
        return _said(401, "This page needs its token: open the whole address that geoloc serve printed.")

    def _is_own(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
            address = ipaddress.ip_address(name)
        except ValueError:
            # No address, or nothing that could be a host.
            return not set(host) & set("/@?#\\") and _name_of(host) in self._names
        # Nobody can have a browser take an address for another one.
        return address.is_loopback or not self._local

    def _is_known(self, headers: Headers) -> bool:
        # As browsers read them: cookies of other programs on this host need not be as the standard wants them.
        cookies = cookie_parser("; ".join(headers.getlist("cookie")))
        return _same(cookies.get(self._cookie(headers["host"]), ""), self._key)

    def _let_in(self, host: str) -> Response:
        """Give the cookie, and take the token out of the address, which browsers remember."""
        response = RedirectResponse("/", 303)
        response.set_cookie(self._cookie(host), self._key, httponly=True, samesite="lax")
        return response

    def _cookie(self, host: str) -> str:
        """A name for each port: browsers give cookies to all ports of a host."""
        return f"geoloc-{host.rpartition(':')[2]}" if host.rpartition(":")[2].isdigit() else "geoloc"


def new_token() -> str:
    """Return a token that nobody guesses."""
    return secrets.token_urlsafe(24)


def addresses(host: str, port: int, token: str | None) -> Iterable[str]:
    """Yield what to open in a browser: of a server that listens everywhere each of the machine's own addresses."""
    query = f"/?{urlencode({'token': token})}" if token else "/"
    for name in _own_addresses(ipaddress.ip_address(host).version) if is_everywhere(host) else (host,):
        yield f"http://{f'[{name}]' if ':' in name else name}:{port}{query}"


def is_everywhere(host: str) -> bool:
    """Whether a host is all addresses of this machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _own_addresses(version: int) -> list[str]:
    """The machine's addresses, loopback last; nothing is sent to find them.

    Args:
        version: of IP; who listens everywhere by the sixth is reached by the fourth too, not the other way round.
    """
    found = {_outward_address()}
    family = socket.AF_INET if version == 4 else socket.AF_UNSPEC
    with suppress(OSError):
        told = socket.getaddrinfo(socket.gethostname(), None, family=family, type=socket.SOCK_STREAM)
        found |= {str(info[4][0]) for info in told}
    outward = sorted(address for address in found if address and "%" not in address and not is_loopback(address))
    return [*outward, "127.0.0.1"]


def _outward_address() -> str:
    """The address by which this machine would speak to others, empty where there is none.

    Many systems know their own name by a loopback address only. A datagram socket that is connected sends nothing.
    """
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outward:
        outward.connect(("192.0.2.1", 9))
        return str(outward.getsockname()[0])
    return ""


def _same(shown: str, secret: str) -> bool:
    return hmac.compare_digest(shown.encode(), secret.encode())


def _netloc_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _name_of(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _said(status: int, text: str) -> Response:
    return PlainTextResponse(text + "\n", status)


def _with_headers(send: Send) -> Send:
    async def send_with(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return send_with
