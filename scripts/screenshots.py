"""Pictures of QGIS for the documentation: `make screenshots`, which needs QGIS, Xvfb and the demonstration's scene.

A real QGIS is driven by mouse and keys through the whole story, with geoloc itself.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.helpers.qgis.run import install, run_script

ROOT = Path(__file__).resolve().parents[1]
SCENE = ROOT / "demo" / "scene"
DOCS = ROOT / "docs"
PICTURES = {
    "2_clicked": "qgis-clicked.jpg",
    "3_running": "qgis-running.jpg",
    "4_found": "qgis-found.jpg",
    "6_settings": "qgis-settings.jpg",
    "7_matched": "qgis-matched.jpg",
}
BEST_QUALITY, MOST_BYTES = 85, 200_000


def main() -> int:
    """Take the pictures and return the exit status: 1 where something went wrong meanwhile."""
    with (SCENE / "queries.csv").open(encoding="utf-8") as file:
        first, *others = csv.DictReader(file)
    second = next(row for row in others if row["photo"] == first["photo"])
    xmin, ymin, xmax, ymax = (float(first[name]) for name in ("xmin", "ymin", "xmax", "ymax"))
    # Under short names that are the same on every machine: paths are seen in the pictures.
    folder = Path(tempfile.gettempdir()) / "geoloc"
    folder.mkdir()
    scene, venv = folder / "town", folder / "venv"
    scene.symlink_to(SCENE)
    venv.symlink_to(Path(sys.prefix))
    inputs = {
        "rasters": {"town": str(scene / "mosaic.tif")},
        "project_crs": "EPSG:3857",
        "photo": str(scene / first["photo"]),
        "click": [float(first["click_x"]), float(first["click_y"])],
        "second": [float(second["click_x"]), float(second["click_y"])],
        "crs": f"EPSG:{first['epsg']}",
        "true": [(xmin + xmax) / 2, (ymin + ymax) / 2],
        "all": True,
    }
    try:
        install(folder / "settings", venv / "bin" / "python")
        report = run_script("drive_story", folder, inputs)
        for name, target in PICTURES.items():
            picture = Image.open(folder / f"{name}.png").convert("RGB")
            save(picture, DOCS / target)
    finally:
        shutil.rmtree(folder)
    sys.stderr.write(json.dumps(report, indent=1) + "\n")
    return int(bool(report["unexpected"]) or not report["found"].get("covers"))


def save(picture: Image.Image, path: Path) -> None:
    """Write a JPEG, as good as fits what a page may load."""
    for quality in range(BEST_QUALITY, 0, -5):
        picture.save(path, quality=quality, subsampling=0, optimize=True)
        if path.stat().st_size <= MOST_BYTES:
            return


if __name__ == "__main__":
    sys.exit(main())
