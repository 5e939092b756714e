"""Writing files so that a reader never sees half of one, and an existing one is never lost by accident."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from geoloc.errors import OutputError, SuffixError

_SHARED = "-shm"
_JOURNALS = ("-wal", "-journal", _SHARED)
"""What comes after the name of a database in the names of its journals, and of the memory that its users share."""

_LONGEST_ENDING = ".partial.jsonl"
"""That of a batch's journal."""


def check_output(path: Path, suffixes: Collection[str], overwrite: bool, inputs: Collection[Path] = ()) -> None:
    """Fail early where `path` could not be written later: call it before the heavy work.

    Args:
        path: the file to write.
        suffixes: those it may have, in lower case, with their dots.
        overwrite: whether a file that exists may be replaced.
        inputs: files that are read; never replaced, even with `overwrite`.

    Raises:
        SuffixError: unknown suffix.
        OutputError: no name for a file, no such folder, folder not writable, or a file that exists and may not be
            overwritten, or is an input, or that another program has open (see `check_closed`).
    """
    _check_name(path)
    if path.is_dir():
        raise OutputError(
            f"{path}: is a folder; give the name of a file, such as {path / ('found' + next(iter(suffixes)))}"
        )
    if path.suffix.lower() not in suffixes:
        raise SuffixError(f"{path}: unknown kind of file; end its name with one of {', '.join(suffixes)}")
    if not path.parent.is_dir():
        raise OutputError(f"{path.parent}: no such folder to write {path.name} into; make it first")
    if not os.access(path.parent, os.W_OK):
        raise OutputError(f"{path.parent}: no permission to write {path.name} there")
    if path.exists() and any(path.samefile(source) for source in inputs if source.exists()):
        raise OutputError(f"{path}: is read by this very command; give another name")
    if path.exists() and not overwrite:
        raise OutputError(f"{path}: exists already; give another name or --overwrite")
    real = _behind_links(path)
    if not real.parent.is_dir() or not os.access(real.parent, os.W_OK):
        raise OutputError(f"{path}: is a link to {real}, which cannot be written; give another name")
    check_closed(real)


def _check_name(path: Path) -> None:
    """Refuse a name that no file can have, or that has no room for the name of what lies beside it meanwhile."""
    try:
        os.lstat(f"{path}{_LONGEST_ENDING}")
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) or error.errno == errno.ENAMETOOLONG:
            told = str(path)[:80].replace("\0", "?")
            raise OutputError(f"{told}: no file can have this name, or it is too long; give another") from None


def _behind_links(path: Path) -> Path:
    """Return the file that a name is a link to, which need not be there; the name itself where it is none."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, where they are not there.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise OutputError(f"{path}: is a file; give a folder") from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be made ({error.strerror or error}); give another folder") from None


def check_closed(path: Path) -> None:
    """Refuse a database that another program has open, or that was left with changes which are not in it yet.

    SQLite, and so GeoPackage, keeps these in a journal beside the file and finds it again by name. A new file of that
    name would be read together with the journal of the old one, and be corrupt.

    Raises:
        OutputError: there is such a journal, whether the file itself is there or not.
    """
    for ending in _JOURNALS:
        journal = path.with_name(path.name + ending)
        try:
            size = journal.stat().st_size
        except OSError:
            continue
        # In the mode "persist" an empty one stays.
        if size or ending == _SHARED:
            raise OutputError(
                f"{path}: is open in another program, such as QGIS, or was not closed well ({journal.name} is there);"
                " close it there, or give another name"
            )


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path to write to that becomes `path` in one step when the block ends well, and vanishes when not.

    It has the same name in a new folder beside the file, so that formats which look at the name (suffix, layer) see the
    final one, and the rename stays on one file system. Where `path` is a link, the file that it leads to is replaced.

    Raises:
        OutputError: the disk is full, the folder has gone, or another failure of the system to write; or meanwhile
            another program has opened the file, see `check_closed`.
    """
    real = _behind_links(path)
    try:
        folder = Path(tempfile.mkdtemp(prefix=".geoloc-", dir=real.parent))
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error
    try:
        temporary = folder / path.name
        yield temporary
        check_closed(real)
        _make_readable(temporary)
        temporary.replace(real)
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_readable(path: Path) -> None:
    """Let a new file be read by whom the system lets read new files: some libraries write for their user alone."""
    if path.is_file():
        plain = path.with_name(f"{path.name}.plain")
        plain.touch()
        path.chmod(plain.stat().st_mode)
