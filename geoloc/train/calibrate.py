"""What a score means: whole searches on held-out ground, with and without the object, and a logistic fit of the hits.

The network's scores are learnt one window and one crop at a time; a search takes the best of many. Here it is measured
how often the best answer of a search is right, given its share of all that was searched, so that `score` is that
probability and an answer below one half can honestly be told as "not here".
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from geoloc.model.localizer import Localizer
from geoloc.model.weights import Calibration
from geoloc.photo import Photo
from geoloc.query import Click, Target
from geoloc.search import LEAST_SHARE, locate
from geoloc.train import views
from geoloc.train.augment import recolour, shade
from geoloc.train.orthophoto import Orthophoto, log_uniform, tilted_view
from geoloc.train.posed import PosedSite
from tiling.area import Area
from tiling.mosaic import open_mosaic
from tiling.plan import make_plan

PHOTO_PX = 768
FOOTPRINT_M = (25.0, 110.0)
MOSAIC_M = 120.0
"""Side of the mosaics that are searched: what a small site or a GPS position leaves."""
RADIUS_M = 3.0
"""A hit where no true box is known."""
_EPSG, _EAST, _NORTH = 32635, 500_000.0, 6_500_000.0


@dataclass(frozen=True, slots=True)
class Trial:
    """A photograph with clicks whose place in `mosaic` is known.

    truth: N x 4 boxes in the mosaic's pixels. site: the name of the orthophoto it shows, to tell other places by.
    """

    photo: Photo
    clicks: tuple[Click, ...]
    truth: np.ndarray
    mosaic: Orthophoto
    site: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The best answer to one click of a trial.

    log_share: of the mass of all that was searched; error_px: of the centre, and spread_px, as in `Proposal`, in window
    pixels.
    """

    log_share: float
    hit: bool
    error_px: float
    spread_px: float


def made_trial(ortho: Orthophoto, rng: np.random.Generator, clicks: int) -> Trial | None:
    """A virtual photograph of an orthophoto with boxes; None where too few of them are in the picture."""
    at = ortho.boxes[rng.integers(len(ortho.boxes))]
    footprint = log_uniform(rng, FOOTPRINT_M[0], min(FOOTPRINT_M[1], ortho.size_m))
    centre = (at[:2] + at[2:]) / 2
    picture, to_source = tilted_view(ortho, rng, centre, rng.uniform(0, 360), footprint, side=PHOTO_PX)
    size = ortho.boxes[:, 2:] - ortho.boxes[:, :2]
    # Nobody clicks exactly in the middle.
    clicked = ortho.boxes[:, :2] + size * rng.uniform(0.2, 0.8, size.shape)
    places = views.apply(np.linalg.inv(to_source), clicked)
    inside = ((places > 20) & (places < PHOTO_PX - 20)).all(1)
    chosen = rng.permutation(np.flatnonzero(inside))[:clicks]
    if len(chosen) == 0:
        return None
    photo = Photo(Path(f"{ortho.name}.jpg"), recolour(shade(picture, rng), rng))
    return _trial(photo, places[chosen], ortho.boxes[chosen], ortho, rng)


def posed_trial(site: PosedSite, index: int, rng: np.random.Generator, clicks: int) -> Trial | None:
    """A real photograph of a posed site and places in it that the mosaic shows."""
    camera, picture = site.cameras[index], site.photos[index]
    height, width = picture.shape[:2]
    at = rng.uniform(0.1, 0.9, (20, 2)) * [width, height]
    source = site.to_source(camera.to_ground(at, site.surface)[:, :2])
    chosen = np.flatnonzero(site.shows(source, margin=20))[:clicks]
    if len(chosen) == 0:
        return None
    half = RADIUS_M / site.ortho.gsd_m
    truth = np.concatenate([source[chosen] - half, source[chosen] + half], axis=1)
    return _trial(Photo(camera.path, picture), at[chosen], truth, site.ortho, rng)


def _trial(photo: Photo, places: np.ndarray, truth: np.ndarray, ortho: Orthophoto, rng: np.random.Generator) -> Trial:
    """The mosaic is the part of the orthophoto round the first click, anywhere in it."""
    size = np.array(ortho.pixels.shape[1::-1])
    side = np.minimum(size, int(MOSAIC_M / ortho.gsd_m))
    middle = (truth[0, :2] + truth[0, 2:]) / 2
    corner = (middle - rng.uniform(0.1, 0.9, 2) * side).clip(0, size - side).astype(int)
    pixels = ortho.pixels[corner[1] : corner[1] + side[1], corner[0] : corner[0] + side[0]]
    part = Orthophoto(ortho.name, pixels, ortho.gsd_m, np.zeros((0, 4)))
    shifted = truth - np.tile(corner, 2)
    whole = (shifted[:, :2] >= 0).all(1) & (shifted[:, 2:] <= side).all(1)
    clicks = tuple(Click(*place) for place in places[whole])
    return Trial(photo, clicks, shifted[whole], part, ortho.name)


