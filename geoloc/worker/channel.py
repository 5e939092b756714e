"""Requests and messages as lines of JSON on two streams, and nothing else between them."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO

LONGEST_LINE = 256 << 20
"""Bytes of a request: a batch of a million queries has fewer."""


class Channel:
    """Requests from one stream, messages to another, from any thread."""

    def __init__(self, requests: BinaryIO, messages: BinaryIO) -> None:
        """Read requests from one stream, write messages to another."""
        self._requests, self._messages = requests, messages
        self._lock = threading.Lock()

    @classmethod
    def of_process(cls) -> Channel:
        """Take stdin and stdout of this process.

        From now on what anything else prints goes to stderr: a stray line of a library among the messages would break
        them.
        """
        messages = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        return cls(sys.stdin.buffer, messages)

    def lines(self) -> Iterator[bytes]:
        """Yield requests as they come, until the other side is gone; of one that is too long, its beginning."""
        while line := self._requests.readline(LONGEST_LINE):
            if line.strip():
                yield line
            # What is passed over takes no memory; nothing of it is a request of its own.
            while len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                line = self._requests.readline(LONGEST_LINE)

    def send(self, number: Any, kind: str, fields: dict[str, Any]) -> None:
        """Send one message.

        Args:
            number: id of the request that it answers.
            kind: type of the message: progress, result or error.
            fields: what else it says.
        """
        line = json.dumps({"id": number, "type": kind, **fields}, ensure_ascii=False, allow_nan=False)
        with self._lock:
            self._messages.write(line.encode("utf-8", "replace") + b"\n")
            self._messages.flush()
