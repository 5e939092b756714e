"""How well `geoloc pose` knows where photographs were taken, against cameras that are known.

    python -m benchmarks.pose TOWNS --towns 201,202 --data DATA

Synthetic towns, each eight drone photographs from straight down to 60 degrees tilted, built into the folder TOWNS where
they are not there yet: their files tell the true camera, of which no more than the focal length is used to find it.
Seeds are none that anything was chosen by (101 was). DATA/caliterra, where given: every fourth photograph of a posed
site. Its reconstruction leans by 39 degrees, which no mosaic of a user does, so matches, heights and cameras are
levelled first by the plane through its surface; a last row has them as they are. It was looked at when the errors were
chosen.

A second table tells how far the ground that pixels of the towns show is from where `to_map` puts it, at evenly spread
pixels before the far line, and how often that is within the error that is told there. What stands on the ground does
not count: a pixel's place is where its ray meets the ground. Photographs whose files tell no angles are left out, which
the steep ones are: three of those are taken of each town anew, into folders of their own. On DATA/caliterra the truth
is where rays of the reconstructed camera meet the DSM, and pixels are placed by a plane and by that DSM; the site was
looked at when the code for heights was written.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from geoloc.api import Locator
from geoloc.geometry.homography_fit import LEAST_ERROR_PX
from geoloc.photo.photo import Photo, load_photo
from geoloc.photo.rectify import focal_px
from geoloc.pose.camera import GroundCamera
from geoloc.pose.camera_pose import CameraPose, pose_of
from geoloc.pose.matched_photo import MatchedPhoto
from geoloc.pose.solve import solve_camera
from geoloc.town import build
from geoloc.town.picture.camera import Pinhole
from geoloc.town.town import FLIGHTS, Flight
from geoloc.town.write import GROUND_ALTITUDE_M
from tiling.degrees import angle_between_deg
from tiling.grid import WGS84, transformer

if TYPE_CHECKING:
    from geoloc.plane.surface import DsmSurface

EVERY = 4
LEAST_HEIGHT_M = 15.0
"""Lower photographs of the site were taken on the ground."""
RELIEF_M = 1.0
"""Heights off the site's plane beyond which they count less."""
STEEP = (Flight((48.0, 60.0), (40.0, 48.0)),)
TILTS = ((0, 15), (15, 90))
MAPPED_TILTS = ((0, 15), (15, 45), (45, 90))
"""Rows of the tables: from and below so many degrees."""
PIXELS = (16, 12)
"""Pixels across and down a photo that are mapped."""


@dataclass(frozen=True, slots=True, eq=False)
class MappedTrial:
    """Pixels of a photograph whose places are known.

    Attributes:
        tilt_deg: of the photo, as it was found.
        off_m: of each pixel, between its place and where it is put.
        told_m: of each pixel, the error that is told.
    """

    tilt_deg: float
    off_m: NDArray[np.float64]
    told_m: NDArray[np.float64]

    @classmethod
    def of(cls, matched: MatchedPhoto, centre: NDArray[np.float64]) -> MappedTrial | None:
        """Follow rays of the camera that the photo's file tells to flat ground; None where it tells no angles.

        `centre` is as in `PosedTrial.of`.
        """
        photo = matched.photo
        if photo.heading_deg is None or photo.pitch_deg is None:
            return None
        width, height = photo.size
        focal = focal_px(photo)
        x, y, z = centre.tolist()
        camera = Pinhole((x, y, z), photo.heading_deg, photo.pitch_deg, focal, width, height, photo.roll_deg)
        pixels = _pixels(photo)
        rays = camera.base + pixels[:, :1] * camera.along_x + pixels[:, 1:] * camera.along_y
        ground = centre[:2] + rays[:, :2] * (centre[2] / -rays[:, 2:])
        return cls.by_places(matched, pixels, matched.frame.from_metres(ground, matched.pose.local))

    @classmethod
    def by_places(cls, matched: MatchedPhoto, pixels: NDArray[np.float64], true: NDArray[np.float64]) -> MappedTrial:
        """Compare where pixels, N x 2, are put with true places, N x 2 in the mosaic's CRS."""
        found = matched.to_map(pixels)
        off = np.linalg.norm(found.points - true, axis=1)
        return cls(matched.pose.tilt_deg, off[found.reliable], found.error_m[found.reliable])


