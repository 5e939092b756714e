"""The process that searches: geoloc's worker, asked one thing after another, and stopped where nobody waits for it."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import geoloc
from geoloc.errors import GeolocError

_LONGEST_LINE = 64 << 20
"""Bytes of a message at the most: one answer with many outlines has some thousand."""
_STOP_S = 5.0
"""How long a search that was cancelled may take to its next step, before its process is ended."""


class SearchError(GeolocError, RuntimeError):
    """A search failed; the text is what the worker said of it."""


class SearchProcess:
    """One worker, started by the first request and again by the first one after it ended; for one event loop.

    What asks must see to it that it asks for one thing at a time.
    """

    def __init__(self) -> None:
        """Start nothing yet."""
        self._process: Process | None = None
        self._numbers = itertools.count(1)

    async def ask(
        self, kind: str, fields: Mapping[str, Any], on_progress: Callable[[dict[str, Any]], None]
    ) -> dict[str, Any]:
        """Send a request and wait for its result. Where the waiting task is cancelled, so is the request.

        Args:
            kind: type of the request, such as "locate".
            fields: of the request; docs/worker.md has them.
            on_progress: called with every message of progress.

        Returns:
            The message with the result.

        Raises:
            SearchError: the worker says that something is wrong, or has ended.
            Exception: what nobody foresaw; the process is ended, since nobody knows what it does.
        """
        process = await self._running()
        number = next(self._numbers)
        try:
            self._send(process, {**fields, "id": number, "type": kind})
            return await self._answer(process, number, on_progress)
        except asyncio.CancelledError:
            await self._stop(process, number)
            raise
        except SearchError:
            raise
        except Exception:
            await self.close()
            raise

    async def close(self) -> None:
        """End the process, whatever it does."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        # Its pipes are not read here: one who waits for an answer may do that at the same time.
        await process.wait()

    async def _running(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            # The same geoloc, wherever this one was loaded from; Ctrl-C is for the server alone, which ends it.
            root = str(Path(geoloc.__file__).parents[1])
            path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "geoloc.worker"),
                stdin=PIPE,
                stdout=PIPE,
                limit=_LONGEST_LINE,
                env=os.environ | {"PYTHONPATH": path},
                start_new_session=True,
            )
        return self._process

    def _send(self, process: Process, message: Mapping[str, Any]) -> None:
        assert process.stdin is not None
        process.stdin.write(json.dumps(message).encode() + b"\n")

    async def _answer(
        self, process: Process, number: int, on_progress: Callable[[dict[str, Any]], None]
    ) -> dict[str, Any]:
        """Wait for the last message of a request."""
        assert process.stdout is not None
        # Of a process that ended, the last line may be a part of one.
        while (line := await process.stdout.readline()).endswith(b"\n"):
            message: dict[str, Any] = json.loads(line)
            if message["id"] != number:
                continue
            if message["type"] == "result":
                return message
            if message["type"] == "error":
                raise SearchError(message["message"])
            on_progress(message)
        await self.close()
        raise SearchError("the search ended unexpectedly, mostly for want of memory; try again, or search less ground")

    async def _stop(self, process: Process, number: int) -> None:
        """Cancel a request; a process that does not stop is ended, and the next request starts another."""
        self._send(process, {"id": next(self._numbers), "type": "cancel", "target": number})
        try:
            await asyncio.wait_for(self._answer(process, number, lambda message: None), _STOP_S)
        except TimeoutError:
            await self.close()
        except SearchError:
            pass
