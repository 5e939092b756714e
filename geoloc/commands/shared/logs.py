"""What commands say on stderr, and how much of it."""

from __future__ import annotations

import logging
import sys

import click

LOG = logging.getLogger("geoloc")


class StderrHandler(logging.Handler):
    """A log handler that writes to stderr, past what a counter left on the terminal's last line."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        # On a terminal a line may stand in the place of unfinished progress.
        clear = "\r\x1b[K" if sys.stderr.isatty() else ""
        click.echo(clear + self.format(record), err=True)


def set_verbosity(verbose: bool | None) -> None:
    """Set what reaches stderr: all with -v (True), errors with -q (False), what is being done with neither (None).

    What is wrong with a mosaic is told with -q too: its answers may be wrong, and nobody would know.
    """
    import warnings

    level = logging.INFO if verbose is None else logging.DEBUG if verbose else logging.ERROR
    for name in ("geoloc", "tiling"):
        logger = logging.getLogger(name)
        logger.handlers = [StderrHandler()]
        logger.propagate = False
        logger.setLevel(min(level, logging.WARNING) if name == "tiling" else level)
    if not verbose:
        # Errors reach the user as one line; what GDAL logs on the way to them would come on top.
        logging.getLogger("rasterio").setLevel(logging.CRITICAL)
        warnings.simplefilter("ignore")
