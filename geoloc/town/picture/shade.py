"""From first hits to a picture: materials, sun, shadows, sky and the camera's own rendering."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from geoloc.town.picture.camera import Camera, Parallel
from geoloc.town.picture.ground import paint_ground
from geoloc.town.picture.materials import ScenePrimitives, shade_points
from geoloc.town.picture.render import GROUND, SKY, Hits, cast
from geoloc.town.picture.texture import Pyramid, fractal, remap
from geoloc.town.scene.scene import Scene, Style
from geoloc.town.scene.shapes import Floats, PackedScene, SceneObject, pack

SUPERSAMPLE = 2
"""Rays along each side of a pixel."""
GROUND_GSD_M = 0.06
_FAR_HALF_M, _FAR_GSD_M = 700.0, 0.5
_SHADOW_GSD_M = 0.09
_SHADOW_BIAS_M = 0.06
_SATURATION = 0.8
_STRIP_PX = 400_000


@dataclass(frozen=True, slots=True)
class Day:
    """Light and camera of one day.

    Attributes:
        sun_azimuth: degrees, clockwise from north.
        sun_elevation: degrees.
        sky: share of the light that comes from the whole sky.
        exposure: gain of all light.
        balance: gains of red, green and blue.
        dryness: how far plants have turned from green to yellow; may be negative.
        blur_px: deviation of the lens's blur.
        sharpen: share of what the blur takes away that the camera adds again.
        noise: grey levels of the sensor's noise.
    """

    sun_azimuth: float
    sun_elevation: float
    sky: float = 0.34
    exposure: float = 1.0
    balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    dryness: float = 0.0
    blur_px: float = 0.0
    sharpen: float = 0.0
    noise: float = 1.0

    @property
    def to_sun(self) -> Floats:
        """Unit vector to the sun."""
        azimuth, elevation = math.radians(self.sun_azimuth), math.radians(self.sun_elevation)
        flat = math.cos(elevation)
        return np.array([flat * math.sin(azimuth), flat * math.cos(azimuth), math.sin(elevation)])


def survey_day(rng: np.random.Generator, style: Style = "village") -> Day:
    """Draw the day of the survey that the mosaic is from: plain colours, high sun; over farms and camps any sun."""
    if style != "village":
        return Day(rng.uniform(95.0, 265.0), rng.uniform(27.0, 60.0), sky=rng.uniform(0.28, 0.5), noise=0.8)
    return Day(rng.uniform(140.0, 220.0), rng.uniform(48.0, 58.0), noise=0.8)


def flight_day(rng: np.random.Generator, survey: Day) -> Day:
    """Draw the day of the photographs: the sun elsewhere, other tones, another camera."""
    return Day(
        sun_azimuth=survey.sun_azimuth + rng.choice([-1, 1]) * rng.uniform(25.0, 60.0),
        sun_elevation=rng.uniform(34.0, 50.0),
        sky=rng.uniform(0.3, 0.5),
        exposure=rng.uniform(0.88, 1.12),
        balance=(rng.uniform(0.95, 1.06), 1.0, rng.uniform(0.93, 1.06)),
        dryness=rng.uniform(-0.12, 0.22),
        blur_px=rng.uniform(0.3, 0.6),
        sharpen=rng.uniform(0.2, 0.6),
        noise=rng.uniform(1.0, 2.2),
    )


def later_day(rng: np.random.Generator, survey: Day) -> Day:
    """Draw the day of photographs of another year: low sun from the other side, dry plants, another make of camera."""
    return Day(
        sun_azimuth=survey.sun_azimuth + rng.choice([-1, 1]) * rng.uniform(40.0, 80.0),
        sun_elevation=rng.uniform(24.0, 38.0),
        sky=rng.uniform(0.35, 0.55),
        exposure=rng.uniform(0.82, 1.18),
        balance=(rng.uniform(0.92, 1.08), 1.0, rng.uniform(0.9, 1.08)),
        dryness=rng.uniform(0.25, 0.45),
        blur_px=rng.uniform(0.4, 0.8),
        sharpen=rng.uniform(0.2, 0.7),
        noise=rng.uniform(1.5, 2.8),
    )


@dataclass(frozen=True, slots=True, eq=False)
class RenderedView:
    """A picture of the scene.

    Attributes:
        pixels: height x width x 3 uint8, RGB.
        ids: height x width, the object at a point of each pixel, 0 for none.
    """

    pixels: NDArray[np.uint8]
    ids: NDArray[np.int32]


class SceneRenderer:
    """Renders a scene on one day for any camera: what stands there, painted ground and the sun's shadows.

    Its views show one moment: everything but the sensor's noise is the same from camera to camera.
    """

    def __init__(self, scene: Scene, objects: list[SceneObject], day: Day, painted: PaintedGround) -> None:
        """Pack the objects and cast the sun's shadows.

        Args:
            scene: the town.
            objects: what stands there on the day.
            day: its light and camera.
            painted: the ground.
        """
        self.packed: PackedScene = pack(objects)
        self._primitives = ScenePrimitives(self.packed, painted.noise)
        self._painted = painted
        self._day = day
        self._sun_camera = _sun_camera(scene.layout.half_m + 15.0, day.to_sun)
        self._sun_depth = cast(self._sun_camera, self.packed).depth

    def render(self, camera: Camera, seed: int) -> RenderedView:
        """Render what a camera sees; `seed` is that of the sensor's noise."""
        fine = camera.enlarged(SUPERSAMPLE)
        hits = cast(fine, self.packed)
        light = np.empty((camera.height, camera.width, 3), np.float32)
        rows = max(1, _STRIP_PX // fine.width // SUPERSAMPLE) * SUPERSAMPLE
        for start in range(0, fine.height, rows):
            window = (start, min(start + rows, fine.height), 0, fine.width)
            strip = self._strip(fine, hits, window)
            size = (camera.width, strip.shape[0] // SUPERSAMPLE)
            first = start // SUPERSAMPLE
            light[first : first + size[1]] = cv2.resize(strip, size, interpolation=cv2.INTER_AREA)
        ids = hits.objects(self.packed)[::SUPERSAMPLE, ::SUPERSAMPLE]
        return RenderedView(self._develop(light, seed), ids)

    def _strip(self, camera: Camera, hits: Hits, window: tuple[int, int, int, int]) -> NDArray[np.float32]:
        """Return the linear light of some rows."""
        r0, r1, _, _ = window
        depth, primitive = hits.depth[r0:r1].ravel(), hits.primitive[r0:r1].ravel()
        varying = camera.rays(window).reshape(-1, 3)
        fixed = camera.fixed.astype(np.float32)
        out = np.empty((len(depth), 3), np.float32)
        sky = primitive == SKY
        if sky.any():
            out[sky] = self._sky(varying[sky])
        solid = np.flatnonzero(~sky)
        index, t = primitive[solid], depth[solid][:, None]
        if camera.central:
            position, toward = fixed + t * varying[solid], varying[solid]
            toward = toward / np.linalg.norm(toward, axis=1, keepdims=True)
            footprint = t[:, 0] * np.float32(camera.spread)
            distance = np.linalg.norm(position - fixed, axis=1)
        else:
            position = varying[solid] + t * fixed
            toward = np.broadcast_to(fixed, position.shape)
            footprint = np.full(len(solid), camera.spread, np.float32)
            distance = np.zeros(len(solid), np.float32)
        out[solid] = self._light(index, position, toward, footprint)
        haze = (1.0 - np.exp(-distance / 2600.0))[:, None].astype(np.float32)
        out[solid] = out[solid] * (1.0 - haze) + haze * np.array([0.62, 0.68, 0.74], np.float32)
        return out.reshape(r1 - r0, camera.width, 3)

    def _light(self, index: NDArray[np.int32], position: Floats, toward: Floats, footprint: Floats) -> Floats:
        day = self._day
        sun = day.to_sun.astype(np.float32)
        albedo, normal = np.empty((len(index), 3), np.float32), np.zeros((len(index), 3), np.float32)
        flat = index == GROUND
        albedo[flat] = self._painted.colour(position[flat], toward[flat], footprint[flat])
        normal[flat, 2] = 1.0
        things = np.flatnonzero(~flat)
        gloss = np.zeros(len(index), np.float32)
        if len(things):
            parts = shade_points(self._primitives, index[things], position[things], toward[things], footprint[things])
            albedo[things], normal[things], gloss[things] = parts.colour, parts.normal, parts.gloss
        self._dry(albedo)
        facing = np.maximum(normal @ sun, 0.0)
        sunny = np.flatnonzero(facing)
        facing[sunny] *= self._lit(position[sunny] + np.float32(0.04) * normal[sunny], facing[sunny])
        open_sky = (0.62 + 0.38 * normal[:, 2]).astype(np.float32)
        full = (1.0 - day.sky) / sun[2]
        warm = np.array([1.04, 1.0, 0.93], np.float32) * np.float32(full)
        blue = np.array([0.9, 0.99, 1.14], np.float32) * np.float32(day.sky)
        light = albedo * (facing[:, None] * warm + open_sky[:, None] * blue)
        if gloss.any():
            shiny = np.flatnonzero(gloss)
            mirrored = (
                toward[shiny] - 2.0 * np.sum(toward[shiny] * normal[shiny], axis=1, keepdims=True) * normal[shiny]
            )
            grazing = 0.05 + 0.6 * (1.0 - np.abs(np.sum(toward[shiny] * normal[shiny], axis=1))) ** 4
            share = (grazing * gloss[shiny])[:, None]
            light[shiny] = light[shiny] * (1.0 - share) + share * self._sky(mirrored)
        return light

    def _dry(self, albedo: Floats) -> None:
        """Shift plants (greener than anything else) towards yellow, in place."""
        green = (
            np.clip((albedo[:, 1] - np.maximum(0.85 * albedo[:, 0], albedo[:, 2])) * 12.0, 0.0, 1.0) * self._day.dryness
        )
        albedo[:, 0] *= 1.0 + 0.5 * green
        albedo[:, 2] *= 1.0 - 0.2 * green

    def _lit(self, position: Floats, facing: Floats) -> Floats:
        """Return the share of the sun (0..1) that reaches points, from four taps of the sun's depth picture.

        facing: cosine between normal and sun; where it is small, depth changes much from one tap to the next.
        """
        camera = self._sun_camera
        to_pixel = np.linalg.inv(np.stack([camera.along_x, camera.along_y, camera.direction], axis=1))
        local = position @ to_pixel.T.astype(np.float32) - (to_pixel @ camera.base).astype(np.float32)
        slope = np.sqrt(1.0 - np.minimum(facing, 1.0) ** 2) / np.maximum(facing, 0.05)
        depth = local[:, 2] - np.float32(_SHADOW_BIAS_M) - np.float32(_SHADOW_GSD_M) * np.minimum(slope, 8.0)
        shown = np.zeros(len(position), np.float32)
        for dx, dy in ((-0.7, -0.3), (0.3, -0.7), (0.7, 0.3), (-0.3, 0.7)):
            # By hand: `to_opencv` after the step rounds otherwise in single precision, and every picture changes.
            x, y = local[:, 0] + np.float32(dx - 0.5), local[:, 1] + np.float32(dy - 0.5)
            shown += remap(self._sun_depth, x, y, cv2.BORDER_CONSTANT, cv2.INTER_NEAREST) > depth
        return shown / np.float32(4.0)

    def _sky(self, direction: Floats) -> Floats:
        """Return the light of the sky in directions (N x 3): blue above, pale at the horizon, broken clouds."""
        unit = direction / np.linalg.norm(direction, axis=1, keepdims=True)
        up = np.clip(unit[:, 2], 0.02, 1.0)
        blue = (
            np.array([0.2, 0.38, 0.74], np.float32)
            + np.array([0.5, 0.42, 0.2], np.float32) * (np.exp(-3.5 * up)[:, None])
        )
        height = 260.0 / (up + 0.06)
        cloud = self._painted.clouds.sample(unit[:, 0] * height, unit[:, 1] * height, 1.6 / (up + 0.06))
        cover = np.clip(cloud * 0.45 - 0.1, 0.0, 0.85)[:, None]
        return (blue * (1.0 - cover) + 0.95 * cover).astype(np.float32)

    def _develop(self, light: NDArray[np.float32], seed: int) -> NDArray[np.uint8]:
        """Develop light to a picture: exposure, white balance, tone curve, lens blur, sharpening and noise."""
        day = self._day
        light = light * (np.array(day.balance, np.float32) * np.float32(day.exposure))
        grey = light @ np.array([0.25, 0.65, 0.1], np.float32)
        light = grey[:, :, None] + np.float32(_SATURATION) * (light - grey[:, :, None])
        # A shoulder above 0.7, so that white walls in the sun keep their structure.
        bright = np.maximum(light - 0.7, 0.0)
        light = np.minimum(light, 0.7) + bright / (1.0 + bright / 0.3)
        image = 255.0 * np.power(np.clip(light, 0.0, 1.0), 1.0 / 2.2, dtype=np.float32)
        if day.blur_px > 0:
            image[:] = cv2.GaussianBlur(image, (0, 0), day.blur_px)
        if day.sharpen > 0:
            image += day.sharpen * (image - cv2.GaussianBlur(image, (0, 0), 1.2))
        rng = np.random.default_rng([seed, 9])
        image += day.noise * rng.standard_normal(image.shape, np.float32)
        return np.clip(image, 0.0, 255.0).round().astype(np.uint8)


class PaintedGround:
    """The painted ground of the town and its surroundings, and the noise that all surfaces share."""

    def __init__(self, scene: Scene, seed: int) -> None:
        """Paint the ground of a scene, finely in the town and coarsely round it."""
        self._half = scene.layout.half_m + 25.0
        self._near = paint_ground(scene, seed, self._half, GROUND_GSD_M)
        self._far = paint_ground(scene, seed, _FAR_HALF_M, _FAR_GSD_M)
        rng = np.random.default_rng([seed, 4])
        self.noise = tuple(Pyramid(fractal(rng, 512, slope)) for slope in (1.5, 0.7))
        self.clouds = Pyramid(fractal(rng, 512, 1.7))

    def colour(self, position: Floats, toward: Floats, footprint: Floats) -> NDArray[np.float32]:
        """Return the linear colour (N x 3) of ground points; seen at a slant, a pixel covers more of it.

        Args:
            position: N x 3, local metres.
            toward: N x 3, unit vectors along the rays.
            footprint: N, metres across a pixel where the ray meets the ground.
        """
        reach = footprint / np.sqrt(np.maximum(np.abs(toward[:, 2]), 0.05))
        inside = np.maximum(np.abs(position[:, 0]), np.abs(position[:, 1])) < self._half - 0.2
        out = np.empty((len(position), 3), np.float32)
        for chosen, image, half, gsd in (
            (inside, self._near, self._half, GROUND_GSD_M),
            (~inside, self._far, _FAR_HALF_M, _FAR_GSD_M),
        ):
            x, y = position[chosen, 0], position[chosen, 1]
            if half == _FAR_HALF_M:  # mirrored beyond the edge
                x, y = (half - np.abs((v + half) % (4 * half) - 2 * half) for v in (x, y))
            out[chosen] = image.sample((x + half) / gsd, (half - y) / gsd, reach[chosen] / gsd)
        grain = self.noise[1].sample(position[:, 0] / 0.017, position[:, 1] / 0.017, reach / 0.017)
        return (out / 255.0) ** 2.2 * np.maximum(1.0 + 0.09 * grain, 0.2)[:, None]


def _sun_camera(half_m: float, to_sun: Floats) -> Parallel:
    """Return the sun's view of the square of `half_m` round the middle and of 25 m above it."""
    right = np.cross([0.0, 0.0, 1.0], to_sun)
    right /= np.linalg.norm(right)
    down = np.cross(-to_sun, right)
    corners = np.array([[x, y, z] for x in (-half_m, half_m) for y in (-half_m, half_m) for z in (0.0, 25.0)])
    u, v = corners @ right, corners @ down
    base = u.min() * right + v.min() * down + 2.0 * half_m * to_sun + 60.0 * to_sun
    width, height = math.ceil(np.ptp(u) / _SHADOW_GSD_M), math.ceil(np.ptp(v) / _SHADOW_GSD_M)
    return Parallel(base, right * _SHADOW_GSD_M, down * _SHADOW_GSD_M, -to_sun, width, height)
