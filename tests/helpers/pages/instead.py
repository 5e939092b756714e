"""What cannot be run as it stands on a page: why, and what is run in its place.

All other lines are run as they are. `$CHECKOUT`, `$SERVER` and `$WEIGHTS` are set by the test.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Instead:
    """What is done with a line, or with a part of it.

    Attributes:
        pattern: of what cannot be run.
        run: what is run in its place, groups of the pattern as `\\1`; None for nothing.
        why: it cannot be run.
        elsewhere: the test that has what is not run here; what stands in `named` it names too.
        named: a pattern of words of the line.
    """

    pattern: str
    run: str | None
    why: str
    elsewhere: str = ""
    named: str = ""


FEW = " --steps 1 --batch 2 --workers 0 --device cpu"
QUIET = " --no-dashboard >/dev/null 2>&1 &"
INSTEAD = (
    Instead(r"^make (.+)", r"make --dry-run --directory $CHECKOUT \1", "it sets a whole checkout up, or tests it"),
    Instead(
        r"^(?:\.venv/bin/)?pip (?:install|wheel) .*",
        None,
        "it asks the network for packages",
        elsewhere="tests/test_package.py",
    ),
    Instead(r"^python3 -m venv \.venv", "python3 -m venv --without-pip .venv", "pip takes seconds to unpack"),
    Instead(r"^\.venv/bin/python -m pytest (tests/\S+).*", r"test -e $CHECKOUT/\1", "these tests run beside this one"),
    Instead(r"^(python -m benchmarks\.answers) .*", r"\1 --help", "it takes minutes"),
    Instead(r"--tries 120", "--tries 1 mosaics", "it takes eleven minutes"),
    Instead(
        r"^(python -m geoloc\.train\.grow_towns .*) &$",
        r"\1 --processes 1 --count 1",
        "it builds as long as it is told, beside the training",
    ),
    Instead(
        r"^python -m geoloc\.train\.(?:outlines\.)?from_pack .*",
        rf"\g<0>{FEW}",
        "it takes minutes of an accelerator",
    ),
    Instead(
        r"^python -m geoloc\.train\.sights .*",
        None,
        "it draws towns for an hour",
        elsewhere="tests/geoloc/train/sights",
        named=r"--\w+",
    ),
    Instead(r"^geoloc train .*", rf"\g<0>{FEW} --trials 1 --descriptors 16", "it takes an hour"),
    Instead(
        r"^geoloc ablate .*",
        rf"\g<0>{FEW} --presets base --seeds 1 --records 32 --test-records 16 --results results",
        "it takes minutes of an accelerator",
    ),
    Instead(r"^geoloc calibrate .*", r"\g<0> --trials 1", "searches take minutes"),
    Instead(r"^geoloc train-descriptors .*", r"\g<0> --records 16", "it takes minutes"),
    Instead(r"^geoloc train-outlines .*", r"\g<0> --steps 1 --towns 1", "it takes hours"),
    Instead(
        r"^geoloc serve .*",
        r"python -m tests.helpers.pages.served \g<0> --port 0",
        "it runs until it is stopped, and another program may have its port",
    ),
    Instead(
        r"^geoloc demo.*",
        None,
        "it takes 90 CPU seconds",
        elsewhere="tests/geoloc/evaluation/test_demonstration.py",
    ),
    Instead(
        r"^geoloc export .*",
        None,
        "it takes 15 CPU seconds",
        elsewhere="tests/geoloc/commands/research/test_export.py",
        named="--onnx",
    ),
    Instead(r"^geoloc COMMAND --help$", "geoloc locate --help", "COMMAND is any of them"),
    Instead(r"--towns 4", "--towns 1", "each town takes seconds to build"),
    Instead(r"^(geoloc (?:index|batch) .*)--workers [48]", r"\1--workers 0", "each process takes seconds to start"),
    Instead(
        r"tcp://(?:head|host):8786",
        '"$(python -m tests.helpers.pages.cluster_there --address)"',
        "no machine is called so, and another program may have the port",
    ),
    Instead(r"(?<= )/data/", r'"$PWD"/data/', "there is no such folder"),
    Instead(
        r"^dask scheduler$",
        f"dask scheduler --host 127.0.0.1 --port 0 --scheduler-file ~/dask.json{QUIET}",
        "it runs until it is stopped",
    ),
    Instead(
        r"^dask worker .*", rf"\g<0>{QUIET} python -m tests.helpers.pages.cluster_there", "it runs until it is stopped"
    ),
    Instead(r"https://example\.org/", "$SERVER/", "there is no such server"),
    Instead(
        r'^eval "\$\((_GEOLOC_COMPLETE=zsh_source geoloc)\)"$', r"\1 | grep -q compdef", "few machines have this shell"
    ),
    Instead(
        r"^(_GEOLOC_COMPLETE=fish_source geoloc) \| source$", r"\1 | grep -q complete", "few machines have this shell"
    ),
    Instead(
        r"^qgis_process (?:run|help) geoloc:.*",
        None,
        "each starts a QGIS and a worker",
        elsewhere="tests/qgis_plugin/processing",
        named=r"(?<=geoloc:)\w+|--[A-Z_]+(?==)",
    ),
)
LOCATED = "geoloc locate photo.jpg --click 700,600 --mosaic mosaic.tif -o found.gpkg"
DECIDED = "printf 'row,photo,click_x,click_y,rank,decision\\n1,{photo},700,600,1,accepted\\n' > {file}"
INDEXED = "geoloc index build --mosaic city.tif -o city.zarr"
PACKED = "geoloc pack --mosaic mine.tif -o pack/"
TRAINED = "mkdir -p run runs/cvogl; cp $WEIGHTS run/weights.safetensors; cp $WEIGHTS runs/cvogl/weights.safetensors"
BEFORE = {
    "docs/quick-start.md": ("python3 -m venv .venv",),
    "docs/report.md": (LOCATED, DECIDED.format(photo="photo.jpg", file="found_decisions.csv")),
    "docs/how-to/whole-folder.md": (DECIDED.format(photo="photos/photo_01.jpg", file="decisions.csv"),),
    "docs/model.md": (PACKED,),
    "docs/outlines.md": (PACKED.replace("pack/", "PACK"),),
    "geoloc/weights/base.md": ("cp $WEIGHTS before.safetensors",),
    "geoloc locate --help": (INDEXED,),
    "geoloc batch --help": (INDEXED,),
    "geoloc serve --help": (INDEXED.replace("city.tif", "tiles/"),),
    "geoloc index update --help": (INDEXED,),
    "geoloc index info --help": (INDEXED,),
    "geoloc evaluate --help": (TRAINED,),
    "geoloc train --help": (PACKED,),
    "geoloc ablate --help": (PACKED,),
    "geoloc pack --help": (PACKED,),
    "geoloc train-descriptors --help": (PACKED, TRAINED),
}
"""What was done before, on other pages, by who reads a page."""


def instead(line: str) -> str | None:
    """What is run in the place of a line; None for nothing."""
    for row in INSTEAD:
        if re.search(row.pattern, line):
            if row.run is None:
                return None
            line = re.sub(row.pattern, row.run, line)
    return line


def named_in(test: Path) -> str:
    """The text of a test, or of all in a folder."""
    files = sorted(test.rglob("test_*.py")) if test.is_dir() else [test]
    return "".join(file.read_text(encoding="utf-8") for file in files)
