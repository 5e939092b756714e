"""A farm village as a whole: each lot by its use, then the fields between and round them."""

from __future__ import annotations

from collections.abc import Callable

from geoloc.town.scene.farm import lots
from geoloc.town.scene.farm.fields import build_fields
from geoloc.town.scene.farm.plan import plan_farm
from geoloc.town.scene.farm.yard import build_farmyard
from geoloc.town.scene.houses import varied
from geoloc.town.scene.layout import Layout, Plot
from geoloc.town.scene.marks import paint
from geoloc.town.scene.site import Site
from geoloc.town.scene.village import build_plot

_BUILDERS: dict[str, Callable[[Site, Plot], None]] = {
    "farmyard": build_farmyard,
    "cottage": build_plot,
    "row": lots.build_row_lot,
    "block": lots.build_block_lot,
    "sports": lots.build_sports_lot,
    "orchard": lots.build_orchard_lot,
    "solar": lots.build_solar_lot,
    "field": lots.build_small_field,
}


def build_farm(site: Site, size_m: float) -> Layout:
    """Build a farm village of `size_m` x `size_m` metres; returns its layout."""
    rng = site.rng
    layout, planned = plan_farm(rng, size_m)
    for street in layout.streets:
        verge = street.line.buffer(street.reach + rng.uniform(1.0, 3.5))
        paint(site, verge, "field", varied(rng, (120, 128, 78), 7.0), "verge")
    for lot in planned:
        _BUILDERS[lot.use](site, lot.plot)
    build_fields(site, layout)
    return layout