@dataclass(frozen=True, slots=True)
class PosedTrial:
    """A photograph whose camera is known.

    Attributes:
        name: of the photo.
        tilt_deg: as it was found.
        place: error of the place along the ground, share of the height.
        height: error of the height, share of it.
        heading_deg: error of the heading; nan where it is not known.
        place_told: whether the place's error is within what is told.
        height_told: whether the height's error is.
        heading_told: whether the heading's error is; nan where it is not known.
    """

    name: str
    tilt_deg: float
    place: float
    height: float
    heading_deg: float
    place_told: float
    height_told: float
    heading_told: float

    @classmethod
    def of(cls, name: str, pose: CameraPose, centre: NDArray[np.float64], heading_deg: float | None) -> PosedTrial:
        """Compare a pose with the true camera: `centre` in metres of `pose.local`, its z over the ground."""
        off = np.abs(pose.camera.centre - centre)
        along = float(np.hypot(*off[:2]))
        turned = math.nan if heading_deg is None else angle_between_deg(pose.heading_deg, heading_deg)
        return cls(
            name,
            pose.tilt_deg,
            along / centre[2],
            float(off[2]) / centre[2],
            turned,
            along <= pose.place_error_m,
            off[2] <= pose.height_error_m,
            math.nan if heading_deg is None else turned <= pose.heading_error_deg,
        )


@dataclass(frozen=True, slots=True)
class SiteTrial:
    """A photograph of a posed site.

    Attributes:
        plane: its camera by a plane, where the ground is level.
        terrain: its camera by heights, there too.
        leaning: its camera by heights, by their own vertical.
        mapped_plane: pixels before its far line, put on a plane.
        mapped_terrain: the same, put on heights.
    """

    plane: PosedTrial
    terrain: PosedTrial
    leaning: PosedTrial
    mapped_plane: MappedTrial
    mapped_terrain: MappedTrial


def _pixels(photo: Photo) -> NDArray[np.float64]:
    columns, rows = ((np.arange(count) + 0.5) * side / count for count, side in zip(PIXELS, photo.size, strict=True))
    return np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)


