"""A large file in parts, for ways that let only small ones through."""

from __future__ import annotations

from pathlib import Path


def split(source: Path, path: Path, part_bytes: int) -> None:
    """Put a file as `path` into parts `path.000`, `path.001` and so on of at most `part_bytes`.

    Parts of an earlier file, or the whole of it, give way at the end, at one stroke or nearly so.

    Args:
        source: what is split, elsewhere; it stays.
        path: what the parts are of.
        part_bytes: of a part, at most.
    """
    written: list[Path] = []
    with source.open("rb") as file:
        for number, content in enumerate(iter(lambda: file.read(part_bytes), b"")):
            written.append(path.with_name(f".{path.name}.{number:03}"))
            written[-1].write_bytes(content)
    old = {part.name for part in _parts(path)}
    for part in written:
        part.replace(part.with_name(part.name[1:]))
    for name in old - {part.name[1:] for part in written}:
        path.with_name(name).unlink()
    path.unlink(missing_ok=True)


def whole(path: Path, scratch: Path) -> Path | None:
    """Return a file that is there whole or, put together in the folder `scratch`, from parts; None where neither is.

    As long as the whole file is there, parts may be incomplete and count for nothing.
    """
    parts = _parts(path)
    if path.exists() or not parts:
        return path if path.exists() else None
    joined = scratch / path.name
    with joined.open("wb") as file:
        for part in parts:
            file.write(part.read_bytes())
    return joined


def _parts(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.[0-9][0-9][0-9]"))
