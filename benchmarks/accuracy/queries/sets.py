"""Sets of clicks with their true boxes, and the mosaics that are searched for them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import rasterio

from benchmarks.accuracy.errors import AbsentError
from geoloc.evaluation.labelled import OUTLINE, LabelledQuery, read_queries
from geoloc.town.scene.scene import Style

GSD_M = 0.2
"""Of the sets without a GSD in their name: that of all presets."""
SEASON_GSD_M = 0.15
TOWNS = (901, 902)
"""Seeds; those of training begin at `geoloc.train.grounds.towns.maker.FIRST_SEED`."""
OTHER_STYLES: dict[str, tuple[Style, int]] = {"farm": ("farm", 951), "camp": ("camp", 981)}
"""Style and seed of one more site each: barns, fields and yards; tents and shelters, a style that no training draws."""
WRONG_EACH = 12
"""Queries of each pair of a site and another one's mosaic."""
BRIGHTON_GSDS = (0.15, 0.3, 0.5)


@dataclass(frozen=True, slots=True)
class MosaicQueries:
    """Queries and the mosaic that is searched for them."""

    mosaic: Path
    queries: tuple[LabelledQuery, ...]


@dataclass(frozen=True, slots=True)
class QuerySet:
    """A set of queries.

    Attributes:
        name: as the table has it.
        description: for the reader of the table.
        gsd_m: to search at.
        searches: queries by their mosaics.
        present: whether the objects are on the mosaics.
        posed: whether a search is told the photographs' own positions.
        wrong: name of the set whose objects are not there that figures of presence compare this one with.
    """

    name: str
    description: str
    gsd_m: float
    searches: tuple[MosaicQueries, ...]
    present: bool = True
    posed: bool = False
    wrong: str = "wrong"

    @property
    def count(self) -> int:
        """Number of queries in all."""
        return sum(len(search.queries) for search in self.searches)

    @property
    def digest(self) -> str:
        """Digest of all queries: results of another set under the same name do not count.

        Neither a mosaic's bytes nor what is less than a centimetre counts: towns are rendered a little otherwise on
        another processor, and what was measured there is to stay in the table.
        """
        digest = hashlib.sha256(f"{self.gsd_m} {self.present}{' posed' * self.posed}".encode())
        for search in self.searches:
            with rasterio.open(search.mosaic) as file:
                digest.update(f"{search.mosaic.name} {file.width} x {file.height}".encode())
            for query in search.queries:
                bounds = [f"{value:.2f}" for value in query.box.bounds]
                digest.update(f"{query.photo.name} {query.click} {bounds} {query.epsg}".encode())
                if query.drawn is not None:
                    digest.update(f"{query.drawn}".encode())
        return digest.hexdigest()[:16]

    def limited(self, count: int) -> QuerySet:
        """Return at most `count` queries in all, from everywhere in the set."""
        of_search = np.repeat(np.arange(len(self.searches)), [len(s.queries) for s in self.searches])
        every = [query for search in self.searches for query in search.queries]
        chosen = even(len(every), count)
        kept = tuple(
            MosaicQueries(search.mosaic, queries)
            for number, search in enumerate(self.searches)
            if (queries := tuple(every[i] for i in chosen if of_search[i] == number))
        )
        return replace(self, searches=kept)


