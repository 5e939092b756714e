"""`geoloc locate`: photographs, their clicks, the answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from geoloc.commands.shared.command import OUTPUT, examples, option
from geoloc.commands.shared.logs import LOG
from geoloc.commands.shared.options import (
    ANSWERS,
    CAMERA,
    LIMITS,
    NETWORK,
    SOURCE,
    check_source,
    drawn,
    options,
    takes_request,
    vector_output,
)
from geoloc.commands.shared.photo_words import ClickedPhotosCommand, at_moments, moment_options, photo_numbers
from geoloc.commands.shared.progress import Progress, clear
from geoloc.commands.shared.views import View, read_each, read_together
from geoloc.system.text import counted

if TYPE_CHECKING:
    from geoloc.photo.photo import Photo
    from geoloc.photo.target import Target
    from geoloc.pipeline.cascade import Watch
    from geoloc.pipeline.finder import Finder, Found
    from geoloc.pipeline.request import SearchRequest
    from geoloc.pipeline.scope import Scope
    from geoloc.pipeline.source import SearchSource
    from geoloc.results.detection import Detection
    from tiling.mosaic import Mosaic
    from tiling.plan import Plan


_STAGES = {
    "matching": "Matching local features",
    "searching": "Searching",
    "verifying": "Checking by local features",
}
"""What is said of the stages of a search."""


@click.command(
    cls=ClickedPhotosCommand,
    epilog=examples(
        "geoloc locate photo.jpg --click 1426,624 --mosaic mosaic.tif -o found.geojson --preview found.png",
        "geoloc locate photo.jpg --box 1400,600,1450,640 --mosaic tiles/ --near 15.31,51.87 --within 300",
        "geoloc locate photo.jpg --click 1426,624 --mosaic 'tiles/*.tif' --top 5 -o - | jq .features[].properties",
        "geoloc locate photo.jpg --click 1426,624 --index city.zarr -o found.gpkg",
        "geoloc locate a.jpg --click 1426,624 b.jpg --click 838,468 --click 90,71 --mosaic mosaic.tif -o three.gpkg",
        "geoloc locate a.jpg --click 1426,624 --and b.jpg --click 838,468 --mosaic mosaic.tif",
        "geoloc locate clip.MP4 --time 12.5 --click 960,540 --mosaic mosaic.tif",
    ),
)
@click.argument("photo_paths", metavar="PHOTO...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--click",
    "clicks",
    multiple=True,
    type=drawn("X,Y", "parse_click"),
    help="The object's place in the upright photo before it, in pixels from its upper left corner; several for several "
    "objects.",
)
@click.option(
    "--box",
    "boxes",
    multiple=True,
    type=drawn("X0,Y0,X1,Y1", "parse_box"),
    help="Instead of --click: the object's box in the photo, which says how large it is.",
)
@click.option(
    "--polygon",
    "polygons",
    multiple=True,
    type=drawn('"X,Y X,Y X,Y ..."', "parse_polygon"),
    help="Instead of --click: the object's outline in the photo, its corners in quotation marks.",
)
@click.option(
    "--and",
    "others",
    metavar="PHOTO",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Another photo of the same object, with a --click (--box, --polygon) of its own: the first one is of PHOTO, "
    "each next one of each next --and.",
)
@moment_options(several=True)
@vector_output(otherwise="GeoJSON to stdout")
@option(
    "--preview", heading=OUTPUT, type=click.Path(path_type=Path), help="Draw the photo and its answers into this PNG."
)
@options("overwrite", *SOURCE, *LIMITS, *CAMERA, *ANSWERS, *NETWORK, "verbosity")
@takes_request
def locate(
    *,
    request: SearchRequest,
    photo_paths: tuple[Path, ...],
    clicks: tuple[Any, ...],
    boxes: tuple[Any, ...],
    polygons: tuple[Any, ...],
    others: tuple[Path, ...],
    times: tuple[float, ...],
    frames: tuple[int, ...],
    output: Path | None,
    preview: Path | None,
    overwrite: bool,
) -> None:
    """Find what is clicked in PHOTO on a mosaic.

    PHOTO is a JPEG, PNG, WebP, TIFF, HEIC or raw photo, or a video with --time or --frame behind it.

    Prints its polygon as GeoJSON, with a score and how exact it is; with --top also what else it could be. A click that
    is not found is "not here": it gets no polygon, stderr says so, and the exit code is 0.

    Several PHOTOs, each with its clicks behind it, are a question for each click. A click outside its photo, or a photo
    that cannot be read, is told; the others are answered, and the exit code is 1.

    With --and, photos of one object are one question: what they tell is joined, and photos in the answer names those
    that support it.
    """
    from geoloc.model.packaged import find_weights
    from geoloc.photo.files.moment import file_of
    from geoloc.photo.target import Target
    from geoloc.pipeline.cascade import Watch
    from geoloc.pipeline.finder import Finder
    from geoloc.pipeline.loading import load_meanwhile, tried
    from geoloc.pipeline.scope import Scope
    from geoloc.pipeline.source import open_source
    from geoloc.results.vector_files import geojson_text, write_results

    _check_usage(
        kinds=sum(map(bool, (clicks, boxes, polygons))),
        several=len(photo_paths) > 1,
        together=bool(others),
        drawn_too=preview is not None,
    )
    check_source(request)
    # What is cheap to check comes before the mosaic, and that before the network.
    paths = at_moments([*photo_paths, *others], times, frames)
    drawn_all = [*map(Target, clicks), *boxes, *polygons]
    if others:
        views, failed = read_together(paths, drawn_all), 0
    else:
        drawn_in = [number for name in ("clicks", "boxes", "polygons") for number in photo_numbers(name)]
        views, failed = read_each(paths, drawn_all, drawn_in)
    find_weights(request.preset, request.weights)
    _check_outputs(output, preview, overwrite, (*map(file_of, paths), *request.files))
    progress = Progress("Searching", "looks")
    progress.stage("Opening what is searched")
    with open_source(request) as source:
        if preview is not None and source.mosaic is None:
            raise click.UsageError(
                "--preview draws the mosaic, which the index alone does not hold: give --mosaic too."
            )
        scope = Scope(source, request)
        # Not before what is wrong with the mosaic would be told.
        network = load_meanwhile(request)
        plan = scope.plan(views[0].photo())
        for view in views:
            if view.kept is not None:
                _tell_position(view.kept, scope, _named(view, views))
        _tell_plan(plan, source)
        progress.stage("Loading the network")
        finder = Finder(source, tried(network, request), request)
        watch = Watch(lambda stage: progress.stage(_STAGES[stage]), progress)
        answer = _locate_together if others else _locate_each
        answered = answer(finder, views, scope, request, watch)
        here = [found for one in answered for found in one.here]
        if output is not None:
            write_results(here, output, crs=source.crs, overwrite=overwrite)
        if preview is not None and source.mosaic is not None:
            progress.stage(f"Drawing {preview.name}")
            _draw(answered[0], source.mosaic, preview, overwrite)
    clear()
    for written in (output, preview):
        if written is not None:
            LOG.info("wrote %s", written)
    if output is None:
        click.echo(geojson_text(here))
    if failed:
        raise click.ClickException(
            f"{failed} of {counted(len(drawn_all), 'click')} failed, as told above; the others are answered"
        )


def _check_usage(*, kinds: int, several: bool, together: bool, drawn_too: bool) -> None:
    """Refuse what contradicts itself: kinds of what is drawn, several photos, photos of one object, a preview."""
    if kinds != 1:
        raise click.UsageError("Give --click or --box or --polygon, one of the three.")
    if several and together:
        raise click.UsageError(
            "--and asks for one object, and several PHOTOs for several: give one PHOTO, and each other one with --and."
        )
    if several and drawn_too:
        raise click.UsageError("--preview draws one photo; geoloc report shows what was found in several.")


def _check_outputs(output: Path | None, preview: Path | None, overwrite: bool, inputs: Sequence[Path]) -> None:
    """Fail early where what is found could not be written or drawn."""
    from geoloc.results.preview import PREVIEW_SUFFIXES
    from geoloc.results.vector_files import check_vector_output
    from geoloc.system.output import check_output

    if output is not None:
        check_vector_output(output, overwrite, inputs)
    if preview is not None:
        check_output(preview, PREVIEW_SUFFIXES, overwrite, inputs)


class _Answered(NamedTuple):
    """What is written and drawn."""

    view: View
    here: list[Detection]
    plan: Plan
    others: Sequence[tuple[Photo, Target]] = ()


def _draw(answered: _Answered, mosaic: Mosaic, preview: Path, overwrite: bool) -> None:
    """Draw the photo, the only one or the first of one object, and its answers."""
    from geoloc.results.preview import draw_preview

    view, here, plan, others = answered
    draw_preview(view.photo(), view.targets, here, mosaic, preview, plan=plan, others=others, overwrite=overwrite)


def _named(view: View, views: Sequence[View]) -> str:
    """How what is told of one photo begins, where there are several."""
    return f"{view.path.name}: " if len(views) > 1 else ""


def _tell_position(photo: Photo, scope: Scope, named: str) -> None:
    """Say what the photo's own position does to the search, and that --within does nothing where there is none."""
    if scope.near(photo) is not None:
        LOG.info("%sLooking first %s; --no-gps leaves it out", named, scope.around(photo))
    elif reason := scope.unused(photo):
        source = click.get_current_context().get_parameter_source("within_m")
        if source is click.core.ParameterSource.COMMANDLINE:
            LOG.warning("%s--within does nothing: %s; give --near LON,LAT too", named, reason)
        else:
            LOG.info("%sLooking everywhere: %s", named, reason)


