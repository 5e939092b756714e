"""Starts a command that serves a page, asks for that, and stops it: `python -m tests.helpers.pages.served COMMAND`."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.request


def main(words: list[str]) -> None:
    """Ask for the page at the first address that the command prints; fails where none comes."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            with browser.open(address) as answer:
                assert "<title>" in answer.read().decode()
        finally:
            server.send_signal(signal.SIGINT)
    sys.stdout.write(f"{address}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
