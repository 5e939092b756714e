"""A network that is loaded while something else is done: torch alone takes a second."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

from geoloc.pipeline.request import SearchRequest

if TYPE_CHECKING:
    from geoloc.model.localizer import Localizer
    from geoloc.pipeline.ground import Network


def load_meanwhile(request: SearchRequest) -> Network:
    """Begin to load the network of a request in another thread.

    Returns:
        What waits for it and gives it, each time; it raises a `WeightsError` where there is no such preset, weights or
        device.
    """
    from geoloc import model

    executor = ThreadPoolExecutor(1, thread_name_prefix="network")
    loading = executor.submit(model.load, request.preset, request.weights, request.device)
    executor.shutdown(wait=False)
    return loading.result


def load_when_needed(request: SearchRequest) -> Network:
    """Load the network of a request when it is first asked for: to match a photograph mostly needs none.

    One of weights or on a device that the request names is loaded at once, see `tried`.

    Returns:
        What gives it, each time; it raises a `WeightsError` where there is no such preset.

    Raises:
        WeightsError: the weights or the device that the request names cannot be used.
    """

    @cache
    def load() -> Localizer:
        from geoloc import model

        return model.load(request.preset, request.weights, request.device)

    return tried(load, request)


def tried(network: Network, request: SearchRequest) -> Network:
    """Return a network, loaded by now where the request names weights or a device.

    Those that cannot be used are told so before minutes of matching, after which no network may be asked for at all.

    Raises:
        WeightsError: the weights or the device that the request names cannot be used.
    """
    if request.weights is not None or request.device != SearchRequest().device:
        network()
    return network
