"""Work spread over the processes of a dask.distributed cluster: one piece at a time in each, whatever their order.

A process opens what a job needs (mosaic, index, network) once and keeps it for all of the job's pieces. What was lost
with a process is done again by another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from geoloc.errors import ClusterError
from geoloc.system.extras import needing

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 30
"""How long a scheduler has to answer, seconds."""
_AHEAD = 3
"""Pieces a process that wait at the scheduler, so that none waits for work and the scheduler holds few."""

_Tools_co = TypeVar("_Tools_co", covariant=True)
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Job(Protocol[_Tools_co]):
    """What is common to all pieces of work; can be pickled and compared.

    A process holds the tools of one job at a time, and closes them when it is given a piece of another.
    """

    def opened(self) -> AbstractContextManager[_Tools_co]:
        """Open the tools that a process needs for every piece."""


@dataclass(frozen=True, slots=True)
class Workers:
    """Which processes do the work; none at all, and so this one alone, by default.

    Attributes:
        scheduler: address of a cluster that is there, such as tcp://host:8786.
        count: without a scheduler, how many processes to start on this machine.
    """

    scheduler: str | None = None
    count: int = 0

    def __bool__(self) -> bool:
        """Whether there are any beside this process."""
        return bool(self.scheduler or self.count)


@contextmanager
def connected(workers: Workers) -> Iterator[Client]:
    """Yield a client of the cluster; processes that were started on this machine end with the block.

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
    local = LocalCluster(n_workers=workers.count, threads_per_worker=1, dashboard_address=None, silence_logs="CRITICAL")
    try:
        with Client(local) as client:
            yield client
    finally:
        # A process that was killed may just be started again, which dask cannot end; it ends with this process.
        with suppress(AssertionError):
            local.close()


def spread(
    client: Client, work: Callable[[Any, _Item], _Result], job: Job[Any], items: Iterable[_Item]
) -> Iterator[tuple[_Item, _Result]]:
    """Yield each item with what `work(tools, item)` returned for it, as they are ready.

    Args:
        client: of the cluster.
        work: a function that a module defines, so that it can be pickled.
        job: opens the tools, once in each process.
        items: the pieces; taken as processes become free for them.

    Raises:
        ClusterError: a piece of work killed several processes one after another, or the cluster is gone.
    """
    from distributed import CancelledError, KilledWorker, as_completed
    from distributed.comm.core import CommClosedError

    waiting = iter(items)
    item_of: dict[Any, _Item] = {}

    def submit(count: int) -> list[Any]:
        futures = []
        for item in islice(waiting, count):
            future = client.submit(_run_piece, work, job, item, pure=False)
            item_of[future.key] = item
            futures.append(future)
        return futures

    try:
        ready = as_completed(submit(_AHEAD * max(1, len(client.scheduler_info(n_workers=-1)["workers"]))))
        for future in ready:
            result = future.result()
            for more in submit(1):
                ready.add(more)
            yield item_of.pop(future.key), result
    except (KilledWorker, CancelledError, CommClosedError) as error:
        raise ClusterError(f"the cluster lost the work ({type(error).__name__}: {error})") from error


class _Held:
    """The tools that this process has open, and the job they are for."""

    lock = threading.Lock()
    job: Job[Any] | None = None
    tools: Any = None
    close: Callable[[], object] = lambda: None


def _run_piece(work: Callable[[Any, _Item], _Result], job: Job[Any], item: _Item) -> _Result:
    """Do one piece in a worker, with tools that are open already where they are of the same job.

    A worker with several threads does one piece at a time: mosaics are for one thread, and the network has threads of
    its own.
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
