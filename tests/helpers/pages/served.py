"""Starts a command that serves a page, asks for that, and stops it: `python -m tests.helpers.pages.served COMMAND`."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import urllib.request

PATIENCE_S = 300
"""Nothing takes so long; a limit for what hangs."""


def main(words: list[str]) -> None:
    """Ask for the page at the first address that the command prints.

    Raises:
        TimeoutError: it told no address, did not answer or did not stop.
    """
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    address = ""
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        # Whatever of it is waited for ends with it.
        limit = threading.Timer(PATIENCE_S, server.kill)
        limit.start()
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            with browser.open(address) as answer:
                assert "<title>" in answer.read().decode()
        finally:
            server.send_signal(signal.SIGINT)
            server.wait()
            limit.cancel()
            if server.returncode == -signal.SIGKILL:
                raise TimeoutError(f"{' '.join(words)} ({address or 'no address'}): not done after {PATIENCE_S} s")
    sys.stdout.write(f"{address}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
