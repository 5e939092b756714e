"""Cameras of the synthetic town: pinhole photographs, equirectangular panoramas and parallel views.

Positions are local metres, x east, y north, z up. Pixels have a corner origin, x right, y down; the ray of a pixel goes
through its centre. Angles are degrees: heading clockwise from north, pitch 0 level and -90 straight down, roll
positive as the camera's own right side goes down.

A point of a ray is `origin + t * direction`. All three kinds let a renderer ask for the dot product of one vector with
the part of the ray that varies from pixel to pixel (the direction of central cameras, the origin of parallel ones): it
is affine in the pixel or an outer product, so no picture of three-component directions is ever needed.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from geoloc.town.scene.shapes import Floats

PixelWindow = tuple[int, int, int, int]
"""Rows r0..r1 and columns c0..c1, half-open."""
Windows = list[tuple[int, PixelWindow]]
"""Windows, and the number of what is in each; a thing may have none or several."""

NEAR_M = 0.02
"""Metres: what is nearer is not shown."""


class Camera(ABC):
    """What the renderer needs to know of a camera of `width` x `height` pixels."""

    width: int
    height: int
    central: bool
    """All rays start in one point; else they are parallel."""

    @property
    @abstractmethod
    def fixed(self) -> Floats:
        """Constant half of the rays: the origin (3) of central cameras, the direction (3) of parallel ones."""

    @abstractmethod
    def dot(self, vector: Floats, window: PixelWindow) -> NDArray[np.float32]:
        """Return the dot product of a vector (3) and the varying half of every ray in a window, rows x columns."""

    @abstractmethod
    def quadric(self, matrix: Floats, shift: Floats, window: PixelWindow) -> NDArray[np.float32]:
        """Return (w - shift) matrix (w - shift) for the varying half w of every ray in a window, rows x columns.

        Args:
            matrix: 3 x 3, symmetric.
            shift: 3.
            window: a part of the picture.
        """

    @abstractmethod
    def project(self, points: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the pixels (N x 2) of points (N x 3), and which (N) lie in front of the camera; others are NaN."""

    @abstractmethod
    def windows(self, hulls: Floats) -> Windows:
        """Return the parts of the picture that hold the convex hulls of points (N x K x 3), with a pixel to spare.

        Points of a hull are in such an order that neighbours, the last and the first too, span its outline.
        """

    @abstractmethod
    def enlarged(self, factor: int) -> Camera:
        """Return the same view with `factor` times as many pixels along each side."""

    @property
    @abstractmethod
    def spread(self) -> float:
        """Metres between neighbouring rays: at t = 1 for central cameras, anywhere for parallel ones."""

    def rays(self, window: PixelWindow) -> NDArray[np.float32]:
        """Return the varying half of the rays of a window, rows x columns x 3."""
        return np.stack([self.dot(axis, window) for axis in np.eye(3)], axis=-1)

    def ray(self, x: float, y: float) -> tuple[Floats, Floats]:
        """Return origin (3) and direction (3) of the ray of the pixel that holds (x, y)."""
        row, column = int(y), int(x)
        varying = self.rays((row, row + 1, column, column + 1))[0, 0].astype(np.float64)
        return (self.fixed, varying) if self.central else (varying, self.fixed)

    def _clipped(self, low: Floats, high: Floats) -> Windows:
        """Return the windows of boxes (N x 2 and N x 2, pixels), those outside the picture left out."""
        size = np.array([self.width, self.height])
        low = np.clip(np.floor(low) - 1, 0, size).astype(int)
        high = np.clip(np.ceil(high) + 1, 0, size).astype(int)
        index = np.flatnonzero((low < high).all(axis=1))
        parts = np.stack([low[index, 1], high[index, 1], low[index, 0], high[index, 0]], axis=-1)
        return [(int(i), (r0, r1, c0, c1)) for i, (r0, r1, c0, c1) in zip(index, parts.tolist(), strict=True)]


class _AffineCamera(Camera):
    """A camera whose rays vary as `base + x * along_x + y * along_y`."""

    base: Floats
    along_x: Floats
    along_y: Floats

    def dot(self, vector: Floats, window: PixelWindow) -> NDArray[np.float32]:
        r0, r1, c0, c1 = window
        columns = (np.arange(c0, c1) + 0.5) * float(self.along_x @ vector) + float(self.base @ vector)
        rows = (np.arange(r0, r1) + 0.5) * float(self.along_y @ vector)
        return np.add.outer(rows.astype(np.float32), columns.astype(np.float32))

    def quadric(self, matrix: Floats, shift: Floats, window: PixelWindow) -> NDArray[np.float32]:
        """Evaluate a polynomial of the pixel, about the window's middle for the sake of single precision."""
        r0, r1, c0, c1 = window
        middle = self.base + (c0 + c1) / 2 * self.along_x + (r0 + r1) / 2 * self.along_y - shift
        u, v = np.arange(c0, c1) + 0.5 - (c0 + c1) / 2, np.arange(r0, r1) + 0.5 - (r0 + r1) / 2
        by_x, by_y, here = matrix @ self.along_x, matrix @ self.along_y, matrix @ middle
        columns = u * (u * float(self.along_x @ by_x) + 2.0 * float(self.along_x @ here)) + float(middle @ here)
        rows = v * (v * float(self.along_y @ by_y) + 2.0 * float(self.along_y @ here))
        out = np.multiply.outer((2.0 * float(self.along_x @ by_y) * v).astype(np.float32), u.astype(np.float32))
        out += columns.astype(np.float32)
        out += rows.astype(np.float32)[:, None]
        return out


