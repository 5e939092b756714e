"""Writes what geoloc answers as canonical JSON, to show that a change of the code changes no answer.

    python -m benchmarks.answers before.json
    python -m benchmarks.answers after.json

By the commands alone, so that any state of the code can be compared: the clicks of `../shared/data/brighton`
(with geometry; with attention alone and the photo's own boxes), the demonstration, and an index that is searched with
its mosaic and without. Numbers are written as Python reads them, every digit; times are left out. One thread, since the
order of a sum changes its last digits. Prints the SHA-256 of each part and of the whole.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

BRIGHTON = Path(__file__).parents[2] / "shared/data/brighton"
CLICK_COLUMNS = ("photo", "click_x", "click_y")
BOX_COLUMNS = ("photo_xmin", "photo_ymin", "photo_xmax", "photo_ymax")


class Geoloc:
    """The command line, run in a folder of its own."""

    def __init__(self, command: str, folder: Path) -> None:
        """Take the command, as a shell has it, and the folder to run it in."""
        self._command, self.folder = shlex.split(command), folder

    def __call__(self, *arguments: str | Path) -> str:
        """Run a command and return what it prints on stdout.

        Raises:
            SystemExit: it failed.
        """
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        done = subprocess.run(
            [*self._command, *map(str, arguments)],
            cwd=self.folder,
            env=os.environ | threads,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"geoloc {' '.join(map(str, arguments))} failed with exit code {done.returncode}")
        return done.stdout


def brighton(geoloc: Geoloc) -> dict[str, Any]:
    """Return answers to the clicks on the real site; says so where it is absent, and returns nothing."""
    if not BRIGHTON.is_dir():
        sys.stderr.write(f"{BRIGHTON} is absent: left out\n")
        return {}
    found = {}
    for name, columns, options in (
        ("clicks", CLICK_COLUMNS, ()),
        ("boxes, attention alone", CLICK_COLUMNS + BOX_COLUMNS, ("--refine", "off")),
        ("clicks at 0.15 m, three answers near GPS", CLICK_COLUMNS, ("--gsd", "0.15", "--top", "3", "--within", "60")),
    ):
        table = geoloc.folder / "queries.csv"
        with (BRIGHTON / "queries.csv").open() as source, table.open("w") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            for row in csv.DictReader(source):
                writer.writerow({"photo": BRIGHTON / row["photo"]} | {key: row[key] for key in columns[1:]})
        output = geoloc.folder / f"{name}.geojson"
        gps = () if "--within" in options else ("--no-gps",)
        geoloc("batch", table, "--mosaic", BRIGHTON / "mosaic.tif", "-o", output, "-q", *gps, *options)
        found[name] = _features(output)
    return found


def demonstration(geoloc: Geoloc) -> dict[str, Any]:
    """Return the answers of `geoloc demo`; its scene stays for the index."""
    geoloc("demo", "demo", "-q")
    return {"found": _features(geoloc.folder / "demo/found.geojson")}


def index(geoloc: Geoloc) -> dict[str, Any]:
    """Return what an index of the demonstration's mosaic holds, and answers from it with its mosaic and without."""
    scene = geoloc.folder / "demo/scene"
    mosaic = scene / "mosaic.tif"
    geoloc("index", "build", "--mosaic", mosaic, "--bounds", *_middle(mosaic), "-o", "small.zarr", "-q")
    info = json.loads(geoloc("index", "info", "small.zarr", "--json"))
    left_out = ("index", "mosaic", "versions", "size_mb", "mb_per_km2")
    with (scene / "queries.csv").open() as file:
        rows = list(csv.DictReader(file))[:6]
    found: dict[str, Any] = {"info": {name: value for name, value in info.items() if name not in left_out}}
    for name in ("with its mosaic", "alone"):
        if name == "alone":
            mosaic.rename(scene / "away.tif")
        answers = []
        for row in rows:
            click = f"{row['click_x']},{row['click_y']}"
            text = geoloc("locate", scene / row["photo"], "--click", click, "--index", "small.zarr", "--no-gps", "-q")
            answers.append(_without_paths(json.loads(text)["features"]))
        found[name] = answers
    return found


def _middle(mosaic: Path) -> tuple[str]:
    """Return the middle ninth of a mosaic, as the value of `--bounds`."""
    import rasterio
    from rasterio.warp import transform_bounds

    with rasterio.open(mosaic) as file:
        west, south, east, north = transform_bounds(file.crs, "EPSG:4326", *file.bounds)
    width, height = (east - west) / 3, (north - south) / 3
    return (",".join(f"{value:.7f}" for value in (west + width, south + height, east - width, north - height)),)


def _features(path: Path) -> list[Any]:
    return _without_paths(json.loads(path.read_text())["features"])


def _without_paths(features: list[Any]) -> list[Any]:
    """Leave the folder of a run out, which is no part of its answers."""
    for feature in features:
        feature["properties"]["photo"] = Path(feature["properties"]["photo"]).name
    return features


def canonical(value: Any) -> str:
    """Return the one text of a value: sorted keys, shortest numbers that read back as the same."""
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def main() -> None:
    """Search, write, print checksums."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument(
        "--geoloc", default=f"{sys.executable} -m geoloc", help="how to run it, such as another checkout's command"
    )
    args = parser.parse_args()
    answers = {}
    with tempfile.TemporaryDirectory() as folder:
        geoloc = Geoloc(args.geoloc, Path(folder))
        for part in (brighton, demonstration, index):
            answers[part.__name__] = part(geoloc)
            checksum = hashlib.sha256(canonical(answers[part.__name__]).encode()).hexdigest()
            sys.stdout.write(f"{part.__name__}: {checksum}\n")
            sys.stdout.flush()
    text = canonical(answers)
    args.output.write_text(text, encoding="utf-8")
    sys.stdout.write(f"all: {hashlib.sha256(text.encode()).hexdigest()}\n")


if __name__ == "__main__":
    main()
