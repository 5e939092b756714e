"""Lines of JSON on two streams."""

from __future__ import annotations

import io
import json
import subprocess
import sys

from geoloc.worker.channel import Channel


def test_requests_come_as_lines_and_empty_ones_are_passed_over() -> None:
    channel = Channel(io.BytesIO(b'{"id": 1}\n\n  \nno json'), io.BytesIO())
    assert list(channel.lines()) == [b'{"id": 1}\n', b"no json"]


def test_stray_lines_do_not_reach_the_messages() -> None:
    code = (
        "import os, sys\nfrom geoloc.worker.channel import Channel\nchannel = Channel.of_process()\n"
        "print('stray')\nos.system('echo from a child')\nchannel.send(1, 'result', {'text': 'ä\\nb'})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert json.loads(done.stdout) == {"id": 1, "type": "result", "text": "ä\nb"}
    assert b"stray" in done.stderr
