"""The searches of all pages, one after another: each page is told how many are before its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Searching(Protocol):
    """What searches, one thing at a time: `geoloc.serve.search_process.SearchProcess`."""

    async def ask(
        self, kind: str, fields: Mapping[str, Any], on_progress: Callable[[dict[str, Any]], None]
    ) -> dict[str, Any]:
        """Return the result of one request."""

    async def close(self) -> None:
        """End what searches."""


@dataclass(slots=True, eq=False)
class _Ticket:
    tell: Callable[[int], None]
    before: int = -1


class SearchQueue:
    """Hands requests on in the order in which they came; for one event loop."""

    def __init__(self, searching: Searching) -> None:
        """Queue before what searches."""
        self._searching = searching
        self._lock = asyncio.Lock()
        self._tickets: list[_Ticket] = []

    async def ask(
        self,
        kind: str,
        fields: Mapping[str, Any],
        on_wait: Callable[[int], None],
        on_progress: Callable[[dict[str, Any]], None],
    ) -> dict[str, Any]:
        """Wait for the requests that came before, then for the result of this one; see `SearchProcess.ask`.

        Args:
            kind: type of the request.
            fields: of the request.
            on_wait: called with the number of requests before this one, whenever that changes; 0 when it begins.
            on_progress: called with every message of progress.
        """
        ticket = _Ticket(on_wait)
        self._tickets.append(ticket)
        self._tell()
        try:
            async with self._lock:
                return await self._searching.ask(kind, fields, on_progress)
        finally:
            self._tickets.remove(ticket)
            self._tell()

    async def close(self) -> None:
        """End what searches."""
        await self._searching.close()

    def _tell(self) -> None:
        for before, ticket in enumerate(self._tickets):
            if ticket.before != before:
                ticket.before = before
                ticket.tell(before)