@dataclass(frozen=True)
class Pinhole(_AffineCamera):
    """A photograph without lens distortion.

    Attributes:
        position: 3, local metres.
        heading_deg: clockwise from north.
        pitch_deg: 0 level, -90 straight down.
        focal_px: focal length in pixels.
        width: pixels.
        height: pixels.
        roll_deg: positive as the camera's own right side goes down.
    """

    position: tuple[float, float, float]
    heading_deg: float
    pitch_deg: float
    focal_px: float
    width: int
    height: int
    roll_deg: float = 0.0
    central = True

    @cached_property
    def axes(self) -> Floats:
        """The camera's right, down and forward in the local frame as rows, 3 x 3."""
        heading, pitch, roll = np.radians([self.heading_deg, self.pitch_deg, self.roll_deg])
        north, up = np.array([math.sin(heading), math.cos(heading), 0.0]), np.array([0.0, 0.0, 1.0])
        forward = math.cos(pitch) * north + math.sin(pitch) * up
        level_right = np.array([math.cos(heading), -math.sin(heading), 0.0])
        level_down = np.cross(forward, level_right)
        right = math.cos(roll) * level_right + math.sin(roll) * level_down
        return np.stack([right, np.cross(forward, right), forward])

    @property
    def fixed(self) -> Floats:
        """Position of the camera."""
        return np.array(self.position, np.float64)

    @cached_property
    def base(self) -> Floats:  # type: ignore[override]
        """Direction through the picture's upper-left corner, its length such that a pixel is 1."""
        right, down, forward = self.axes
        return self.focal_px * forward - self.width / 2 * right - self.height / 2 * down

    @property
    def along_x(self) -> Floats:  # type: ignore[override]
        """The camera's right: a pixel's step along a row."""
        return self.axes[0]

    @property
    def along_y(self) -> Floats:  # type: ignore[override]
        """The camera's down: a pixel's step along a column."""
        return self.axes[1]

    @property
    def spread(self) -> float:
        """Metres between neighbouring rays, 1: directions are as long as the focal length in pixels."""
        return 1.0

    def project(self, points: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the pixels of points; see `Camera`."""
        q = (np.asarray(points, np.float64) - self.fixed) @ self.axes.T
        front = q[:, 2] > NEAR_M
        depth = np.where(front, q[:, 2], np.nan)[:, None]
        return self.focal_px * q[:, :2] / depth + [self.width / 2, self.height / 2], front

    def windows(self, hulls: Floats) -> Windows:
        """Return the boxes round projected points; the whole picture where some are in front and some behind."""
        pixels, front = self.project(hulls.reshape(-1, 3))
        pixels, front = pixels.reshape(*hulls.shape[:2], 2), front.reshape(*hulls.shape[:2], 1)
        some, whole = np.any(front, axis=1), np.all(front, axis=1)
        low = np.where(whole, pixels.min(axis=1), np.where(some, 0.0, np.inf))
        high = np.where(whole, pixels.max(axis=1), np.where(some, [self.width, self.height], -np.inf))
        return self._clipped(low, high)

    def enlarged(self, factor: int) -> Pinhole:
        """Return the same view with more pixels; see `Camera`."""
        wide, high = self.width * factor, self.height * factor
        return replace(self, width=wide, height=high, focal_px=self.focal_px * factor)


@dataclass(frozen=True)
class Parallel(_AffineCamera):
    """Parallel rays: a true ortho (straight down) or the sun's view.

    Attributes:
        base: 3, the starting point of the ray through the picture's upper-left corner.
        along_x: 3, a pixel's step along a row.
        along_y: 3, a pixel's step along a column.
        direction: 3, of unit length.
        width: pixels.
        height: pixels.
    """

    base: Floats
    along_x: Floats
    along_y: Floats
    direction: Floats
    width: int
    height: int
    central = False

    @property
    def fixed(self) -> Floats:
        """Direction of all rays."""
        return self.direction

    @property
    def spread(self) -> float:
        """Length of the larger of a pixel's two sides."""
        return float(max(np.linalg.norm(self.along_x), np.linalg.norm(self.along_y)))

    def project(self, points: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the pixels of points; all of them are in front."""
        to_pixel = np.linalg.inv(np.stack([self.along_x, self.along_y, self.direction], axis=1))
        pixels = (np.asarray(points, np.float64) - self.base) @ to_pixel.T
        return pixels[:, :2], np.ones(len(pixels), bool)

    def windows(self, hulls: Floats) -> Windows:
        """Return the boxes round the projected points."""
        pixels, _ = self.project(hulls.reshape(-1, 3))
        pixels = pixels.reshape(*hulls.shape[:2], 2)
        return self._clipped(pixels.min(axis=1), pixels.max(axis=1))

    def enlarged(self, factor: int) -> Parallel:
        """Return the same view with more pixels; see `Camera`."""
        along_x, along_y = self.along_x / factor, self.along_y / factor
        return replace(self, along_x=along_x, along_y=along_y, width=self.width * factor, height=self.height * factor)


@dataclass(frozen=True)
class Equirectangular(Camera):
    """A full panorama: columns are azimuths, rows are elevations from +90 to -90 degrees.

    Attributes:
        position: 3, local metres.
        heading_deg: of the middle column, clockwise from north.
        width: pixels.
        height: pixels.
    """

    position: tuple[float, float, float]
    heading_deg: float
    width: int
    height: int
    central = True

    @property
    def fixed(self) -> Floats:
        """Position of the camera."""
        return np.array(self.position, np.float64)

    @property
    def spread(self) -> float:
        """Metres between neighbouring rays: directions are of unit length."""
        return 2.0 * math.pi / self.width

    def dot(self, vector: Floats, window: PixelWindow) -> NDArray[np.float32]:
        """Return the dot products; see `Camera`."""
        r0, r1, c0, c1 = window
        (sin_turn, cos_turn), (sin_rise, cos_rise) = self._circles
        level = (vector[0] * sin_turn[c0:c1] + vector[1] * cos_turn[c0:c1]).astype(np.float32)
        return (
            np.multiply.outer(cos_rise[r0:r1].astype(np.float32), level)
            + (vector[2] * sin_rise[r0:r1]).astype(np.float32)[:, None]
        )

    @cached_property
    def _circles(self) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
        """Sine and cosine of every column's azimuth and of every row's elevation: each primitive asks for some."""
        azimuth = math.radians(self.heading_deg) + ((np.arange(self.width) + 0.5) / self.width - 0.5) * 2.0 * math.pi
        elevation = (0.5 - (np.arange(self.height) + 0.5) / self.height) * math.pi
        return (np.sin(azimuth), np.cos(azimuth)), (np.sin(elevation), np.cos(elevation))

    def quadric(self, matrix: Floats, shift: Floats, window: PixelWindow) -> NDArray[np.float32]:
        """Evaluate the form by the matrix's eigenvectors; see `Camera`."""
        values, vectors = np.linalg.eigh(matrix)
        parts = [self.dot(vector, window) - np.float32(shift @ vector) for vector in vectors.T]
        return np.asarray(sum(np.float32(value) * part * part for value, part in zip(values, parts, strict=True)))

    def project(self, points: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the pixels of points; all directions are in the picture."""
        east, north, up = (np.asarray(points, np.float64) - self.fixed).T
        turn = (np.degrees(np.arctan2(east, north)) - self.heading_deg + 180.0) % 360.0
        elevation = np.degrees(np.arctan2(up, np.hypot(east, north)))
        pixels = np.stack([turn / 360.0 * self.width, (90.0 - elevation) / 180.0 * self.height], axis=-1)
        return pixels, np.ones(len(pixels), bool)

    def windows(self, hulls: Floats) -> Windows:
        """Return a box for each hull, or two where its points lie on both sides of the seam.

        Straight edges are curves here, so the box is that of points along the edges of all pairs of neighbours.
        """
        count = len(hulls)
        steps = np.linspace(0.0, 1.0, 9)[:-1, None, None, None]
        along = hulls + steps * (np.roll(hulls, -1, axis=1) - hulls)
        pixels, _ = self.project(along.reshape(-1, 3))
        x, y = (part.reshape(-1, count, hulls.shape[1]).swapaxes(0, 1).reshape(count, -1) for part in pixels.T)
        x = x[:, :1] + (x - x[:, :1] + self.width / 2) % self.width - self.width / 2
        low = np.stack([x.min(axis=1), y.min(axis=1)], axis=-1) - 2.0
        high = np.stack([x.max(axis=1), y.max(axis=1)], axis=-1) + 2.0
        near = high[:, 0] - low[:, 0] > 0.45 * self.width  # or overhead: anywhere
        low[near], high[near] = 0.0, [self.width, self.height]
        found: Windows = []
        for turns in (-1, 0, 1):
            shift = np.where(near[:, None], 0.0 if turns == 0 else np.nan, [turns * self.width, 0.0])
            found += self._clipped(np.nan_to_num(low + shift, nan=np.inf), np.nan_to_num(high + shift, nan=-np.inf))
        return found

    def enlarged(self, factor: int) -> Equirectangular:
        """Return the same view with more pixels; see `Camera`."""
        return replace(self, width=self.width * factor, height=self.height * factor)
