"""Starting the server: what is searched is opened, a socket bound, and requests are answered until it is stopped."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from geoloc.errors import OutputError
from geoloc.pipeline.request import SearchRequest, options_of
from geoloc.serve.app import Service, create_app
from geoloc.serve.ground import ServedGround
from geoloc.serve.guard import Guard, is_everywhere
from geoloc.serve.pages import Pages
from geoloc.serve.search_process import SearchProcess
from geoloc.serve.search_queue import Searching, SearchQueue

_LONGEST_MESSAGE = 1 << 18
"""Bytes of a message of a page: an outline of some thousand corners."""
_STOP_S = 2


@contextmanager
def serving(request: SearchRequest, most_bytes: int, searching: Searching) -> Iterator[Service]:
    """Open what requests share; photos lie in a folder that goes with it.

    Args:
        request: what is searched, where and how.
        most_bytes: of a photo.
        searching: what searches.

    Raises:
        GeolocError: what is searched cannot be used.
    """
    ground = ServedGround(request)
    try:
        with tempfile.TemporaryDirectory(prefix="geoloc-serve-", ignore_cleanup_errors=True) as folder:
            queue = SearchQueue(searching)
            pages = Pages(Path(folder), queue, worker_fields(request), ground.view.crs)
            yield Service(ground, queue, pages, most_bytes)
    finally:
        ground.close()


def worker_fields(request: SearchRequest) -> dict[str, Any]:
    """Return a request as the worker's protocol has it (docs/worker.md)."""
    absolute = request.absolute()
    given = {option.key: (option, getattr(absolute, name)) for name, option in options_of().items()}
    return {key: option.kind.to_json(value) for key, (option, value) in given.items() if value is not None}


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address, at "::" by IPv4 too; port 0 is one that is free.

    Raises:
        OutputError: another program has it, or it is none of this machine's.
    """
    try:
        # It listens at once, so that who calls before requests are answered waits.
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        both = family == socket.AF_INET6 and is_everywhere(host) and socket.has_dualstack_ipv6()
        return socket.create_server((host, port), family=family, dualstack_ipv6=both)
    except OSError as error:
        raise OutputError(
            f"{host}:{port}: cannot listen there ({error.strerror or error}); give another --port, or --host"
        ) from None


def run(
    request: SearchRequest,
    bound: socket.socket,
    *,
    host: str,
    token: str | None,
    most_bytes: int,
    ready: Callable[[], None],
) -> None:
    """Answer requests until Ctrl-C or SIGTERM.

    Args:
        request: what is searched, where and how.
        bound: of `bind`.
        host: as it was asked for: a name by which browsers may call the server.
        token: what a browser must show; None where none is needed.
        most_bytes: of a photo.
        ready: called when what is searched is open and requests are about to be answered.

    Raises:
        GeolocError: what is searched cannot be used.
    """
    with serving(request, most_bytes, SearchProcess()) as service:
        config = uvicorn.Config(
            Guard(create_app(service), host, token),
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws_max_size=_LONGEST_MESSAGE,
            timeout_graceful_shutdown=_STOP_S,
        )
        ready()
        uvicorn.Server(config).run(sockets=[bound])