def _tell_plan(plan: Plan, source: SearchSource) -> None:
    """Say how much is searched, and how fine."""
    from tiling.plan import GSD_TOLERANCE

    coarse = source.finest_m > (1 + GSD_TOLERANCE) * plan.gsd_m
    enlarged = f", read at {source.finest_m:.3g} m and enlarged" if coarse else ""
    LOG.info(
        "Searching %s of %d px at %.3g m%s", counted(len(plan.windows), "window"), plan.window_px, plan.gsd_m, enlarged
    )


def _report(targets: list[Target], found: Found, searched: str, named: str) -> None:
    """Say for every click what was found, in the mosaic's CRS, or that it is not where was searched."""
    from geoloc.results.columns import place_text

    for number, target in enumerate(targets):
        clicked = f"click {target.click.x:g},{target.click.y:g}{named}"
        here = [answer for answer in found.here if answer.target == number]
        if here:
            best = here[0]
            doubt = ", its outline doubtful" if best.outline == "segment" and best.outline_score < 0.5 else ""
            text = "found: %s at %s, score %.2f, good to %.1f m, by %s%s"
            LOG.info(text, clicked, place_text(best.polygon, best.crs), best.score, best.accuracy_m, best.method, doubt)
        else:
            scores = [answer.score for answer in found.answers if answer.target == number]
            LOG.warning("not here: %s (%s; looked %s)", clicked, found.off(number) or _best_score(scores), searched)
        # What is to be known of the target is in an answer's note too.
        if note := here[0].note if here else target.note:
            LOG.warning("%s: %s", clicked, note)


