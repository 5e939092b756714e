"""A small mosaic with photographs of parts of it, a tiny network, and the commands that use them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import rasterio
from affine import Affine
from PIL import Image

from benchmarks.reliability.forked import ForkedCommand
from benchmarks.reliability.tiny_network import TINY, save_tiny

ROOT = Path(__file__).parents[2]
PHOTOS = 4
SIDE, PHOTO_SIDE = 320, 180
_MOSAIC = ("--mosaic", "m.tif")
_NETWORK = ("--model", TINY.name, "--weights", "tiny.safetensors")


def make_place(folder: Path) -> None:
    """Write m.tif, p0.png and so on, and queries.csv with two clicks in each."""
    rng = np.random.default_rng(2)
    layers = [
        cv2.resize(rng.random((n, n, 3), np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for n in (9, 60)
    ]
    ground = np.clip(255 * sum(layers) / 2, 0, 255).astype(np.uint8)
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8", "crs": "EPSG:32633"}
    with rasterio.open(folder / "m.tif", "w", **profile, transform=Affine(0.2, 0, 5e5, 0, -0.2, 5.4e6)) as file:
        file.write(np.moveaxis(ground, 2, 0))
    rows = ["photo,click_x,click_y"]
    for number in range(PHOTOS):
        x, y = rng.integers(0, SIDE - PHOTO_SIDE, 2)
        Image.fromarray(ground[y : y + PHOTO_SIDE, x : x + PHOTO_SIDE]).save(folder / f"p{number}.png")
        rows += [f"p{number}.png,{PHOTO_SIDE / 2},{PHOTO_SIDE / 2}", f"p{number}.png,60,70"]
    (folder / "queries.csv").write_text("\n".join(rows) + "\n")


class Place:
    """A folder with mosaic, photos and queries, and the commands that use them.

    Attributes:
        folder: where it is.
    """

    def __init__(self, folder: Path) -> None:
        """Make it."""
        self.folder = folder
        make_place(folder)
        save_tiny(folder / "tiny.safetensors")

    def batch(self, output: Path | str) -> list[str]:
        """Return the words of the batch."""
        return ["geoloc", "batch", "queries.csv", *_MOSAIC, *_NETWORK, "--min-score", "0", "-q", "-o", str(output)]

    def locate(self, output: Path | str) -> list[str]:
        """Return the words of the search."""
        asked = ["p0.png", "--click", "90,100", *_NETWORK, "--min-score", "0"]
        return ["geoloc", "locate", *asked, *_MOSAIC, "-q", "-o", str(output)]

    def index(self, output: Path | str) -> list[str]:
        """Return the words that build an index."""
        return ["geoloc", "index", "build", *_MOSAIC, *_NETWORK, "-q", "-o", str(output)]

    def training(self, output: Path | str) -> list[str]:
        """Return the words of the training; see `benchmarks.reliability.tiny_training`."""
        return ["benchmarks.reliability.tiny_training", str(output)]

    def start(self, words: Sequence[str]) -> ForkedCommand:
        """Start a command."""
        return ForkedCommand(words, self.folder)

    def finish(self, words: Sequence[str]) -> None:
        """Run a command to its end, which must be a good one."""
        process = self.start(words)
        _, errors = process.communicate()
        if process.returncode:
            raise RuntimeError(f"{' '.join(words)}: {errors}")

    def refused(self, words: Sequence[str]) -> str:
        """Run a command that must fail in one line; return what is wrong with that, or nothing."""
        process = self.start(words)
        _, errors = process.communicate()
        return wrong_with(process.returncode, errors)

    def content(self, name: str) -> bytes:
        """Return what is in a file of the folder, or in all files of a folder in it; nothing where there is none."""
        path = self.folder / name
        if path.is_dir():
            files = sorted(file for file in path.rglob("*") if file.is_file())
            return b"".join(str(file.relative_to(path)).encode() + file.read_bytes() for file in files)
        return path.read_bytes() if path.exists() else b""


def wrong_with(code: int, errors: str) -> str:
    """Return what is wrong with how a command failed; nothing where it was exit code 1 and one line."""
    lines = errors.strip().splitlines()
    one_line = code == 1 and len(lines) == 1 and lines[0].startswith("Error: ")
    return "" if one_line and "unexpected" not in lines[0] else f"{code}: {errors[-300:]}"
