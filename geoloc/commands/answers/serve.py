"""`geoloc serve`: a page on which a photo is clicked and its answers are seen on the mosaic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from geoloc.commands.shared.command import RUN, Command, examples, option
from geoloc.commands.shared.logs import LOG
from geoloc.commands.shared.options import (
    ANSWERS,
    CAMERA,
    LIMITS,
    NETWORK,
    POSITIVE,
    SOURCE,
    WholeRange,
    check_source,
    options,
    takes_request,
)
from geoloc.commands.shared.progress import Progress, clear

if TYPE_CHECKING:
    from geoloc.pipeline.request import SearchRequest

_LEAST_TOKEN = 16


@click.command(
    cls=Command,
    epilog=examples(
        "geoloc serve --mosaic mosaic.tif --open",
        "geoloc serve --mosaic tiles/ --index city.zarr --top 3",
        "geoloc serve --mosaic mosaic.tif --host 0.0.0.0    # for a tablet in the same network",
    ),
)
@option(
    "--host",
    heading=RUN,
    default="127.0.0.1",
    show_default=True,
    help="Address to listen at; 0.0.0.0 for all of this machine's, so that others in its network can open the page.",
)
@option(
    "--port",
    heading=RUN,
    type=WholeRange(0, 65535),
    default=8000,
    show_default=True,
    help="0 for any that is free.",
)
@option(
    "--token",
    heading=RUN,
    envvar="GEOLOC_TOKEN",
    help=f"What a browser must show, {_LEAST_TOKEN} characters or more; where others use this machine give it by the "
    "environment's GEOLOC_TOKEN, since all see what a command is given.  [default: none at 127.0.0.1; elsewhere a new "
    "one each time, which is part of the address that is printed]",
)
@option(
    "--max-upload",
    "most_megabytes",
    heading=RUN,
    metavar="MB",
    type=POSITIVE,
    default=100,
    show_default=True,
    help="How large a photo may be.",
)
@option("--open", "opened", heading=RUN, is_flag=True, help="Open the page in this machine's browser.")
@options(*SOURCE, *LIMITS, *CAMERA, *ANSWERS, *NETWORK, "verbosity")
@takes_request
def serve(
    *,
    request: SearchRequest,
    host: str,
    port: int,
    token: str | None,
    most_megabytes: float,
    opened: bool,
) -> None:
    """Serve a page to find what is clicked, for any browser.

    Choose or take a photo, tap or outline an object, and see its place on the map; accept answers and download them.
    The page needs no network but the way to this machine, and nothing is asked for anywhere else. Photos are deleted
    when their page is closed. Ctrl-C ends it.
    """
    from geoloc.model.packaged import find_weights
    from geoloc.system.extras import needing

    with needing("serve"):
        import fastapi  # noqa: F401
        import rio_tiler  # noqa: F401
        import uvicorn  # noqa: F401
        import websockets  # noqa: F401
    from geoloc.serve.guard import addresses, is_loopback, new_token
    from geoloc.serve.run import bind, run

    check_source(request)
    find_weights(request.preset, request.weights)
    if host.count(":") == 1:
        raise click.BadParameter("is a name or an address alone; the port is --port's", param_hint="--host")
    if token is not None and len(token) < _LEAST_TOKEN:
        raise click.BadParameter(f"has {len(token)} characters; give {_LEAST_TOKEN} or more", param_hint="--token")
    if token is None and not is_loopback(host):
        token = new_token()
    Progress("Serving", "pages").stage("Opening what is searched")
    with bind(host, port) as bound:
        found = list(addresses(host, bound.getsockname()[1], token))

        def ready() -> None:
            clear()
            for address in found:
                click.echo(address)
            if not is_loopback(host):
                LOG.warning("Who is in this network and has the address can search; what is sent is not encrypted")
            LOG.info("Ctrl-C ends it")
            if opened:
                click.launch(found[-1])

        run(request, bound, host=host, token=token, most_bytes=int(most_megabytes * 1e6), ready=ready)
