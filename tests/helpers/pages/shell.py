"""Runs lines of a shell: what is geoloc's own in this process, where that is possible, the rest by Bash."""

from __future__ import annotations

import importlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

from click.testing import CliRunner, Result

from geoloc.commands.main import main
from tests.helpers.paths import ROOT

TRAINERS = "geoloc.train."
"""Programs that are modules and can be run in this process."""
OUTPUTS = ("-o", "--preview", "--colmap", "--geo", "--gcps", "--write-copy", "--drape", "--onnx", "--run", "--results")
FEW_HAVE = ("gdalbuildvrt", "jq")
SPLIT = 'show() { printf "%s\\0" "$@"; }; show '
GEOLOC = f"#!{sys.executable}\nfrom geoloc.commands.main import run\nrun()\n"
PYTHON = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'
DASK = f'#!/bin/sh\nexec "{sys.executable}" -m dask "$@"\n'
SRUN = '#!/bin/sh\nwhile [ "${1#--}" != "$1" ]; do shift; done\nexec "$@" >/dev/null 2>&1\n'
SLEEP = f'#!/bin/sh\nexec "{sys.executable}" -m tests.helpers.pages.cluster_there\n'
BROWSER = '#!/bin/sh\necho "$1" > opened.txt\n'
PROGRAMS = {
    **{"geoloc": GEOLOC, "python": PYTHON, "python3": PYTHON, "dask": DASK},
    **{"srun": SRUN, "sleep": SLEEP, "xdg-open": BROWSER},
}
"""What the shell of a page finds first. Slurm is this machine, and sleeps as long as its scheduler and worker take."""


class Shell:
    """The shell of somebody who reads a page and types what it says.

    Attributes:
        missing: programs that are not on this machine, of lines that were not run.
    """

    def __init__(self, folder: Path, programs: Path, variables: dict[str, str]) -> None:
        """Write the programs.

        Args:
            folder: where commands are typed.
            programs: an empty folder.
            variables: of the environment, beside that of this process.
        """
        for name, text in PROGRAMS.items():
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        path = os.pathsep.join([str(programs), os.environ["PATH"]])
        own = {"PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(folder), "CHECKOUT": str(ROOT)}
        self._folder, self._variables = folder, os.environ | own | variables
        self._groups: list[int] = []
        self.missing: set[str] = set()

    def run(self, line: str) -> str:
        """Run a line, which has to end well, and leave what it says it writes; returns what it printed."""
        words, parts = shlex.split(line), line.split(" | ")
        if missing := {name for name in FEW_HAVE if name in words and not shutil.which(name)}:
            self.missing |= missing
            return ""
        if is_one_command(line):
            printed = self._one(line)
        elif any(part.startswith("geoloc ") for part in parts) and ">" not in line:
            printed = ""
            for part in parts:
                typed = part.startswith("geoloc ")
                printed = geoloc(self._words(part)[1:], printed).stdout if typed else self._typed(part, printed)
        else:
            printed = self._typed(line)
        for option, value in pairwise(words):
            if option in OUTPUTS and value != "-":
                written = Path(value.replace("$PWD", str(self._folder)))
                assert (self._folder / written).exists(), f"{line}: no {written}"
        return printed

    def _one(self, line: str) -> str:
        """Run a single command, in this process where that is possible."""
        words = self._words(line)
        if words[0] == "geoloc":
            return geoloc(words[1:]).output
        if words[:2] == ["python", "-m"] and words[2].startswith(TRAINERS):
            module, terminated = importlib.import_module(words[2]), signal.getsignal(signal.SIGTERM)
            try:
                with patch.object(sys, "argv", words[2:]):
                    module.main()
            finally:
                signal.signal(signal.SIGTERM, terminated)
            return ""
        return self._typed(line)

    def _words(self, line: str) -> list[str]:
        """The words of a command as the shell understands them."""
        return self._typed(SPLIT + line).split("\0")[:-1]

    def script(self, text: str) -> str:
        """Run a script of Bash; returns what it printed."""
        return self._typed(f"set -e\n{text}")

    def close(self) -> None:
        """End what runs in the background."""
        for group in self._groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)

    def _typed(self, text: str, given: str = "") -> str:
        """Have Bash run lines, with what they read from stdin; returns what they print."""
        with subprocess.Popen(
            ["/bin/bash", "-c", text],
            cwd=self._folder,
            env=self._variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            printed, said = process.communicate(given)
        with suppress(ProcessLookupError):
            # Whoever of the group is still there runs in the background.
            os.killpg(process.pid, 0)
            self._groups.append(process.pid)
        assert process.returncode == 0, (text, printed, said)
        return printed


def is_one_command(line: str) -> bool:
    """Whether a line is a command without pipes, files to write to, or others before or behind it."""
    words = shlex.shlex(line, posix=True, punctuation_chars=True)
    return not any(set(word) <= set("();<>|&") for word in words)


def geoloc(words: list[str], given: str = "") -> Result:
    """Run `geoloc` in this process, with what it reads from stdin."""
    result = CliRunner().invoke(main, words, input=given)
    assert result.exit_code == 0, (words, result.output, result.exception)
    return result
