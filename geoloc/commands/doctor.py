"""`geoloc doctor`: what this installation is made of, and what is wrong with it."""

from __future__ import annotations

import click

from geoloc.commands.shared.command import examples
from geoloc.commands.shared.options import options
from geoloc.commands.shared.progress import Progress, clear


@click.command(epilog=examples("geoloc doctor", "geoloc doctor --json > report.json"))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@options("verbosity")
def doctor(*, as_json: bool) -> None:
    """Say what this installation is made of and what is wrong with it.

    What is wrong comes with the command that mends it. The exit code is 0 where all is well, also without extras, and 1
    where something is wrong. With --json the output can be put into a report of a fault.
    """
    import json

    from geoloc.doctor.examination import examine, to_json, to_line

    checks = []
    progress = Progress("Examining")
    progress.stage("Examining what is installed")
    for check in examine():
        checks.append(check)
        if not as_json:
            clear()
            click.echo(to_line(check))
            progress.stage("Examining what is installed")
    clear()
    if as_json:
        click.echo(json.dumps(to_json(checks), indent=2))
    wrong = [check.name for check in checks if check.wrong]
    if wrong:
        raise click.ClickException(f"wrong: {', '.join(wrong)}")
    if not as_json:
        click.echo("All is well.")