def _locate_each(
    finder: Finder, views: Sequence[View], scope: Scope, request: SearchRequest, watch: Watch
) -> list[_Answered]:
    """Search for what was clicked in each photo, and say what was found."""

    def answer(view: View) -> _Answered:
        # Let go of when this ends.
        photo = view.photo()
        if view.kept is None:
            _tell_position(photo, scope, _named(view, views))
        found = finder.find(photo, view.targets, scope, watch)
        clear()
        named = f" in {view.path.name}" if len(views) > 1 else ""
        _report(view.targets, found, scope.searched(photo, found.plan), named)
        return _Answered(view, found.here, found.plan)

    return [answer(view) for view in views]


def _locate_together(
    finder: Finder, asked: Sequence[View], scope: Scope, request: SearchRequest, watch: Watch
) -> list[_Answered]:
    """Search for the object that several photos show, and say what was found and who contradicts it."""
    from geoloc.pipeline.job import find_together
    from geoloc.results.columns import place_text

    views = [(view.photo(), view.targets[0]) for view in asked]
    found = find_together(finder, "1", views, scope=scope, request=request, watch=watch)
    clear()
    for (photo, target), alone in zip(views, found.alone, strict=True):
        said = f"score {alone.answers[0].score:.2f}" if alone.answers else "nothing"
        LOG.info("%s at %g,%g alone: %s", photo.path.name, target.click.x, target.click.y, said)
    photo, target = views[found.asked]
    plan = found.alone[found.asked].plan
    if found.here:
        best = found.here[0]
        text = "found: the object at %s, score %.2f, good to %.1f m, by %d of %d photos"
        place = place_text(best.polygon, best.crs)
        LOG.info(text, place, best.score, best.accuracy_m, len(best.photos), len(views))
    else:
        scores = [answer.score for answer in found.answers]
        text = "not here: the object in %d photos (%s; looked %s)"
        why = found.alone[found.asked].off(0) or _best_score(scores)
        LOG.warning(text, len(views), why, scope.searched(photo, plan))
    for view, drawn_there in views:
        if drawn_there.note:
            LOG.warning("%s: %s", view.path.name, drawn_there.note)
    note = found.here[0].note if found.here else found.note
    # Of what was drawn in its own photo the answer's note tells too.
    rest = note.replace(target.note, "") if target.note else note
    if rest := "; ".join(filter(None, rest.split("; "))):
        LOG.warning(rest)
    others = views[: found.asked] + views[found.asked + 1 :]
    return [_Answered(asked[found.asked], found.here, plan, others)]


def _best_score(scores: Sequence[float]) -> str:
    return f"best score {max(scores):.3f}; --min-score 0 shows it" if scores else "nothing like it; try --box or --near"
