"""Answers that a page holds: as the worker found them, with what a person decided of each, and as files to take."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyproj
from shapely.geometry import shape

from geoloc.errors import GeolocError, OutputError
from geoloc.report.found_file import DECISION, DECISIONS
from geoloc.results.columns import COLUMNS, LONLAT_DECIMALS, place_text
from geoloc.results.vector_files import VECTOR_SUFFIXES, Row, write_rows
from tiling.grid import WGS84, project

MOST_ANSWERS = 2000
"""Answers that a page holds; who finds more takes them as files and opens the page anew."""


@dataclass(slots=True)
class HeldAnswer:
    """One answer that a page holds.

    Attributes:
        number: of the answer on its page, from 1.
        feature: GeoJSON in WGS 84, with the properties of `geoloc locate`.
        projected: its centre in the mosaic's CRS and what that is called; None where that has degrees.
        decision: one of the `DECISIONS`, or empty.
    """

    number: int
    feature: dict[str, Any]
    projected: str | None
    decision: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what the page is told: `middle` is the longitude and latitude of its centre."""
        centre = shape(self.feature["geometry"]).centroid
        middle = [round(centre.x, LONLAT_DECIMALS), round(centre.y, LONLAT_DECIMALS)]
        told = {"number": self.number, "feature": self.feature, "middle": middle}
        return {**told, "projected": self.projected, "decision": self.decision}


@dataclass(slots=True)
class HeldAnswers:
    """All answers of a page, in the order in which they were found.

    Attributes:
        crs: of the mosaic.
        held: the answers.
    """

    crs: pyproj.CRS
    held: list[HeldAnswer] = field(default_factory=list)

    def add(self, features: Sequence[dict[str, Any]], photo: str) -> list[HeldAnswer]:
        """Hold answers of one search, under the photo's own name.

        Raises:
            GeolocError: there are too many.
        """
        if len(self.held) + len(features) > MOST_ANSWERS:
            raise GeolocError(f"this page holds {len(self.held)} answers; download them and open the page anew")
        named = [{**feature, "properties": {**feature["properties"], "photo": photo}} for feature in features]
        first = len(self.held) + 1
        added = [HeldAnswer(number, feature, self._place(feature)) for number, feature in enumerate(named, first)]
        self.held += added
        return added

    def _place(self, feature: Mapping[str, Any]) -> str | None:
        if self.crs.is_geographic:
            return None
        return place_text(project(shape(feature["geometry"]), WGS84, self.crs), self.crs)

    def decide(self, number: Any, decision: Any) -> None:
        """Keep what was decided of an answer.

        Raises:
            GeolocError: there is no such answer, or no such decision.
        """
        if decision not in (*DECISIONS, "") or not isinstance(number, int) or not 0 < number <= len(self.held):
            raise GeolocError(f"answer {number!r}, decision {decision!r}: there is none such; open the page anew")
        self.held[number - 1].decision = decision

    def file(self, suffix: str, *, accepted: bool) -> bytes:
        """Return answers as a file of a kind that `geoloc.results.vector_files` writes, with the column `decision`.

        Formats that keep a CRS are in the mosaic's.

        Args:
            suffix: of the file, one of `suffixes`.
            accepted: only those that were accepted.

        Raises:
            OutputError: no such kind of file, or one that lacks its package.
            GeolocError: there are no such answers.
        """
        if suffix not in suffixes():
            raise OutputError(f"{suffix}: unknown kind of file; choose one of {', '.join(suffixes())}")
        chosen = [answer for answer in self.held if not accepted or answer.decision == DECISIONS[0]]
        if not chosen:
            raise GeolocError("no answer was accepted yet" if accepted else "there are no answers yet")
        rows = [
            Row(
                project(shape(answer.feature["geometry"]), WGS84, self.crs),
                {**answer.feature["properties"], DECISION: answer.decision or None},
            )
            for answer in chosen
        ]
        with tempfile.TemporaryDirectory(prefix="geoloc-") as folder:
            path = Path(folder) / f"found{suffix}"
            write_rows(rows, path, COLUMNS | {DECISION: "object"}, crs=self.crs)
            return path.read_bytes()


def suffixes() -> list[str]:
    """Return the kinds of files that a page offers: one name of each.

    No KMZ: its writer reads each photo where its row says, and rows here have the name that a browser gave.
    """
    return [suffix for suffix in VECTOR_SUFFIXES if suffix not in (".json", ".geojsonl", ".kmz")]
