"""Pictures of the page of `geoloc serve` for the documentation: part of `make screenshots`, which needs Chromium.

The page is opened in a real browser, on a desk and on a telephone: the demonstration's first object is tapped, found
and accepted.
"""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import expect, sync_playwright

from scripts.screenshots import DOCS, ROOT, SCENE, save

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
LOOKS: dict[str, dict[str, Any]] = {
    "serve-desk.jpg": {"viewport": {"width": 1280, "height": 800}},
    "serve-telephone.jpg": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 1.5,
        "has_touch": True,
        "is_mobile": True,
    },
}
"""The pictures, and the browsers that they are taken in."""
_LIMIT_MS = 120_000


@contextmanager
def served() -> Iterator[str]:
    """Serve the demonstration's mosaic, and yield the page's address."""
    command = [sys.executable, str(ROOT / "cli.py"), "serve", "--mosaic", str(SCENE / "mosaic.tif"), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def taken(browser: Any, address: str, look: dict[str, Any], photo: Path, click: tuple[float, float]) -> Image.Image:
    """Tap a place of a photo on the page, accept what is found, and take a picture with the cursor in the photo."""
    context = browser.new_context(**look)
    context.set_default_timeout(_LIMIT_MS)
    page = context.new_page()
    page.goto(address)
    status = page.locator("#status")
    expect(status).to_contain_text("Choose or take a photo", timeout=_LIMIT_MS)
    page.locator("#choose").set_input_files(photo)
    expect(status).to_contain_text("is matched with the map", timeout=_LIMIT_MS)
    with Image.open(photo) as opened:
        width, height = opened.size
    shown = page.locator("#photo img.leaflet-image-layer").bounding_box()
    at = shown["x"] + click[0] / width * shown["width"], shown["y"] + click[1] / height * shown["height"]
    (page.touchscreen.tap if look.get("has_touch") else page.mouse.click)(*at)
    expect(status).to_contain_text("Found: ", timeout=_LIMIT_MS)
    page.get_by_role("article").first.get_by_text("Accept").click()
    page.evaluate("scrollTo(0, 0)")
    if not look.get("has_touch"):
        page.mouse.move(shown["x"] + 0.5 * shown["width"], shown["y"] + 0.85 * shown["height"])
    page.wait_for_function("document.querySelector('#map .leaflet-tile:not(.leaflet-tile-loaded)') === null")
    # They fade in.
    page.wait_for_timeout(1000)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    context.close()
    return picture


def main() -> int:
    """Take the pictures and return the exit status."""
    with (SCENE / "queries.csv").open(encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    click = float(row["click_x"]), float(row["click_y"])
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, look in LOOKS.items():
            save(taken(browser, address, look, SCENE / row["photo"], click), DOCS / name)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
