"""Errors a user can mend, one class a kind; all derive from `GeolocError`."""

from tiling.errors import GeolocError

__all__ = ["GeolocError", "OutputError", "PhotoError", "TrainingError", "WeightsError"]


class PhotoError(GeolocError, ValueError):
    """A photograph cannot be used, or the click is not in it."""


class WeightsError(GeolocError, ValueError):
    """Weights are missing, damaged or made for another network."""


class OutputError(GeolocError, OSError):
    """A result cannot be written."""


class TrainingError(GeolocError, ValueError):
    """Training data or a checkpoint cannot be used."""
