"""Queries simulated from an image of the ground alone: photographs by drones that never flew.

True perspective: a pinhole camera at any tilt up to 75 degrees and any heading, 20 to 300 m above the ground, with a
lens of 40 to 90 degrees, of whose picture the query is a part. What stands up hides what is behind it. The query is
that part as taken, or drawn from above (`geoloc.train.samples.from_above`) as a search draws it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from geoloc.model.network.features import STRIDE
from geoloc.plane.homography import map_points
from geoloc.train.grounds.ground import Ground, Textures
from geoloc.train.samples.from_above import (
    Drawn,
    SupposedCamera,
    as_taken,
    draw_from_above,
    filled_beyond,
    wants_from_above,
)
from geoloc.train.samples.perspective import (
    Cameras,
    HeightField,
    RayHits,
    cast_rays,
    height_at,
    pixel_centres,
    project_points,
    rays,
    rotations,
)
from geoloc.train.samples.relief import Relief, build_relief
from geoloc.train.samples.sample import (
    HEADING_SPREAD_DEG,
    SHARE_OBJECT,
    Sample,
    box_around,
    box_at,
    draw_turn,
    log_uniform,
    on_device,
    pick_box,
    stacked,
)

MAX_TILT_DEG = 75.0
MAX_RAY_DEG = 80.0
"""Angle of the ray to the object from straight down at most: farther out nothing can be told apart any more."""
HEIGHT_M = (20.0, 300.0)
LENS_DEG = (40.0, 90.0)
LEAST_TEXTURE = 10.0
"""Grey levels, standard deviation round the object: open water tells nobody where it is."""
FINE = (0.8, 3.0)
"""How much finer photos are than the queries from above that are drawn of them."""
NEAREST = 0.05
"""How near the ground may be over how near it is at the click, where it is drawn from above."""
_SLACK_M = 0.5


@dataclass(frozen=True, slots=True)
class ViewRanges:
    """What simulated queries vary over.

    Attributes:
        footprint_m: least and most metres of ground across the middle of the query.
        tilt_deg: least and most, from straight down.
    """

    footprint_m: tuple[float, float] = (12.0, 110.0)
    tilt_deg: tuple[float, float] = (0.0, MAX_TILT_DEG)


@dataclass(frozen=True, slots=True)
class _CameraPlan:
    """A camera over one ground.

    target: the pixel of the ground it is about, the origin of its frame. at: where in the camera's crop that is seen.
    scale_m: metres a pixel of the crop there. up: heading of the query's up, radians. frame: half the width and height
    of the photo round the principal point. above: where in a query from above the target is seen, and its metres a
    pixel; None for one as taken.
    """

    ground: int
    target: np.ndarray
    box: np.ndarray | None
    turn_deg: float
    tilt: float
    heading: float
    focal: float
    principal: np.ndarray
    at: np.ndarray
    scale_m: float
    up: float
    frame: np.ndarray
    above: tuple[np.ndarray, float] | None
    relief: Relief


class ViewPicture(NamedTuple):
    """How a simulated query is painted; with a first axis more, how B are.

    Attributes:
        centre: 3, of the camera, metres in the frame of `geoloc.train.samples.perspective` about the target.
        rotation: 3 x 3, of the camera.
        focal: of the camera's crop, pixels.
        principal: 2, of the camera's crop, pixels.
        heights: CELLS x CELLS metres, in 16 bits.
        leafy: CELLS x CELLS, whether a crown is there.
        corner: 2 metres, the outer corner of the first cell.
        cell: metres, side of the cells.
        tall: whether anything stands up.
        to_camera: 3 x 3, pixels of the query to those of the crop.
        low: 2, the least pixel that the crop has.
        high: 2, the greatest.
        ground: the number of its ground, whatever numbers whoever paints has given them.
        target: 2, pixel of the ground over which the frame has its origin.
        gsd_m: of the ground.
        least_m: metres that a pixel of the query covers at the least.
        shade: 2, how dark leaves are from the side, and where the colours of walls change, 0 to 1.
        palette: 8 x 3, colours of walls.
        air: 3 x 3, colours of haze and of the sky above, and in the last row how far is seen in metres.
    """

    centre: np.ndarray
    rotation: np.ndarray
    focal: np.ndarray
    principal: np.ndarray
    heights: Tensor
    leafy: Tensor
    corner: np.ndarray
    cell: np.ndarray
    tall: np.ndarray
    to_camera: np.ndarray
    low: np.ndarray
    high: np.ndarray
    ground: np.ndarray
    target: np.ndarray
    gsd_m: np.ndarray
    least_m: np.ndarray
    shade: np.ndarray
    palette: np.ndarray
    air: np.ndarray


def simulate_samples(
    grounds: Sequence[Ground], picks: Sequence[int], ranges: ViewRanges, rng: np.random.Generator, *, side: int
) -> list[Sample[ViewPicture]]:
    """Simulate queries, those left out whose object hides or that show nothing to go by.

    Args:
        grounds: what may be seen.
        picks: the number of a ground for each query.
        ranges: what the cameras vary over.
        rng: what they are drawn from.
        side: of a query, pixels.
    """
    plans = [plan for number in picks if (plan := _draw_plan(number, grounds[number], ranges, rng, side)) is not None]
    if not plans:
        return []
    cameras, field = _stack(plans, [grounds[p.ground] for p in plans])
    drawn = _drawn(plans, cameras, rng)
    clicks = _clicks(plans, cameras, field, grounds, rng, drawn=drawn, side=side)
    kept = [i for i, click in enumerate(clicks) if click is not None]
    if not kept:
        return []
    shown = {i: one for i in kept if (one := drawn[i]) is not None}
    pictures = [_picture(plans[i], grounds[plans[i].ground], cameras, field, shown[i], number=i, rng=rng) for i in kept]
    cells = _cells(stacked(pictures), side)
    samples = []
    for i, picture, places in zip(kept, pictures, cells, strict=True):
        plan, ground = plans[i], grounds[plans[i].ground]
        click, box, sized = clicks[i]  # type: ignore[misc]
        pixels = places / ground.gsd_m + plan.target
        pixels = np.where(ground.has_data(np.nan_to_num(pixels, nan=-1.0))[..., None], pixels, np.nan)
        samples.append(Sample(plan.ground, picture, click, pixels, box, sized, plan.turn_deg, shown[i].view(click)))
    return samples


def paint_views(pictures: ViewPicture, textures: Textures, numbers: Tensor, side: int) -> Tensor:
    """Paint simulated queries, B x 3 x side x side in [0, 255].

    Args:
        pictures: of B queries.
        textures: has the grounds.
        numbers: those that `textures` gave to the ground of each query.
        side: of the queries, pixels.
    """
    device = textures.device
    cameras, field, tall = _scene(pictures, device)
    pixels, shows = _mapped(pictures, pixel_centres(side, side, 1, device))
    hits = cast_rays(cameras, field, pixels, tall)
    return filled_beyond(_shade(pictures, hits, rays(cameras, pixels), textures, numbers), shows)


def _picture(
    plan: _CameraPlan,
    ground: Ground,
    cameras: Cameras,
    field: HeightField,
    drawn: Drawn,
    *,
    number: int,
    rng: np.random.Generator,
) -> ViewPicture:
    """Say how the view of this number is painted, and draw its colours."""
    leaves, shift = rng.uniform(0.5, 0.9), rng.uniform(0, 1)
    palette = rng.uniform(60, 220, (8, 1)) + rng.normal(0, 18, (8, 3))
    haze = np.array([205.0, 212.0, 220.0]) * rng.uniform(0.7, 1.1)
    air = np.stack([haze, rng.uniform([100, 140, 180], [190, 205, 235]), np.full(3, log_uniform(rng, 300, 8000))])
    return ViewPicture(
        cameras.centre[number].numpy(),
        cameras.rotation[number].numpy(),
        cameras.focal[number].numpy(),
        cameras.principal[number].numpy(),
        field.heights[number].half(),
        field.leafy[number] > 0,
        field.corner[number].numpy(),
        field.cell[number].numpy(),
        np.asarray(bool(field.heights[number].amax() > 0)),
        drawn.to_camera,
        drawn.low,
        drawn.high,
        np.asarray(plan.ground),
        plan.target,
        np.asarray(ground.gsd_m),
        np.asarray(0.0 if plan.above is None else plan.above[1]),
        np.array([leaves, shift]),
        palette,
        air,
    )


def _scene(pictures: ViewPicture, device: torch.device) -> tuple[Cameras, HeightField, Tensor]:
    """Return the cameras, the height fields, and the numbers of those in which anything stands up."""
    cameras = Cameras(*(on_device(part, device) for part in pictures[:4]))
    field = HeightField(
        on_device(pictures.heights, device),
        on_device(pictures.leafy, device).float(),
        on_device(pictures.corner, device),
        on_device(pictures.cell, device),
    )
    return cameras, field, on_device(np.flatnonzero(pictures.tall), device)


def _cells(pictures: ViewPicture, side: int) -> np.ndarray:
    """Return what the centres of the cells of B queries see, B x rows x columns x 2 metres about the target, or NaN."""
    cpu = torch.device("cpu")
    cameras, field, tall = _scene(pictures, cpu)
    pixels, shows = _mapped(pictures, pixel_centres(side // STRIDE, side // STRIDE, STRIDE, cpu))
    met = cast_rays(cameras, field, pixels, tall).place[..., :2]
    return torch.where(shows[..., None], met, torch.nan).numpy().astype(np.float64)


def _drawn(plans: Sequence[_CameraPlan], cameras: Cameras, rng: np.random.Generator) -> list[Drawn | None]:
    """Say how each query is drawn of its camera's crop; None where its ground would be seen too flat."""
    centres, rotation = (part.numpy().astype(np.float64) for part in cameras[:2])
    drawn: list[Drawn | None] = []
    for plan, centre, turned in zip(plans, centres, rotation, strict=True):
        if plan.above is None:
            drawn.append(as_taken())
            continue
        camera = SupposedCamera(centre, turned, plan.focal, plan.principal, plan.frame)
        at, scale_m = plan.above
        drawn.append(draw_from_above(camera, plan.at, rng, at=at, scale_m=scale_m, up=plan.up))
    return drawn


