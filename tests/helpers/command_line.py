"""The command line as tests call it: in this process, or in one of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
from click.testing import CliRunner, Result

from geoloc.commands.main import main

Run = Callable[..., Result]
"""The type of the fixture `run`."""


def invoke(*args: object) -> Result:
    """Run `geoloc` with these words in this process."""
    return CliRunner().invoke(main, [str(arg) for arg in args])


def python(code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd, check=False)


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that words of a command line name after `geoloc`, and the words after it."""
    command: click.Command = main
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        assert rest[0] in command.commands, rest[0]
        command = command.commands[rest.pop(0)]
    return command, rest
