"""One open page: its photo, its searches, its answers, and what it is told while it is there."""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyproj

from geoloc.errors import GeolocError, PhotoError, in_one_line
from geoloc.serve.answers import HeldAnswers
from geoloc.serve.search_queue import SearchQueue
from geoloc.serve.uploads import UploadedPhoto

LOG = logging.getLogger(__name__)
Told = dict[str, Any]
_DRAWN = ("click", "box", "polygon")


@dataclass(slots=True, eq=False)
class Line:
    """A live connection of a page.

    Attributes:
        outbox: messages that wait to be sent.
        over: set when another connection has taken its place.
    """

    outbox: asyncio.Queue[Told] = field(default_factory=asyncio.Queue)
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Page:
    """What the server keeps for one page; for one event loop.

    Attributes:
        id: name that nobody guesses.
        answers: all that were found for it.
        folder: of its photo.
        line: its live connection, or the last one.
        receiving: whether a photo is on its way to it.
    """

    def __init__(self, root: Path, queue: SearchQueue, request_fields: Mapping[str, Any], crs: pyproj.CRS) -> None:
        """Open a page.

        Args:
            root: folder to make the page's own in.
            queue: of all searches.
            request_fields: what is searched, where and how, as docs/worker.md has it.
            crs: of the mosaic.
        """
        self.id = secrets.token_urlsafe(18)
        self.answers = HeldAnswers(crs)
        self.folder = Path(tempfile.mkdtemp(prefix="page-", dir=root))
        self.line = Line()
        self.receiving = False
        self._queue, self._request = queue, dict(request_fields)
        self._photo: UploadedPhoto | None = None
        self._matched: Told | None = None
        self._searches: dict[str, asyncio.Task[None]] = {}

    @property
    def photo(self) -> UploadedPhoto | None:
        """The photo that it shows."""
        return self._photo

    def connect(self) -> Line:
        """Return the connection of a page that has just come, or come back, with all that it must be told.

        One that it had before is over, and what was said while nobody listened is in what is told first. What its
        going stopped goes on.
        """
        self.line.over.set()
        self.line = Line()
        self.tell({"type": "page", "id": self.id, "answers": [one.to_json() for one in self.answers.held]})
        if self._photo is not None:
            self.tell(self._photo_told(self._photo))
            if self._matched is not None:
                self.tell(self._matched)
            elif "match" not in self._searches:
                self._start("match", self._match, self._photo)
        return self.line

    def tell(self, message: Told) -> None:
        """Have a message sent to it."""
        self.line.outbox.put_nowait(message)

    def show(self, photo: UploadedPhoto) -> None:
        """Take a photo in the place of the last one, and match it with the map."""
        self.stop()
        if self._photo is not None:
            self._photo.delete()
        self._photo, self._matched = photo, None
        self.tell(self._photo_told(photo))
        self._start("match", self._match, photo)

    def hear(self, message: Any) -> None:
        """Do what a message of the page asks for; what is wrong with it is told.

        Raises:
            GeolocError: it is no message.
        """
        if not isinstance(message, dict):
            raise GeolocError("a message is a JSON object")
        kind = message.get("type")
        if kind == "locate":
            if self._photo is None:
                raise PhotoError("no photo to search for: choose one first")
            drawn = {name: message[name] for name in _DRAWN if message.get(name) is not None}
            if len(drawn) != 1:
                raise GeolocError("a search needs one click, box or outline; mark the object in the photo")
            self._start("locate", self._locate, self._photo, drawn)
        elif kind == "stop":
            self._cancel("locate")
        elif kind == "decide":
            self.answers.decide(message.get("answer"), message.get("decision"))
        else:
            raise GeolocError("this server knows no such message; open the page anew")

    def stop(self) -> None:
        """Stop all searches."""
        for kind in list(self._searches):
            self._cancel(kind)

    def close(self) -> None:
        """Stop all searches and delete all files."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _photo_told(self, photo: UploadedPhoto) -> Told:
        return {"type": "photo", "name": photo.name, "size": photo.size, "picture": f"{photo.folder.name}.jpeg"}

    def _start(self, kind: str, search: Callable[..., Coroutine[Any, Any, None]], *what: Any) -> None:
        """Begin a search in the place of one of its kind that runs."""
        self._cancel(kind)
        task = asyncio.create_task(self._run(kind, search, *what))
        self._searches[kind] = task
        task.add_done_callback(lambda done: self._forget(kind, done))

    def _cancel(self, kind: str) -> None:
        task = self._searches.pop(kind, None)
        if task is not None:
            task.cancel()

    def _forget(self, kind: str, task: asyncio.Task[None]) -> None:
        if self._searches.get(kind) is task:
            del self._searches[kind]

    async def _run(self, kind: str, search: Callable[..., Coroutine[Any, Any, None]], *what: Any) -> None:
        """Search; what nobody foresaw is told too, or the page would wait for ever."""
        try:
            await search(*what)
        except Exception as error:
            LOG.exception("a search failed")
            self._say("error", kind, message=f"{in_one_line(error)}; the server has logged it, try again")

    async def _match(self, photo: UploadedPhoto) -> None:
        found = await self._ask("match", photo, {"mapping_crs": "EPSG:3857"})
        if found is not None:
            told = {name: found[name] for name in ("pose", "mapping", "warnings")}
            self._matched = {"type": "matched", **told}
            self.tell(self._matched)

    async def _locate(self, photo: UploadedPhoto, drawn: Mapping[str, Any]) -> None:
        found = await self._ask("locate", photo, drawn)
        if found is None:
            return
        try:
            added = self.answers.add(found["found"]["features"], photo.name)
        except GeolocError as error:
            self._say("error", "locate", message=str(error))
            return
        told = {name: found[name] for name in ("best_score", "warnings")}
        self._say("found", "locate", answers=[one.to_json() for one in added], **told)

    async def _ask(self, kind: str, photo: UploadedPhoto, fields: Mapping[str, Any]) -> Told | None:
        """Ask for a search and tell how it goes; None where it fails, which is told too."""

        def on_wait(before: int) -> None:
            self._say("waiting", kind, before=before)

        def on_progress(message: Told) -> None:
            told = {name: message[name] for name in ("stage", "fraction", "seconds_left")}
            self._say("progress", kind, **told)

        try:
            asked = {**self._request, **fields, "photo": str(photo.path)}
            found = await self._queue.ask(kind, asked, on_wait, on_progress)
        except GeolocError as error:
            self._say("error", kind, message=str(error).replace(str(photo.path), photo.name))
            return None
        except asyncio.CancelledError:
            # Of one that another took the place of, that one tells.
            if kind not in self._searches:
                self._say("stopped", kind)
            raise
        text = [warning.replace(str(photo.path), photo.name) for warning in found["warnings"]]
        return {**found, "warnings": text}

    def _say(self, kind: str, job: str, **fields: Any) -> None:
        self.tell({"type": kind, "job": job, **fields})
