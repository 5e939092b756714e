"""The demonstration: a synthetic town, its drone photographs, and how well clicked objects are found on its mosaic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from geoloc import model, town
from geoloc.errors import OutputError
from geoloc.evaluation import labelled
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.pipeline.finder import Finder
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.scope import Scope
from geoloc.pipeline.source import MosaicSource
from geoloc.results.detection import Detection
from geoloc.results.preview import draw_preview
from geoloc.results.vector_files import check_vector_output, write_results
from tiling.mosaic import open_mosaic

WITHIN_M = 100.0
"""Search radius round a photo's GPS position: about what consumer GPS and the view of a low drone ask for."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demonstration made.

    Attributes:
        scene: the synthetic town, its mosaic and photos.
        found: path of the answers, GeoJSON.
        previews: paths of the pictures, one a photo.
        outcomes: one a clicked object, with its true box.
    """

    scene: town.Town
    found: Path
    previews: tuple[Path, ...]
    outcomes: tuple[labelled.Outcome, ...]


def run(
    folder: Path,
    *,
    seed: int = 0,
    overwrite: bool = False,
    report: Callable[[str], None] = lambda line: None,
    show: Callable[[str], None] = lambda line: None,
) -> Demo:
    """Build the town in `folder/scene`, locate the objects clicked in its photos, write results and previews.

    Photos say where they were taken, so the search is limited to their surroundings, as `geoloc locate` does.

    Args:
        folder: where to write; made if it is not there.
        seed: another seed, another town.
        overwrite: replace what is there already.
        report: called with a line of what is being done.
        show: called with a line of what was found or written, as it comes.

    Raises:
        OutputError: results are there already and `overwrite` is not set, or cannot be written.
        WeightsError: the package's weights are damaged.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror}); give another folder") from error
    found_path = folder / "found.geojson"
    check_vector_output(found_path, overwrite)
    there = [path.name for path in (folder / "scene", *folder.glob("preview_*.png")) if path.exists()]
    if there and not overwrite:
        raise OutputError(f"{folder}: holds {there[0]} already; give another folder or --overwrite")
    localizer = model.load()
    report(f"Building a synthetic town (seed {seed}) ...")
    scene = town.build(folder / "scene", seed=seed, panoramas=0)
    queries = labelled.read_queries(scene.queries)
    found: list[Detection] = []
    previews: list[Path] = []
    with open_mosaic([scene.mosaic]) as mosaic:
        whole = MosaicSource(mosaic, localizer.name, None)
        request = SearchRequest(within_m=WITHIN_M)
        finder, scope = Finder(whole, lambda: localizer, request), Scope(whole, request)

        def locate_and_draw(photo: Photo, targets: Sequence[Target]) -> list[Detection]:
            report(f"Locating {len(targets)} objects of {photo.path.name} ...")
            searched = finder.find(photo, targets, scope)
            found.extend(searched.here)
            previews.append(folder / f"preview_{photo.path.stem}.png")
            draw_preview(photo, targets, searched.here, mosaic, previews[-1], overwrite=True)
            return searched.answers

        def show_photo(outcomes: Sequence[labelled.Outcome]) -> None:
            for outcome in outcomes:
                show(labelled.to_line(outcome))
            show(f"wrote {previews[-1]}")

        outcomes = labelled.run(queries, locate_and_draw, answered=show_photo)
        write_results(found, found_path, crs=mosaic.crs, overwrite=overwrite)
        show(f"wrote {found_path}")
    return Demo(scene, found_path, tuple(previews), tuple(outcomes))
