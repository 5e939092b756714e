"""Work spread over the processes of a dask.distributed cluster: one piece at a time in each, whatever their order.

A process opens what a job needs (mosaic, index, network) once and keeps it for all of the job's pieces. What was lost
with a process is done again by another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from geoloc.errors import ClusterError
from geoloc.system.extras import needing

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 30
_AHEAD = 3
"""Pieces a process that wait at the scheduler, so that none waits for work and the scheduler holds few."""

_Tools_co = TypeVar("_Tools_co", covariant=True)
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Job(Protocol[_Tools_co]):
    """What is common to all pieces of work; can be pickled and compared."""

    def opened(self) -> AbstractContextManager[_Tools_co]:
        """What a process needs for them."""


@dataclass(frozen=True, slots=True)
class Workers:
    """scheduler: the address of a cluster that is there, such as tcp://host:8786. count: without one, processes of this
    machine.
    """

    scheduler: str | None = None
    count: int = 0

    def __bool__(self) -> bool:
        return bool(self.scheduler or self.count)


@contextmanager
def connected(workers: Workers) -> Iterator[Client]:
    """A client of the cluster; processes of this machine end with it.

    Raises:
        ClusterError: dask.distributed is not installed, or no scheduler answers.
    """
    with needing("dask"):
        from distributed import Client, LocalCluster
    if workers.scheduler is not None:
        try:
            client = Client(workers.scheduler, timeout=CONNECT_S)
        except (OSError, ValueError) as error:
            raise ClusterError(f"{workers.scheduler}: no dask scheduler answers there ({error})") from error
        with client:
            if not client.scheduler_info(n_workers=-1)["workers"]:
                raise ClusterError(
                    f"{workers.scheduler}: no workers there; start some with `dask worker` and try again"
                )
            yield client
        return
    with (
        LocalCluster(
            n_workers=workers.count, threads_per_worker=1, dashboard_address=None, silence_logs="CRITICAL"
        ) as local,
        Client(local) as client,
    ):
        yield client


def spread(
    client: Client, work: Callable[[Any, _Item], _Result], job: Job[Any], items: Iterable[_Item]
) -> Iterator[tuple[_Item, _Result]]:
    """Items and what `work(tools, item)` gave for them, as they are ready. work: a function of a module.

    Raises:
        ClusterError: a piece of work killed several processes one after another, or the cluster is gone.
    """
    from distributed import CancelledError, KilledWorker, as_completed
    from distributed.comm import CommClosedError

    waiting = iter(items)
    asked: dict[Any, _Item] = {}

    def ask(count: int) -> list[Any]:
        futures = []
        for item in islice(waiting, count):
            future = client.submit(_piece, work, job, item, pure=False)
            asked[future.key] = item
            futures.append(future)
        return futures

    try:
        ready = as_completed(ask(_AHEAD * max(1, len(client.scheduler_info(n_workers=-1)["workers"]))))
        for future in ready:
            result = future.result()
            for more in ask(1):
                ready.add(more)
            yield asked.pop(future.key), result
    except (KilledWorker, CancelledError, CommClosedError) as error:
        raise ClusterError(f"the cluster lost the work ({type(error).__name__}: {error})") from error


class _Held:
    """What this process has open."""

    lock = threading.Lock()
    job: Job[Any] | None = None
    tools: Any = None
    close: Callable[[], object] = lambda: None


def _piece(work: Callable[[Any, _Item], _Result], job: Job[Any], item: _Item) -> _Result:
    """In a worker. A worker with several threads does one piece at a time: mosaics are for one thread, and the network
    has threads of its own.
    """
    with _Held.lock:
        if _Held.job != job:
            _Held.close()
            _Held.job = None
            opening = job.opened()
            _Held.tools = opening.__enter__()
            _Held.job = job

            def close() -> None:
                opening.__exit__(None, None, None)

            _Held.close = close
        return work(_Held.tools, item)