def main() -> None:
    """Print a line a photo and a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the towns are, or are built")
    parser.add_argument("--towns", default="201,202", help="their seeds")
    parser.add_argument("--data", type=Path, help="folder with caliterra/")
    given = parser.parse_args()
    seeds = [int(seed) for seed in given.towns.split(",") if seed]
    mapped: list[MappedTrial] = []
    with_heights: list[SiteTrial] = []
    for told in (True, False):
        found = [one for seed in seeds for one in of_town(given.folder / f"town{seed}", seed, focal_told=told)]
        mapped += [pixels for _, pixels in found if pixels is not None and told]
        focal = "with the file's focal length" if told else "without a focal length"
        for tilts in TILTS:
            report(f"towns, tilted {_named(tilts)}, {focal}", [trial for trial, _ in found if _within(trial, tilts)])
    if given.data is not None:
        with_heights = list(of_site(given.data / "caliterra"))
        report("caliterra, levelled", [site.plane for site in with_heights])
        report("caliterra with its DSM, both levelled", [site.terrain for site in with_heights])
        report("caliterra with its DSM, leaning as it does", [site.leaning for site in with_heights])
    for seed in seeds:
        steep = of_town(given.folder / f"steep{seed}", seed, photos=3, flights=STEEP)
        mapped += [pixels for _, pixels in steep if pixels is not None]
    for tilts in MAPPED_TILTS:
        report_mapped(f"towns, tilted {_named(tilts)}", [one for one in mapped if _within(one, tilts)])
    if given.data is not None:
        report_mapped("caliterra, as a plane", [site.mapped_plane for site in with_heights])
        report_mapped("caliterra, with its DSM", [site.mapped_terrain for site in with_heights])


def _named(tilts: tuple[int, int]) -> str:
    least, below = tilts
    return f"below {below} degrees" if not least else f"{least} to {min(below, 60)} degrees"


def _within(trial: PosedTrial | MappedTrial, tilts: tuple[int, int]) -> bool:
    return tilts[0] <= trial.tilt_deg < tilts[1]


def of_town(
    folder: Path, seed: int, *, focal_told: bool = True, photos: int = 8, flights: Sequence[Flight] = FLIGHTS
) -> Iterator[tuple[PosedTrial, MappedTrial | None]]:
    """Compare the poses of a town's photos, and where their pixels lie, with what their files tell."""
    if not (folder / "queries.csv").exists():
        build(folder, seed=seed, photos=photos, panoramas=0, flights=flights)
    with Locator(folder / "mosaic.tif") as locator:
        for path in sorted((folder / "photos").glob("*.jpg")):
            photo = load_photo(path)
            matched = locator.match(photo if focal_told else replace(photo, focal_px=None))
            if matched is None:
                print(f"{path.name}: not here", flush=True)  # noqa: T201
                continue
            assert photo.position is not None
            assert photo.altitude_m is not None
            x, y = transformer(WGS84, matched.pose.local).transform(*photo.position)
            centre = np.array([x, y, photo.altitude_m - GROUND_ALTITUDE_M])
            mapped = MappedTrial.of(replace(matched, photo=photo), centre)
            yield PosedTrial.of(path.name, matched.pose, centre, photo.heading_deg), mapped


def _read_site(folder: Path) -> tuple[dict[str, Any], DsmSurface]:
    """Read the reconstruction of a posed site and its heights."""
    import rasterio

    from geoloc.plane.surface import DsmSurface

    with rasterio.open(folder / "dsm.tif") as dsm:
        surface = DsmSurface(dsm.read(1).astype(float), dsm.transform.c, dsm.transform.f, dsm.transform.a)
    return json.loads((folder / "cameras.json").read_text()), surface


def of_site(folder: Path) -> Iterator[SiteTrial]:
    """Compare every fourth photo of a posed site, without and with its DSM, with its reconstruction."""
    from geoloc.train.grounds.posed_site import PosedCamera

    cameras, surface = _read_site(folder)
    with Locator(folder / "mosaic.tif") as locator:
        for path in sorted((folder / "photos").glob("*.jpg"))[::EVERY]:
            photo = load_photo(path)
            plane, terrain = locator.match(photo), locator.match(photo, dsm=folder / "dsm.tif")
            if plane is None or terrain is None or terrain.terrain is None:
                print(f"{path.name}: not here, or not on these heights", flush=True)  # noqa: T201
                continue
            known = cameras["cameras"][path.name]
            centre = np.array(known["centre"])
            if centre[2] - surface.height(centre[:2]) < LEAST_HEIGHT_M:
                continue
            a, b = np.array(known["A"]), np.array(known["b"])
            width, height = photo.size
            camera = PosedCamera(path, a, b, known["f"], known["cx"], known["cy"], known["k1"], centre, width, height)
            pixels = _pixels(photo)
            true = camera.to_ground(pixels, surface)[:, :2]
            seen = np.isfinite(true).all(axis=1)
            local = transformer(terrain.crs, terrain.pose.local)
            (x, x_north), (y, y_north) = local.transform([centre[0]] * 2, [centre[1], centre[1] + 1.0])
            turned = GroundCamera(centre, a / np.cbrt(np.linalg.det(a)), 1.0, np.zeros(2)).heading_deg
            heading = turned + math.degrees(math.atan2(x_north - x, y_north - y))
            place = np.array([x, y, centre[2] - terrain.level_m])
            yield SiteTrial(
                _levelled(plane, known, surface),
                _levelled(terrain, known, surface),
                PosedTrial.of(path.name, terrain.pose, place, heading),
                *(MappedTrial.by_places(matched, pixels[seen], true[seen]) for matched in (plane, terrain)),
            )


