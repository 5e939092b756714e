"""The `geoloc` command: the group of all commands, and what becomes of errors in them.

Data goes to stdout, everything else to stderr. Exit codes: 0 done (also when the answer is "not here"), 1 something
the user can mend or that failed, 2 wrong usage, 130 stopped by Ctrl-C, SIGTERM or SIGHUP.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click

from geoloc.commands.answers.report import report
from geoloc.commands.answers.serve import serve
from geoloc.commands.batch import batch
from geoloc.commands.demo import demo
from geoloc.commands.doctor import doctor
from geoloc.commands.evaluate import evaluate
from geoloc.commands.index import index
from geoloc.commands.locate import locate
from geoloc.commands.map_features import map_features
from geoloc.commands.pose import pose
from geoloc.commands.research.ablate import ablate
from geoloc.commands.research.calibrate import calibrate
from geoloc.commands.research.export import export
from geoloc.commands.research.pack import pack
from geoloc.commands.research.train_descriptors import train_descriptors
from geoloc.commands.research.train_outlines import train_outlines
from geoloc.commands.shared.command import examples
from geoloc.commands.shared.logs import LOG
from geoloc.commands.shared.progress import clear
from geoloc.commands.tiles import tiles
from geoloc.commands.train import train
from geoloc.errors import GeolocError, in_one_line
from geoloc.system.threads import fit_threads
from geoloc.system.version import __version__

COMMANDS = (locate, batch, serve, report, pose, map_features, index, tiles, evaluate, train, demo, doctor)
RESEARCH = (ablate, calibrate, export, pack, train_descriptors, train_outlines)
"""What few but the makers of weights need."""
_INTERRUPTED = 130
"""Exit code of a command that Ctrl-C or SIGTERM ended: what shells call 128 and the signal's number."""
_SHORT_HELP = 200
"""Characters, more than any first sentence has: a terminal that is too narrow for one wraps it and cuts nothing."""


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does, so that temporary files go and what runs elsewhere is ended.

    So does a terminal that is closed (SIGHUP), but not where that is ignored, as under nohup.
    """

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def hang_up(number: int, frame: object) -> None:
        # A server that is running has put something of its own in the place of `interrupt`.
        signal.raise_signal(signal.SIGTERM)

    before = {signal.SIGTERM: signal.signal(signal.SIGTERM, interrupt)}
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        before[hangup] = signal.signal(hangup, hang_up)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Main(click.Group):
    """A group that turns errors into one line on stderr and exit code 1, and lists commands of research apart."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what the user can mend and what nobody foresaw both become a `ClickException`.

        Raises:
            click.ClickException: in one line what went wrong; where all is logged, what nobody foresaw stays as it is.
        """
        # Here, since the commands load what computes only when they run.
        fit_threads()
        try:
            with _terminated_like_interrupted():
                try:
                    return super().invoke(ctx)
                finally:
                    # Nothing of an error stands behind what was being done.
                    clear()
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            raise click.exceptions.Exit(_INTERRUPTED) from None
        except GeolocError as error:
            raise click.ClickException(in_one_line(error)) from error
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if LOG.isEnabledFor(logging.DEBUG):
                raise
            text = f"{in_one_line(error)}; run again with -v for the traceback and report it"
            raise click.ClickException(text) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the two lists of commands."""
        for title, commands in (("Commands", COMMANDS), ("Research", RESEARCH)):
            with formatter.section(title):
                rows = [(command.name or "", command.get_short_help_str(_SHORT_HELP)) for command in commands]
                formatter.write_dl(rows)


@click.group(
    cls=Main,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "geoloc locate photo.jpg --click 1426,624 --mosaic mosaic.tif -o found.geojson",
        "geoloc batch queries.csv --mosaic mosaic.tif -o found.gpkg",
        "geoloc COMMAND --help",
    ),
)
@click.version_option(__version__, prog_name="geoloc")
def main() -> None:
    """Click an object in a drone or ground photograph, get its polygon on the map."""


for _command in (*COMMANDS, *RESEARCH):
    main.add_command(_command)


def run() -> None:
    """Be the program `geoloc`: run `main`, and end at once when it was stopped."""
    try:
        main(prog_name="geoloc")
    except SystemExit as end:
        if end.code != _INTERRUPTED:
            raise
        # Python would wait for its threads, and one that was loading a library may wait for ever for what the
        # interrupted one held. What had to be put in order has been, on the way here.
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(_INTERRUPTED)
