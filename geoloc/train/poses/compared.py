"""Poses of a photograph that a search on a mosaic compares, with what it sees of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from geoloc.geometry.stand import ComparedPose, compared_poses
from geoloc.model.localizer import Localizer
from geoloc.model.network.features import Features
from geoloc.model.sight.likeness import Likeness, Looks
from geoloc.model.sight.net import Views
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import Tilt
from geoloc.photo.sight import supposed_tilt
from geoloc.train.sights.drawn import DrawnSights
from tiling.grid import WGS84, ground_distance_m
from tiling.mosaic import Mosaic

RIGHT_M, RIGHT_DEG = 3.0, 6.0
"""How far right poses are off at the most."""
WRONG_M, WRONG_DEG = 5.0, 12.0
"""By how much either is off of wrong ones at the least: a search moves poses that are nearer to the right one."""
RIGHT_POSES, WRONG_POSES = (1, 2), (3, 3)
"""Of a photograph: the likeliest, and so many drawn of the others."""
APART_M, APART_DEG = 2.0, 8.0
"""Of the likeliest none is nearer than either to a likelier one."""


@dataclass(frozen=True, slots=True, eq=False)
class ComparedPhoto(DrawnSights):
    """P poses of one photograph, M looks of all of them.

    Attributes:
        views: features of the views of each of the photograph's looks, V, in 16 bits.
        strips: features of the strip of each look of each pose, M, in 16 bits.
        height_m: M, of the camera over the ground.
        below_deg: M, of the middles of the views below level.
        view: M, which of the V views goes with a strip.
        shares: M, how much of a strip the mosaic shows.
        looks: P, how many looks each pose has; they follow each other.
        log_weight: P, by the ground round the camera alone, see `ComparedPose`.
        right: P, whether it is where the photograph was taken; right and wrong ones each from the likeliest on.
        panorama: a single truth value.
    """

    below_deg: torch.Tensor
    view: torch.Tensor
    shares: torch.Tensor
    looks: torch.Tensor
    log_weight: torch.Tensor
    right: torch.Tensor
    panorama: torch.Tensor

    def some(self, poses: torch.Tensor) -> ComparedPhoto:
        """Return it with some of its poses alone, by their numbers."""
        looks = torch.arange(len(self.view)).split(self.looks.tolist())
        rows = torch.cat([looks[int(pose)] for pose in poses])
        of_looks = {name: getattr(self, name)[rows] for name in ("height_m", "below_deg", "view", "shares")}
        of_poses = {name: getattr(self, name)[poses] for name in ("looks", "log_weight", "right")}
        return replace(self, strips=Features(*(side[rows] for side in self.strips)), **of_looks, **of_poses)


def compared_photo(
    photo: Photo, true: Photo | None, mosaic: Mosaic, localizer: Localizer, rng: np.random.Generator
) -> ComparedPhoto | None:
    """Search for the poses of a photograph, and keep some that were compared.

    Args:
        photo: with the metadata that are told.
        true: with those that are true; None where the mosaic is of another town, on which no pose is right.
        mosaic: it is searched.
        localizer: the network, whose sight head compares poses.
        rng: draws poses besides the likeliest.

    Returns:
        What is compared of these; None where no pose was.

    Raises:
        MosaicError: the mosaic cannot be read.
    """
    likeness = localizer.likeness(photo, mosaic.read)
    assert likeness is not None, "weights with a sight head"
    poses = sorted(compared_poses(photo, mosaic, likeness), key=_total, reverse=True)
    kinds = [None if true is None else _is_right(pose.photo, true) for pose in poses]
    right = [pose for pose, kind in zip(poses, kinds, strict=True) if kind]
    wrong = [pose for pose, kind in zip(poses, kinds, strict=True) if kind is False or true is None]
    kept = [(pose, True) for pose in _some(right, *RIGHT_POSES, rng)]
    kept += [(pose, False) for pose in _some(wrong, *WRONG_POSES, rng)]
    return _of(kept, likeness)


def _of(poses: Sequence[tuple[ComparedPose, bool]], likeness: Likeness) -> ComparedPhoto | None:
    first: dict[Tilt | None, int] = {}
    views, rows, shown = list[Views](), list[torch.Tensor](), list[tuple[ComparedPose, bool, Looks]]()
    for pose, right in poses:
        looks = likeness.looks(pose.photo)
        if looks is None:
            continue
        tilt = None if pose.photo.panorama else supposed_tilt(pose.photo)
        if tilt not in first:
            first[tilt] = sum(len(view.narrow.fine) for view in views)
            views.append(looks.views)
        rows.append(first[tilt] + torch.arange(len(looks.shares)))
        shown.append((pose, right, looks))
    if not shown:
        return None
    narrow, wide = (_half(Features.together([view[n] for view in views])) for n in range(2))
    return ComparedPhoto(
        Views(narrow, wide),
        _half(Features.together([looks.strips for _, _, looks in shown])),
        torch.cat([looks.height_m for _, _, looks in shown]),
        torch.cat([looks.below_deg for _, _, looks in shown]),
        torch.cat(rows),
        torch.from_numpy(np.concatenate([looks.shares for _, _, looks in shown])).float(),
        torch.tensor([len(looks.shares) for _, _, looks in shown]),
        torch.tensor([pose.log_weight for pose, _, _ in shown]),
        torch.tensor([right for _, right, _ in shown]),
        torch.tensor(shown[0][0].photo.panorama),
    )


def _half(features: Features) -> Features:
    return Features(*(side.half() for side in features))


def _total(pose: ComparedPose) -> float:
    return pose.log_weight + pose.farther


def _is_right(posed: Photo, true: Photo) -> bool | None:
    """Return whether a pose is right or wrong; None where it is neither quite."""
    off_m, turn_deg = _off(posed, true)
    if off_m <= RIGHT_M and turn_deg <= RIGHT_DEG:
        return True
    return False if off_m > WRONG_M or turn_deg > WRONG_DEG else None


def _off(posed: Photo, other: Photo) -> tuple[float, float]:
    """Return by how much poses differ, metres and degrees; infinitely and half a turn where one is untold."""
    if posed.position is None or other.position is None or posed.heading_deg is None or other.heading_deg is None:
        return math.inf, 180.0
    turn_deg = abs((posed.heading_deg - other.heading_deg + 180.0) % 360.0 - 180.0)
    return ground_distance_m(*posed.position, *other.position, WGS84), turn_deg


def _some(poses: Sequence[ComparedPose], likeliest: int, drawn: int, rng: np.random.Generator) -> list[ComparedPose]:
    """Return the likeliest of poses, which are in this order, and some of the others."""
    kept: list[ComparedPose] = []
    for pose in poses:
        apart = (_off(pose.photo, other.photo) for other in kept)
        if len(kept) < likeliest and all(off_m > APART_M or turn_deg > APART_DEG for off_m, turn_deg in apart):
            kept.append(pose)
    others = [pose for pose in poses if pose not in kept]
    return kept + [others[i] for i in rng.permutation(len(others))[:drawn]]
