"""Errors that a user can mend, one class a kind; all derive from `GeolocError`."""

from __future__ import annotations

import re

from tiling.errors import GeolocError

__all__ = [
    "ClusterError",
    "GeolocError",
    "IndexFileError",
    "LimitError",
    "OutputError",
    "PhotoError",
    "QueriesError",
    "SuffixError",
    "TrainingError",
    "WeightsError",
    "in_one_line",
]

# Passwords may hold / and @: better too much is left out than too little. Paths hold one slash of an address's two; a
# Windows drive is one letter.
_PASSWORD = re.compile(r"(?<=\w\w):/+\S+@")


class PhotoError(GeolocError, ValueError):
    """A photograph cannot be used, or the click is not in it."""


class QueriesError(GeolocError, ValueError):
    """A file of queries cannot be used."""


class WeightsError(GeolocError, ValueError):
    """Weights are missing, damaged or made for another network."""


class IndexFileError(GeolocError, ValueError):
    """An index is missing, unfinished, stale, damaged or made for something else."""


class LimitError(GeolocError, ValueError):
    """A limit that the user has set makes no sense."""


class OutputError(GeolocError, OSError):
    """A result cannot be written."""


class SuffixError(OutputError):
    """The name of a result says that it is of a kind that cannot be written."""


class ClusterError(GeolocError, RuntimeError):
    """Work cannot be spread over several processes, or was lost with them."""


class TrainingError(GeolocError, ValueError):
    """Training data or a checkpoint cannot be used."""


def in_one_line(error: Exception) -> str:
    """Return what went wrong, for a user; an error that nobody foresaw says that it is one.

    It goes into reports and logs, so what an address tells before its @ is left out.
    """
    text = _PASSWORD.sub("://...@", " ".join(str(error).split()))
    return text if isinstance(error, GeolocError) else f"unexpected {type(error).__name__}: {text}"
