"""What helpers wait for does not hang a run of the tests, and what they started is ended."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.helpers.pages import cluster_there, served
from tests.helpers.pages.shell import Shell

HANGS = "import time; time.sleep(600)"
MUTE = f"""
import socket
server = socket.create_server(("127.0.0.1", 0))
print(f"http://127.0.0.1:{{server.getsockname()[1]}}/", flush=True)
{HANGS}
"""


@pytest.mark.parametrize("code", [HANGS, MUTE])
def test_a_server_that_does_not_answer_is_given_up(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "PATIENCE_S", 1)
    with pytest.raises(TimeoutError, match="not done after 1 s"):
        served.main([sys.executable, "-c", code])


def test_a_scheduler_that_never_comes_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(cluster_there, "PATIENCE_S", 0)
    with pytest.raises(TimeoutError, match=r"no .*dask\.json"):
        cluster_there.main([])


def test_a_shell_kills_what_runs_in_the_background_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "programs").mkdir()
    shell = Shell(tmp_path, tmp_path / "programs", {})
    shell.script("true && true 2>&1")
    group = os.getpgid(int(shell.script("/bin/sleep 600 >/dev/null 2>&1 & echo $!")))
    killed = []
    kill = os.killpg
    monkeypatch.setattr(os, "killpg", lambda group, signal: (killed.append(group), kill(group, signal)))
    shell.close()
    assert killed == [group]