def _mapped(pictures: ViewPicture, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Return the pixels of cameras' crops that pixels of queries (h x w x 2) show, and which of them show anything.

    Returns:
        B x h x w x 2, and B x h x w.
    """
    matrices = on_device(pictures.to_camera, pixels.device)
    low, high = (on_device(side, pixels.device)[:, None, None] for side in (pictures.low, pictures.high))
    mapped = torch.einsum("bij,hwj->bhwi", matrices[:, :, :2], pixels) + matrices[:, None, None, :, 2]
    depth = mapped[..., 2]
    xy = mapped[..., :2] / depth.clamp(min=NEAREST)[..., None]
    shows = (depth > NEAREST) & ((xy >= low) & (xy <= high)).all(-1)
    return torch.where(shows[..., None], xy, (low + high) / 2), shows


def _draw_plan(
    number: int, ground: Ground, ranges: ViewRanges, rng: np.random.Generator, side: int
) -> _CameraPlan | None:
    box = pick_box(ground, rng) if len(ground.boxes) and rng.random() < SHARE_OBJECT else None
    if box is None:
        target = rng.uniform(0.05, 0.95, 2) * ground.size
    else:
        # Nobody clicks exactly in the middle.
        target = box[:2] + (box[2:] - box[:2]) * np.clip(rng.normal(0.5, 0.15, 2), 0.1, 0.9)
    if not ground.clickable(target):
        return None
    turn = draw_turn(box is not None, rng)
    up = heading = math.radians(turn + rng.uniform(-HEADING_SPREAD_DEG, HEADING_SPREAD_DEG))
    tilt = math.radians(ranges.tilt_deg[0] + (ranges.tilt_deg[1] - ranges.tilt_deg[0]) * rng.random() ** 1.3)
    # The query is a part, `share` of the photo's width, anywhere in a photo of 4:3.
    share = log_uniform(rng, 0.2, 0.75)
    from_above = wants_from_above(tilt, rng)
    drawn_at = np.clip(rng.normal(0.5, 0.2, 2), 0.06, 0.94) * side
    # One from above lies as north is supposed to, whichever way the camera looks.
    heading = rng.uniform(0, 2 * math.pi) if from_above else up
    across = side * (log_uniform(rng, *FINE) if from_above else 1.0)
    focal = across / share / (2 * math.tan(math.radians(rng.uniform(*LENS_DEG)) / 2))
    frame = np.array([1, 0.75]) / 2 * (across / share)
    room = frame - across / 2
    principal = across / 2 + rng.uniform(-room, room)
    at = np.clip(rng.normal(0.5, 0.2, 2), 0.06, 0.94) * across
    size_m = 0.0 if box is None else float((box[2:] - box[:2]).max()) * ground.gsd_m
    footprint = log_uniform(
        rng, max(ranges.footprint_m[0], 1.5 * size_m), min(ranges.footprint_m[1], max(ground.size_m, 20))
    )
    reach_m = footprint * (0.8 + min(1.5 * math.tan(tilt), 4.0))
    if _texture(ground, target, footprint) < LEAST_TEXTURE:
        return None
    relief = build_relief(ground, target, reach_m / ground.gsd_m, rng)
    above = (drawn_at, footprint / side) if from_above else None
    scale_m = footprint / across
    return _CameraPlan(
        number, target, box, turn, tilt, heading, focal, principal, at, scale_m, up, frame, above, relief
    )


def _texture(ground: Ground, at: np.ndarray, footprint_m: float) -> float:
    half = footprint_m / ground.gsd_m / 2
    x0, y0 = np.maximum(at - half, 0).astype(int)
    x1, y1 = (at + half).astype(int)
    step = max(1, int(half / 64))
    return float(ground.pixels[y0:y1:step, x0:x1:step].std(axis=(0, 1)).max())


def _stack(plans: Sequence[_CameraPlan], grounds: Sequence[Ground]) -> tuple[Cameras, HeightField]:
    """Place cameras so that each sees the top of its target `at` its pixel, at the scale of its footprint."""

    def tensor(values: Sequence[object]) -> Tensor:
        return torch.from_numpy(np.asarray(values, np.float32))

    gsd = np.array([g.gsd_m for g in grounds])
    field = HeightField(
        # As they are handed on: whoever paints must see what is seen here.
        tensor([p.relief.heights.astype(np.float16) for p in plans]),
        tensor([p.relief.leafy for p in plans]),
        tensor([(p.relief.corner - p.target) * g for p, g in zip(plans, gsd, strict=True)]),
        tensor([p.relief.cell * g for p, g in zip(plans, gsd, strict=True)]),
    )
    rotation = rotations(tensor([p.tilt for p in plans]), tensor([p.heading for p in plans]))
    focal, principal = tensor([p.focal for p in plans]), tensor([p.principal for p in plans])
    nowhere = Cameras(torch.zeros(len(plans), 3), rotation, focal, principal)
    ray = rays(nowhere, tensor([p.at for p in plans])[:, None, None])[:, 0, 0]
    # Level rays never come down: they are bent to the steepest that is allowed, and the object leaves its pixel.
    least = math.cos(math.radians(MAX_RAY_DEG)) * ray.norm(dim=1)
    ray[:, 2] = torch.minimum(ray[:, 2], -least)
    depth = tensor([p.scale_m for p in plans]) * focal
    up = -ray[:, 2]
    depth = (depth * up).clamp(*HEIGHT_M) / up
    top = height_at(field, torch.zeros(len(plans), 1, 1, 2))[:, 0, 0]
    target = torch.stack([torch.zeros_like(top), torch.zeros_like(top), top], dim=1)
    return Cameras(target - depth[:, None] * ray, rotation, focal, principal), field


def _clicks(
    plans: Sequence[_CameraPlan],
    cameras: Cameras,
    field: HeightField,
    grounds: Sequence[Ground],
    rng: np.random.Generator,
    *,
    drawn: Sequence[Drawn | None],
    side: int,
) -> list[tuple[np.ndarray, np.ndarray, bool] | None]:
    """Choose clicks.

    Returns:
        For each plan the click, its box and whether that is an object's; None where neither the target nor another
        place can be seen.
    """
    zero = torch.zeros(len(plans), 1, 1, 2)
    top = torch.cat([zero, height_at(field, zero)[..., None]], dim=-1)
    of_target = project_points(cameras, top)[:, 0, 0].numpy().astype(np.float64)
    elsewhere = rng.uniform(0.08, 0.92, (len(plans), 2)) * side
    clicks, seen = np.full((len(plans), 2, 2), np.nan), np.full((len(plans), 2, 2), np.nan)
    for i, one in enumerate(drawn):
        if one is not None:
            clicks[i] = map_points(np.linalg.inv(one.to_camera), of_target[i]), elsewhere[i]
            seen[i] = of_target[i], map_points(one.to_camera, elsewhere[i])
            seen[i][((seen[i] < one.low) | (seen[i] > one.high)).any(-1)] = np.nan
    pixels = torch.from_numpy(np.nan_to_num(seen).astype(np.float32))[:, None]
    places = cast_rays(cameras, field, pixels).place[:, 0, :, :2].numpy().astype(np.float64)
    found: list[tuple[np.ndarray, np.ndarray, bool] | None] = []
    for i, plan in enumerate(plans):
        ground = grounds[plan.ground]
        slack = _SLACK_M / ground.gsd_m
        shown = places[i] / ground.gsd_m + plan.target
        chosen = None
        for j in range(2):
            inside = (clicks[i, j] > 0.03 * side).all() and (clicks[i, j] < 0.97 * side).all()
            if not inside or not np.isfinite([seen[i, j], shown[j]]).all() or not ground.clickable(shown[j]):
                continue
            box = plan.box if j == 0 else box_at(ground, shown[j], 0)
            if j == 0 and (np.abs(shown[j] - plan.target) > 2 * slack).any():
                continue  # something stands before it
            sized = box is not None
            chosen = (clicks[i, j].astype(np.float32), box_around(ground, shown[j], rng) if box is None else box, sized)
            break
        found.append(chosen)
    return found


def _shade(pictures: ViewPicture, hits: RayHits, slope: Tensor, textures: Textures, numbers: Tensor) -> Tensor:
    """Colour views, B x 3 x h x w: ground, sides of what stands up, haze with the distance, sky."""
    device = slope.device
    gsd, least, focal = (
        on_device(part, device)[:, None, None] for part in (pictures.gsd_m, pictures.least_m, pictures.focal)
    )
    sky = torch.isnan(hits.place[..., 0])
    flat = torch.where(sky[..., None], 0.0, hits.place)
    level = slope[..., 2] / slope.norm(dim=-1)
    depth = torch.where(sky, 0.0, hits.depth)
    scale = torch.maximum(depth / focal / (-level).clamp(min=0.1).sqrt(), least) / gsd
    at = flat[..., :2] / gsd[..., None] + on_device(pictures.target, device)[:, None, None]
    colour = textures.sample(numbers, at, torch.where(sky, 1.0, scale))
    shade = on_device(pictures.shade, device)[:, :, None, None, None]
    leaves = (hits.wall & (hits.leafy > 0.5))[:, None]
    colour = torch.where(leaves, colour * shade[:, 0], colour)
    walls = _walls(flat, on_device(pictures.palette, device), shade[:, 1, 0])
    colour = torch.where(hits.wall[:, None] & ~leaves, walls, colour)
    haze, blue, sight = on_device(pictures.air, device).unbind(1)
    haze, blue = haze[:, :, None, None], blue[:, :, None, None]
    clear = torch.exp(-depth / sight[:, :1, None])[:, None]
    high = (level.clamp(0, 1) ** 0.5)[:, None]
    return torch.where(sky[:, None], haze + (blue - haze) * high, haze + (colour - haze) * clear).clamp(0, 255)


def _walls(place: Tensor, palette: Tensor, shift: Tensor) -> Tensor:
    """Paint plaster or brick with rows of windows, another colour every 20 m or so, B x 3 x h x w."""
    block = (place[..., :2] / 20 + shift[..., None]).floor().long()
    which = (block[..., 0] * 3 + block[..., 1] * 5).remainder(8)
    view = torch.arange(len(palette), device=place.device)[:, None, None]
    colour = palette[view, which].permute(0, 3, 1, 2)
    along, up = (place[..., 0] + place[..., 1]) / 3.0, place[..., 2] / 3.0
    window = ((along % 1 - 0.5).abs() < 0.2) & ((up % 1 - 0.55).abs() < 0.22)
    return torch.where(window[:, None], colour * 0.45, colour).clamp(0, 255)
