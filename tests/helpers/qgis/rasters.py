"""The city's mosaic in other shapes: other CRS, turned, with ground control points, south-up, in two halves."""

from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.warp import calculate_default_transform, reproject

from tests.helpers import city


def make_shapes(folder: Path) -> dict[str, list[str]]:
    """Write them beside the city's files; name of a shape to its files."""
    shapes = {
        "plain": [city.CRS],
        "degrees": ["EPSG:4326"],
        "web_mercator": ["EPSG:3857"],
        "turned": [city.CRS],
        "control_points": [city.CRS],
        "south_up": [city.CRS],
        "two_crs": [city.CRS, "EPSG:3857"],
    }
    files = {name: [str(folder / f"{name}{part}.tif") for part in range(len(crs))] for name, crs in shapes.items()}
    with rasterio.open(folder / "m.tif") as file:
        pixels = file.read()
    side = pixels.shape[1]
    whole = np.concatenate([pixels, np.full((1, side, side), 255, np.uint8)])
    upright = city.AFFINE
    write(files["plain"][0], whole, city.CRS, upright)
    for name in ("degrees", "web_mercator"):
        write(files[name][0], *moved(whole, upright, shapes[name][0]))
    # A third of a right angle about the middle, on a canvas that holds all of it.
    large = int(1.4 * side)
    turned = (
        upright * Affine.translation(side / 2, side / 2) * Affine.rotation(30) * Affine.translation(*[-large / 2] * 2)
    )
    write(files["turned"][0], *moved(whole, upright, city.CRS, turned, large))
    corners = ((0, 0), (side, 0), (0, side), (side, side), (side / 2, side / 2))
    points = [GroundControlPoint(row=y, col=x, x=(upright * (x, y))[0], y=(upright * (x, y))[1]) for x, y in corners]
    write(files["control_points"][0], whole, city.CRS, None, gcps=points)
    write(files["south_up"][0], whole[:, ::-1], city.CRS, upright * Affine.translation(0, side) * Affine.scale(1, -1))
    # The object lies in the right one.
    half = side // 3
    write(files["two_crs"][0], whole[:, :, :half], city.CRS, upright)
    right = moved(whole[:, :, half:], upright * Affine.translation(half, 0), "EPSG:3857")
    write(files["two_crs"][1], *right)
    return files


def moved(pixels, transform, crs, target=None, side=None):
    """Pixels in another CRS or on another grid; with that CRS and grid."""
    height, width = pixels.shape[1:]
    if target is None:
        bounds = rasterio.transform.array_bounds(height, width, transform)
        target, width, height = calculate_default_transform(city.CRS, crs, width, height, *bounds)
    else:
        width = height = side
    warped = np.zeros((4, height, width), np.uint8)
    reproject(pixels, warped, src_transform=transform, src_crs=city.CRS, dst_transform=target, dst_crs=crs)
    return warped, crs, target


def write(path, pixels, crs, transform, **more) -> None:
    _, height, width = pixels.shape
    profile = {"driver": "GTiff", "width": width, "height": height, "count": 4, "dtype": "uint8", "crs": crs, **more}
    if transform is not None:
        profile["transform"] = transform
    with rasterio.open(path, "w", photometric="RGB", alpha="yes", **profile) as file:
        file.write(pixels)
