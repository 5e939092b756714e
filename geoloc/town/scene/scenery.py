"""What stands far outside a town: photographs show it behind all that is asked for."""

from __future__ import annotations

from geoloc.town.scene import details
from geoloc.town.scene.layout import Layout, Parcel
from geoloc.town.scene.site import Site

_CLUMPS = 9
"""Of a tree that nobody is near."""


def plant_far_trees(site: Site, parcel: Parcel, layout: Layout, *, most_share: float) -> None:
    """Plant rough trees along a part of a field's edge that is outside the town.

    Args:
        site: where they are planted.
        parcel: the field.
        layout: of the town.
        most_share: of the edge that has trees, 0.2 or more.
    """
    rng, ring, at = site.rng, parcel.polygon.exterior, 0.0
    end = rng.uniform(0.2, most_share) * ring.length
    while at < end:
        point = ring.interpolate(at)
        outside = max(abs(point.x), abs(point.y)) > layout.half_m + 6.0
        if outside and layout.paved.distance(point) > 5.0:
            _, crown = details.build_tree(rng, point.x, point.y, rng.uniform(2.0, 4.5), _CLUMPS)
            site.plant("tree", crown)
        at += rng.uniform(4.0, 14.0)
