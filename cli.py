"""The `geoloc` command. It wires the library and holds no logic; heavy imports stand inside the commands.

Data goes to stdout, everything else to stderr. Exit codes: 0 done (also when the answer is "not here"), 1 something
the user can mend or that failed, 2 wrong usage.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from geoloc import __version__
from geoloc.console import ANSWERS, AREA, LOG, MODEL, SEARCHED, Main, Parsed, Progress, chosen_workers, options
from geoloc.index.commands import index
from geoloc.train.commands import ablate, calibrate, describe, pack, train

if TYPE_CHECKING:
    from geoloc.batch.run import Answers
    from geoloc.detection import Detection
    from geoloc.photo import Photo
    from geoloc.query import Target


def _parse_click(text: str) -> Any:
    from geoloc.query import parse_click

    return parse_click(text)


def _parse_box(text: str) -> Any:
    from geoloc.query import parse_box

    return parse_box(text)


@click.group(cls=Main, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="geoloc")
def main() -> None:
    """Click an object in a drone or ground photograph, get its polygon on the map.

    \b
    geoloc locate photo.jpg --click 1426,624 --mosaic mosaic.tif -o found.geojson
    geoloc locate photo.jpg --click 1426,624 --mosaic tiles/ --near 15.31,51.87 --within 300
    geoloc batch queries.csv --mosaic mosaic.tif -o found.gpkg
    geoloc tiles --mosaic mosaic.tif > windows.geojson
    """


@main.command()
@click.argument("photo_path", metavar="PHOTO", type=click.Path(path_type=Path))
@click.option(
    "--click",
    "clicks",
    multiple=True,
    type=Parsed("X,Y", _parse_click),
    help="The object's place in the upright photo, in pixels from its upper left corner; several for several objects.",
)
@click.option(
    "--box",
    "boxes",
    multiple=True,
    type=Parsed("X0,Y0,X1,Y1", _parse_box),
    help="Instead of --click: the object's box in the photo, which says how large it is.",
)
@options(*SEARCHED, "bands", "gsd", *AREA, *ANSWERS, *MODEL)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write .geojson (WGS 84), .gpkg, .fgb or .parquet (the mosaic's CRS).  [default: GeoJSON to stdout]",
)
@click.option("--preview", type=click.Path(path_type=Path), help="Draw photo and answers into this PNG.")
@options("overwrite", "verbosity")
def locate(
    *,
    photo_path: Path,
    clicks: tuple[Any, ...],
    boxes: tuple[Any, ...],
    mosaics: tuple[Path, ...],
    index: Path | None,
    bands: tuple[int, ...] | None,
    gsd: float | None,
    gps: bool,
    top: int,
    min_score: float | None,
    refine: str,
    exhaustive: bool,
    preset: str,
    weights: Path | None,
    device: str,
    output: Path | None,
    preview: Path | None,
    overwrite: bool,
    **area: Any,
) -> None:
    """Find what is clicked in PHOTO on a mosaic.

    Prints ranked polygons with scores as GeoJSON. A click that the model does not find is "not here": it gets no
    polygon, stderr says so, and the exit code is 0.
    """
    from geoloc.model.packaged import find_weights
    from geoloc.output import check_output
    from geoloc.photo import load_photo
    from geoloc.preview import PREVIEW_SUFFIXES, draw_preview
    from geoloc.query import Target, check_target
    from geoloc.results import check_vector_output, geojson_text, write_results
    from geoloc.scope import Limits, Scope
    from geoloc.searched import opened

    if bool(clicks) == bool(boxes):
        raise click.UsageError("Give --click or --box, one of the two.")
    _check_searched(mosaics, index, bands, gsd)
    # What is cheap to check comes before the mosaic, and that before the network.
    photo = load_photo(photo_path)
    targets = list(dict.fromkeys([*map(Target, clicks), *map(Target.from_box, boxes)]))
    for target in targets:
        check_target(photo, target)
    find_weights(preset, weights)
    inputs = [path for path in (photo_path, *mosaics, area["aoi"], weights) if path is not None]
    if output is not None:
        check_vector_output(output, overwrite, inputs)
    if preview is not None:
        check_output(preview, PREVIEW_SUFFIXES, overwrite, inputs)
    with opened(mosaics, index, preset=preset, weights=weights, bands=bands, gsd=gsd) as searched:
        if preview is not None and searched.mosaic is None:
            raise click.UsageError(
                "--preview draws the mosaic, which the index alone does not hold: give --mosaic too."
            )
        scope = Scope(searched, Limits(**area))
        if hint := scope.around(photo if gps else None):
            LOG.info("Looking only %s; --no-gps leaves it out", hint)
        plan = scope.plan(photo if gps else None)
        searched_at = max(plan.gsd_m, searched.finest_m)
        LOG.info("Searching %d windows of %d px at %.3g m", len(plan.windows), plan.window_px, searched_at)

        from geoloc import model
        from geoloc.finder import Finder

        localizer = model.load(preset, weights, device)
        finder = Finder(
            searched, localizer, refined=refine == "auto", exhaustive=exhaustive, top=top, min_score=min_score
        )
        answers, found = finder.find(photo, targets, plan, Progress("windows"))
        _report(targets, answers, found)
        if output is not None:
            write_results(found, output, crs=searched.crs, overwrite=overwrite)
        if preview is not None and searched.mosaic is not None:
            asked = [target.click for target in targets]
            draw_preview(photo, asked, found, searched.mosaic, preview, plan=plan, overwrite=overwrite)
    if output is None:
        click.echo(geojson_text(found))


@main.command()
@click.argument("queries_path", metavar="QUERIES", type=click.Path(path_type=Path))
@options(*SEARCHED, "bands", "gsd", *AREA, *ANSWERS, *MODEL)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Write .geojson (WGS 84), .gpkg, .fgb or .parquet (the mosaic's CRS).",
)
@options("scheduler", "workers", "overwrite", "verbosity")
def batch(
    *,
    queries_path: Path,
    mosaics: tuple[Path, ...],
    index: Path | None,
    bands: tuple[int, ...] | None,
    gsd: float | None,
    gps: bool,
    top: int,
    min_score: float | None,
    refine: str,
    exhaustive: bool,
    preset: str,
    weights: Path | None,
    device: str,
    output: Path,
    scheduler: str | None,
    workers_count: int,
    overwrite: bool,
    **area: Any,
) -> None:
    """Find what is clicked in many photos on a mosaic.

    \b
    geoloc batch queries.csv --mosaic mosaic.tif -o found.gpkg

    QUERIES is a CSV or vector file (.gpkg, .geojson, .fgb) with the columns photo (relative to the file), click_x,
    click_y and, where known, photo_xmin, photo_ymin, photo_xmax, photo_ymax, the object's box in the photo; or a folder
    of photos with such a clicks.csv in it. Its other columns go into the output.

    A query that fails is a row of the output with its error; the others go on, and the exit code is 1. A run that was
    cut off goes on where it was if the same command is given again.
    """
    from geoloc.batch.asked import Asked
    from geoloc.batch.journal import Journal, settings_of
    from geoloc.batch.outcome import count_line, to_rows
    from geoloc.batch.queries import read_photo_queries
    from geoloc.batch.run import answer, one_by_one, run
    from geoloc.cluster import connected, spread
    from geoloc.model.packaged import find_weights
    from geoloc.results import check_vector_output, write_rows
    from geoloc.scope import Limits

    _check_searched(mosaics, index, bands, gsd)
    workers = chosen_workers(scheduler, workers_count)
    queries = read_photo_queries(queries_path)
    weights_path = find_weights(preset, weights)
    inputs = [path for path in (queries.file, *mosaics, area["aoi"], weights) if path is not None]
    check_vector_output(output, overwrite, inputs)
    # Other processes may run in another folder.
    asked = Asked(
        mosaics=tuple(path.absolute() for path in mosaics),
        index=index and index.absolute(),
        preset=preset,
        weights=weights and weights.absolute(),
        bands=bands,
        gsd=gsd,
        limits=Limits(**area),
        gps=gps,
        refined=refine == "auto",
        exhaustive=exhaustive,
        top=top,
        min_score=min_score,
        device=device,
    )
    with asked.scope() as (searched, scope), ExitStack() as stack:
        if not gps:
            # What is wrong with the limits is told before the network is loaded.
            scope.plan()
        # The device is left out: what ran out of a card's memory may go on without it.
        options_given = {"--model": preset, "--bands": bands, "--gsd": gsd, "--gps": gps, "--within": area["within"]}
        options_given |= {"--top": top, "--min-score": min_score, "--refine": refine, "--exhaustive": exhaustive}
        settings = settings_of(queries.file, searched.paths, weights_path, scope.area, options_given)
        answers: Answers
        if workers:
            answers = partial(spread, stack.enter_context(connected(workers)), answer, asked)
        else:
            answers = one_by_one(asked.find(searched, scope))
        journal = Journal(output, settings, overwrite=overwrite)
        if journal.done:
            LOG.info("Going on after %d of %d queries: %s", len(journal.done), len(queries.items), journal.path)
        outcomes = run(queries, answers, journal, Progress("queries", timed=True))
        rows, columns = to_rows(queries, outcomes)
        write_rows(rows, output, columns, crs=searched.crs, overwrite=overwrite)
    journal.remove()
    click.echo(count_line(outcomes))
    failed = sum(outcome.error is not None for outcome in outcomes)
    if failed:
        raise click.ClickException(f"{failed} of {len(outcomes)} queries failed: see the column error of {output}")


@main.command()
@options("mosaic", "bands", "gsd", *AREA, "model")
@click.option(
    "--format",
    "form",
    type=click.Choice(["geojson", "ids"]),
    default="geojson",
    show_default=True,
    help="The windows as GeoJSON, or the ids z/x/y of the web-mercator tiles they are made of.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write .geojson, or .txt for ids.  [default: stdout]"
)
@options("overwrite", "verbosity")
def tiles(
    *,
    mosaics: tuple[Path, ...],
    bands: tuple[int, ...] | None,
    gsd: float | None,
    preset: str,
    form: str,
    output: Path | None,
    overwrite: bool,
    **area: Any,
) -> None:
    """Print the windows that a search of the mosaic would look at."""
    import json

    from geoloc.output import check_output, replacing
    from geoloc.results import GEOJSON_SUFFIXES
    from geoloc.scope import Limits, Scope
    from geoloc.searched import WholeMosaic
    from tiling.mosaic import open_mosaic

    if output is not None:
        check_output(output, GEOJSON_SUFFIXES if form == "geojson" else (".txt",), overwrite)
    with open_mosaic(mosaics, bands) as mosaic:
        plan = Scope(WholeMosaic(mosaic, preset, gsd), Limits(**area)).plan()
    if form == "geojson":
        text = json.dumps({"type": "FeatureCollection", "features": plan.to_features()})
    else:
        text = "\n".join(plan.tile_ids())
    if output is None:
        click.echo(text)
        return
    with replacing(output) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


@main.command()
@click.option(
    "--queries",
    "queries_path",
    type=click.Path(path_type=Path),
    help="CSV file with the columns photo, click_x, click_y, xmin, ymin, xmax, ymax (the true box) and epsg.",
)
@options(*SEARCHED, "bands", "gsd", *AREA, "dataset", "task")
@click.option(
    "--split",
    type=click.Choice(["train", "val", "test"]),
    default="test",
    show_default=True,
    help="Of --dataset.",
)
@click.option(
    "--gps/--no-gps", default=False, help="Search round each photo's own GPS position only.  [default: no-gps]"
)
@click.option(
    "--min-score",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Count a best answer that scores less as nothing found.",
)
@options("refine", "exhaustive", *MODEL)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@options("verbosity")
def evaluate(
    *,
    queries_path: Path | None,
    mosaics: tuple[Path, ...],
    index: Path | None,
    bands: tuple[int, ...] | None,
    gsd: float | None,
    dataset: tuple[str, Path] | None,
    task: str,
    split: str,
    gps: bool,
    min_score: float,
    refine: str,
    exhaustive: bool,
    preset: str,
    weights: Path | None,
    device: str,
    as_json: bool,
    **area: Any,
) -> None:
    """Measure how well clicks with known true boxes are found.

    \b
    geoloc evaluate --queries queries.csv --mosaic mosaic.tif
    geoloc evaluate --dataset cvogl CVOGL/ --task ground --weights runs/cvogl/weights.safetensors

    The whole mosaic is searched for each of them unless options limit the search, and the best answer counts however
    low its score. A published data set instead says which image shows the object, and the one best box in it counts.
    With -v every query's result goes to stderr.
    """
    import json

    from geoloc import evaluate as evaluation
    from geoloc.model.packaged import find_weights
    from geoloc.scope import Limits, Scope
    from geoloc.searched import opened
    from tiling.errors import AreaError

    given = bool(mosaics) or index is not None
    if (dataset is None) != given or (dataset is None) != (queries_path is not None):
        raise click.UsageError("Give --queries and --mosaic or --index, or --dataset.")
    find_weights(preset, weights)
    if dataset is not None:
        if bands or gsd or gps or any(area[name] for name in ("bounds", "aoi", "near")):
            raise click.UsageError("A published data set says itself what is searched: no bands, GSD or area with it.")
        from geoloc import model, published

        records = published.read_split(*dataset, task, split)
        outcomes = published.evaluate(records, model.load(preset, weights, device), Progress("queries"))
    else:
        _check_searched(mosaics, index, bands, gsd)
        queries = evaluation.read_queries(cast(Path, queries_path))
        with opened(mosaics, index, preset=preset, weights=weights, bands=bands, gsd=gsd) as searched:
            scope = Scope(searched, Limits(**area))
            if not gps:
                # What is wrong with the limits is told before the network is loaded.
                scope.plan()

            from geoloc import model
            from geoloc.finder import Finder

            localizer = model.load(preset, weights, device)
            finder = Finder(searched, localizer, refined=refine == "auto", exhaustive=exhaustive, min_score=min_score)

            def answer(photo: Photo, targets: list[Target]) -> list[Detection]:
                try:
                    plan = scope.plan(photo if gps else None)
                except AreaError as error:
                    # A photo whose position is off the mosaic is a miss, not the end.
                    LOG.warning("%s: %s", photo.path.name, error)
                    return []
                return finder.find(photo, targets, plan).here

            outcomes = evaluation.run(queries, answer, Progress("queries"))
    for outcome in outcomes:
        LOG.debug("%s", evaluation.to_line(outcome))
    summary = evaluation.summarise(outcomes)
    click.echo(json.dumps(evaluation.to_json(summary)) if as_json else evaluation.to_table(summary))


@main.command()
@click.argument("folder", default="demo", type=click.Path(path_type=Path))
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Another seed, another town.")
@options("overwrite", "verbosity")
def demo(folder: Path, seed: int, overwrite: bool) -> None:
    """Build a synthetic town in FOLDER and find objects of its photographs on its mosaic.

    Writes found.geojson and preview_*.png, and prints how far each answer is from the truth. FOLDER is "demo" unless
    given.
    """
    from geoloc import demo as demonstration
    from geoloc import evaluate as evaluation

    made = demonstration.run(folder, seed=seed, overwrite=overwrite, report=LOG.info)
    for outcome in made.outcomes:
        click.echo(evaluation.to_line(outcome))
    click.echo(evaluation.to_table(evaluation.summarise(made.outcomes)))
    for path in (made.found, *made.previews):
        click.echo(f"wrote {path}")


@main.command()
@options("model", "weights")
@click.option("--onnx", "folder", required=True, type=click.Path(path_type=Path), help="Folder to write into.")
@options("overwrite", "verbosity")
def export(*, preset: str, weights: Path | None, folder: Path, overwrite: bool) -> None:
    """Write a model as ONNX, to run it elsewhere: encoder.onnx and attention.onnx.

    encoder.onnx: rgb, images x 3 x H x W in 0..255, sides multiples of 16 -> coarse and fine features. attention.onnx:
    those of some crops, their clicks in crop pixels, and those of one window -> logits and boxes of all its cells.
    """
    from geoloc import model
    from geoloc.model.engine import ATTENTION, ENCODER
    from geoloc.output import check_output

    if not folder.is_dir():
        raise click.UsageError(f"{folder}: no such folder; make it first.")
    for name in (ENCODER, ATTENTION):
        check_output(folder / name, (".onnx",), overwrite)
    for path in model.load(preset, weights, "cpu").export_onnx(folder):
        click.echo(f"wrote {path}")


for _command in (index, train, calibrate, describe, pack, ablate):
    main.add_command(_command)


def _check_searched(
    mosaics: tuple[Path, ...], index: Path | None, bands: tuple[int, ...] | None, gsd: float | None
) -> None:
    if not mosaics and index is None:
        raise click.UsageError("Give --mosaic or --index, or both.")
    if index is not None and (bands or gsd):
        raise click.UsageError("An index has its own GSD and bands: no --gsd or --bands with --index.")


def _report(targets: list[Target], answers: list[Detection], found: list[Detection]) -> None:
    """Say for every click what was found, or that it is not here."""
    for number, target in enumerate(targets):
        asked = f"click {target.click.x:g},{target.click.y:g}"
        here = [answer for answer in found if answer.target == number]
        if here:
            best = here[0]
            place = f"{best.polygon.centroid.x:.10g},{best.polygon.centroid.y:.10g}"
            text = "found: %s at %s, score %.2f, good to %.1f m, by %s"
            LOG.info(text, asked, place, best.score, best.accuracy_m, best.method)
            continue
        scores = [answer.score for answer in answers if answer.target == number]
        best_score = f"best score {max(scores):.3f}; --min-score 0 shows it" if scores else "nothing like it"
        LOG.warning("not here: %s (%s)", asked, best_score)


if __name__ == "__main__":
    main()
