"""Searches come one after another, and each is told how many are before it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from geoloc.serve.search_queue import SearchQueue


class Slow:
    """Searches that end when they are told to."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ends = {name: asyncio.Event() for name in "abc"}

    async def ask(
        self, kind: str, fields: Mapping[str, Any], on_progress: Callable[[dict[str, Any]], None]
    ) -> dict[str, Any]:
        self.begun.append(kind)
        await self.ends[kind].wait()
        return {"kind": kind}

    async def close(self) -> None: ...


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_one_at_a_time_in_their_order_and_those_behind_are_told() -> None:
    async def scene() -> None:
        slow = Slow()
        queue = SearchQueue(slow)
        told: dict[str, list[int]] = {name: [] for name in "abc"}
        tasks = {
            name: asyncio.create_task(queue.ask(name, {}, told[name].append, lambda message: None)) for name in "abc"
        }
        await settle()
        assert slow.begun == ["a"]
        assert told == {"a": [0], "b": [1], "c": [2]}
        # Who waits and goes makes room for those behind.
        tasks["b"].cancel()
        await settle()
        assert told["c"] == [2, 1]
        slow.ends["a"].set()
        await settle()
        assert slow.begun == ["a", "c"]
        assert told["c"] == [2, 1, 0]
        slow.ends["c"].set()
        assert await tasks["c"] == {"kind": "c"}
        with pytest.raises(asyncio.CancelledError):
            await tasks["b"]

    asyncio.run(scene())


def test_a_search_that_is_cancelled_lets_the_next_begin() -> None:
    async def scene() -> None:
        slow = Slow()
        queue = SearchQueue(slow)
        first, _ = [
            asyncio.create_task(queue.ask(name, {}, lambda before: None, lambda message: None)) for name in "ab"
        ]
        await settle()
        first.cancel()
        await settle()
        assert slow.begun == ["a", "b"]

    asyncio.run(scene())
