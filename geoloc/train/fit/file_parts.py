"""A large file in parts, for ways that let only small ones through."""

from __future__ import annotations

from pathlib import Path

from geoloc.system.output import replacing


def split(path: Path, part_bytes: int) -> None:
    """Put a file into parts `path.000`, `path.001` and so on of at most `part_bytes`, and remove it."""
    for old in _parts(path):
        old.unlink()
    with path.open("rb") as file:
        for number, content in enumerate(iter(lambda: file.read(part_bytes), b"")):
            path.with_name(f"{path.name}.{number:03}").write_bytes(content)
    # Only now: as long as the whole file is there, parts may be incomplete and count for nothing.
    path.unlink()


def join(path: Path) -> None:
    """Put the parts of a file together and remove them; does nothing where there are none or the file is there."""
    parts = _parts(path)
    if path.exists() or not parts:
        return
    with replacing(path) as temporary, temporary.open("wb") as file:
        for part in parts:
            file.write(part.read_bytes())
    for part in parts:
        part.unlink()


def _parts(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.[0-9][0-9][0-9]"))
