"""What can go wrong with mosaics and areas; the root of every error that a user can cause."""


class GeolocError(Exception):
    """Something a user can mend. Its text is one line: what is wrong and what to do."""


class MosaicError(GeolocError, ValueError):
    """A mosaic cannot be read, or not placed on the map."""


class NoHeightsError(MosaicError):
    """A raster of heights is one, but knows none of the place that is asked for."""


class AreaError(GeolocError, ValueError):
    """An area to search in is senseless, or shows nothing of the mosaic."""
