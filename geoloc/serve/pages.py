"""All open pages: found by their names, closed when they go, and a while after they were cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyproj

from geoloc.errors import LimitError
from geoloc.serve.page import Line, Page
from geoloc.serve.search_queue import SearchQueue

MOST_PAGES = 20
GRACE_S = 300.0
"""How long a page may be away that was cut off: a tablet that sleeps, or is out of reach of the network."""


class Pages:
    """The open pages; for one event loop.

    Attributes:
        root: folder of their files.
    """

    def __init__(self, root: Path, queue: SearchQueue, request_fields: Mapping[str, Any], crs: pyproj.CRS) -> None:
        """Keep pages; see `Page`."""
        self.root = root
        self._new: Callable[[], Page] = lambda: Page(root, queue, request_fields, crs)
        self._pages: dict[str, Page] = {}
        self._closing: dict[str, asyncio.TimerHandle] = {}

    def get(self, name: str) -> Page | None:
        """Return a page; None where it is none, or is closed."""
        return self._pages.get(name)

    def enter(self, name: str) -> Page:
        """Return the page that comes, or comes back, which may be before anybody noticed that it was gone.

        Names are secret, and each is known to one document in one browser.

        Raises:
            LimitError: too many pages are open.
        """
        timer = self._closing.pop(name, None)
        if timer is not None:
            timer.cancel()
        if name in self._pages:
            return self._pages[name]
        if len(self._pages) >= MOST_PAGES:
            raise LimitError(f"{MOST_PAGES} pages are open, which is the limit; close one")
        page = self._new()
        self._pages[page.id] = page
        return page

    def leave(self, page: Page, line: Line, *, for_good: bool) -> None:
        """Stop the searches of a page that went; it is closed at once, or a while after it was cut off.

        Args:
            page: that went.
            line: the connection that ended; where that is not the page's any more, the page is still here.
            for_good: whether it was closed.
        """
        if page.line is not line:
            return
        page.stop()
        if for_good:
            self._close(page)
        else:
            self._closing[page.id] = asyncio.get_running_loop().call_later(GRACE_S, self._close, page)

    def close(self) -> None:
        """Close all pages."""
        for page in list(self._pages.values()):
            self._close(page)

    def _close(self, page: Page) -> None:
        timer = self._closing.pop(page.id, None)
        if timer is not None:
            timer.cancel()
        self._pages.pop(page.id, None)
        page.close()
