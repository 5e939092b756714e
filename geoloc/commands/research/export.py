"""`geoloc export`: a model as ONNX."""

from __future__ import annotations

from pathlib import Path

import click

from geoloc.commands.shared.command import examples
from geoloc.commands.shared.options import options
from geoloc.commands.shared.progress import Progress, clear


@click.command(epilog=examples("geoloc export --onnx exported/"))
@options("preset", "weights")
@click.option(
    "--onnx",
    "folder",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder to write into; made if not there.",
)
@options("overwrite", "verbosity")
def export(*, preset: str, weights: Path | None, folder: Path, overwrite: bool) -> None:
    """Write a model as ONNX, to run it elsewhere.

    encoder.onnx: rgb, images x 3 x H x W in 0..255, sides multiples of 16 -> coarse and fine features. attention.onnx:
    those of some crops, their clicks in crop pixels, and those of one window -> logits and boxes of all its cells.
    """
    from geoloc import model
    from geoloc.model.engine import ATTENTION, ENCODER
    from geoloc.system.output import check_output, make_folder

    make_folder(folder)
    for name in (ENCODER, ATTENTION):
        check_output(folder / name, (".onnx",), overwrite)
    Progress("Writing").stage("Writing ONNX")
    written = model.load(preset, weights, "cpu").export_onnx(folder)
    clear()
    for path in written:
        click.echo(f"wrote {path}")
