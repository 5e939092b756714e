"""What a file of poses says: for each photo its camera, the ground that it shows, and lines of sight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from shapely.geometry import LineString, Point

from geoloc.photo.target import Click
from geoloc.pose.matched_photo import MatchedPhoto
from geoloc.results.columns import click_columns, decimals_of, epsg_of
from geoloc.results.vector_files import Row
from tiling.grid import ground_distance_m

POSE_COLUMNS = {
    "kind": "object",
    "photo": "object",
    "status": "object",
    "error": "object",
    "note": "object",
    "inliers": "Int64",
    "accuracy_m": "float64",
    "height_m": "float64",
    "height_error_m": "float64",
    "heading_deg": "float64",
    "heading_error_deg": "float64",
    "tilt_deg": "float64",
    "tilt_error_deg": "float64",
    "roll_deg": "float64",
    "roll_error_deg": "float64",
    "focal_px": "float64",
    "focal_error_px": "float64",
    "focal_by": "object",
    "view_across_deg": "float64",
    "view_down_deg": "float64",
    "click_x": "float64",
    "click_y": "float64",
    "distance_m": "float64",
    "epsg": "Int64",
    "x": "float64",
    "y": "float64",
}
"""Properties, and their types in a table (pandas)."""
NOT_VERIFIED = "local features verified nothing: the photo was not taken of what is searched, or looks too different"
FOCAL_NOTES = {
    "file": "",
    "matches": "the focal length is that of the matches",
    "supposed": "no focal length is told: height and focal length are supposed, and only their ratio is known",
}
"""What to say of where a focal length comes from."""


def rows_of(photo: str, matched: MatchedPhoto, clicks: Sequence[Click] = ()) -> list[Row]:
    """Return the rows of a matched photo: camera, footprint, and a line of sight for each click.

    Args:
        photo: what the photo is called.
        matched: the photo.
        clicks: in pixels of the photo.
    """
    pose, epsg, decimals = matched.pose, epsg_of(matched.crs), decimals_of(matched.crs)
    common = {"photo": photo, "status": "found", "inliers": matched.inliers, "epsg": epsg}
    across, down = pose.field_of_view_deg
    camera = {
        "kind": "camera",
        "note": "; ".join(filter(None, (FOCAL_NOTES[pose.focal], pose.doubt))) or None,
        "accuracy_m": round(pose.place_error_m, 2),
        "height_m": round(pose.height_m, 2),
        "height_error_m": round(pose.height_error_m, 2),
        "heading_deg": round(pose.heading_deg, 2) % 360.0,
        "heading_error_deg": round(pose.heading_error_deg, 2),
        "tilt_deg": round(pose.tilt_deg, 2),
        "tilt_error_deg": round(pose.tilt_error_deg, 2),
        "roll_deg": round(pose.roll_deg, 2),
        "roll_error_deg": round(pose.roll_error_deg, 2),
        "focal_px": round(pose.focal_px, 2),
        "focal_error_px": round(pose.focal_error_px, 2),
        "focal_by": pose.focal,
        "view_across_deg": round(across, 2),
        "view_down_deg": round(down, 2),
        "x": round(pose.place[0], decimals),
        "y": round(pose.place[1], decimals),
    }
    rows = [Row(Point(pose.place), common | camera)]
    footprint = matched.footprint
    if not footprint.is_empty:
        rows.append(Row(footprint, common | {"kind": "footprint"}))
    return [*rows, *_sights(matched, clicks, common)]


def row_without_pose(photo: str, *, error: str | None = None) -> Row:
    """Return the row of a photo that was not matched, or that cannot be used for a reason."""
    if error is not None:
        return Row(None, {"kind": "camera", "photo": photo, "status": "error", "error": error})
    return Row(None, {"kind": "camera", "photo": photo, "status": "not here", "note": NOT_VERIFIED})


def _sights(matched: MatchedPhoto, clicks: Sequence[Click], common: dict[str, Any]) -> Iterator[Row]:
    """Lines from the camera's place to what is clicked on the ground."""
    found = matched.to_map(np.array([(click.x, click.y) for click in clicks]))
    begin = matched.pose.place
    for click, place, error_m, reliable in zip(clicks, found.points, found.error_m, found.reliable, strict=True):
        told = common | {"kind": "sight", **click_columns(click)}
        if not reliable:
            width, height = matched.photo.size
            inside = 0 <= click.x <= width and 0 <= click.y <= height
            yield Row(
                None, told | {"note": f"{'too near the horizon' if inside else 'outside the photo'}: no place told"}
            )
            continue
        x, y = map(float, place)
        decimals = decimals_of(matched.crs)
        distance = ground_distance_m(*begin, x, y, matched.crs)
        places = {"accuracy_m": round(float(error_m), 2), "distance_m": round(distance, 2)}
        places |= {"x": round(x, decimals), "y": round(y, decimals)}
        yield Row(LineString([begin, (x, y)]), told | places)