def run_trials(model: Localizer, trials: Sequence[Trial], report: Callable[[str], None]) -> list[Answer]:
    """Search every trial's own mosaic and, for as many, that of a trial elsewhere, which does not show the place."""
    answers: list[Answer] = []
    with tempfile.TemporaryDirectory() as folder:
        for i, trial in enumerate(trials):
            away = [other for other in [*trials[i:], *trials[:i]] if other.site != trial.site]
            for ortho in (trial.mosaic, away[0].mosaic):
                answers += _answers(model, trial, ortho, _write(Path(folder), ortho))
            report(f"trial {i + 1} of {len(trials)}: {sum(a.hit for a in answers)} hits of {len(answers) // 2}")
    return answers


def fit(answers: Sequence[Answer]) -> Calibration:
    """Logistic regression of hits on log shares, by Newton steps, and the centre error of the hits by their spread."""
    x = torch.tensor([a.log_share for a in answers], dtype=torch.float64)
    y = torch.tensor([float(a.hit) for a in answers], dtype=torch.float64)
    design = torch.stack([x, torch.ones_like(x)], dim=1)
    weight = torch.tensor([1.0, 0.0], dtype=torch.float64)
    for _ in range(50):
        p = torch.sigmoid(design @ weight)
        gradient = design.T @ (p - y) + 0.1 * weight
        hessian = (design * (p * (1 - p))[:, None]).T @ design + 0.1 * torch.eye(2)
        weight = weight - torch.linalg.solve(hessian, gradient)
    error, scale = _error_law([a for a in answers if a.hit])
    return Calibration(error, scale, float(weight[0]), float(weight[1]))


def _error_law(hits: Sequence[Answer]) -> tuple[float, float]:
    """a and b of error**2 = a**2 + b**2 * spread**2, least squares, neither negative."""
    errors = np.array([a.error_px**2 for a in hits])
    spreads = np.array([a.spread_px**2 for a in hits])
    slope = 0.0
    if spreads.std() > 0:
        slope = max(float(np.cov(spreads, errors)[0, 1] / spreads.var(ddof=1)), 0.0)
        slope = min(slope, float(errors.mean() / spreads.mean()))
    return float(np.sqrt(errors.mean() - slope * spreads.mean())), float(np.sqrt(slope))


def describe(answers: Sequence[Answer], calibration: Calibration) -> str:
    """Hits, and how well the score tells hits from misses, as one line."""
    score = np.array([calibration.score(a.log_share) for a in answers])
    hit = np.array([a.hit for a in answers])
    wins = (score[hit][:, None] > score[~hit][None]).mean()
    return (
        f"{hit.sum()} hits of {len(hit) // 2} searches with the object; AUROC of the score {wins:.3f}; "
        f"score above one half: {(score[hit] > 0.5).mean():.2f} of hits, "
        f"{(score[~hit] > 0.5).mean():.2f} of the others; {calibration}"
    )


def _answers(model: Localizer, trial: Trial, ortho: Orthophoto, path: Path) -> list[Answer]:
    answers = []
    with open_mosaic([path]) as mosaic:
        plan = make_plan(mosaic, model.gsd_m, model.window_px, Area.everywhere())
        targets = [Target(click) for click in trial.clicks]
        plain = model.calibrated(Calibration(spread_scale=1.0))
        found = {d.click: d for d in locate(trial.photo, targets, mosaic, plan, plain, top=1)}
    for click, truth in zip(trial.clicks, trial.truth, strict=True):
        best = found.get(click)
        if best is None:
            answers.append(Answer(math.log(LEAST_SHARE), False, math.inf, math.inf))
            continue
        x = (best.polygon.centroid.x - _EAST) / ortho.gsd_m
        y = ortho.pixels.shape[0] - (best.polygon.centroid.y - _NORTH) / ortho.gsd_m
        inside = truth[0] <= x <= truth[2] and truth[1] <= y <= truth[3] and ortho is trial.mosaic
        error = np.hypot(x - (truth[0] + truth[2]) / 2, y - (truth[1] + truth[3]) / 2) * ortho.gsd_m / best.gsd_m
        # The plain score is the sigmoid of the log share.
        share = math.log(best.score) - math.log1p(-best.score)
        answers.append(Answer(share, bool(inside), float(error), best.accuracy_parts["spread"] / best.gsd_m))
    return answers


def _write(folder: Path, ortho: Orthophoto) -> Path:
    """The orthophoto as a GeoTIFF, its lower left corner at 500 km east, 6500 km north of a UTM zone."""
    import rasterio
    from rasterio.transform import from_origin

    path = folder / f"{ortho.name}.tif"
    rows, columns = ortho.pixels.shape[:2]
    profile = {"driver": "GTiff", "height": rows, "width": columns, "count": 3, "dtype": "uint8", "tiled": True}
    affine = from_origin(_EAST, _NORTH + rows * ortho.gsd_m, ortho.gsd_m, ortho.gsd_m)
    with rasterio.open(path, "w", **profile, crs=f"EPSG:{_EPSG}", transform=affine) as file:
        file.write(np.moveaxis(ortho.pixels, -1, 0))
        # Ground that a posed site's mosaic does not show is black.
        file.write_mask(ortho.pixels.any(axis=-1))
    return path
