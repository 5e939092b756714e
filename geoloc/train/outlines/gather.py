"""All that the packaged mask head is trained on, and what is held out of it; what takes minutes to make is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from geoloc.train.grounds.masked import MaskedGround, load_ground, save_ground
from geoloc.train.outlines.grounds import coarser, estonian_grounds, segmented_ground

FIRST_TOWN = 3000
"""Seed of the first town to train on; others follow, in turn villages and farms."""
HELD_OUT_TOWNS = (900, 951)
EVERY = 3
"""One in so many of the crops of 0.3 m is taken: there are enough of their segments."""


def grounds(
    data: Path,
    kept: Path,
    towns: int,
    *,
    cvogl: Path | None = None,
    held_out: bool = False,
    report: Callable[[str], None] = lambda line: None,
) -> list[MaskedGround]:
    """Return grounds to train on, or those held out.

    Args:
        data: the folder of `orthos/` and `caliterra/`.
        kept: a folder where what was made is kept, and found again.
        towns: how many synthetic towns of each style.
        cvogl: the folder of CVOGL, for its oriented outlines.
        held_out: those kept for validation.
        report: called with a line for each ground that was made.

    Raises:
        GeolocError: what should be there cannot be read, or a file cannot be written.
    """
    kept.mkdir(parents=True, exist_ok=True)
    found = []
    for name, make in _makers(data, towns, cvogl, held_out):
        path = kept / name
        if not path.exists():
            save_ground(path, make())
            report(name)
        found.append(load_ground(path))
    return found


def _makers(
    data: Path, towns: int, cvogl: Path | None, held_out: bool
) -> Iterator[tuple[str, Callable[[], MaskedGround]]]:
    """Names and makers of the grounds."""
    from geoloc.train.grounds.towns.maker import build_town

    def town(seed: int) -> MaskedGround:
        return build_town(seed, walkers=0, panoramas=0).masked

    for seed in HELD_OUT_TOWNS if held_out else range(FIRST_TOWN, FIRST_TOWN + 2 * towns):
        yield f"town_{seed}", partial(town, seed)
    for name, make in estonian_grounds(data / "orthos/estonia", held_out).items():
        yield f"boxed_{Path(name).stem}", make
    if cvogl is not None:
        from geoloc.train.outlines.published import published_grounds

        for name, make in published_grounds(cvogl, held_out).items():
            yield f"cvogl_{name}", make
    if not held_out:
        for name, pixels, gsd, inside in _unlabelled(data):
            yield f"segments_{name}", partial(segmented_ground, name, pixels, gsd, inside)


def _unlabelled(data: Path) -> Iterator[tuple[str, np.ndarray, float, np.ndarray | None]]:
    """Images of which segments are taken: name, pixels, GSD, where."""
    from geoloc.train.grounds.posed_site import load_site
    from geoloc.train.grounds.sources import HELD_OUT, UCMERCED_GSD_M, read_image

    for i, path in enumerate(sorted((data / "orthos/ucmerced").glob("*.jpg"))):
        # The twentieth part of the crops is held out for the network that searches, and so here.
        if i % 20 != 7 and i % EVERY == 0:
            yield path.stem, read_image(path), UCMERCED_GSD_M, None
    site = load_site(data / "caliterra", False).ground
    inside = site.click_in if site.click_in is not None else site.valid
    yield "caliterra", *coarser(site.pixels, site.gsd_m, inside)
    for path in sorted((data / "orthos/estonia").glob("*.jpg")):
        if not path.name.startswith(HELD_OUT):
            pixels = read_image(path)
            # Crops of 1000 px are at 20 cm and of 2000 px at 10 cm.
            yield path.stem, *coarser(pixels, 200.0 / max(pixels.shape[:2]), None)
