"""How large what was drawn is on the ground, where no plane of the photo is verified."""

from __future__ import annotations

import math

import numpy as np
from shapely.affinity import rotate

from geoloc.photo.crops import px_per_m
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.plane.envelope import sides_filling


def drawn_size_m(photo: Photo, target: Target, heading_deg: float) -> tuple[float, float] | None:
    """Return the size of the object's box on a north-up map, metres.

    Only a camera that looks nearly straight down from a known height has a scale; it is taken to be the same all over
    the photo, the ground to be as high as where the drone started, and the object to be flat. A crop's own side tells
    nothing: it is cut to suit the object. In any other photo the network's size stands, which knows of what was drawn
    by the crop round it.

    Args:
        photo: the photograph.
        target: what was clicked, and perhaps drawn, in it.
        heading_deg: heading of the photo's up, clockwise from north, as the crop supposes that found the object.

    Returns:
        Width and height; None where nothing was drawn, or the photo's scale is not known.
    """
    scale = px_per_m(photo)
    if target.box is None or scale is None:
        return None
    if target.polygon is not None:
        # Of y-down pixels a positive angle is clockwise.
        xmin, ymin, xmax, ymax = rotate(target.polygon, heading_deg).bounds
        return (xmax - xmin) / scale, (ymax - ymin) / scale
    turn = math.radians(heading_deg)
    to_photo = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]) * scale
    return sides_filling(to_photo, target.box.width, target.box.height)
