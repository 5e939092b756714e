"""How much a file may ask for before anything of it is decoded; whoever needs more says so in the environment."""

from __future__ import annotations

import os

from geoloc.errors import LimitError

PHOTO_PIXELS = ("GEOLOC_MAX_PHOTO_PIXELS", 500_000_000)
"""Pixels of a photo: stitched panoramas have up to 400 million."""
PHOTO_BYTES = ("GEOLOC_MAX_PHOTO_BYTES", 2_000_000_000)
"""Bytes of a photo's decoded pixels, as the file has them."""
WEIGHTS_BYTES = ("GEOLOC_MAX_WEIGHTS_BYTES", 2_000_000_000)
"""Bytes of a file of weights, which is read whole; those that come with the package have 10 million."""


def limit_of(limit: tuple[str, int]) -> int:
    """Return a limit: what the environment says, or else its default.

    Args:
        limit: name of the variable and the default.

    Raises:
        LimitError: the variable is no whole number above 0.
    """
    name, default = limit
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and int(text[:20]) > 0):
        raise LimitError(f"{name}={text[:40]}: is no whole number above 0; correct it or unset it")
    return int(text[:20])
