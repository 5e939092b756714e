"""Commands in processes forked from one that has loaded the libraries: a kill hits the work, and seldom the loading."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.reliability.tiny_network import know_tiny

_LIBRARIES = ("cv2", "openvino", "pyogrio", "rasterio", "scipy.optimize", "torch", "zarr")
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["benchmarks.reliability.tiny_network", "geoloc.commands.main", *_LIBRARIES])


class ForkedCommand:
    """`python -m` with some words, in a folder; what it prints on stdout is lost.

    It has those methods of `subprocess.Popen` that are needed.
    """

    def __init__(self, words: Sequence[str], folder: Path) -> None:
        """Start it."""
        handle, path = tempfile.mkstemp(prefix=".errors-", dir=folder)
        os.close(handle)
        self._errors = Path(path)
        self._process = _CONTEXT.Process(target=_run, args=(list(words), str(folder), path))
        self._process.start()

    @property
    def returncode(self) -> int | Any:
        """Its exit code, the negative number of the signal that ended it, or None while it runs."""
        return self._process.exitcode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for its end, and return what it printed: nothing, and its errors.

        Raises:
            subprocess.TimeoutExpired: it has not ended yet.
        """
        self._process.join(timeout)
        if timeout is not None and self.returncode is None:
            raise subprocess.TimeoutExpired("geoloc", timeout)
        return "", self._errors.read_text(encoding="utf-8")

    def kill(self) -> None:
        """Kill it, if it still runs."""
        self._process.kill()

    def terminate(self) -> None:
        """Send it SIGTERM, if it still runs."""
        self._process.terminate()


def _run(words: list[str], folder: str, errors: str) -> None:
    os.chdir(folder)
    for number, name in ((1, os.devnull), (2, errors)):
        file = os.open(name, os.O_WRONLY)
        os.dup2(file, number)
        os.close(file)
    warnings.simplefilter("ignore")
    know_tiny()
    sys.argv = words
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)
