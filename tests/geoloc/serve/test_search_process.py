"""The worker as a child: asked, cancelled, and started again after it ended."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

import pytest

from geoloc.serve import search_process
from geoloc.serve.search_process import SearchError, SearchProcess
from tests.helpers.city import CLICK


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    """All processes, in the order in which they were started."""
    found: list[Process] = []
    start = asyncio.create_subprocess_exec

    async def recorded(*command: str, **options: Any) -> Process:
        found.append(await start(*command, **options))
        return found[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", recorded)
    return found


def fields_of(city: Path) -> dict[str, Any]:
    return {"photo": str(city / "p.jpg"), "mosaics": [str(city / "m.tif")]}


def test_it_answers_and_says_what_is_wrong_and_is_started_again(city: Path, started: list[Process]) -> None:
    async def scene() -> None:
        process, stages = SearchProcess(), []
        try:
            found = await process.ask("plan", fields_of(city), lambda message: stages.append(message["stage"]))
            assert found["tile_ids"]
            assert stages == ["planning"]
            with pytest.raises(SearchError, match="outside the photo"):
                await process.ask("locate", fields_of(city) | {"click": [9999, 1]}, lambda message: None)
            assert len(started) == 1
            started[0].kill()
            with pytest.raises(SearchError, match="ended unexpectedly"):
                await process.ask("plan", fields_of(city), lambda message: None)
            assert (await process.ask("plan", fields_of(city), lambda message: None))["tile_ids"]
            assert len(started) == 2
        finally:
            await process.close()

    asyncio.run(scene())


def test_a_search_that_is_cancelled_ends_and_the_process_stays(city: Path, started: list[Process]) -> None:
    async def scene() -> None:
        process, begun = SearchProcess(), asyncio.Event()
        try:
            asked = fields_of(city) | {"click": list(CLICK), "refine": "off"}
            task = asyncio.create_task(process.ask("locate", asked, lambda message: begun.set()))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await process.ask("plan", fields_of(city), lambda message: None))["tile_ids"]
            assert len(started) == 1
        finally:
            await process.close()

    asyncio.run(scene())


def test_it_is_ended_while_a_cancelled_search_is_waited_for(city: Path, started: list[Process]) -> None:
    async def scene() -> None:
        process = SearchProcess()
        await process.ask("plan", fields_of(city), lambda message: None)
        os.kill(started[0].pid, signal.SIGSTOP)
        task = asyncio.create_task(process.ask("plan", fields_of(city), lambda message: None))
        await asyncio.sleep(0)
        task.cancel()
        # It now waits for the last answer of a process that says nothing.
        await asyncio.sleep(0.1)
        await process.close()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert started[0].returncode == -signal.SIGKILL

    asyncio.run(scene())


def test_what_nobody_foresaw_ends_it(city: Path, started: list[Process]) -> None:
    def wrong(message: dict[str, Any]) -> None:
        raise KeyError("stage")

    async def scene() -> None:
        process = SearchProcess()
        try:
            with pytest.raises(KeyError):
                await process.ask("plan", fields_of(city), wrong)
            assert started[0].returncode is not None
            assert (await process.ask("plan", fields_of(city), lambda message: None))["tile_ids"]
        finally:
            await process.close()

    asyncio.run(scene())


def test_one_that_does_not_stop_is_ended(city: Path, started: list[Process], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_process, "_STOP_S", 0.1)

    async def scene() -> None:
        process = SearchProcess()
        try:
            await process.ask("plan", fields_of(city), lambda message: None)
            os.kill(started[0].pid, signal.SIGSTOP)
            task = asyncio.create_task(process.ask("plan", fields_of(city), lambda message: None))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await process.ask("plan", fields_of(city), lambda message: None)
            assert len(started) == 2
        finally:
            await process.close()

    asyncio.run(scene())
