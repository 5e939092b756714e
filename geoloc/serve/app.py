"""What the server answers: the page and its files, tiles, photos that are sent, live connections, files to take."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

from fastapi import FastAPI, HTTPException, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, JSONResponse
from starlette.requests import ClientDisconnect

from geoloc.errors import GeolocError, LimitError, in_one_line
from geoloc.photo.files.raw import RAW_SUFFIXES
from geoloc.report.page_parts import page_part
from geoloc.serve.answers import suffixes
from geoloc.serve.ground import ServedGround
from geoloc.serve.page import Line, Page
from geoloc.serve.pages import Pages
from geoloc.serve.search_queue import SearchQueue
from geoloc.serve.uploads import plain_name, take_photo, too_large
from geoloc.system.version import __version__

_TYPES = {"css": "text/css", "js": "text/javascript"}
_OWN = ("serve.css", "serve.js", "photo_view.js", "ground_map.js", "answer_list.js", "pixel_mapping.js")
_SHARED = ("leaflet.css", "leaflet.js", "shared.css", "shared.js")
_GONE = (1000, 1001)
"""How a live connection ends whose page was closed, or left for another; any other end cut it off."""
_CUT_OFF, _NO_TEXT, _TAKEN_OVER, _TOO_MANY = 1006, 1003, 4409, 4429
_WRONG = 400
_NONE = 404


@dataclass(slots=True)
class Service:
    """All that requests share.

    Attributes:
        ground: the mosaic.
        queue: of all searches.
        pages: that are open.
        most_bytes: of a photo.
        decoding: held while a photo is decoded.
    """

    ground: ServedGround
    queue: SearchQueue
    pages: Pages
    most_bytes: int
    decoding: asyncio.Lock = field(default_factory=asyncio.Lock)

    def page(self, name: str) -> Page:
        """Return an open page.

        Raises:
            HTTPException: there is none of that name.
        """
        page = self.pages.get(name)
        if page is None:
            raise HTTPException(_NONE, "this page is closed; open it anew")
        return page


def create_app(service: Service) -> FastAPI:
    """Return what answers requests; it closes pages and searches when it ends, not the ground."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        service.pages.close()
        await service.queue.close()

    # The pages that FastAPI makes of itself load scripts from elsewhere.
    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.exception_handler(GeolocError)(_told)
    app.exception_handler(ClientDisconnect)(_unheard)
    _add_files(app)
    _add_ground(app, service)
    _add_pages(app, service)
    return app


def _told(request: Request, error: Exception) -> Response:
    """Say what a user can mend."""
    return JSONResponse({"detail": in_one_line(error)}, _WRONG)


def _unheard(request: Request, error: Exception) -> Response:
    """Answer who has gone while a photo was sent."""
    return Response(status_code=_WRONG)


def _add_files(app: FastAPI) -> None:
    """The page itself and what it is made of."""
    own = files("geoloc.serve") / "assets"
    texts = {name: (own / name).read_text(encoding="utf-8") for name in _OWN}
    texts |= {name: page_part(name) for name in _SHARED}
    page = (own / "serve.html").read_text(encoding="utf-8").replace("{{version}}", __version__)
    page = page.replace("{{raw}}", ",".join(RAW_SUFFIXES))

    @app.get("/")
    async def index() -> Response:
        return Response(page, media_type="text/html")

    @app.get("/assets/{name}")
    async def asset(name: str) -> Response:
        if name not in texts:
            raise HTTPException(_NONE, "no such file")
        return Response(texts[name], media_type=_TYPES[name.rpartition(".")[2]])


def _add_ground(app: FastAPI, service: Service) -> None:
    """The mosaic."""
    view = service.ground.view
    # Browsers keep tiles, and another mosaic may be served at this address next.
    key = secrets.token_hex(4)

    @app.get("/ground.json")
    async def ground() -> dict[str, Any]:
        return {
            "bounds": view.bounds,
            "min_zoom": view.min_zoom,
            "max_zoom": view.max_zoom,
            "outline": view.outline,
            "tiles": f"tiles/{key}/{{z}}/{{x}}/{{y}}.webp",
            "suffixes": suffixes(),
            "most_bytes": service.most_bytes,
        }

    @app.get(f"/tiles/{key}/{{z}}/{{x}}/{{y}}.webp")
    async def tile(z: int, x: int, y: int, request: Request) -> Response:
        drawn = await service.ground.tile(x, y, z, request.is_disconnected)
        if drawn is None:
            return Response(status_code=204)
        return Response(drawn, media_type="image/webp", headers={"Cache-Control": "private, max-age=600"})


