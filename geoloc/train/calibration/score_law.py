"""What a score means: whole searches on held-out ground, with and without the object, and a logistic law of the hits.

The network's scores are learnt one window and one crop at a time; a search takes the best of many. Here it is measured
how often the best answer of a search is right, given the evidence for it, so that `score` is that probability and an
answer below one half can honestly be called "not here".
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geoloc.features.mosaic_features import MosaicFeatures
from geoloc.geometry.known_planes import KnownPlanes
from geoloc.geometry.plane_finder import PlaneFinder
from geoloc.keypoints.keypoint_squares import SearchedKeypoints
from geoloc.keypoints.matcher import RootSift
from geoloc.keypoints.mosaic_keypoints import MosaicKeypoints
from geoloc.model.localizer import Localizer
from geoloc.model.weights import Calibration
from geoloc.photo.sight import at_eye_level
from geoloc.photo.target import Target
from geoloc.search.first_pass import LEAST_SHARE
from geoloc.search.locate import locate
from geoloc.system.extras import needing
from geoloc.train.calibration.trials import Trial
from geoloc.train.grounds.ground import Ground
from tiling.area import Area
from tiling.mosaic import Mosaic, open_mosaic
from tiling.plan import Plan, make_plan

OUTLIERS = 0.1
"""Share of right answers that the expected error leaves out: a hit on a roof as large as a block may be off by many
metres, and with it the figure would be too large for nearly all others."""
MISTOLD = 0.02
"""Share of trials in which what counts as a hit is no sign of what was found: boxes of image segments are not always of
the object that was clicked, and of two like things the wrong one may be called right. Likeliest on such trials."""
INVERSE_PULL = 10.0
"""Weight of the answers' loss over that of half the squared slope, on evidence of unit deviation: the weak pull to 0
keeps the slope finite where hits and misses do not mix."""
_NONE_COUNTED = "no photograph from above was counted, so scores do not go by what local features verify"
_LEAST_EXPECTED = 1e-3
"""Of a squared error, in those of the mean: an answer that happens to be exact is not to decide."""
_EPSG, _EAST, _NORTH = 32635, 500_000.0, 6_500_000.0


@dataclass(frozen=True, slots=True)
class TrialAnswer:
    """The best answer to one click of a trial.

    Attributes:
        evidence: see `Calibration`.
        hit: whether its centre lies in the true box.
        error_px: distance between its centre and the true one, window pixels.
        spread_px: standard deviation of the centre under the network's own weights near it, window pixels.
        verified: whether local features tell that the photograph shows its own mosaic; None where that is no test of
            them, and but for the first hit of a photograph, since they tell it of all its clicks at once.
    """

    evidence: float
    hit: bool
    error_px: float
    spread_px: float
    verified: bool | None = None


def run_trials(
    model: Localizer,
    trials: Sequence[Trial],
    report: Callable[[str], None],
    over: Callable[[], bool] = lambda: False,
) -> list[TrialAnswer]:
    """Search every trial's own mosaic, and as often ground elsewhere, which does not show the place.

    That is what lies beside the mosaic, where the trial has it: ground of one kind is what is taken for the other. It
    is the mosaic of another trial where not.

    Args:
        model: the network.
        trials: photographs, clicks and mosaics.
        report: called with a line after every trial.
        over: whether there is no time for another one; one is always searched.
    """
    answers: list[TrialAnswer] = []
    with tempfile.TemporaryDirectory() as folder:
        for i, trial in enumerate(trials):
            away = [other.mosaic for other in [*trials[i:], *trials[:i]] if other.site != trial.site]
            elsewhere = away[:1] if trial.beside is None else [trial.beside]
            for ground in (trial.mosaic, *elsewhere):
                answers += _answers(model, trial, ground, _write(Path(folder), ground))
            report(f"trial {i + 1} of {len(trials)}: {sum(a.hit for a in answers)} hits of {len(answers) // 2}")
            if over():
                break
    return answers


def fit_scores(answers: Sequence[TrialAnswer]) -> Calibration:
    """Fit the probability of a hit by the evidence, and the centre error of the hits by their spread.

    Args:
        answers: some of them hits.
    """
    slope, offset = score_law(np.array([a.evidence for a in answers]), np.array([a.hit for a in answers]))
    hits = [a for a in answers if a.hit]
    error, scale = _error_law(hits)
    return Calibration(error, scale, slope, offset, _unverified_offset(hits))


def score_law(evidence: NDArray[np.float64], hit: NDArray[np.bool_]) -> tuple[float, float]:
    """Fit slope and offset of the log odds of a hit by logistic regression, `MISTOLD` of the hits and misses not being.

    See Copas, "Binary regression models for contaminated data", 1988. Without that a single miss of high evidence, or a
    hit of hardly any, makes the slope flat, so that no score is high or low. Where all are hits nothing can be fitted:
    the law that the network was trained by stays.
    """
    if hit.all():
        return Calibration().score_scale, Calibration().score_offset
    with needing("train"):
        from scipy.optimize import minimize
        from scipy.special import expit
        from sklearn.linear_model import LogisticRegression

    middle, width = evidence.mean(), max(float(evidence.std()), 1e-6)
    x = (evidence - middle) / width
    # Only without mistakes it is sure that there is one best law; from that the one with them is near.
    plain = LogisticRegression(C=INVERSE_PULL, solver="newton-cholesky", tol=1e-9).fit(x[:, None], hit)

    def surprise(law: NDArray[np.float64]) -> float:
        told = MISTOLD + (1 - 2 * MISTOLD) * expit(law[0] * x + law[1])
        return float(law[0] ** 2 / 2 / INVERSE_PULL - np.log(np.where(hit, told, 1 - told)).sum())

    slope, offset = minimize(surprise, [plain.coef_[0, 0], plain.intercept_[0]], tol=1e-9).x
    return float(slope / width), float(offset - slope * middle / width)


def _unverified_offset(hits: Sequence[TrialAnswer]) -> float:
    """Return what it adds to the log odds of an answer that local features verify nothing where they could.

    By Bayes' theorem the odds change by how often that happens to photographs of this ground, over how often it happens
    to those of another, of which they verify none. The share is by Laplace's rule of succession: a few photographs, all
    of them verified, do not make it impossible. It is 0 where no photograph was counted: nothing is known then.
    """
    told = [a.verified for a in hits if a.verified is not None]
    if not told:
        return 0.0
    return math.log((told.count(False) + 1) / (len(told) + 2))


def _error_law(hits: Sequence[TrialAnswer]) -> tuple[float, float]:
    """Fit a and b of error**2 = a**2 + b**2 * spread**2, neither negative, without the `OUTLIERS`."""
    errors = np.array([a.error_px**2 for a in hits])
    spreads = np.array([a.spread_px**2 for a in hits])
    a, b = _likeliest(errors, spreads)
    farther = errors / np.maximum(a**2 + b**2 * spreads, 1e-9)
    kept = farther <= np.quantile(farther, 1 - OUTLIERS)
    a, b = _likeliest(errors[kept], spreads[kept])
    # The likeliest tell less than the rest does where the farthest are gone, right ones among them: the mean of an
    # exponential law below its quantile 1 - o is 1 + o log(o) / (1 - o) of the whole one's.
    left = math.sqrt(1 + OUTLIERS * math.log(OUTLIERS) / (1 - OUTLIERS))
    return a / left, b / left


def _likeliest(errors: NDArray[np.float64], spreads: NDArray[np.float64]) -> tuple[float, float]:
    """Fit a and b, neither negative, to squared errors and squared spreads, one a hit.

    The squared length of a vector of two like normal errors is exponential, with what is expected of it as its mean and
    its deviation. So hits of small spread count too; by least squares the few of large spread would decide what is said
    of all others.
    """
    with needing("train"):
        from scipy.optimize import minimize

    size = max(float(errors.mean()), 1e-9)
    width = max(float(spreads.mean()), 1e-9)

    def surprise(law: NDArray[np.float64]) -> float:
        expected = np.maximum(law[0] + law[1] * spreads / width, _LEAST_EXPECTED)
        return float(np.sum(np.log(expected) + errors / size / expected))

    free = 1.0 if spreads.std() > 0 else 0.0
    bounds = [(0.0, None), (0.0, None if free else 0.0)]
    starts = [np.array([share, (1 - share) * free]) for share in (0.95, 0.5, 0.05)]
    fits = [minimize(surprise, start, method="Nelder-Mead", bounds=bounds) for start in starts]
    a, b = min(fits, key=lambda fit: fit.fun).x
    return float(np.sqrt(a * size)), float(np.sqrt(b * size / width))


def auroc(score: NDArray[np.float64], hit: NDArray[np.bool_]) -> float:
    """Return how often a hit scores more than what is none; N scores, some of hits and some of others."""
    return float((score[hit][:, None] > score[~hit][None]).mean())


def summary_line(answers: Sequence[TrialAnswer], calibration: Calibration) -> str:
    """Say how many hits there are, how well scores tell them from misses, and what geometry verifies, in one line."""
    score = np.array([calibration.score(a.evidence) for a in answers])
    hit = np.array([a.hit for a in answers])
    told = [a.verified for a in answers if a.verified is not None]
    verified = f"local features verify {told.count(True)} of {len(told)} photographs" if told else _NONE_COUNTED
    return (
        f"{hit.sum()} hits of {len(hit) // 2} searches with the object; AUROC of the score {auroc(score, hit):.3f}; "
        f"score above one half: {(score[hit] > 0.5).mean():.2f} of hits, "
        f"{(score[~hit] > 0.5).mean():.2f} of the others; "
        f"{verified}; {calibration}"
    )


def _answers(model: Localizer, trial: Trial, ground: Ground, path: Path) -> list[TrialAnswer]:
    """Search a ground, written to `path`, for the clicks of a trial, which it may not show."""
    answers = []
    with open_mosaic([path]) as mosaic:
        plan = make_plan(mosaic, model.gsd_m, model.window_px, Area.everywhere())
        targets = [Target(click) for click in trial.clicks]
        plain = model.calibrated(Calibration())
        found = {d.click: d for d in locate(trial.photo, targets, MosaicFeatures(mosaic, plan, plain), plain, top=1)}
        for click, truth in zip(trial.clicks, trial.truth, strict=True):
            best = found.get(click)
            if best is None:
                answers.append(TrialAnswer(math.log(LEAST_SHARE), False, math.inf, math.inf))
                continue
            x = (best.polygon.centroid.x - _EAST) / ground.gsd_m
            y = ground.pixels.shape[0] - (best.polygon.centroid.y - _NORTH) / ground.gsd_m
            inside = truth[0] <= x <= truth[2] and truth[1] <= y <= truth[3] and ground is trial.mosaic
            error = np.hypot(x - (truth[0] + truth[2]) / 2, y - (truth[1] + truth[3]) / 2) * ground.gsd_m / best.gsd_m
            assert best.evidence is not None
            verified = _verified(trial, mosaic, plan) if inside and not any(a.hit for a in answers) else None
            answers.append(TrialAnswer(best.evidence, bool(inside), float(error), best.spread_m / best.gsd_m, verified))
    return answers


def _verified(trial: Trial, mosaic: Mosaic, plan: Plan) -> bool | None:
    """Match a trial's photograph with its mosaic, as a search does.

    Returns:
        Whether they are verified; None of a photograph that was made of the mosaic's own pixels, which always is, of
        one from eye level, which hardly ever is, and of one that has nothing to match.
    """
    if trial.simulated or at_eye_level(trial.photo):
        return None
    matcher = RootSift()
    keypoints = SearchedKeypoints(MosaicKeypoints(mosaic, plan, matcher), plan)
    plane = PlaneFinder(keypoints, matcher, KnownPlanes()).search(trial.photo)
    plane.on_all()
    return None if plane.fit is None and not plane.speaks_against else plane.fit is not None


def _write(folder: Path, ground: Ground) -> Path:
    """Write the ground as a GeoTIFF, its lower left corner at 500 km east, 6500 km north of a UTM zone."""
    import rasterio
    from rasterio.transform import from_origin

    path = folder / f"{ground.name}.tif"
    rows, columns = ground.pixels.shape[:2]
    profile = {"driver": "GTiff", "height": rows, "width": columns, "count": 3, "dtype": "uint8", "tiled": True}
    affine = from_origin(_EAST, _NORTH + rows * ground.gsd_m, ground.gsd_m, ground.gsd_m)
    with rasterio.open(path, "w", **profile, crs=f"EPSG:{_EPSG}", transform=affine) as file:
        file.write(np.moveaxis(ground.pixels, -1, 0))
        if ground.valid is not None:
            file.write_mask(ground.valid)
    return path
