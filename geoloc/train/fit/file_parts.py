"""A large file in pieces, for ways that let only small ones through."""

from __future__ import annotations

from pathlib import Path

from geoloc.system.output import replacing


def split(path: Path, most: int) -> None:
    """Put the file `path` into pieces `path.000`, `path.001` and so on of at most `most` bytes, and remove it."""
    for old in _pieces(path):
        old.unlink()
    with path.open("rb") as file:
        for number, piece in enumerate(iter(lambda: file.read(most), b"")):
            path.with_name(f"{path.name}.{number:03}").write_bytes(piece)
    # Only now: as long as the whole file is there, pieces may be incomplete and count for nothing.
    path.unlink()


def join(path: Path) -> None:
    """Put the pieces of `path` together and remove them; nothing where there are none or `path` is there."""
    pieces = _pieces(path)
    if path.exists() or not pieces:
        return
    with replacing(path) as temporary, temporary.open("wb") as file:
        for piece in pieces:
            file.write(piece.read_bytes())
    for piece in pieces:
        piece.unlink()


def _pieces(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.[0-9][0-9][0-9]"))