def _add_pages(app: FastAPI, service: Service) -> None:
    """What belongs to one open page."""

    @app.post("/pages/{name}/photo")
    async def photo(name: str, request: Request) -> dict[str, Any]:
        page = service.page(name)
        called = plain_name(unquote(request.headers.get("x-file-name", "")))
        length = request.headers.get("content-length", "")
        # Told before it is sent, where that is known.
        if length.isdigit() and int(length[:20]) > service.most_bytes:
            raise too_large(called, service.most_bytes)
        if page.receiving:
            raise LimitError(f"{called}: another photo is on its way; choose this one when that is shown")

        def is_open() -> bool:
            return service.pages.get(name) is page

        page.receiving = True
        try:
            taken = await take_photo(
                request.stream(), called, page.folder, service.most_bytes, service.decoding, is_wanted=is_open
            )
        finally:
            page.receiving = False
        if not is_open():
            taken.delete()
            raise HTTPException(_NONE, "this page is closed; open it anew")
        page.show(taken)
        return {"size": taken.size}

    @app.get("/pages/{name}/{picture}.jpeg")
    async def picture(name: str, picture: str) -> Response:
        shown = service.page(name).photo
        if shown is None or shown.folder.name != picture:
            raise HTTPException(_NONE, "no such photo")
        return FileResponse(shown.picture, media_type="image/jpeg")

    @app.get("/pages/{name}/found")
    async def found(name: str, suffix: str, accepted: bool = False) -> Response:
        answers = service.page(name).answers
        content = await asyncio.to_thread(answers.file, suffix, accepted=accepted)
        return Response(content, media_type="application/octet-stream")

    @app.websocket("/live")
    async def live(socket: WebSocket, page: str = "") -> None:
        await socket.accept()
        try:
            entered = service.pages.enter(page)
        except GeolocError as error:
            await socket.send_json({"type": "error", "job": "page", "message": str(error)})
            await socket.close(_TOO_MANY)
            return
        line, how = entered.connect(), _CUT_OFF
        try:
            how = await _live(socket, entered, line)
        finally:
            service.pages.leave(entered, line, for_good=how in _GONE)


async def _live(socket: WebSocket, page: Page, line: Line) -> int:
    """Tell a page what there is to tell, and hear what it asks for, until it goes; return how it went."""
    told, heard = asyncio.create_task(_tell(socket, line)), asyncio.create_task(_hear(socket, page))
    over = asyncio.create_task(line.over.wait())
    try:
        await asyncio.wait((heard, over), return_when=asyncio.FIRST_COMPLETED)
        if heard.done():
            return heard.result()
        # The page is back by another connection; this one is mostly dead.
        with suppress(WebSocketDisconnect, RuntimeError):
            await socket.close(_TAKEN_OVER)
        return _TAKEN_OVER
    finally:
        for task in (told, heard, over):
            task.cancel()


async def _hear(socket: WebSocket, page: Page) -> int:
    while True:
        try:
            text = await socket.receive_text()
        except WebSocketDisconnect as end:
            return end.code
        except KeyError:
            # It sent bytes, which no page of ours does.
            await socket.close(_NO_TEXT)
            return _GONE[0]
        try:
            page.hear(json.loads(text))
        except GeolocError as error:
            page.tell({"type": "error", "job": "locate", "message": str(error)})
        except (ValueError, RecursionError):
            page.tell({"type": "error", "job": "locate", "message": "a message is one JSON object"})


async def _tell(socket: WebSocket, line: Line) -> None:
    # A page that went while it was told is heard of by who listens to it.
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.send_json(await line.outbox.get())
