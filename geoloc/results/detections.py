"""All answers of one search, as a user of the Python API gets them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.results.detection import Detection

if TYPE_CHECKING:
    import geopandas
    from PIL import Image

    from tiling.mosaic import Mosaic
    from tiling.plan import Plan


@dataclass(frozen=True, eq=False)
class Detections(Sequence[Detection]):
    """The answers that count, in the order of what was clicked and ranked within; a notebook shows them as a picture.

    A click without any is "not here".

    Attributes:
        here: the answers that count, which the sequence is of.
        answers: all answers of the search, the doubtful ones too.
        photo: what was searched for.
        targets: what was clicked in it.
        crs: of the mosaic, and so of the polygons.
        plan: the windows that were searched.
        mosaic: its pixels, where they are at hand; to be used as long as it is open.
        others: further photos that were asked for the same object, each with what was clicked in it.
    """

    here: tuple[Detection, ...]
    answers: tuple[Detection, ...] = field(repr=False)
    photo: Photo = field(repr=False)
    targets: tuple[Target, ...] = field(repr=False)
    crs: Any = field(repr=False)
    plan: Plan = field(repr=False)
    mosaic: Mosaic | None = field(repr=False)
    others: tuple[tuple[Photo, Target], ...] = field(default=(), repr=False)

    def __len__(self) -> int:
        return len(self.here)

    @overload
    def __getitem__(self, index: int) -> Detection: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Detection]: ...

    def __getitem__(self, index: int | slice) -> Detection | Sequence[Detection]:
        return self.here[index]

    def __iter__(self) -> Iterator[Detection]:
        return iter(self.here)

    def best(self, target: int = 0) -> Detection | None:
        """Return the first answer to what was clicked, by its number; None where it is not here."""
        return next((detection for detection in self.here if detection.target == target), None)

    def to_geodataframe(self) -> geopandas.GeoDataFrame:
        """Return a table of the answers with the columns of `geoloc locate`, polygons in the mosaic's CRS."""
        from geoloc.results.columns import columns_of
        from geoloc.results.vector_files import row_of, table_of

        return table_of([row_of(detection) for detection in self.here], columns_of(self.here), self.crs)

    def to_geojson(self) -> str:
        """Return the answers as a GeoJSON FeatureCollection in WGS 84 (RFC 7946), as `geoloc locate` prints it."""
        from geoloc.results.vector_files import geojson_text

        return geojson_text(self.here)

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write the answers to a vector file.

        Args:
            path: its suffix says how: `.geojson`, `.geojsons`, `.geojsonl`, `.kml`, `.kmz` or `.csv` (WGS 84), or
                `.gpkg`, `.fgb`, `.parquet` or `.dxf` (the mosaic's CRS).
            overwrite: replace a file that is there.

        Raises:
            OutputError: the file is there already and `overwrite` is not set, or it cannot be written.
        """
        from geoloc.results.vector_files import write_results

        write_results(self.here, Path(path), crs=self.crs, overwrite=overwrite)

    def picture(self) -> Image.Image | None:
        """Draw the photos with their clicks beside the mosaic with the answers; None without the mosaic's pixels.

        Raises:
            MosaicError: the pixels cannot be read.
        """
        from geoloc.results.preview import preview_sheet

        if self.mosaic is None:
            return None
        return preview_sheet(self.photo, self.targets, self.here, self.mosaic, plan=self.plan, others=self.others)

    def _repr_png_(self) -> bytes | None:
        """Show the picture in a notebook."""
        if (picture := self.picture()) is None:
            return None
        file = io.BytesIO()
        picture.save(file, "PNG")
        return file.getvalue()