def _levelled(matched: MatchedPhoto, known: dict[str, list[float]], surface: DsmSurface) -> PosedTrial:
    """Solve for a camera where the plane through the surface that was matched is level, and compare it there.

    Heights off that plane count where the photo was matched with heights.
    """
    photo = matched.photo
    places = matched.frame.to_map(matched.fit.reference)
    points = np.column_stack([places, surface.height(places)])
    middle = np.median(points, axis=0)
    points -= middle
    weights = np.ones(len(points))
    base = np.column_stack([points[:, :2], np.ones(len(points))])
    for _ in range(10):
        slope = np.linalg.lstsq(base * weights[:, None], points[:, 2] * weights)[0]
        weights = 1 / np.sqrt(1 + ((points[:, 2] - base @ slope) / RELIEF_M) ** 2)
    up = np.array([-slope[0], -slope[1], 1.0]) / math.hypot(slope[0], slope[1], 1.0)
    north = np.array([0.0, 1.0, 0.0]) - up[1] * up
    north /= np.linalg.norm(north)
    level = np.stack([np.cross(north, up), north, up])
    foot = np.array([0.0, 0.0, slope[2]])
    if matched.terrain is None:
        points[:, 2] = base @ slope
    ground = (points - foot) @ level.T
    a, centre = np.array(known["A"]), level @ (np.array(known["centre"]) - middle - foot)
    matrix, _ = cv2.findHomography(matched.fit.photo, ground[:, :2])
    matrix = matrix * np.sign(np.median(matched.fit.photo @ matrix[2, :2] + matrix[2, 2]))
    match_m = LEAST_ERROR_PX * matched.frame.grid.ground_gsd()
    solved = solve_camera(
        matched.fit.photo, ground[:, :2], matrix,
        size=photo.size, focal_px=photo.focal_px, supposed_px=focal_px(photo), match_m=match_m,
        heights=None if matched.terrain is None else ground[:, 2],
    )  # fmt: skip
    assert solved is not None
    pose = pose_of(solved, photo.size, matched.frame, matched.pose.local)
    true = GroundCamera(centre, a / np.cbrt(np.linalg.det(a)) @ level.T, 1.0, np.zeros(2))
    return PosedTrial.of(photo.path.name, pose, centre, true.heading_deg)


def report(name: str, some: list[PosedTrial]) -> None:
    """Print what there is of some trials, as a row of a table."""
    for trial in some:
        print(  # noqa: T201
            f"  {trial.name}: tilt {trial.tilt_deg:.1f}, place {trial.place:.2%}, height {trial.height:.2%},"
            f" heading {trial.heading_deg:.2f} deg"
        )
    place, height = (np.median([getattr(trial, key) for trial in some]) for key in ("place", "height"))
    heading = np.nanmedian([trial.heading_deg for trial in some])
    told = [np.nanmean([getattr(trial, f"{key}_told") for trial in some]) for key in ("place", "height", "heading")]
    within = ", ".join(f"{share:.0%}" for share in told)
    print(f"| {name} | {len(some)} | {place:.1%} | {height:.1%} | {heading:.2f} | {within} |", flush=True)  # noqa: T201


def report_mapped(name: str, trials: list[MappedTrial]) -> None:
    """Print how well pixels of some photos are placed, as a row of a table."""
    off, told = (np.concatenate([getattr(trial, key) for trial in trials]) for key in ("off_m", "told_m"))
    within = [float((trial.off_m <= trial.told_m).mean()) for trial in trials]
    print(  # noqa: T201
        f"| {name} | {len(trials)} | {len(off)} | {np.median(off):.2f} m | {np.quantile(off, 0.9):.2f} m |"
        f" {np.median(told):.2f} m | {(off <= told).mean():.1%} | {min(within):.0%} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
