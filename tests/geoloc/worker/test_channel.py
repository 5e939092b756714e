"""Lines of JSON on two streams."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from geoloc.worker import channel
from geoloc.worker.channel import Channel


def test_requests_come_as_lines_and_empty_ones_are_passed_over() -> None:
    requests = Channel(io.BytesIO(b'{"id": 1}\n\n  \nno json'), io.BytesIO())
    assert list(requests.lines()) == [b'{"id": 1}\n', b"no json"]


def test_a_line_without_end_takes_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "LONGEST_LINE", 8)
    lines = b"short\n" + b"x" * 50 + b"\n" + b"exactly\nlast"
    assert list(Channel(io.BytesIO(lines), io.BytesIO()).lines()) == [b"short\n", b"x" * 8, b"exactly\n", b"last"]


def test_stray_lines_do_not_reach_the_messages() -> None:
    code = (
        "import os, sys\nfrom geoloc.worker.channel import Channel\nchannel = Channel.of_process()\n"
        "print('stray')\nos.system('echo from a child')\nchannel.send(1, 'result', {'text': 'ä\\nb'})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert json.loads(done.stdout) == {"id": 1, "type": "result", "text": "ä\nb"}
    assert b"stray" in done.stderr
