"""Whether a file is still as it was."""

from __future__ import annotations

import os
from pathlib import Path

from geoloc.system.file_state import file_state


def test_another_size_or_time_is_another_state(tmp_path: Path) -> None:
    path = tmp_path / "a"
    assert file_state(path) == []
    path.write_text("one")
    os.utime(path, ns=(5, 7))
    assert file_state(path) == [3, 7]
    path.write_text("three")
    os.utime(path, ns=(5, 7))
    assert file_state(path) == [5, 7]
    os.utime(path, ns=(5, 8))
    assert file_state(path) == [5, 8]
