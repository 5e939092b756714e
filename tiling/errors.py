"""The root of every error that a user can cause."""


class GeolocError(Exception):
    """Something a user can mend. Its text is one line: what is wrong and what to do."""