class Library:
    """Makes the sets, all that they need once."""

    def __init__(self, data: Path, work: Path, report: Callable[[str], None] = lambda line: None) -> None:
        """Take the folder with `brighton` and `caliterra`, and where what is made is kept for the next run."""
        self._data = data
        self._work = work / "sets"
        self._report = report
        self._build = True
        self._makers: dict[str, Callable[[], QuerySet]] = {
            **{f"brighton_{gsd:.2f}": lambda gsd=gsd: self._brighton(gsd) for gsd in BRIGHTON_GSDS},  # type: ignore[misc]
            f"brighton_{BRIGHTON_GSDS[0]:.2f}_drawn": self._drawn,
            "brighton_season": self._season,
            "caliterra": self._caliterra,
            **{f"town_{kind}": lambda kind=kind: self._town(kind) for kind in _KINDS},  # type: ignore[misc]
            **{
                f"{site}_{kind}": lambda site=site, kind=kind: self._styled(site, kind)  # type: ignore[misc]
                for site in OTHER_STYLES
                for kind in _STYLED_KINDS
            },
            "town_year": self._year,
            **{f"town_{name}": lambda name=name: self._ground(name) for name in _GROUND_KINDS},  # type: ignore[misc]
            "wrong": self._wrong,
            "wrong_year": lambda: _elsewhere(self._year()),
            **{f"wrong_{name}": lambda name=name: _elsewhere(self._ground(name)) for name in _GROUND_KINDS},  # type: ignore[misc]
        }

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all sets, in the order of the table."""
        return tuple(self._makers)

    def make(self, name: str, build: bool = True) -> QuerySet:
        """Make the set called `name`; without `build` not what takes time and is not there from an earlier run.

        Raises:
            AbsentError: its data is not there, or may not be made.
        """
        self._build = build
        return self._makers[name]()

    def _lacks(self, path: Path, work: str) -> bool:
        """Tell whether a file must be made, and report that it is."""
        if path.exists():
            return False
        if not self._build:
            raise AbsentError("not made yet")
        self._report(f"{work} ...")
        return True

    def _brighton(self, gsd_m: float) -> QuerySet:
        description = f"8 drone photos of a park and the mosaic of the same flight, at {gsd_m:g} m"
        return QuerySet(f"brighton_{gsd_m:.2f}", description, gsd_m, (self._park(),))

    def _drawn(self) -> QuerySet:
        gsd_m = BRIGHTON_GSDS[0]
        description = f"the same at {gsd_m:g} m, with the objects' boxes drawn in the photos"
        return QuerySet(f"brighton_{gsd_m:.2f}_drawn", description, gsd_m, (self._park(drawn=True),))

    def _park(self, *, drawn: bool = False) -> MosaicQueries:
        folder = self._site("brighton", "queries.csv")
        queries = read_queries(folder / "queries.csv", truth=folder / "objects.geojson", drawn=drawn)
        return MosaicQueries(folder / "mosaic.tif", tuple(queries))

    def _season(self) -> QuerySet:
        from benchmarks.accuracy.queries.season import simulate

        park = self._park()
        path = self._work / "brighton_season" / "mosaic.tif"
        if self._lacks(path, "making the park of another season"):
            simulate(park.mosaic, path, SEASON_GSD_M)
        description = f"the same, another season, light and sensor simulated on the mosaic, at {SEASON_GSD_M:g} m"
        return QuerySet("brighton_season", description, SEASON_GSD_M, (MosaicQueries(path, park.queries),))

    def _caliterra(self) -> QuerySet:
        description = (
            "photos of a building site on a quarter of its ground, both held out of training; boxes of image segments"
        )
        return QuerySet("caliterra", description, GSD_M, (self._held_out(),))

    def _held_out(self) -> MosaicQueries:
        from benchmarks.accuracy.queries.held_out import make_held_out

        site = self._site("caliterra", "cameras.json")
        folder = self._work / "caliterra"
        if self._lacks(folder / "queries.csv", "taking the part of caliterra that is held out"):
            make_held_out(site, folder)
        return MosaicQueries(folder / "mosaic.tif", tuple(read_queries(folder / "queries.csv")))

    def _site(self, name: str, needed: str) -> Path:
        folder = self._data / name
        if not (folder / needed).is_file():
            raise AbsentError(f"{name} is not in the folder of the data (--data)")
        return folder

    def _town(self, kind: str) -> QuerySet:
        description, _ = _KINDS[kind]
        return QuerySet(f"town_{kind}", description, GSD_M, tuple(self._town_queries(seed, kind) for seed in TOWNS))

    def _year(self) -> QuerySet:
        searches = []
        for seed in TOWNS:
            folder = self._work / f"year_{seed}"
            if self._lacks(folder / "queries.csv", f"building {folder.name} (some minutes, once)"):
                from geoloc import town

                flights = [town.Flight(*flight) for flight in _YEAR_FLIGHTS]
                town.build(folder, seed=seed, photos=_YEAR_PHOTOS, panoramas=0, flights=flights, later=True)
            searches.append(MosaicQueries(folder / "mosaic.tif", tuple(read_queries(folder / "queries.csv"))))
        description = "drone photos of two synthetic towns a year later: a tenth changed, another season and sensor"
        return QuerySet("town_year", description, GSD_M, tuple(searches), wrong="wrong_year")

    def _ground(self, name: str) -> QuerySet:
        """Return photographs from the ground, with a telephone's errors of position and compass."""
        from geoloc.town.phones import as_by_phone

        description, eye, compass = _GROUND_KINDS[name]
        searches = []
        for seed in TOWNS:
            exact = self._eye_queries(seed) if eye else self._town_queries(seed, "panorama")
            folder = self._work / f"phones_{seed}" / ("compass" if compass else "bare")
            for number, photo in enumerate(dict.fromkeys(query.photo for query in exact.queries)):
                if not (folder / photo.name).exists():
                    rng = np.random.default_rng([seed, 9, eye, number])
                    as_by_phone(photo, folder / photo.name, rng, compass=compass)
            told = tuple(replace(query, photo=folder / query.photo.name) for query in exact.queries)
            searches.append(MosaicQueries(exact.mosaic, told))
        return QuerySet(f"town_{name}", description, GSD_M, tuple(searches), posed=True, wrong=f"wrong_{name}")

    def _eye_queries(self, seed: int) -> MosaicQueries:
        folder = self._work / f"eye_{seed}"
        if self._lacks(folder / "queries.csv", f"building {folder.name} (some minutes, once)"):
            from geoloc import town

            town.build(folder, seed=seed, photos=0, panoramas=0, walks=_WALKS)
        return MosaicQueries(folder / "mosaic.tif", tuple(read_queries(folder / "queries.csv")))

    def _styled(self, site: str, kind: str) -> QuerySet:
        style, seed = OTHER_STYLES[site]
        searches = (self._town_queries(seed, kind, style),)
        return QuerySet(f"{site}_{kind}", f"{_STYLED_KINDS[kind]} of a synthetic {site}", GSD_M, searches)

    def _town_queries(self, seed: int, kind: str, style: Style = "village") -> MosaicQueries:
        """Return the queries of one kind of the photographs of a town, built where it is not there."""
        folder = self._work / f"{'town' if style == 'village' else style}_{seed}"
        # The last file that is written.
        table = folder / "queries.csv"
        if self._build and table.exists() and OUTLINE not in table.read_text(encoding="utf-8").partition("\n")[0]:
            # An earlier benchmark built it, when towns told boxes only.
            table.unlink()
        if self._lacks(table, f"building {folder.name} (some minutes, once)"):
            from geoloc import town

            flights = [town.Flight(*flight) for flight in _FLIGHTS]
            panoramas = _PANORAMAS if style == "village" else 0
            town.build(folder, seed=seed, photos=len(flights), panoramas=panoramas, flights=flights, style=style)
        names = _KINDS[kind][1]
        queries = [query for query in read_queries(table) if query.photo.stem in names]
        return MosaicQueries(folder / "mosaic.tif", tuple(queries))

    def _wrong(self) -> QuerySet:
        sites: dict[str, MosaicQueries] = {
            "town A": _joined([self._town_queries(TOWNS[0], kind) for kind in _KINDS]),
            "town B": _joined([self._town_queries(TOWNS[1], kind) for kind in _KINDS]),
        }
        for name, make in (("brighton", self._park), ("caliterra", self._held_out)):
            try:
                sites[name] = make()
            except AbsentError:
                self._report(f"wrong: without {name}, which is absent")
        pairs = [pair for pair in _WRONG if set(pair) <= sites.keys()]
        searches = []
        for name, elsewhere in pairs:
            queries = sites[name].queries
            chosen = tuple(queries[i] for i in even(len(queries), WRONG_EACH))
            searches.append(MosaicQueries(sites[elsewhere].mosaic, chosen))
        description = "objects that are not there: " + ", ".join(f"{name} on {elsewhere}" for name, elsewhere in pairs)
        return QuerySet("wrong", description, GSD_M, tuple(searches), present=False)


