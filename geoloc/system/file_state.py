"""Whether a file is still as it was."""

from __future__ import annotations

from pathlib import Path


def file_state(path: Path) -> list[int]:
    """Return size (bytes) and time of change (ns) of a file, others once it has changed; nothing of a missing one."""
    try:
        status = path.stat()
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns]
