"""The page in a real browser: with a finger, a mouse and the keyboard alone, on a desk and on a telephone."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geoloc.serve.app import Service
from tests.geoloc.serve.conftest import PATIENCE_S, SearchingStub, files_of, photo_mapping, served, until
from tests.helpers.city import CLICK, PHOTO_PX, TRUE
from tests.helpers.flown_files import write_flown
from tests.helpers.paths import ROOT
from tests.helpers.rough_ground import clicked
from tiling.grid import WEB_MERCATOR, WGS84, transformer

sync_api = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip install playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: the page is not tried in a browser")
DESK, TELEPHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
Page = Any
"""A page of Playwright."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        # No name leads anywhere: what asks for one fails, and is recorded as well.
        away = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", away])
        yield opened
        opened.close()


@contextmanager
def opened(browser: Any, address: str, size: dict[str, int] = DESK, **options: Any) -> Iterator[Page]:
    """A page at an address; nothing may go wrong in it, and nothing be asked of anybody else."""
    context = browser.new_context(viewport=size, **options)
    context.set_default_timeout(PATIENCE_S * 1000)
    asked, wrong = [], []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda live: asked.append(live.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(address)
    try:
        yield page
        own = address.split("/")[2]
        assert asked
        assert not [url for url in asked if not url.startswith(("data:", "blob:")) and url.split("/")[2] != own]
        assert wrong == []
    finally:
        context.close()


def says(page: Page, text: str) -> None:
    """Wait for the status line to say something."""
    sync_api.expect(page.locator("#status")).to_contain_text(re.compile(text), timeout=PATIENCE_S * 1000)


def with_photo(page: Page, path: Path) -> None:
    says(page, "Choose or take a photo")
    page.locator("#choose").set_input_files(path)
    says(page, "is matched with the map")


def at_pixel(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where in the window a pixel of the photo is."""
    box = page.locator("#photo img.leaflet-image-layer").bounding_box()
    return box["x"] + x / PHOTO_PX * box["width"], box["y"] + y / PHOTO_PX * box["height"]


def lonlat(x: float, y: float) -> tuple[float, float]:
    place = photo_mapping().to_map(np.array([[x, y]]))[0]
    lon, lat = transformer(WEB_MERCATOR, WGS84).transform(*place)
    return lon, lat


def place_told(page: Page) -> tuple[float, ...]:
    """Pixel, longitude, latitude and metres of the line below the map."""
    return tuple(map(float, re.findall(r"-?\d+(?:\.\d+)?", page.locator("#where").text_content())))


def pointed_at(page: Page, at: tuple[float, float], pixel: tuple[float, float]) -> tuple[float, ...]:
    """What is told where the mouse goes to a place of the window that is a pixel of the photo."""
    page.mouse.move(*at)
    # A browser hands a mouse's moves on with its next picture.
    until(lambda: place_told(page)[:2] == pytest.approx(pixel, abs=1.5), f"{pixel} is not pointed at")
    return place_told(page)


@pytest.mark.parametrize("size", [DESK, TELEPHONE], ids=["desk", "telephone"])
def test_a_photo_is_tapped_an_answer_accepted_and_downloaded(
    browser: Any, service: Service, searching: SearchingStub, city: Path, size: dict[str, int]
) -> None:
    touch = size is TELEPHONE
    with served(service) as address, opened(browser, address, size, has_touch=touch, is_mobile=touch) as page:
        with_photo(page, city / "p.jpg")
        (page.touchscreen.tap if touch else page.mouse.click)(*at_pixel(page, *CLICK))
        says(page, r"Found: score 0\.93, good to 0\.8 m\.")
        (_, fields) = searching.asked[-1]
        assert fields["click"] == pytest.approx(CLICK, abs=1.5)
        cards = page.locator("#answers article")
        assert cards.count() == 2
        best = page.get_by_role("article", name="1: p.jpg")
        sync_api.expect(best).to_contain_text("± 0.8 m")
        sync_api.expect(best).not_to_contain_text("outline doubtful")
        other = page.get_by_role("article", name="2: p.jpg, answer 2")
        sync_api.expect(other).to_contain_text("outline doubtful")
        place, crs = best.locator(".place").last.text_content().split()
        assert crs == "(EPSG:32633)"
        assert tuple(map(float, place.split(","))) == pytest.approx(TRUE, abs=2)
        sync_api.expect(page.get_by_role("button", name="Download")).to_be_disabled()
        best.get_by_text("Accept").click()
        sync_api.expect(best).to_have_class(re.compile("accepted"))
        page.get_by_role("group", name="Decision on 2: p.jpg, answer 2").get_by_text("Reject").click()
        sync_api.expect(page.locator("#list-title")).to_have_text("Answers: 2, 1 accepted")
        page.get_by_label("as").select_option(".geojson")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        (feature,) = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))["features"]
        assert feature["properties"]["decision"] == "accepted"
        lon, lat = transformer("EPSG:32633", WGS84).transform(*TRUE)
        (corner, *_) = feature["geometry"]["coordinates"][0]
        assert corner == pytest.approx([lon, lat], abs=1e-4)
        # Nothing is cut off at the side, and nothing of the page lies over another part.
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        tiles = page.locator("#map img.leaflet-tile-loaded")
        sync_api.expect(tiles.first).to_be_attached()


def test_the_cursor_is_shown_both_ways(browser: Any, service: Service, city: Path) -> None:
    with served(service) as address, opened(browser, address) as page:
        with_photo(page, city / "p.jpg")
        for x, y in ((30.0, 60.0), (128.0, 120.0), (240.0, 250.0)):
            told = pointed_at(page, at_pixel(page, x, y), (x, y))
            # To a pixel of the screen, which is a third of a pixel of the photo.
            assert told[2:4] == pytest.approx(lonlat(x, y), abs=3e-6)
            assert told[4] == pytest.approx(photo_mapping().errors.at(np.array([[x, y]]))[0, 0], abs=0.06)
        seen = page.locator("#map .crosshair.seen").bounding_box()
        there = seen["x"] + seen["width"] / 2, seen["y"] + seen["height"] / 2
        page.mouse.move(*at_pixel(page, 128, 10))
        sync_api.expect(page.locator("#where")).to_contain_text("no place is told here")
        assert page.locator("#map .crosshair.seen").count() == 0
        # The map's cursor where the photo's was leads back to the pixel.
        pointed_at(page, there, (240, 250))
        back = page.locator("#photo .crosshair.seen").bounding_box()
        wanted = at_pixel(page, 240, 250)
        assert (back["x"] + back["width"] / 2, back["y"] + back["height"] / 2) == pytest.approx(wanted, abs=4)


def test_boxes_are_dragged_and_outlines_tapped(
    browser: Any, service: Service, searching: SearchingStub, city: Path
) -> None:
    with served(service) as address, opened(browser, address) as page:
        with_photo(page, city / "p.jpg")
        page.get_by_text("Box", exact=True).click()
        page.mouse.move(*at_pixel(page, 150, 140))
        page.mouse.down()
        page.mouse.move(*at_pixel(page, 120, 110))
        page.mouse.move(*at_pixel(page, 110, 100))
        page.mouse.up()
        says(page, "Found")
        assert searching.asked[-1][1]["box"] == pytest.approx([150, 140, 110, 100], abs=1.5)
        page.get_by_text("Outline", exact=True).click()
        find = page.get_by_role("button", name="Find on the map")
        for x, y in ((100, 100), (150, 100), (150, 140)):
            sync_api.expect(find).to_be_disabled()
            page.mouse.click(*at_pixel(page, x, y))
        find.click()
        sync_api.expect(page.locator("#answers article")).to_have_count(4)
        outline = searching.asked[-1][1]["polygon"]
        assert np.abs(np.array(outline) - [(100, 100), (150, 100), (150, 140)]).max() < 1.5
        page.get_by_role("button", name="Clear mark").click()
        sync_api.expect(find).to_be_disabled()


def test_two_fingers_zoom_and_search_for_nothing(
    browser: Any, service: Service, searching: SearchingStub, city: Path
) -> None:
    with (
        served(service) as address,
        opened(browser, address, TELEPHONE, has_touch=True, is_mobile=True) as page,
    ):
        with_photo(page, city / "p.jpg")
        page.get_by_text("Box", exact=True).click()
        asked = len(searching.asked)
        photo = page.locator("#photo img.leaflet-image-layer")
        width = photo.bounding_box()["width"]
        (x0, y0), (x1, y1) = at_pixel(page, 100, 100), at_pixel(page, 160, 160)
        fingers = page.context.new_cdp_session(page)

        def touch(kind: str, *at: tuple[float, float]) -> None:
            points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(at)]
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", (x0, y0))
        touch("touchStart", (x0, y0), (x1, y1))
        for by in range(0, 32, 4):
            touch("touchMove", (x0 - by, y0 - by), (x1 + by, y1 + by))
        touch("touchEnd", (x1 + 28, y1 + 28))
        touch("touchEnd")
        until(lambda: photo.bounding_box()["width"] > 1.1 * width, "not zoomed")
        sync_api.expect(page.get_by_role("button", name="Clear mark")).to_be_disabled()
        # What came before this is heard before it.
        page.get_by_text("Tap", exact=True).click()
        page.touchscreen.tap(*at_pixel(page, 128, 128))
        says(page, "Found")
        assert ["click" in fields for _, fields in searching.asked[asked:]] == [True]


def test_answers_keep_their_order_when_a_page_comes_back(browser: Any, service: Service, city: Path) -> None:
    with served(service) as address, opened(browser, address) as page:
        live: list[Any] = []
        page.route_web_socket(re.compile("/live"), lambda socket: live.append((socket, socket.connect_to_server())))
        page.reload()
        with_photo(page, city / "p.jpg")
        titles = page.locator("#answers h3")
        for x, count in ((100, 2), (140, 4)):
            page.mouse.click(*at_pixel(page, x, 120))
            sync_api.expect(titles).to_have_count(count)
        before = titles.all_text_contents()
        assert [title[0] for title in before] == ["3", "4", "1", "2"]
        # The page before the reload may have come back too, before it went.
        socket, _ = live[-1]
        page.evaluate("document.querySelector('#answers li').id = 'old'")
        socket.close(code=1011)
        sync_api.expect(page.locator("#old")).to_have_count(0)
        sync_api.expect(titles).to_have_count(4)
        assert titles.all_text_contents() == before


def test_a_server_that_has_begun_anew_is_taken_as_another(browser: Any, service: Service, city: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    with served(service) as address:
        page.goto(address)
        with_photo(page, city / "p.jpg")
    port = int(address.rsplit(":", 1)[1].strip("/"))
    with served(service, port=port):
        says(page, "has begun anew: choose the photo again")
        assert page.locator("#photo img.leaflet-image-layer").count() == 0
        page.locator("#choose").set_input_files(city / "p.jpg")
        says(page, "is matched with the map")
    # One that wants another cookie says so, and is not asked for ever.
    with served(service, "a-token-that-is-long", port=port):
        says(page, "needs its token: open the whole address")
        page.locator("#choose").set_input_files(city / "p.jpg")
        says(page, "needs its token: open the whole address")
    context.close()


def test_all_of_it_works_by_the_keyboard_alone(
    browser: Any, service: Service, searching: SearchingStub, city: Path
) -> None:
    with served(service) as address, opened(browser, address) as page:
        # From now on a chooser is heard of, not only when one is waited for, which takes a moment to begin.
        page.on("filechooser", lambda chooser: None)
        says(page, "Choose or take a photo")
        keys = page.keyboard

        def tab_to(selector: str) -> None:
            for _ in range(60):
                keys.press("Tab")
                if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                    return
            raise AssertionError(f"{selector} is not reached")

        tab_to("#choose")
        with page.expect_file_chooser() as chooser:
            keys.press("Space")
        chooser.value.set_files(city / "p.jpg")
        says(page, "is matched with the map")
        tab_to("#photo")
        keys.press("ArrowRight")
        keys.press("Shift+ArrowDown")
        until(lambda: place_told(page), "no place is told")
        x, y = place_told(page)[:2]
        assert x > PHOTO_PX / 2
        assert page.locator("#map .crosshair.seen").count() == 1
        keys.press("Enter")
        says(page, "Found")
        assert searching.asked[-1][1]["click"] == pytest.approx([x, y], abs=0.6)
        # A box by its two corners: the tools stand before the photo.
        keys.press("Shift+Tab")
        keys.press("ArrowRight")
        tab_to("#photo")
        keys.press("Space")
        for _ in range(3):
            keys.press("ArrowRight")
            keys.press("ArrowDown")
        keys.press("Enter")
        sync_api.expect(page.locator("#answers article")).to_have_count(4)
        x0, y0, x1, y1 = searching.asked[-1][1]["box"]
        assert x1 - x0 == pytest.approx(y1 - y0, abs=0.1)
        assert x1 > x0
        # The map moves by its keys, and its middle is shown in the photo.
        tab_to("#map")
        keys.press("ArrowLeft")
        sync_api.expect(page.locator("#photo .crosshair.seen")).to_have_count(1)
        tab_to("#answers input")
        # From the last word, "Undecided", on to the first.
        keys.press("ArrowRight")
        sync_api.expect(page.locator("#answers article").first).to_have_class(re.compile("accepted"))
        # Backwards from the answers to the form above them.
        for _ in range(20):
            keys.press("Shift+Tab")
            if page.evaluate("document.activeElement.id") == "save":
                break
        with page.expect_download():
            keys.press("Enter")


def test_all_that_can_be_used_has_a_name(browser: Any, service: Service, city: Path) -> None:
    with served(service) as address, opened(browser, address) as page:
        with_photo(page, city / "p.jpg")
        page.mouse.click(*at_pixel(page, *CLICK))
        says(page, "Found")
        nameless = page.evaluate("""() => {
            const used = "button, input, select, a[href], [tabindex='0'], img";
            const named = (node) => node.getAttribute("aria-label") || node.getAttribute("alt") !== null
                || node.labels?.length || node.textContent.trim() || node.title;
            return [...document.querySelectorAll(used)].filter((node) => !node.closest("[hidden]") && !named(node))
                .map((node) => node.outerHTML);
        }""")
        assert nameless == []
        for role, name in (
            ("application", "Photo p.jpg, 256 by 256 pixels"),
            ("application", re.compile("^Map")),
            ("radio", "Tap"),
            ("radio", "Outline"),
            ("button", "Show 1: p.jpg on the map"),
            ("combobox", "as"),
            ("region", "Map"),
            ("region", re.compile("^Answers")),
        ):
            sync_api.expect(page.get_by_role(role, name=name, exact=isinstance(name, str))).to_have_count(1)
        assert page.locator("#take").get_attribute("capture") == "environment"
        # What changes by itself is read out.
        assert page.get_by_role("status").get_attribute("id") == "status"
        assert page.locator("#where").get_attribute("aria-live") == "polite"
        # Buttons and links are as large as a finger.
        small = page.evaluate("""() => [...document.querySelectorAll("button, .button, select, fieldset label")]
            .filter((node) => node.offsetParent && node.offsetHeight < 36).map((node) => node.outerHTML)""")
        assert small == []


def test_what_is_not_here_is_said_plainly(browser: Any, service: Service, searching: SearchingStub, city: Path) -> None:
    searching.scores = ()
    with served(service) as address, opened(browser, address) as page:
        with_photo(page, city / "p.jpg")
        page.mouse.click(*at_pixel(page, *CLICK))
        says(page, r"Not here: the object was not found on the mosaic \(best score 0\.20\)")
        assert page.locator("#answers article").count() == 0


def test_what_cannot_be_used_is_said(browser: Any, service: Service, city: Path, tmp_path: Path) -> None:
    (tmp_path / "large.jpg").write_bytes(b"x" * 300_000)
    (tmp_path / "none.jpg").write_text("no photo")
    with served(service) as address:
        context = browser.new_context()
        page = context.new_page()
        page.goto(address)
        says(page, "Choose or take a photo")
        page.locator("#choose").set_input_files(tmp_path / "large.jpg")
        says(page, r"large\.jpg is larger than 0\.2 MB, the limit")
        page.locator("#take").set_input_files(tmp_path / "none.jpg")
        says(page, r"none\.jpg: not an image that can be read")
        context.close()


def test_a_search_is_stopped_and_a_closed_page_cancels_and_deletes(
    browser: Any, service: Service, searching: SearchingStub, city: Path
) -> None:
    with served(service) as address, opened(browser, address) as page:
        with_photo(page, city / "p.jpg")
        searching.held = {"locate"}
        page.mouse.click(*at_pixel(page, *CLICK))
        page.get_by_role("button", name="Stop").click()
        says(page, "Stopped")
        assert searching.cancelled == ["locate"]
        page.mouse.click(*at_pixel(page, 20, 60))
        says(page, "Looking for the object")
        until(lambda: len(searching.asked) == 3, "not asked")
        assert files_of(service)
        page.close()
        until(lambda: searching.cancelled == ["locate", "locate"], "not cancelled")
        until(lambda: not files_of(service), "files are left")


def test_without_its_token_a_page_is_not_served(browser: Any, service: Service, city: Path) -> None:
    token = "a-token-that-is-long"
    with served(service, token) as address:
        context = browser.new_context()
        page = context.new_page()
        assert page.goto(address).status == 401
        assert "needs its token" in page.content()
        context.close()
        with opened(browser, f"{address}?token={token}") as page:
            assert page.url == address
            with_photo(page, city / "p.jpg")


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    folder = tmp_path_factory.mktemp("flown")
    return folder, write_flown(folder)


@pytest.fixture(scope="module")
def address(flown: tuple[Path, np.ndarray]) -> Iterator[str]:
    """`geoloc serve` as a process of its own, with the network of the package."""
    command = [sys.executable, "-m", "geoloc", "serve", "--mosaic", str(flown[0] / "m.tif"), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 130


@pytest.mark.parametrize("size", [DESK, TELEPHONE], ids=["desk", "telephone"])
def test_a_real_search_end_to_end(
    browser: Any, address: str, flown: tuple[Path, np.ndarray], size: dict[str, int]
) -> None:
    folder, matrix = flown
    with opened(browser, address, size) as page:
        with_photo(page, folder / "flown.jpg")
        box = page.locator("#photo img.leaflet-image-layer").bounding_box()
        page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.6)
        says(page, "Found: score")
        said = page.locator("#answers article .place").first.text_content()
        lon, lat = map(float, re.findall(r"-?\d+\.\d+", said))
        east, north = transformer(WGS84, "EPSG:32615").transform(lon, lat)
        # A pixel of the screen is one of the photo or two, and a metre at the most.
        assert (east, north) == pytest.approx(clicked(matrix, (400.0, 360.0)), abs=2.0)