_NADIR = (((0.0, 6.0), (60.0, 95.0)), ((0.0, 15.0), (80.0, 120.0)))
_OBLIQUE = (((45.0, 55.0), (40.0, 55.0)), ((55.0, 65.0), (30.0, 42.0)), ((65.0, 75.0), (18.0, 26.0)))
_FLIGHTS = _NADIR * 2 + _OBLIQUE * 2
"""Tilt and height: the steeper the view, the lower the drone, so that it sees what is within 95 m of it."""
_PANORAMAS = 4
_KINDS = {
    "nadir": (
        "drone photos straight down, 60 to 120 m, of two synthetic towns",
        {f"photo_{n + 1:02}" for n in range(len(_NADIR * 2))},
    ),
    "oblique": (
        "the same at tilts of 45 to 75 degrees, 18 to 55 m",
        {f"photo_{n + 1:02}" for n in range(len(_NADIR * 2), len(_FLIGHTS))},
    ),
    "panorama": (
        "the same, panoramas from the street",
        {f"panorama_{n + 1:02}" for n in range(_PANORAMAS)},
    ),
}
_WALKS, _YEAR_PHOTOS = 6, 6
_YEAR_FLIGHTS = (((0.0, 15.0), (60.0, 110.0)), ((45.0, 55.0), (40.0, 55.0)))
_GROUND_KINDS = {
    "eye": ("photos at eye level in two synthetic towns, position and compass off as a telephone's", True, True),
    "eye_nocompass": ("the same without a compass", True, False),
    "panorama_phone": ("panoramas from the street, position and compass off as a telephone's", False, True),
    "panorama_nocompass": ("the same without a compass", False, False),
}
"""What they are, whether they are photographs at eye level and not panoramas, and whether they tell a heading."""
_STYLED_KINDS = {
    "nadir": "drone photos straight down, 60 to 120 m,",
    "oblique": "drone photos at tilts of 45 to 75 degrees, 18 to 55 m,",
}
_WRONG = (
    ("brighton", "caliterra"),
    ("brighton", "town A"),
    ("caliterra", "brighton"),
    ("caliterra", "town B"),
    ("town A", "brighton"),
    ("town A", "caliterra"),
    ("town A", "town B"),
    ("town B", "town A"),
)
"""Whose objects are looked for on whose mosaic. Towns look alike: the hardest of these."""


def _joined(searches: Sequence[MosaicQueries]) -> MosaicQueries:
    return MosaicQueries(searches[0].mosaic, tuple(query for search in searches for query in search.queries))


def _elsewhere(query_set: QuerySet) -> QuerySet:
    """Return the same queries, each on the mosaic of the other town, which lies at the same place."""
    first, second = query_set.searches
    chosen = [search.queries for search in (first, second)]
    some = [tuple(queries[i] for i in even(len(queries), WRONG_EACH)) for queries in chosen]
    searches = (MosaicQueries(second.mosaic, some[0]), MosaicQueries(first.mosaic, some[1]))
    description = f"objects of `{query_set.name}` that are not there: each town's on the other's mosaic"
    return replace(query_set, name=query_set.wrong, description=description, searches=searches, present=False)


def even(count: int, wanted: int) -> list[int]:
    """Return `wanted` of `count` indices, evenly spaced, all where there are no more."""
    if count <= wanted:
        return list(range(count))
    return [int(i) for i in (np.arange(wanted) + 0.5) * count / wanted]
